import { doubled, incidenceOf } from '../stats/incidence.js';
import { spreadOf } from '../stats/resample.js';
import {
  accumulation,
  chanceOfNew,
  chao2,
  chao2Interval,
  coverage,
  type Point,
} from '../stats/richness.js';
import { occurrenceOf } from '../stats/sets.js';
import { isSteady, verdict } from '../stats/verdict.js';
import type { Group } from './groups.js';
import { printable, type Run } from './run.js';
import { type Units, unitText } from './units.js';

export type Cell = string | number | undefined;

/** Six decimals, and no more of them than are needed. */
export function rounded(figure: number | undefined): number | undefined {
  return figure === undefined || Number.isNaN(figure) ? undefined : Number(figure.toFixed(6));
}

/** What is averaged over the runs. */
const AVERAGED: readonly (readonly [string, (run: Run) => number])[] = [
  ['functions', ({ functions }) => functions.length],
  ['syscalls', ({ syscalls }) => syscalls.length],
  ['complexity_sum', ({ complexity }) => complexity.sum],
  ['complexity_max', ({ complexity }) => complexity.max],
];

const SPREAD = ['mean', 'sd', 'min', 'max', 'ci_low', 'ci_high'];

/** The columns of summary.csv, in their order. docs/summarize-runs.1.md explains them. */
export const COLUMNS: readonly string[] = [
  ...['runtime', 'application', 'kernel', 'runs'],
  ...AVERAGED.flatMap(([name]) => SPREAD.map((figure) => `${name}_${figure}`)),
  ...['unknown_mean', 'union', 'core', 'once'],
  ...['unit', 'unit_by', 'units', 'q1', 'q2', 'seen', 'chao2', 'chao2_low', 'chao2_high'],
  ...['coverage', 'next_new', 'chao2_doubled', 'self_check', 'verdict'],
  ...['lost_events', 'requests', 'source', 'published', 'warnings'],
];

function spreadCells(name: string, values: readonly number[]): [string, Cell][] {
  const { mean, sd, min, max, interval } = spreadOf(values);
  const figures = [mean, sd, min, max, interval?.low, interval?.high];
  return SPREAD.map((figure, i) => [`${name}_${figure}`, rounded(figures[i])]);
}

/**
 * Events lost in a run, at least: as the tracer counted them, or as the trace's text tells. A text without any
 * mark of loss tells nothing: what was overwritten before it was read has left none.
 */
function lostIn({ record, strip }: Run): number | undefined {
  return record.lost ?? (strip?.lost || undefined);
}

/** How much of it all has been seen, for one row. */
function saturationCells({ unit, by, sets, batches }: Units): Record<string, Cell> {
  const incidence = incidenceOf(sets);
  const twice = doubled(incidence, batches);
  const saturation = {
    seen: incidence.seen,
    units: incidence.units,
    chao2: chao2(incidence),
    coverage: coverage(incidence),
    chao2Doubled: chao2(twice),
    windowsOf: unit.kind === 'runs' ? undefined : batches.length,
  };
  const interval = chao2Interval(incidence);
  const steady = isSteady(saturation);
  return {
    unit: unitText(unit),
    unit_by: by,
    units: incidence.units,
    q1: incidence.q[1],
    q2: incidence.q[2] ?? 0,
    seen: incidence.seen,
    chao2: rounded(saturation.chao2),
    chao2_low: rounded(interval?.low),
    chao2_high: rounded(interval?.high),
    coverage: rounded(saturation.coverage),
    next_new: rounded(chanceOfNew(incidence)),
    chao2_doubled: rounded(saturation.chao2Doubled),
    self_check: steady === undefined ? undefined : steady ? 'steady' : 'moves',
    verdict: verdict(saturation),
  };
}

/**
 * A row of summary.csv, by column: figures of a group's runs, and of the units they are looked at by, if
 * there are any.
 */
export function summaryRow(group: Group, units: Units | undefined): Record<string, Cell> {
  const { runtime, application, runs } = group;
  const overRuns = incidenceOf(runs.map(({ functions }) => functions));
  const { core, once } = occurrenceOf(overRuns);
  const lost = runs.map(lostIn).filter((events) => events !== undefined);
  const unknown = runs.map(({ complexity }) => complexity.unknown);
  return {
    runtime,
    application,
    kernel: runs[0].record.kernel.release,
    runs: runs.length,
    ...Object.fromEntries(
      AVERAGED.flatMap(([name, figure]) => spreadCells(name, runs.map(figure))),
    ),
    unknown_mean: rounded(unknown.reduce((sum, n) => sum + n, 0) / runs.length),
    union: overRuns.seen,
    core,
    once: runs.length > 1 ? once : undefined,
    ...(units === undefined ? {} : saturationCells(units)),
    lost_events: lost.length === 0 ? undefined : lost.reduce((sum, events) => sum + events, 0),
    requests: runs[0].record.load.requests,
    source: 'measured',
    published: undefined,
    warnings: [...new Set(runs.flatMap(({ record }) => record.warnings))].map(printable).join('; '),
  };
}

export const CURVE_COLUMNS: readonly string[] = [
  ...['runtime', 'application', 'unit', 'unit_by', 'units', 'requests'],
  ...['functions', 'coverage', 'kind', 'bound'],
];

/** Points of an accumulation curve that are drawn, at most: of more, evenly chosen ones. */
const POINTS = 500;

function thinned(points: readonly Point[], observed: number): readonly Point[] {
  const step = Math.ceil(points.length / POINTS);
  return points.filter(({ units }) => units === 1 || units === observed || units % step === 0);
}

/** Rows of curves.csv for one group: the accumulation curve, to twice the units, and the bound. */
export function curveRows(group: Group, units: Units): Record<string, Cell>[] {
  const incidence = incidenceOf(units.sets);
  const bound = rounded(chao2(incidence));
  return thinned(accumulation(incidence), incidence.units).map((point) => ({
    runtime: group.runtime,
    application: group.application,
    unit: unitText(units.unit),
    unit_by: units.by,
    units: point.units,
    requests: rounded(units.requests && point.units * units.requests),
    functions: rounded(point.functions),
    coverage: rounded(point.coverage),
    kind: point.kind,
    bound,
  }));
}
