import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Assets, ReportRun } from '../report/page.js';
import { type Json, textAt } from '../report/provenance.js';
import { type SummaryRow, summaryRows } from '../report/tables.js';
import type { Group } from '../results/groups.js';
import { findRuns } from '../results/load.js';
import type { Problem } from '../results/run.js';
import { summaryRow } from '../results/summary.js';
import { runsAsUnits } from '../results/units.js';
import { UsageError } from '../stream/errors.js';
import { printOut, readBytes, readText, requireFolder, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { type Manual, readOptions } from './options.js';
import {
  picturesOptions,
  reachOf,
  readCurves,
  readPublished,
  readSummary,
  tellKernelsOf,
} from './pictures.js';
import { LeavingOut, usableGroups } from './runs.js';
import { version } from './version.js';

const options = {
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'write the page to this file; links go from there (default: standard output)',
  },
  summary: {
    type: 'string',
    requiresArg: true,
    describe: 'take the figures from this summary.csv instead of the runs themselves',
  },
  ...picturesOptions,
} as const;

const manual = {
  name: 'report-runs',
  summary: 'Writes a page about run directories: one HTML file that opens offline.',
  usage: '[OPTIONS] RESULTS_DIR... > report.html',
  options,
  positionals: ['RESULTS_DIR...'],
  examples: [
    ['report-runs results > report.html', 'all runs of all experiments'],
    [
      'report-runs --summary summary.csv --curves curves.csv -o report.html results',
      'with saturation by windows, as summarize-runs has found it',
    ],
  ],
} as const satisfies Manual<typeof options>;

const FILES = [
  'run.json',
  'functions.csv',
  'per-function.csv',
  'complexity.csv',
  'trace.list',
  'syscalls.list',
  'strip.json',
];

/** A JSON file of a run; undefined where it is missing or damaged: the page says what is wrong with the run. */
function readJson(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** What is wrong with a directory; undefined where nothing is. */
function reasonOf(directory: string, problems: readonly Problem[]): string | undefined {
  return problems.find(({ place }) => place === directory)?.reason;
}

/** What the page says of one run directory; `folder` is where its links go from. */
function describe(
  directory: string,
  known: Pick<ReportRun, 'problem' | 'lacking' | 'functions'>,
  folder: string,
): ReportRun {
  const record = readJson(join(directory, 'run.json'));
  return {
    place: directory,
    link: relative(folder, directory) || '.',
    files: FILES.filter((name) => existsSync(join(directory, name))),
    ...known,
    runtime: textAt(record, 'runtime', 'name') ?? '',
    application: textAt(record, 'application', 'name') ?? textAt(record, 'image', 'name') ?? '',
    record,
    strip: readJson(join(directory, 'strip.json')),
  };
}

/** Figures over runs, with runs as units. */
function figuresOf(groups: readonly Group[]): SummaryRow[] {
  const text = (row: Record<string, string | number | undefined>) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, String(cell ?? '')]));
  return summaryRows(
    groups.map((group) =>
      text(summaryRow(group, group.runs.length > 1 ? runsAsUnits(group.runs) : undefined)),
    ),
  );
}

async function assets(dist: string): Promise<Assets> {
  const { FONTS } = await import('./png.js');
  const faces = FONTS.map(({ weight, file }) => {
    const font = readBytes(join(dist, file)).toString('base64');
    return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${font}) format("woff2")}\n`;
  });
  const script = readText(join(dist, 'report.js'));
  const hash = createHash('sha256').update(script).digest('base64');
  return {
    style: faces.join('') + readText(join(dist, 'report.css')),
    script,
    scriptHash: `sha256-${hash}`,
  };
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  if (values._.length === 0) {
    throw new UsageError(`no directory of results is named (see ${manual.name} --help)`);
  }
  if (values.out !== undefined) requireFolder('--out', values.out);
  const dist = dirname(__filename);
  const given = values.summary === undefined ? undefined : readSummary(values.summary);
  const curves = readCurves(values.curves);
  const published = values.published ? readPublished(dist) : [];

  const leavingOut = new LeavingOut(manual.name, values.strict === true);
  const { groups, problems } = usableGroups(values._, leavingOut);
  const rows = given ?? figuresOf(groups);
  tellKernelsOf(rows, groups, leavingOut);
  const { reach, problems: lacking } = reachOf(groups, leavingOut);

  const folder = values.out === undefined ? '.' : dirname(values.out);
  const used = groups.flatMap((group) => group.runs);
  const functions = new Map(used.map((run) => [run.directory, run.functions.length]));
  const runs = findRuns(values._).map((directory) =>
    describe(
      directory,
      {
        problem: reasonOf(directory, problems),
        lacking: reasonOf(directory, lacking),
        functions: functions.get(directory),
      },
      folder,
    ),
  );
  const tables = [
    [values.summary, 'the figures of this page'],
    [values.curves, 'the accumulation curves'],
  ] as const;
  const { charts, page } = await import('./charts.js');
  const text = page(
    {
      rows,
      charts: charts({ rows, published, spread: values.spread, curves, reach }),
      reach,
      runs,
      files: tables.flatMap(([path, says]) =>
        path === undefined ? [] : [{ name: basename(path), link: relative(folder, path), says }],
      ),
      tool: `kernel-surface ${version}`,
    },
    await assets(dist),
  );
  if (values.out === undefined) printOut(text);
  else writeFileWhole(values.out, text);
});
