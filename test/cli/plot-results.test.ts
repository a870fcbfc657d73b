import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { testLeftOut } from '../helpers/bad-results.js';
import { makeRun } from '../helpers/results.js';
import { sh } from '../helpers/run.js';
import { makeTables } from '../helpers/runs.js';

const root = t.testdir({ 'file.txt': '' });
makeTables(root);
const summary = `${root}/summary.csv`;
const tool = 'plot-results';

const FOUR = ['complexity-max', 'complexity-sum', 'functions', 'syscalls'];

function isPng(file: string): boolean {
  return readFileSync(file).subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
}

t.test('the four published charts, twice the same', (t) => {
  const one = sh(`${tool} -o ${root}/one ${summary}`);
  t.equal(one.stderr, '');
  t.equal(one.status, 0);
  const files = FOUR.flatMap((name) => [`${name}.png`, `${name}.svg`]);
  t.same(readdirSync(`${root}/one`), files);
  t.same(
    one.stdout.trim().split('\n').sort(),
    files.map((file) => `${root}/one/${file}`),
  );
  sh(`${tool} -o ${root}/two/deep ${summary}`);
  for (const file of files) {
    const [a, b] = ['one', 'two/deep'].map((dir) => readFileSync(`${root}/${dir}/${file}`));
    t.ok(a.equals(b), file);
    t.equal(isPng(`${root}/one/${file}`), file.endsWith('.png'), file);
  }
  const svg = readFileSync(`${root}/one/functions.svg`, 'utf8');
  for (const text of ['>runc<', '>kata<', '>49<', '>40<', '>11<', '>redis-test<']) {
    t.ok(svg.includes(text), text);
  }
  t.end();
});

t.test('curves, subsystems and sets', (t) => {
  const line = `${tool} --format svg --published --spread ci --curves ${root}/curves.csv -o ${root}/all ${summary} ${root}/results`;
  const all = sh(line);
  t.equal(all.status, 0);
  t.equal(
    all.stderr,
    `plot-results: ${root}/results/runsc-node-express/invalid: left out: not valid: request 17: no answer within 30 s\n`,
  );
  const more = ['accumulation', 'subsystems', 'upset-node-express'];
  t.same(
    readdirSync(`${root}/all`),
    [...FOUR, ...more].sort().map((name) => `${name}.svg`),
  );
  const upset = readFileSync(`${root}/all/upset-node-express.svg`, 'utf8');
  // runc has f_0 to f_49, kata f_20 to f_59.
  t.match(upset, '30 of 60 functions are reached under every runtime');
  t.match(upset, '>20<');
  t.match(upset, '>10<');
  t.match(readFileSync(`${root}/all/functions.svg`, 'utf8'), 'published in Feb 2019');
  t.match(readFileSync(`${root}/all/functions.svg`, 'utf8'), '95 % interval');
  t.match(readFileSync(`${root}/all/accumulation.svg`, 'utf8'), '>requests<');
  t.end();
});

testLeftOut(
  tool,
  (path) =>
    `f() { ${tool} --format svg -o ${root}/left ${summary} "$@" && cat ${root}/left/subsystems.svg; }; f ${path}`,
);

t.test('kernels that differ, functions of which nothing is told', (t) => {
  const runs = t.testdir({});
  makeRun(`${runs}/run-1`);
  makeRun(`${runs}/run-2`, { runtime: 'crun', kernel: '6.12.1' });
  const call = (args: string) => sh(`${tool} --format svg -o ${runs}/charts ${args}`);
  const kernels = 'figures of different kernels: 6.1.0-56-amd64, 6.12.1';
  sh(`summarize-runs --unit runs ${runs} > ${runs}/mixed.csv 2> /dev/null`);
  for (const args of [`${runs}/mixed.csv`, `${summary} ${runs}`, `${runs}/mixed.csv ${runs}`]) {
    t.match(call(args), { status: 0, stderr: `${tool}: ${kernels}\n` }, args);
    fails(t, tool, call(`--strict ${args}`), 1, `${kernels}: refused (--strict)`, args);
  }
  t.match(call(`${summary} --published --strict`), { status: 0, stderr: '' }, 'published ones are');

  makeRun(`${runs}/run-2`, { runtime: 'crun', files: { 'functions.csv': 'nonsense' } });
  const bare = call(`${summary} ${runs}`);
  t.match(bare.stderr, `${runs}/run-2: left out of paths and scores: `);
  t.match(readFileSync(`${runs}/charts/upset-node-express.svg`, 'utf8'), '2 of 2 functions');
  const strict = call(`${summary} ${runs} --strict`);
  fails(t, tool, strict, 1, /run-2: functions.csv: .*refused \(--strict\)/, 'no paths');
  t.end();
});

t.test('bad input', (t) => {
  const see = '(see plot-results --help)';
  const what = 'expected what summarize-runs writes';
  writeFileSync(`${root}/empty.csv`, '');
  writeFileSync(`${root}/header.csv`, 'runtime,application,functions_mean\n');
  writeFileSync(`${root}/other.csv`, 'a,b\n1,2\n');
  writeFileSync(`${root}/garbage.csv`, Buffer.from([0, 1, 2, 255, 10, 34, 44, 10]));
  writeFileSync(`${root}/text.csv`, 'runtime,application,functions_mean\nrunc,app,many\n');
  writeFileSync(`${root}/none.csv`, 'runtime,application,functions_mean\nrunc,app,\n');
  for (const [args, says] of [
    ['', `no summary.csv is named ${see}`],
    ['--nope x', `Unknown argument: nope ${see}`],
    ['--format gif x', /--format.*|Invalid values/],
    [`${root}/missing.csv`, `${root}/missing.csv: no such file or directory`],
    [root, `${root}: is a directory, not a file`],
    [`${root}/empty.csv`, `${root}/empty.csv: no row in it: ${what}`],
    ['/dev/stdin < /dev/null', `/dev/stdin: no row in it: ${what}`],
    [`${root}/header.csv`, `${root}/header.csv: no row in it: ${what}`],
    [`${root}/other.csv`, `${root}/other.csv: no column runtime: ${what}`],
    [`${root}/garbage.csv`, /garbage\.csv: .*: expected what summarize-runs writes/],
    ['data/published.csv', `data/published.csv: no row of a measurement in it: ${what}`],
    ['README.md', /README\.md: .*: expected what summarize-runs writes/],
    [
      `${root}/text.csv`,
      `${root}/text.csv: row 2: column functions_mean: 'many' is no number: ${what}`,
    ],
    [`${root}/none.csv`, `${root}/none.csv: row 2: no figure in it: ${what}`],
    [`${summary} ${root}/missing`, `${root}/missing: no such file or directory`],
    [`${summary} test`, 'test: no run directory in it'],
    [`--curves ${root}/other.csv ${summary}`, /other\.csv: no column runtime: .*--curves writes/],
    [`-o ${root}/file.txt ${summary}`, /file\.txt: there is a file in the place of a directory/],
    [`-o ${root}/file.txt/x ${summary}`, /there is a file in the place of a directory/],
  ] as const) {
    const outcome = sh(`${tool} ${args.includes('-o') ? '' : `-o ${root}/bad`} ${args}`);
    fails(t, tool, outcome, 2, says, args);
  }
  t.notOk(existsSync(`${root}/bad`), 'nothing is made where there is nothing to draw');
  t.end();
});

t.test('output that cannot be written, a reader that goes away', (t) => {
  const full = sh(`${tool} --format svg -o ${root}/full ${summary} > /dev/full`);
  t.equal(full.status, 1);
  t.equal(full.stderr, 'plot-results: stdout: no space left on device\n');
  const closed = sh(`set -o pipefail; ${tool} --format svg -o ${root}/closed ${summary} | true`);
  t.equal(closed.status, 0);
  t.equal(closed.stderr, '');
  t.equal(readdirSync(`${root}/closed`).length, 4, 'all pictures are there');
  t.end();
});

t.test('--help and --version', (t) => {
  const help = sh(`${tool} --help`);
  t.equal(help.status, 0);
  t.match(help.stdout, /plot-results results\/summary\.csv/);
  t.match(sh(`${tool} --version`), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.end();
});
