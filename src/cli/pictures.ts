import { join } from 'node:path';
import { Reach } from '../report/reach.js';
import { type CurveRow, curveRows, type SummaryRow, summaryRows } from '../report/tables.js';
import type { Group } from '../results/groups.js';
import type { Problem } from '../results/run.js';
import { lacking, readTable } from '../results/table.js';
import { UsageError } from '../stream/errors.js';
import { readText } from '../stream/io.js';
import { functionsOf, kernelOf, type LeavingOut, strictOption, tellKernels } from './runs.js';

/** Options of the commands that draw. */
export const picturesOptions = {
  curves: {
    type: 'string',
    requiresArg: true,
    describe: 'draw the accumulation curves of this file, from summarize-runs --curves',
  },
  published: {
    type: 'boolean',
    describe: 'put the figures published in 2018 and 2019 beside these',
  },
  spread: {
    choices: ['sd', 'ci', 'range'],
    default: 'sd',
    requiresArg: true,
    describe:
      'what the error bars are: standard deviation, 95 % interval of the mean, least and most',
  },
  ...strictOption,
} as const;

/** A table and what is made of its rows; usage errors name the file. */
function tableOf<T>(
  path: string,
  columns: readonly string[],
  maker: string,
  read: (table: Record<string, string>[]) => T,
): T {
  const text = readText(path);
  try {
    const table = readTable(text);
    const missing = lacking(table, columns);
    if (missing !== undefined) throw new RangeError(`no column ${missing}`);
    return read(table);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path}: ${error.message}: expected what ${maker} writes`);
  }
}

/** Rows of a summary.csv; those of published figures may be among them, but not alone. */
export function readSummary(path: string): SummaryRow[] {
  return tableOf(path, ['runtime', 'application'], 'summarize-runs', (table) => {
    const rows = summaryRows(table);
    if (rows.every(({ published }) => published !== '')) {
      throw new RangeError(`no ${rows.length === 0 ? 'row' : 'row of a measurement'} in it`);
    }
    return rows;
  });
}

/** The figures published in 2018 and 2019; `dist` is the folder of the bundles. */
export function readPublished(dist: string): SummaryRow[] {
  return tableOf(join(dist, '../data/published.csv'), ['published'], 'the package', summaryRows);
}

/** Without rows where no run could be cut into units. */
export function readCurves(path: string | undefined): CurveRow[] {
  if (path === undefined) return [];
  const columns = ['runtime', 'application', 'unit', 'units', 'functions', 'kind'];
  return tableOf(path, columns, 'summarize-runs --curves', curveRows);
}

/** The functions of all runs of these groups, and what is wrong with files that tell of them. */
export function reachOf(
  groups: readonly Group[],
  leavingOut: LeavingOut,
): { reach: Reach; problems: Problem[] } {
  const reach = new Reach();
  const problems = groups.flatMap(({ runtime, application, runs }) => {
    const described = functionsOf(runs, leavingOut);
    const group = reach.group(runtime, application);
    for (const rows of described.functions) reach.add(group, rows);
    return described.problems;
  });
  return { reach, problems };
}

/** Tells where rows, or the runs beside them, are of different kernels. */
export function tellKernelsOf(
  rows: readonly SummaryRow[],
  groups: readonly Group[],
  leavingOut: LeavingOut,
): void {
  const measured = rows.filter(({ published }) => published === '');
  tellKernels([...measured.map(({ kernel }) => kernel), ...groups.map(kernelOf)], leavingOut);
}
