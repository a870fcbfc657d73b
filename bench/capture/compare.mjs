// A table of what bench/capture/run has left: events, losses, functions, and how fast the load was served.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const [directory, ...ways] = process.argv.slice(2);

/** The text of a run, where its way of recording has put it. */
const TEXTS = { trace_pipe: 'trace', 'trace-cmd': 'trace.dat.txt' };
/** Where the ways that are not ours say what they lost. */
const COUNTS = { trace_pipe: 'trace.json', 'trace-cmd': 'trace.dat.json' };

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

function functionsOf(way, run) {
  const args = ['-c', 'uniq-funcs --strip --tids "@$1/tids"', 'bash', run];
  const raw = way === 'raw';
  const input = raw
    ? execFileSync('trace-decode', [`${run}/trace.dat`], { maxBuffer: 2 ** 31 - 1 })
    : readFileSync(`${run}/${TEXTS[way] ?? 'stdout'}`);
  const text = execFileSync('bash', args, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  return new Set(text.split('\n').filter(Boolean));
}

const jaccard = (a, b) => {
  const both = [...a].filter((name) => b.has(name)).length;
  return both / (a.size + b.size - both);
};

const rows = [];
let reference;
for (const way of ways) {
  const run = `${directory}/${way}`;
  if (!existsSync(`${run}/run.json`)) {
    console.log(`${way}: no run.json`);
    continue;
  }
  const { load } = json(`${run}/run.json`);
  const { events, lost } = json(`${run}/${COUNTS[way] ?? 'capture.json'}`);
  const functions = functionsOf(way, run);
  if (way === 'trace-cmd') reference = functions;
  rows.push({ way, events, lost, functions, load });
}

console.log('| way | events | lost | functions | like trace-cmd | requests/s | untraced |');
console.log('|---|---|---|---|---|---|---|');
for (const { way, events, lost, functions, load } of rows) {
  const like = reference === undefined ? '' : jaccard(functions, reference).toFixed(3);
  const rate = (value) => (value === undefined ? '' : value.toFixed(2));
  console.log(
    `| ${way} | ${events} | ${lost} | ${functions.size} | ${like} ` +
      `| ${rate(load.requestsPerSecond)} | ${rate(load.untraced?.requestsPerSecond)} |`,
  );
}

const lostBy = new Map(rows.map(({ way, lost }) => [way, lost]));
const atMost = (ours, theirs) => {
  if (!lostBy.has(ours) || !lostBy.has(theirs)) return true;
  const holds = lostBy.get(ours) <= lostBy.get(theirs);
  console.log(`${holds ? 'holds' : 'FAILS'}: ${ours} loses no more than ${theirs}`);
  return holds;
};
const verdicts = [
  atMost('text', 'trace_pipe'),
  atMost('text', 'trace-cmd'),
  atMost('raw', 'trace-cmd'),
];
if (verdicts.includes(false)) process.exitCode = 1;
