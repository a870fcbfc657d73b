import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../stream/errors.js';
import { printOut, writeFileWhole } from '../stream/io.js';
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

// Input, summary.csv of summarize-runs, here cut:
//
//   runtime,application,kernel,runs,functions_mean,functions_sd,...
//   runc,node-express,6.1.0-56-cloud-amd64,10,806.2,4.022,...
//
// Output, the files that have been written:
//
//   charts/functions.svg
//   charts/functions.png
const options = {
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    default: 'charts',
    describe: 'write the pictures into this directory, which is made if it is missing',
  },
  format: {
    choices: ['both', 'svg', 'png'],
    default: 'both',
    requiresArg: true,
    describe: 'kind of pictures',
  },
  ...picturesOptions,
} as const;

const manual = {
  name: 'plot-results',
  summary: 'Draws the figures of summary.csv as SVG and PNG, without a browser.',
  usage: '[OPTIONS] SUMMARY [RESULTS_DIR...]',
  options,
  positionals: ['SUMMARY', 'RESULTS_DIR...'],
  examples: [
    ['plot-results results/summary.csv', 'the four published charts'],
    [
      'plot-results summary.csv --curves curves.csv results',
      'and accumulation curves, subsystems and the sets of the runtimes',
    ],
  ],
} as const satisfies Manual<typeof options>;

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new UsageError(`--out ${path}: there is a file in the place of a directory`);
  }
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const [summary, ...directories] = values._;
  if (summary === undefined) {
    throw new UsageError(`no summary.csv is named (see ${manual.name} --help)`);
  }
  const dist = dirname(__filename);
  const rows = readSummary(summary);
  const curves = readCurves(values.curves);
  const published = values.published ? readPublished(dist) : [];
  const leavingOut = new LeavingOut(manual.name, values.strict === true);
  const groups = directories.length === 0 ? [] : usableGroups(directories, leavingOut).groups;
  tellKernelsOf(rows, groups, leavingOut);
  const { reach } = reachOf(groups, leavingOut);
  const { charts, standalone } = await import('./charts.js');
  const drawn = charts({ rows, published, spread: values.spread, curves, reach });

  makeFolder(values.out);
  const { pngRenderer } = await import('./png.js');
  const toPng = values.format === 'svg' ? undefined : await pngRenderer(dist);
  const files: string[] = [];
  for (const chart of drawn) {
    const svg = standalone(chart);
    const written: [string, string | Uint8Array][] = [];
    if (values.format !== 'png') written.push(['svg', svg]);
    if (toPng !== undefined) written.push(['png', toPng(svg)]);
    for (const [kind, content] of written) {
      const path = join(values.out, `${chart.name}.${kind}`);
      writeFileWhole(path, content);
      files.push(path);
    }
  }
  // Told at the end: a reader that goes away early does not keep the pictures from being written.
  printOut(files.map((path) => `${path}\n`).join(''));
});
