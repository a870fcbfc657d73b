import { byPath } from '../functions/call-paths.js';
import { type Incidence, incidencesOf, unionOf } from '../stats/incidence.js';
import {
  drawMean,
  type Interval,
  percentileInterval,
  permutationTest,
  type Spread,
  spreadOf,
} from '../stats/resample.js';
import { baseCoverage, chao2, coverage, functionsAtCoverage } from '../stats/richness.js';
import { exclusiveIntersections, occurrenceOf, repeatability, similarity } from '../stats/sets.js';
import type { Group } from './groups.js';
import type { FunctionRow } from './run.js';
import { type Units, unitText } from './units.js';

/** One of the experiments that are compared. */
export interface Side {
  /** The path that was given. */
  readonly path: string;
  readonly group: Group;
  readonly units: Units | undefined;
  /** The functions of each run with their call paths and scores. */
  readonly functions: readonly (readonly FunctionRow[])[];
}

/** What is told of a side by itself. */
export interface SideFigures {
  /** A, B, C ... Z, then S27, S28 ... */
  readonly label: string;
  readonly path: string;
  readonly runtime: string;
  readonly application: string;
  readonly kernel: string;
  readonly runs: number;
  readonly functions: Spread;
  readonly syscalls: Spread;
  readonly complexity: Spread;
  /** Functions seen in any run, in every run, in one run of several. */
  readonly union: number;
  readonly core: number;
  readonly once: number;
  /** Two of its runs share so much on average (Jaccard); undefined for one run. */
  readonly repeatability: number | undefined;
  readonly unit: string | undefined;
  readonly units: number | undefined;
  readonly chao2: number | undefined;
  readonly coverage: number | undefined;
  /** Functions to be expected at the coverage of the comparison. */
  readonly atCoverage: number | undefined;
}

/** What is told of two sides. */
export interface PairFigures {
  readonly a: string;
  readonly b: string;
  readonly shared: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Mean over pairs of runs, one of each side. */
  readonly jaccard: number;
  readonly jaccardInterval: Interval | undefined;
  /** Of all that the runs of each side have reached. */
  readonly jaccardUnion: number;
  /** Mean number of functions of a run of B less that of A. */
  readonly difference: number;
  readonly differenceInterval: Interval | undefined;
  readonly p: number | undefined;
}

/** A function that not all sides reach. */
export interface ExclusiveFunction extends Omit<FunctionRow, 'calls'> {
  /** The sides that reach it. */
  readonly reachedBy: readonly string[];
  /** In how many runs of those. */
  readonly runs: number;
}

export interface Comparison {
  readonly sides: readonly SideFigures[];
  /** The sample coverage at which `atCoverage` of the sides is told. */
  readonly coverage: number | undefined;
  readonly pairs: readonly PairFigures[];
  /** Functions that all sides reach. */
  readonly shared: number;
  /** By the sides that reach them, the fewest first; then the most complex first. */
  readonly exclusive: readonly ExclusiveFunction[];
}

export function labelOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `S${index + 1}`;
}

/** Undefined, unless every side has units. */
function allUnits(sides: readonly Side[]): Units[] | undefined {
  const units = sides.map((side) => side.units);
  return units.every((unit) => unit !== undefined) ? units : undefined;
}

function sideFigures(
  { path, group, units }: Side,
  index: number,
  runs: Incidence,
  looks: Incidence | undefined,
  base: number | undefined,
): SideFigures {
  const over = (figure: (run: Group['runs'][number]) => number) => spreadOf(group.runs.map(figure));
  const { core, once } = occurrenceOf(runs);
  return {
    label: labelOf(index),
    path,
    runtime: group.runtime,
    application: group.application,
    kernel: group.runs[0].record.kernel.release,
    runs: group.runs.length,
    functions: over(({ functions }) => functions.length),
    syscalls: over(({ syscalls }) => syscalls.length),
    complexity: over(({ complexity }) => complexity.sum),
    union: runs.seen,
    core,
    once,
    repeatability: repeatability(runs),
    unit: units === undefined ? undefined : unitText(units.unit),
    units: looks?.units,
    chao2: looks === undefined ? undefined : chao2(looks),
    coverage: looks === undefined ? undefined : coverage(looks),
    atCoverage:
      looks === undefined || base === undefined ? undefined : functionsAtCoverage(looks, base),
  };
}

function pairFigures(
  [a, b]: readonly [SideFigures, SideFigures],
  [left, right]: readonly [Incidence, Incidence],
  [groupA, groupB]: readonly [Group, Group],
): PairFigures {
  let shared = 0;
  for (const [i, count] of left.counts.entries()) if (count > 0 && right.counts[i] > 0) shared++;
  const { mean, interval, union } = similarity(left, right);
  const inA = groupA.runs.map(({ functions }) => functions.length);
  const inB = groupB.runs.map(({ functions }) => functions.length);
  return {
    a: a.label,
    b: b.label,
    shared,
    onlyA: left.seen - shared,
    onlyB: right.seen - shared,
    jaccard: mean,
    jaccardInterval: interval,
    jaccardUnion: union,
    difference: b.functions.mean - a.functions.mean,
    differenceInterval:
      inA.length < 2 || inB.length < 2
        ? undefined
        : percentileInterval((random) => drawMean(inB, random) - drawMean(inA, random)),
    p: permutationTest(inA, inB),
  };
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The row of each name that tells best how it was reached. */
function rowsOf(sides: readonly Side[], wanted: ReadonlySet<string>): Map<string, FunctionRow> {
  const best = new Map<string, FunctionRow>();
  for (const run of sides.flatMap(({ functions }) => functions)) {
    for (const row of run) {
      if (!wanted.has(row.name)) continue;
      const known = best.get(row.name);
      if (known === undefined || byPath(row, known) < 0) best.set(row.name, row);
    }
  }
  return best;
}

function exclusiveFunctions(
  names: readonly string[],
  runs: readonly Incidence[],
  sides: readonly Side[],
): ExclusiveFunction[] {
  const unions = runs.map(({ sets }) => unionOf(sets));
  const parts = exclusiveIntersections(names, unions)
    .filter(({ members }) => members.length < sides.length)
    .sort((a, b) => a.members.length - b.members.length || a.members[0] - b.members[0]);
  const rows = rowsOf(sides, new Set(parts.flatMap((part) => part.names)));
  const places = new Map(names.map((name, i) => [name, i]));
  return parts.flatMap((part) =>
    part.names
      .map((name) => {
        const { calls: _, ...row } = rows.get(name)!;
        return {
          ...row,
          reachedBy: part.members.map(labelOf),
          runs: part.members.reduce((sum, side) => sum + runs[side].counts[places.get(name)!], 0),
        };
      })
      .sort((a, b) => (b.score ?? -1) - (a.score ?? -1) || byCode(a.name, b.name)),
  );
}

/** Compares two or more sides. */
export function compare(sides: readonly Side[]): Comparison {
  const runs = incidencesOf(sides.map(({ group }) => group.runs.map(({ functions }) => functions)));
  const units = allUnits(sides);
  const looks = units === undefined ? undefined : incidencesOf(units.map(({ sets }) => sets));
  const base = looks === undefined ? undefined : baseCoverage(looks);
  const figures = sides.map((side, i) => sideFigures(side, i, runs[i], looks?.[i], base));
  const pairs: PairFigures[] = [];
  for (let i = 0; i < sides.length; i++) {
    for (let j = i + 1; j < sides.length; j++) {
      const groups = [sides[i].group, sides[j].group] as const;
      pairs.push(pairFigures([figures[i], figures[j]], [runs[i], runs[j]], groups));
    }
  }
  const { names } = runs[0];
  const shared = names.filter((_, i) => runs.every(({ counts }) => counts[i] > 0)).length;
  return {
    sides: figures,
    coverage: base,
    pairs,
    shared,
    exclusive: exclusiveFunctions(names, runs, sides),
  };
}

/** How many functions side `index` reaches that the first side does not. */
export function beyondFirst({ exclusive }: Comparison, index: number): number {
  const [first, other] = [labelOf(0), labelOf(index)];
  return exclusive.filter(
    ({ reachedBy }) => reachedBy.includes(other) && !reachedBy.includes(first),
  ).length;
}
