import { COLUMNS, CURVE_COLUMNS, curveRows, summaryRow } from '../results/summary.js';
import { ONE_RUN } from '../results/units.js';
import { UsageError } from '../stream/errors.js';
import { printOut, requireFolder, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { type Manual, readOptions } from './options.js';
import {
  kernelOf,
  LeavingOut,
  readUnit,
  tellKernels,
  unitOptions,
  unitsOf,
  usableGroups,
} from './runs.js';

// Input: directories that `make results/...` has made.
//
//   results/runc-node-express/run-1/{run.json,trace.gz,strip.json,trace.list,syscalls.list,complexity.csv}
//
// Output, a row for each runtime and application, here cut:
//
//   runtime,application,kernel,runs,functions_mean,functions_sd,functions_min,functions_max,...
//   runc,node-express,6.1.0-56-cloud-amd64,10,806.2,4.022,799,812,...
const options = {
  ...unitOptions,
  curves: {
    type: 'string',
    requiresArg: true,
    describe: 'write accumulation curves to this file (CSV): functions over units, with the bound',
  },
} as const;

const manual = {
  name: 'summarize-runs',
  summary: 'Summarizes run directories: a row of CSV for each runtime and application.',
  usage: '[OPTIONS] RESULTS_DIR...',
  options,
  positionals: ['RESULTS_DIR...'],
  examples: [
    ['summarize-runs results > summary.csv', 'all runs of all experiments'],
    [
      'summarize-runs --unit requests:5 results/runc-node-express',
      'whether one run has shown it all',
    ],
  ],
} as const satisfies Manual<typeof options>;

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  if (values._.length === 0) {
    throw new UsageError(`no directory of results is named (see ${manual.name} --help)`);
  }
  const unit = readUnit(values.unit);
  if (values.curves !== undefined) requireFolder('--curves', values.curves);
  const leavingOut = new LeavingOut(manual.name, values.strict === true);

  const { groups } = usableGroups(values._, leavingOut);
  tellKernels(groups.map(kernelOf), leavingOut);

  const rows = [];
  const curves = [];
  for (const group of groups) {
    const by = unit ?? (group.runs.length > 1 ? { kind: 'runs' as const } : ONE_RUN);
    const units = await unitsOf(group.runs, by, leavingOut);
    rows.push(summaryRow(group, units));
    if (units !== undefined) curves.push(...curveRows(group, units));
  }
  const { stringify } = await import('./csv.js');
  if (values.curves !== undefined) {
    writeFileWhole(values.curves, stringify(curves, { header: true, columns: [...CURVE_COLUMNS] }));
  }
  printOut(stringify(rows, { header: true, columns: [...COLUMNS] }));
});
