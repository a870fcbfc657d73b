import { join } from 'node:path';
import { Reach } from '../report/reach.js';
import { type CurveRow, curveRows, type SummaryRow, summaryRows } from '../report/tables.js';
import type { Group } from '../results/groups.js';
import { loadFunctions } from '../results/load.js';
import { type Problem, RunProblem } from '../results/run.js';
import { lacking, readTable } from '../results/table.js';
import { UsageError } from '../stream/errors.js';
import { readText } from '../stream/io.js';

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

/** The functions of all runs of these groups, and what is wrong with runs that have none. */
export function reachOf(groups: readonly Group[]): { reach: Reach; problems: Problem[] } {
  const reach = new Reach();
  const problems: Problem[] = [];
  for (const { runtime, application, runs } of groups) {
    const loaded = runs.flatMap((run) => {
      try {
        const rows = loadFunctions(run);
        if (rows.length === 0) throw new RunProblem('functions.csv: no function in it');
        return [rows];
      } catch (error) {
        if (!(error instanceof RunProblem)) throw error;
        problems.push({ place: run.directory, reason: error.message });
        return [];
      }
    });
    if (loaded.length === 0) continue;
    const group = reach.group(runtime, application);
    for (const rows of loaded) reach.add(group, rows);
  }
  return { reach, problems };
}
