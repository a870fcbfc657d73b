// Two recordings of the same run, by ftrace-capture and by trace-cmd: what has one that the other has not?
//
//   node bench/capture/same-run.mjs build/bench-same-run/runc-node-express
//
// DIRECTORY/WAY+trace-cmd is what bench/capture/run has left: ftrace-capture's recording and trace-cmd.dat, which
// began later and ended earlier. Needs the commands in PATH.
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { callsIn, json, shell } from './lists.mjs';

const [directory] = process.argv.slice(2);

const THEIRS =
  'trace-decode --abstime --instance beside --stats "$1/theirs.json" "$1/trace-cmd.dat"';

/** When the text's first and last event were, in seconds: `   68.101814 |   0)    node-218    |  d..3. | ...`. */
function timesOf(text, run) {
  const line = `${text} | awk '$1 != "#" && $2 == "|" { last = $1; if (first == "") first = $1 } END { print first, last }'`;
  return shell(line, run).trim().split(' ');
}

/** The functions that the container reached by itself, with their calls; all, or those between two times. */
function functionsOf(text, run, times) {
  const cut =
    times && `| awk -v a=${times[0]} -v b=${times[1]} '/^#/ || ($1 + 0 >= a && $1 + 0 <= b)'`;
  return callsIn(shell(`${text} ${cut ?? ''} | uniq-funcs --strip --count --tids "@$1/tids"`, run));
}

/** Names that only the first has: `name (calls)`. */
const without = (a, b) =>
  [...a].filter(([name]) => !b.has(name)).map(([name, calls]) => `${name} (${calls})`);

/** Functions of both whose calls differ: `name (calls, calls)`. */
const unequal = (a, b) =>
  [...a]
    .filter(([name, calls]) => b.has(name) && b.get(name) !== calls)
    .map(([name, calls]) => `${name} (${calls}, ${b.get(name)})`);

const calls = (functions) => [...functions.values()].reduce((sum, count) => sum + count, 0);

const remarks = [];
console.log(`${basename(directory)}: two recorders on the same run\n`);
console.log(
  '| way | functions of trace-cmd | of ours meanwhile | calls of trace-cmd | of ours meanwhile | not in ours |',
);
console.log('|---|---:|---:|---:|---:|---:|');
for (const way of readdirSync(directory).filter((name) => name.includes('+trace-cmd'))) {
  const run = `${directory}/${way}`;
  const about = existsSync(`${run}/run.json`) ? json(`${run}/run.json`) : {};
  if (about.load?.answered === undefined || about.load.failed > 0) {
    remarks.push(`FAILS: ${way}: not recorded (${about.reasons?.join('; ') ?? 'no run.json'})`);
    continue;
  }
  const ours = existsSync(`${run}/trace.dat`)
    ? 'trace-decode --abstime "$1/trace.dat"'
    : 'cat "$1/stdout"';
  const theirs = functionsOf(THEIRS, run);
  const meanwhile = functionsOf(ours, run, timesOf(THEIRS, run));
  const missing = without(theirs, functionsOf(ours, run));
  const lost = [
    json(`${run}/capture.json`).lost,
    json(`${run}/theirs.json`).cpus.reduce((sum, cpu) => sum + cpu.lost + cpu.lostUncounted, 0),
  ];
  const columns = [way, theirs.size, meanwhile.size, calls(theirs), calls(meanwhile)];
  console.log(`| ${[...columns, missing.length].join(' | ')} |`);
  const holds = missing.length === 0 && lost.every((count) => count === 0);
  remarks.push(
    `${holds ? 'holds' : 'FAILS'}: ${way}: no function of trace-cmd's is missing in ours, and nothing was lost`,
  );
  const tell = (what, list) => list.length > 0 && remarks.push(`  ${what}: ${list.join(', ')}`);
  tell('lost by ours, by trace-cmd', holds ? [] : lost);
  tell('not in ours', missing);
  tell("meanwhile in ours, not in trace-cmd's", without(meanwhile, theirs));
  if (!way.startsWith('once')) {
    tell("calls by trace-cmd's and by ours where they differ", unequal(theirs, meanwhile));
  }
}
console.log(`\n${remarks.join('\n')}`);
if (
  !remarks.some((line) => line.startsWith('holds')) ||
  remarks.some((line) => line.startsWith('FAILS'))
) {
  process.exitCode = 1;
}
