import type { Problem, Run } from './run.js';

/** Runs that may be averaged: of one runtime and application, made alike. */
export interface Group {
  readonly runtime: string;
  readonly application: string;
  readonly runs: readonly Run[];
}

/** Options of the tracer that change what is recorded; what others do is not in the list of functions. */
const TRACING = new Set(
  '--tracer --once --times --depth --pin --no-follow --follow --text --duration'.split(' '),
);

/** Of a tracer's command line the options that matter: `--once --times=2`. */
function tracingOf(command: readonly string[]): string {
  const told: string[] = [];
  for (const [i, argument] of command.entries()) {
    if (argument === '--') break;
    if (!TRACING.has(argument.split('=')[0])) continue;
    const next = command[i + 1];
    const value = argument.includes('=') || next === undefined || next.startsWith('-') ? '' : next;
    told.push(value === '' ? argument : `${argument}=${value}`);
  }
  return told.sort().join(' ');
}

function loadOf({ record: { load } }: Run): string {
  const { requests, rate, concurrency } = load;
  const parts = [
    requests === undefined ? '' : `${requests} requests`,
    rate === undefined ? '' : `${rate} per second`,
    concurrency === undefined ? '' : `${concurrency} at a time`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What has to be alike in runs that are averaged, in words. */
const TRAITS: readonly (readonly [string, (run: Run) => string])[] = [
  ['kernel', ({ record: { kernel } }) => `${kernel.release} ${kernel.architecture ?? ''}`.trim()],
  ['runtime version', ({ record }) => record.runtime.version ?? ''],
  ['load', loadOf],
  ['start-up', ({ record }) => (record.startup ? 'traced' : 'left out')],
  ['tracer options', ({ record }) => tracingOf(record.command)],
  [
    'stripping',
    ({ strip }) =>
      strip === undefined
        ? ''
        : `method ${strip.method}, softirq ${strip.softirq}, unknown ${strip.unknown}`,
  ],
];

/** The value that most have; of several, the one that comes first. */
function mostCommon(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = values[0];
  for (const [value, count] of counts) if (count > counts.get(best)!) best = value;
  return best;
}

function said(value: string): string {
  return value === '' ? 'not told' : value;
}

/** The runs that are like most of them, and what is wrong with the others. */
export function alike(runs: readonly Run[]): { runs: Run[]; problems: Problem[] } {
  let left = [...runs];
  const problems: Problem[] = [];
  for (const [trait, traitOf] of TRAITS) {
    const usual = mostCommon(left.map(traitOf));
    for (const run of left) {
      const value = traitOf(run);
      if (value === usual) continue;
      const reason = `${trait} ${said(value)}, of most runs ${said(usual)}`;
      problems.push({ place: run.directory, reason });
    }
    left = left.filter((run) => traitOf(run) === usual);
  }
  return { runs: left, problems };
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Runs by application and runtime, in this order; those unlike the most of their group are left out. */
export function groupRuns(runs: readonly Run[]): { groups: Group[]; problems: Problem[] } {
  const found = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.application}\n${run.runtime}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [run]);
    else known.push(run);
  }
  const problems: Problem[] = [];
  const groups = [...found.values()].map((all) => {
    const [{ runtime, application }] = all;
    const like = alike(all);
    problems.push(...like.problems);
    return { runtime, application, runs: like.runs };
  });
  groups.sort((a, b) => byCode(a.application, b.application) || byCode(a.runtime, b.runtime));
  return { groups, problems };
}

/** Traits that runs of two runtimes may differ in, or that are looked at apart. */
const OWN = new Set(['kernel', 'runtime version']);

/** In what two runs were not made alike, in words, beside kernel and runtime. */
export function differences(a: Run, b: Run): string[] {
  return TRAITS.filter(([trait, traitOf]) => !OWN.has(trait) && traitOf(a) !== traitOf(b)).map(
    ([trait, traitOf]) => `${trait} ${said(traitOf(b))}, not ${said(traitOf(a))}`,
  );
}
