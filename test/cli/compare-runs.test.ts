import t, { type Test as Tap } from 'tap';
import { readTable } from '../../src/results/table.js';
import { fails } from '../helpers/bad-input.js';
import { testBadResults } from '../helpers/bad-results.js';
import { makeRun, makeSampleRun, names } from '../helpers/results.js';
import { SAMPLES, sh } from '../helpers/run.js';

const usable = t.testdir({});
makeRun(`${usable}/run-1`);
testBadResults('compare-runs', (path) => `compare-runs ${usable} ${path} --format csv --unit runs`);

function near(t: Tap, found: number, expected: number): void {
  t.ok(Math.abs(found - expected) < 1e-9, `${found} is about ${expected}`);
}

/** Three runs each: A has 40 functions and an own one of each run, B ten less and five of its own. */
function twoSides(root: string): void {
  for (const i of [1, 2, 3]) {
    makeRun(`${root}/a/run-${i}`, { functions: [...names(40), `a_${i}`] });
    makeRun(`${root}/b/run-${i}`, {
      runtime: 'runsc',
      functions: [...names(40).slice(10), ...names(5, 'b_'), `c_${i}`],
    });
  }
}

t.test('what two sides share', (t) => {
  const root = t.testdir({});
  twoSides(root);
  const { status, stdout, stderr } = sh(`compare-runs ${root}/a ${root}/b --format json`);
  t.same([status, stderr], [0, '']);
  const { sides, pairs, shared, exclusive, coverage } = JSON.parse(stdout);
  t.match(sides, [
    { label: 'A', path: `${root}/a`, runtime: 'runc', runs: 3, union: 43, core: 40, once: 3 },
    { label: 'B', path: `${root}/b`, runtime: 'runsc', runs: 3, union: 38, core: 35, once: 3 },
  ]);
  t.match(sides[0], { functions: { mean: 41, sd: 0 }, complexity: { mean: 82 }, unit: 'runs' });
  // 43 + 2/3 * 3 * 2 / 2
  t.equal(sides[0].chao2, 45);
  near(t, sides[0].repeatability, 40 / 42);
  t.ok(coverage > 0.97 && coverage < 1);
  t.ok(sides[0].atCoverage > 43 && sides[0].atCoverage < 45);
  t.equal(shared, 30);
  t.match(pairs, [{ a: 'A', b: 'B', shared: 30, onlyA: 13, onlyB: 8, difference: -5, p: 0.1 }]);
  near(t, pairs[0].jaccard, 30 / 47);
  t.equal(pairs[0].jaccardUnion, 30 / 51);
  near(t, pairs[0].jaccardInterval.low, 30 / 47);
  near(t, pairs[0].jaccardInterval.high, 30 / 47);
  t.equal(exclusive.length, 21);
  t.match(exclusive[0], {
    name: 'a_1',
    reachedBy: ['A'],
    runs: 1,
    score: 2,
    file: 'fs/read_write.c',
    line: 450,
    subsystem: 'fs',
    syscall: 'read',
    path: ['x64_sys_call', '__x64_sys_read', 'a_1'],
  });
  t.equal(exclusive.find(({ name }: { name: string }) => name === 'f_3').runs, 3);
  t.end();
});

t.test('the three formats agree', (t) => {
  const root = t.testdir({});
  twoSides(root);
  const call = `compare-runs ${root}/a ${root}/b`;
  const json = JSON.parse(sh(`${call} --format json`).stdout);
  const csv = readTable(sh(`${call} --format csv`).stdout);
  t.same(
    csv.map((row) => ({ ...row })),
    json.exclusive.map((row: Record<string, string[]>) => ({
      function: row.name,
      reached_by: row.reachedBy.join(' '),
      runs: String(row.runs),
      score: String(row.score),
      file: row.file,
      line: String(row.line),
      subsystem: row.subsystem,
      syscall: row.syscall,
      path: row.path.join(';'),
    })),
  );
  const text = sh(call).stdout;
  t.equal(sh(`${call} --format text`).stdout, text, 'text is the default');
  for (const { name, path } of json.exclusive) t.match(text, ` ${name} `, path.join(';'));
  t.match(text, /^A {2}\S+\/a: runc, node-express, Linux 6.1.0-56-amd64, 3 runs$/m);
  t.match(text, /^ {2}shared +30$/m);
  t.match(text, /^ {2}only in A +13$/m);
  t.match(text, /^ {2}Jaccard +0.638 \(95 %: 0.638 to 0.638\)$/m);
  t.match(text, /^ {2}Jaccard of all runs +0.588$/m);
  t.match(text, /^ {2}functions, B less A +-5 \(95 %: -5 to -5\), p = 0.1$/m);
  t.match(text, /^Only in A: 13 functions, complexity 26\n/m);
  t.match(text, /^Only in B: 8 functions, complexity 16\n/m);
  for (const format of ['text', 'csv', 'json']) {
    const run = () => sh(`${call} --format ${format}`).stdout;
    t.equal(run(), run(), `${format}: the same each time`);
  }
  fails(t, 'compare-runs', sh(`${call} --format xml`), 2, 'see compare-runs --help', 'xml');
  t.end();
});

t.test('three sides', (t) => {
  const root = t.testdir({});
  twoSides(root);
  makeRun(`${root}/c/run-1`, { runtime: 'kata', functions: [...names(20), 'b_1', 'z'] });
  makeRun(`${root}/c/run-2`, { runtime: 'kata', functions: [...names(20), 'b_1'] });
  const call = `compare-runs ${root}/a ${root}/b ${root}/c`;
  const { pairs, shared, exclusive } = JSON.parse(sh(`${call} --format json`).stdout);
  t.equal(shared, 10);
  t.same(
    pairs.map(({ a, b, shared }: { a: string; b: string; shared: number }) => [a, b, shared]),
    [
      ['A', 'B', 30],
      ['A', 'C', 20],
      ['B', 'C', 11],
    ],
  );
  const counts: Record<string, number> = {};
  for (const { reachedBy } of exclusive) {
    const key = reachedBy.join(' ');
    counts[key] = (counts[key] ?? 0) + 1;
  }
  t.same(
    Object.entries(counts),
    [
      ['A', 3],
      ['B', 7],
      ['C', 1],
      ['A B', 20],
      ['A C', 10],
      ['B C', 1],
    ],
    'by the sides that reach them, the fewest first',
  );
  t.match(sh(call).stdout, /^Only in A and C: 10 functions, complexity 20\n/m);
  t.match(sh(call).stdout, /^Reached by all: 10 functions$/m);
  t.end();
});

t.test('the gate', (t) => {
  const root = t.testdir({});
  twoSides(root);
  const { status, stdout, stderr } = sh(`compare-runs --gate ${root}/a ${root}/b`);
  t.equal(status, 1);
  t.equal(stdout, sh(`compare-runs ${root}/a ${root}/b`).stdout, 'the comparison is told even so');
  t.equal(
    stderr,
    `compare-runs: ${root}/b reaches 8 that ${root}/a does not: more than --gate=0\n`,
  );
  t.equal(sh(`compare-runs --gate=7 ${root}/a ${root}/b`).status, 1);
  t.equal(sh(`compare-runs --gate=8 ${root}/a ${root}/b`).status, 0);
  t.equal(sh(`compare-runs ${root}/a ${root}/a --gate`).status, 0, 'nothing new');
  makeRun(`${root}/less/run-1`, { functions: names(12) });
  t.equal(
    sh(`compare-runs --gate --unit runs ${root}/a ${root}/less`).status,
    0,
    'less is no fault',
  );
  const two = sh(`compare-runs --gate --unit runs ${root}/less ${root}/a ${root}/b`);
  t.match(two.stderr, /\/a reaches 31, \S+\/b reaches 36 that \S+\/less does not: more /);
  for (const gate of ['--gate=x', '--gate=-1', '--gate=']) {
    fails(t, 'compare-runs', sh(`compare-runs ${gate} ${root}/a ${root}/b`), 2, /--gate=/, gate);
  }
  t.end();
});

t.test('sides that are no sides', (t) => {
  const root = t.testdir({});
  twoSides(root);
  fails(
    t,
    'compare-runs',
    sh(`compare-runs ${root}/a`),
    2,
    'two directories are compared, or more',
    'one',
  );
  fails(
    t,
    'compare-runs',
    sh(`compare-runs ${root} ${root}/a`),
    2,
    /: runs of runc with node-express, runsc with node-express: a side is one of them/,
    'two experiments in one',
  );
  t.end();
});

t.test('sides that were not measured alike', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/a/run-1`);
  makeRun(`${root}/b/run-1`, { kernel: '6.12.1-amd64' });
  makeRun(`${root}/c/run-1`, { kernel: '6.1.0-57-amd64', record: { load: { requests: 50 } } });
  const call = (path: string, options = '') =>
    sh(`compare-runs --unit runs --format csv ${options} ${root}/a ${root}/${path}`);
  const message = `${root}/b: under Linux 6.12.1-amd64, ${root}/a under 6.1.0-56-amd64`;
  fails(t, 'compare-runs', call('b'), 2, message, 'another kernel');
  const across = call('b', '--across-kernels');
  t.same([across.status, across.stderr], [0, '']);
  const { status, stderr } = call('c');
  t.equal(status, 0);
  t.equal(
    stderr,
    `compare-runs: ${root}/c: unlike ${root}/a: kernel 6.1.0-57-amd64, not 6.1.0-56-amd64; ` +
      'load 50 requests, not 300 requests, 10 per second, 1 at a time\n',
  );
  fails(t, 'compare-runs', call('c', '--strict'), 1, /refused \(--strict\)/, '--strict');
  t.end();
});

t.test('files that tell of functions are missing', (t) => {
  const root = t.testdir({});
  twoSides(root);
  sh(`rm ${root}/a/run-1/per-function.csv ${root}/b/run-3/functions.csv`);
  const { status, stdout, stderr } = sh(`compare-runs --format csv ${root}/a ${root}/b`);
  t.equal(status, 0);
  t.equal(
    stderr,
    `compare-runs: ${root}/a/run-1: left out of paths and scores: no per-function.csv\n` +
      `compare-runs: ${root}/b/run-3: left out of paths and scores: no functions.csv\n`,
  );
  const rows = new Map(readTable(stdout).map((row) => [row.function, row]));
  t.match(rows.get('a_1'), { score: '', subsystem: '', syscall: 'read', runs: '1' });
  t.match(rows.get('c_3'), { score: '', path: '', syscall: '', runs: '1' });
  t.match(rows.get('c_2'), { score: '2' });
  t.end();
});

t.test('the shortest path of all runs', (t) => {
  const root = t.testdir({});
  const paths = [
    'x64_sys_call;__x64_sys_read;ksys_read;vfs_read;g',
    '?;g',
    'x64_sys_call;__x64_sys_write;ksys_write;g',
    'x64_sys_call;__x64_sys_writev;ksys_write;g',
  ];
  for (const [i, path] of paths.entries()) {
    makeRun(`${root}/a/run-${i}`, {
      functions: ['f', 'g'],
      files: { 'functions.csv': `function,calls,tids,path\nf,1,,f\ng,1,,${path}\n` },
    });
  }
  makeRun(`${root}/b/run-1`, { functions: ['f'] });
  const csv = () =>
    readTable(sh(`compare-runs --unit runs --format csv ${root}/a ${root}/b`).stdout)[0];
  t.match(csv(), { function: 'g', path: paths[2], syscall: 'write', runs: '4' });
  sh(`rm -r ${root}/a/run-0 ${root}/a/run-2 ${root}/a/run-3`);
  t.match(csv(), { path: '?;g', syscall: '' }, 'an incomplete one where there is no other');
  t.end();
});

t.test('real runs', (t) => {
  const root = t.testdir({});
  for (const i of [1, 2]) makeSampleRun(`${root}/${i}/run-1`, SAMPLES[i]);
  const { status, stdout, stderr } = sh(`compare-runs ${root}/1 ${root}/2 --format json`);
  t.equal(status, 0);
  t.match(stderr, /^compare-runs: \S+: unlike \S+: load 50 requests, not 36 requests\n$/);
  const { sides, pairs, exclusive, shared } = JSON.parse(stdout);
  t.same([sides[0].union, sides[1].union], [792, 809]);
  t.same([sides[0].units, sides[0].unit], [20, 'windows:20']);
  t.equal(pairs[0].onlyA + pairs[0].onlyB, exclusive.length);
  t.equal(pairs[0].onlyA + shared, 792);
  t.match(
    exclusive.find(({ name }: { name: string }) => name === 'kvm_vm_ioctl'),
    { reachedBy: ['A'], syscall: 'ioctl', subsystem: 'virt/kvm', file: 'virt/kvm/kvm_main.c' },
  );
  t.end();
});
