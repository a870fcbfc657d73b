import { seriesOf } from '../complexity/series.js';
import { beyondFirst, type Comparison, compare, type Side } from '../results/comparison.js';
import { comparisonText } from '../results/comparison-text.js';
import { differences } from '../results/groups.js';
import { ONE_RUN, type Unit } from '../results/units.js';
import { ToolError, UsageError } from '../stream/errors.js';
import { printOut } from '../stream/io.js';
import { main } from '../stream/main.js';
import { type Manual, readOptions } from './options.js';
import {
  functionsOf,
  kernelOf,
  LeavingOut,
  readUnit,
  unitOptions,
  unitsOf,
  usableGroups,
} from './runs.js';

// Input: directories that `make results/...` has made, one for each side of the comparison.
//
//   results/runc-node-express/run-1/{run.json,trace.list,syscalls.list,complexity.csv,functions.csv,per-function.csv}
//
// Output of --format csv:
//
//   function,reached_by,runs,score,file,line,subsystem,syscall,path
//   eventfd_write,B,10,4,fs/eventfd.c,253,fs,write,x64_sys_call;__x64_sys_write;ksys_write;vfs_write;eventfd_write
const options = {
  ...unitOptions,
  format: {
    choices: ['text', 'csv', 'json'],
    default: 'text',
    requiresArg: true,
    describe: 'text; a row of CSV for each function that not all reach; or all of it as JSON',
  },
  gate: {
    type: 'string',
    describe:
      'exit 1 if B, C ... reach more than N functions that A does not (--gate: any, --gate=N)',
  },
  'across-kernels': { type: 'boolean', describe: 'compare runs under kernels of different series' },
} as const;

const manual = {
  name: 'compare-runs',
  summary: 'Compares the kernel functions that two or more experiments reached.',
  usage: '[OPTIONS] A B [C...]',
  options,
  positionals: ['DIR...'],
  examples: [
    ['compare-runs results/runc-node-express results/kata-node-express', 'two runtimes'],
    ['compare-runs --gate before/ after/', 'fail where a new version reaches more'],
  ],
} as const satisfies Manual<typeof options>;

/** `--gate` alone has no value: what follows it is a directory. */
function readArguments(): string[] {
  return process.argv.slice(2).map((arg) => (arg === '--gate' ? '--gate=0' : arg));
}

function readGate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--gate=${text}: not a number of functions`);
}

/** The runs in a path, all of one runtime and application. */
function groupIn(path: string, leavingOut: LeavingOut): Pick<Side, 'path' | 'group'> {
  const { groups } = usableGroups([path], leavingOut);
  if (groups.length > 1) {
    const names = groups.map(({ runtime, application }) => `${runtime} with ${application}`);
    throw new UsageError(`${path}: runs of ${names.join(', ')}: a side is one of them`);
  }
  return { path, group: groups[0] };
}

/** Says in what the sides are not comparable; throws where that is more than a warning. */
function checkAlike(
  sides: readonly Pick<Side, 'path' | 'group'>[],
  leavingOut: LeavingOut,
  any: boolean,
) {
  const [first, ...others] = sides;
  for (const { path, group } of others) {
    const [ours, theirs] = [first.group, group].map(kernelOf);
    if (!any && seriesOf(ours) !== seriesOf(theirs)) {
      throw new UsageError(
        `${path}: under Linux ${theirs}, ${first.path} under ${ours} (--across-kernels compares them)`,
      );
    }
    const told = differences(first.group.runs[0], group.runs[0]);
    if (!any && ours !== theirs) told.unshift(`kernel ${theirs}, not ${ours}`);
    if (told.length > 0) leavingOut.doubt(`${path}: unlike ${first.path}: ${told.join('; ')}`);
  }
}

const CSV_COLUMNS = {
  name: 'function',
  reachedBy: 'reached_by',
  runs: 'runs',
  score: 'score',
  file: 'file',
  line: 'line',
  subsystem: 'subsystem',
  syscall: 'syscall',
  path: 'path',
};

async function render(comparison: Comparison, format: string): Promise<string> {
  if (format === 'text') return comparisonText(comparison);
  if (format === 'json') return `${JSON.stringify(comparison, null, 2)}\n`;
  const { stringify } = await import('./csv.js');
  const rows = comparison.exclusive.map((row) => ({
    ...row,
    reachedBy: row.reachedBy.join(' '),
    path: row.path.join(';'),
  }));
  return stringify(rows, { header: true, columns: CSV_COLUMNS });
}

main(manual.name, async () => {
  const values = await readOptions(manual, readArguments());
  if (values === undefined) return;
  if (values._.length < 2) {
    throw new UsageError(`two directories are compared, or more (see ${manual.name} --help)`);
  }
  const gate = readGate(values.gate);
  const unit = readUnit(values.unit);
  const leavingOut = new LeavingOut(manual.name, values.strict === true);

  const groups = values._.map((path) => groupIn(path, leavingOut));
  checkAlike(groups, leavingOut, values['across-kernels'] === true);
  const several = groups.every(({ group }) => group.runs.length > 1);
  const by: Unit = unit ?? (several ? { kind: 'runs' } : ONE_RUN);
  const sides: Side[] = [];
  for (const { path, group } of groups) {
    const units = await unitsOf(group.runs, by, leavingOut);
    sides.push({ path, group, units, functions: functionsOf(group.runs, leavingOut).functions });
  }
  const comparison = compare(sides);
  printOut(await render(comparison, values.format));

  if (gate === undefined) return;
  const beyond = sides
    .map(({ path }, i) => ({ path, count: beyondFirst(comparison, i) }))
    .filter(({ count }, i) => i > 0 && count > gate);
  if (beyond.length > 0) {
    const counts = beyond.map(({ path, count }) => `${path} reaches ${count}`).join(', ');
    throw new ToolError(`${counts} that ${sides[0].path} does not: more than --gate=${gate}`);
  }
});
