// Tables of what bench/capture/run has left, and whether ftrace-capture keeps what it promises:
//
//   node bench/capture/compare.mjs build/bench-capture/runc-node-express
//
// Needs the commands in PATH. DIRECTORY/WAY.functions is the list of a way: calls, name.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { callsIn, json, shell } from './lists.mjs';

const [directory] = process.argv.slice(2);
const WAYS = {
  trace: 'cat trace at the end',
  trace_pipe: 'cat trace_pipe',
  'trace-cmd': 'trace-cmd record',
  text: 'ftrace-capture',
  raw: 'ftrace-capture --raw',
  'raw-60': 'ftrace-capture --raw, 60 MB',
  'raw-384': 'ftrace-capture --raw, 384 MB',
  once: 'ftrace-capture --once',
};

/** What a way is called; WAY-2 is another recording in the same way. */
const nameOf = (way) => (way.endsWith('-2') ? `${WAYS[way.slice(0, -2)]}, again` : WAYS[way]);

/**
 * Events that were handed out and lost, by what the recorder itself says; but those of a trace.dat are counted in
 * it: trace-cmd's own count of what it has read came to three quarters of that.
 */
function countsOf(way, run) {
  if (way.startsWith('trace-cmd')) {
    const { cpus } = json(`${run}.decoded.json`);
    const events = cpus.reduce((sum, cpu) => sum + cpu.events, 0);
    return { events, lost: json(`${run}/trace.dat.json`).lost };
  }
  return json(`${run}/${way.startsWith('trace') ? 'trace' : 'capture'}.json`);
}

/** The functions that the container reached by itself, and how often. */
function functionsOf(way, run) {
  // What trace-cmd has written is read by trace-decode, too: of several names of a function, `trace-cmd report`
  // takes other ones than the kernel.
  const text = existsSync(`${run}/trace.dat`)
    ? 'trace-decode --stats "$1.decoded.json" "$1/trace.dat"'
    : `cat "$1/${way.startsWith('trace') ? 'trace' : 'stdout'}"`;
  const list = shell(`${text} | uniq-funcs --strip --count --tids "@$1/tids"`, run);
  writeFileSync(`${run}.functions`, list);
  return callsIn(list);
}

/** What only the first has: names, and the calls that these have in all. */
function without(a, b) {
  const names = [...a.keys()].filter((name) => !b.has(name));
  return { names, calls: names.reduce((sum, name) => sum + a.get(name), 0) };
}

const jaccard = (a, b) => {
  const both = [...a.keys()].filter((name) => b.has(name)).length;
  return both / (a.size + b.size - both);
};

const runs = new Map();
for (const way of Object.keys(WAYS).flatMap((one) => [one, `${one}-2`])) {
  const run = `${directory}/${way}`;
  if (!existsSync(run)) continue;
  const about = existsSync(`${run}/run.json`) ? json(`${run}/run.json`) : {};
  const failed = about.load?.failed ?? 'unknown';
  if (about.load?.answered === undefined || failed > 0) {
    console.log(`${nameOf(way)}: not recorded (${about.reasons?.join('; ') ?? 'no run.json'})\n`);
    process.exitCode = 1;
    continue;
  }
  runs.set(way, { load: about.load, functions: functionsOf(way, run), ...countsOf(way, run) });
}

console.log(`${basename(directory)}, ${[...runs.values()][0]?.load.answered} requests\n`);
console.log(
  '| way | events | lost | lost % | functions | like trace-cmd | requests/s | of untraced |',
);
console.log('|---|---:|---:|---:|---:|---:|---:|---:|');
const reference = runs.get('trace-cmd')?.functions;
for (const [way, { events, lost, functions, load }] of runs) {
  const share = ((100 * lost) / (events + lost)).toFixed(1);
  const like = reference === undefined ? '' : jaccard(functions, reference).toFixed(3);
  const rate = load.requestsPerSecond;
  const untraced = load.untraced?.requestsPerSecond;
  const of = untraced === undefined ? '' : `${((100 * rate) / untraced).toFixed(0)} %`;
  const columns = [nameOf(way), events, lost, share, functions.size, like, rate.toFixed(2), of];
  console.log(`| ${columns.join(' | ')} |`);
}

console.log(
  '\n| functions only in the first, only in the second | names | calls | names | calls |',
);
console.log('|---|---:|---:|---:|---:|');
for (const [a, b] of [
  ['trace-cmd', 'trace-cmd-2'],
  ['raw', 'text'],
  ['raw', 'trace-cmd'],
  ['text', 'trace-cmd'],
  ['raw', 'once'],
  ['raw-60', 'raw-60-2'],
  ['raw-384', 'raw-384-2'],
  ['once', 'once-2'],
  ...['raw-60', 'raw-60-2', 'raw-384', 'raw-384-2'].map((full) => [full, 'once']),
]) {
  const [first, second] = [runs.get(a)?.functions, runs.get(b)?.functions];
  if (first === undefined || second === undefined) continue;
  const [x, y] = [without(first, second), without(second, first)];
  const columns = [`${nameOf(a)}, ${nameOf(b)}`, x.names.length, x.calls, y.names.length, y.calls];
  console.log(`| ${columns.join(' | ')} |`);
}
console.log();

for (const [ours, theirs] of [
  ['text', 'trace_pipe'],
  ['raw', 'trace_pipe'],
  ['text', 'trace-cmd'],
  ['raw', 'trace-cmd'],
  ['raw-60', 'trace'],
]) {
  if (!runs.has(ours) || !runs.has(theirs)) continue;
  const holds = runs.get(ours).lost <= runs.get(theirs).lost;
  console.log(`${holds ? 'holds' : 'FAILS'}: ${nameOf(ours)} loses no more than ${nameOf(theirs)}`);
  if (!holds) process.exitCode = 1;
}

/** Names by the part of the kernel that they are in: `mm 3, net/core 2`. */
function partsOf(names) {
  const args = ['-c', 'complexity/linux-6.12.txt.gz', '--by', 'subsystem'];
  const table = execFileSync('complexity-sum', args, { encoding: 'utf8', input: names.join('\n') });
  return table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','))
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([part, count]) => `${part} ${count}`)
    .join(', ');
}

const full = runs.get('raw-60') ?? runs.get('raw-384');
const again = runs.get('raw-60-2') ?? runs.get('raw-384-2');
for (const way of ['once', 'once-2']) {
  const once = runs.get(way);
  if (full === undefined || again === undefined || once === undefined) continue;
  const { lastLoss } = json(`${directory}/${way}/capture.json`);
  const least = Math.min(...[full, again].map(({ events, lost }) => events + lost));
  const target = basename(directory).startsWith('runsc') ? 20 : 12;
  const own = jaccard(full.functions, again.functions);
  const like = [full, again].map(({ functions }) => jaccard(functions, once.functions));
  const faster = [full, again].map(
    ({ load }) => once.load.requestsPerSecond / load.requestsPerSecond,
  );
  console.log(`
${nameOf(way)}, beside two full traces:
  lost after the first seconds: ${lastLoss === null || lastLoss < 5 ? 'nothing' : `still at ${lastLoss} s`}
  events: ${(least / once.events).toFixed(1)} times fewer (target: ${target}), ${(least / (once.events + once.lost)).toFixed(1)} times with those that were lost
  functions: the full traces agree by ${own.toFixed(3)} (Jaccard), it with them by ${like.map((one) => one.toFixed(3)).join(' and ')}
  requests per second: ${faster.map((one) => one.toFixed(2)).join(' and ')} times theirs`);
  const both = [...full.functions.keys()].filter((name) => again.functions.has(name));
  const missing = both.filter((name) => !once.functions.has(name));
  const alone = [...once.functions.keys()].filter(
    (name) => !full.functions.has(name) && !again.functions.has(name),
  );
  if (missing.length > 0) console.log(`  only in both full ones: ${partsOf(missing)}`);
  if (alone.length > 0) console.log(`  in neither of them: ${partsOf(alone)}`);
}
if (full !== undefined && runs.has('once') && runs.has('once-2')) {
  const agree = jaccard(runs.get('once').functions, runs.get('once-2').functions);
  console.log(`\n${nameOf('once')} and again agree by ${agree.toFixed(3)}`);
}
