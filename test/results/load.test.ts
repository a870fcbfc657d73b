import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { differences, groupRuns } from '../../src/results/groups.js';
import {
  describeFunctions,
  findRuns,
  loadFunctions,
  loadRun,
  loadRuns,
} from '../../src/results/load.js';
import { type MadeUp, makeRun } from '../helpers/results.js';

t.test('runs are found at any height, in their order, none twice', (t) => {
  const root = t.testdir({});
  for (const run of [
    'a-app/run-10',
    'a-app/run-2',
    'b-app/run-1',
    'a-app/invalid',
    'demo/c/run-1',
  ]) {
    makeRun(`${root}/${run}`);
  }
  mkdirSync(`${root}/.hidden/run-1`, { recursive: true });
  writeFileSync(`${root}/report.html`, '');
  const found = (...paths: string[]) =>
    findRuns(paths.map((path) => `${root}${path}`)).map((path) => path.slice(root.length));
  const all = ['/a-app/invalid', '/a-app/run-2', '/a-app/run-10', '/b-app/run-1'];
  t.same(found(''), all, 'but for the demo');
  t.same(found('/a-app'), all.slice(0, 3));
  t.same(found('/a-app/run-2'), ['/a-app/run-2']);
  t.same(found('/demo'), ['/demo/c/run-1'], 'which has to be named');
  t.same(found('/a-app/run-10', '', '/b-app'), [
    '/a-app/run-10',
    '/a-app/invalid',
    '/a-app/run-2',
    '/b-app/run-1',
  ]);
  symlinkSync(`${root}/a-app/run-2`, `${root}/b-app/run-3`);
  symlinkSync(root, `${root}/b-app/loop`);
  t.same(found(''), all, 'by whatever name');

  mkdirSync(`${root}/empty`);
  t.throws(() => found('/empty'), { message: `${root}/empty: no run directory in it` });
  t.throws(() => found('/missing'), { message: `${root}/missing: no such file or directory` });
  t.throws(() => found('/report.html'), { message: /: not a directory of results$/ });
  rmSync(`${root}/a-app`, { recursive: true });
  rmSync(`${root}/b-app`, { recursive: true });
  t.throws(() => found(''), { message: /no run directory in it but the excerpts in .*\/demo, / });
  t.end();
});

t.test('a run directory', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/run-1`);
  t.match(loadRun(`${root}/run-1`), {
    runtime: 'runc',
    application: 'node-express',
    functions: ['ksys_read', 'vfs_read'],
    syscalls: ['read'],
    complexity: { n: 2, sum: 4, max: 2, unknown: 0 },
    strip: { lines: 1000, tids: [216] },
  });
  t.same(loadFunctions({ directory: `${root}/run-1` })[1], {
    name: 'vfs_read',
    calls: 1,
    path: ['x64_sys_call', '__x64_sys_read', 'vfs_read'],
    syscall: 'read',
    score: 2,
    file: 'fs/read_write.c',
    line: 450,
    subsystem: 'fs',
  });
  t.end();
});

t.test('what is missing or broken is named', (t) => {
  const root = t.testdir({});
  const reasonOf = (made: MadeUp) => {
    makeRun(`${root}/run-1`, made);
    const { runs, problems } = loadRuns([`${root}/run-1`]);
    rmSync(`${root}/run-1`, { recursive: true });
    t.same(
      problems.map(({ place }) => place),
      runs.length === 1 ? [] : [`${root}/run-1`],
    );
    return problems[0]?.reason;
  };
  for (const file of ['run.json', 'trace.list', 'syscalls.list', 'complexity.csv']) {
    t.equal(reasonOf({ files: { [file]: null } }), `no ${file}`);
  }
  for (const file of ['strip.json', 'functions.csv', 'per-function.csv', 'tids']) {
    t.equal(reasonOf({ files: { [file]: null } }), undefined, `${file} can be missing`);
  }
  t.equal(reasonOf({ files: { 'syscalls.list': '' } }), undefined, 'a VM may make no call');
  t.equal(reasonOf({ files: { 'run.json': '{' } }), 'run.json: not JSON');
  t.equal(reasonOf({ files: { 'trace.list': '' } }), 'trace.list: no function in it');
  t.equal(reasonOf({ files: { 'trace.list': 'a\n \n' } }), 'trace.list:2: not a name');
  t.equal(
    reasonOf({ files: { 'complexity.csv': '' } }),
    'complexity.csv: not one row under a header',
  );
  t.match(reasonOf({ files: { 'complexity.csv': 'a\n1,2\n' } }), /^complexity.csv: line 2: 2 /);
  t.match(reasonOf({ files: { 'strip.json': '{}' } }), /^strip.json: not what /);
  t.equal(reasonOf({ record: { valid: false, reasons: ['it died'] } }), 'not valid: it died');

  mkdirSync(`${root}/run-1/trace.list`, { recursive: true });
  makeRun(`${root}/run-1`, { files: { 'trace.list': null } });
  t.equal(loadRuns([root]).problems[0].reason, 'trace.list: cannot be read (EISDIR)');

  makeRun(`${root}/invalid`);
  t.equal(loadRuns([`${root}/invalid`]).problems[0].reason, 'an attempt that was broken off');
  t.end();
});

t.test('paths and scores', (t) => {
  const directory = `${t.testdir({})}/run-1`;
  const functions = (files: Record<string, string | null>) => {
    makeRun(directory, { files });
    return loadFunctions({ directory });
  };
  const header = 'function,calls,tids,path\n';
  const csv = { 'functions.csv': `${header}f,7,1 2,?;a;f\ng,1,,g\nh,1,,__do_sys_read;h\n` };
  const scores = 'function,score,low,high,file,line,match\n';
  const rows = functions({
    ...csv,
    'per-function.csv': `${scores}f,3,1,4,net/ipv4/tcp.c,12,ambiguous\ng,,,,lib/x.c,9,unknown\n`,
  });
  t.match(rows, [
    { name: 'f', calls: 7, path: ['?', 'a', 'f'], syscall: '', score: 3, subsystem: 'net/ipv4' },
    { name: 'g', path: ['g'], syscall: '', score: undefined, file: 'lib/x.c', subsystem: '' },
    { name: 'h', syscall: 'read', score: undefined, file: '', subsystem: '' },
  ]);
  rmSync(directory, { recursive: true });
  t.match(functions({ ...csv, 'per-function.csv': null })[0], { score: undefined, subsystem: '' });

  const bad = (files: Record<string, string>, message: string) => {
    makeRun(directory, { files });
    t.throws(() => loadFunctions({ directory }), { message });
  };
  bad({ 'functions.csv': 'function\nf\n' }, 'functions.csv: no column calls');
  bad({ 'functions.csv': `${header}f,x,,f\n` }, 'functions.csv: calls of f: no number');
  bad(
    { 'functions.csv': `${header}f\n` },
    "functions.csv: line 2: 1 fields instead of the header's 4",
  );
  bad(
    { ...csv, 'per-function.csv': `${scores}f,x,,,a,1,exact\n` },
    'per-function.csv: score of f: no number',
  );
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  t.throws(() => loadFunctions({ directory }), { message: 'no functions.csv' });
  t.end();
});

t.test('all functions of a run, whatever is told of them', (t) => {
  const directory = `${t.testdir({})}/run-1`;
  const described = (files: Record<string, string | null>) => {
    rmSync(directory, { recursive: true, force: true });
    makeRun(directory, { functions: ['f', 'g'], files });
    const { functions, problems } = describeFunctions(loadRun(directory));
    t.same(
      functions.map(({ name }) => name),
      ['f', 'g'],
    );
    t.ok(problems.every(({ place }) => place === directory));
    return { functions, reasons: problems.map(({ reason }) => reason) };
  };
  t.same(described({}).reasons, []);
  t.same(described({ 'per-function.csv': null }).reasons, ['no per-function.csv']);
  const header = 'function,calls,tids,path\n';
  const half = described({ 'functions.csv': `${header}g,3,,a;g\nother,1,,other\n` });
  t.same(half.reasons, ['functions.csv: without 1 of trace.list']);
  t.match(half.functions, [
    { calls: 0, path: [], score: undefined },
    { calls: 3, path: ['a', 'g'], score: 2 },
  ]);
  t.same(described({ 'functions.csv': header }).reasons, [
    'functions.csv: without 2 of trace.list',
  ]);
  const none = described({ 'functions.csv': null, 'per-function.csv': null });
  t.same(none.reasons, ['no functions.csv']);
  t.match(none.functions[1], { name: 'g', path: [], subsystem: '' });
  t.same(described({ 'per-function.csv': 'x' }).reasons, []);
  t.same(described({ 'per-function.csv': 'x\n1\n' }).reasons, [
    'per-function.csv: no column function',
  ]);
  t.end();
});

t.test('runs by application and runtime', (t) => {
  const root = t.testdir({});
  for (const [i, [runtime, application]] of [
    ['runsc', 'redis-test'],
    ['runc', 'redis-test'],
    ['runc', 'node-express'],
    ['runsc', 'redis-test'],
  ].entries()) {
    makeRun(`${root}/run-${i}`, { runtime, application });
  }
  const { groups, problems } = groupRuns(loadRuns([root]).runs);
  t.same(problems, []);
  t.same(
    groups.map(({ runtime, application, runs }) => [application, runtime, runs.length]),
    [
      ['node-express', 'runc', 1],
      ['redis-test', 'runc', 1],
      ['redis-test', 'runsc', 2],
    ],
  );
  t.end();
});

t.test('runs unlike most of their group are left out', (t) => {
  const usual = { requests: 300, rate: 10, concurrency: 1 };
  const policy = { softirq: 'keep', unknown: 'drop', tids: [] };
  const strip = { method: 'regions', policy, lines: { in: 7 } };
  const command = (...options: string[]) => ({
    command: { arguments: ['ftrace-capture', ...options, '--', 'sleep', '--once'] },
  });
  for (const [made, reason] of [
    [{ kernel: '6.12.1-amd64' }, 'kernel 6.12.1-amd64 x86_64, of most runs 6.1.0-56-amd64 x86_64'],
    [
      { record: { runtime: { name: 'runc', version: '2' } } },
      'runtime version 2, of most runs runc version 1.1.5',
    ],
    [
      { record: { load: { ...usual, requests: 50 } } },
      'load 50 requests, 10 per second, 1 at a time, of most runs 300 requests, 10 per second, 1 at a time',
    ],
    [
      { record: { load: null } },
      'load not told, of most runs 300 requests, 10 per second, 1 at a time',
    ],
    [{ record: { startup: true } }, 'start-up traced, of most runs left out'],
    [
      { record: command('--times', '2', '--once', '--depth=3') },
      'tracer options --depth=3 --once --times=2, of most runs not told',
    ],
    [
      { files: { 'strip.json': JSON.stringify(strip) } },
      'stripping method regions, softirq keep, unknown drop, of most runs method regions, softirq drop, unknown drop',
    ],
    [{ files: { 'strip.json': null } }, /^stripping not told, of most runs method regions, /],
  ] as const) {
    const root = t.testdir({});
    makeRun(`${root}/run-1`, made as MadeUp);
    makeRun(`${root}/run-2`);
    makeRun(`${root}/run-3`, { record: command('--stats', 'capture.json') });
    const { groups, problems } = groupRuns(loadRuns([root]).runs);
    t.match(problems, [{ place: `${root}/run-1`, reason }]);
    t.equal(problems.length, 1);
    t.equal(groups[0].runs.length, 2);
  }
  t.end();
});

t.test('of two that differ the first is kept', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/run-1`, { kernel: '6.12.1' });
  makeRun(`${root}/run-2`);
  makeRun(`${root}/run-3`, { kernel: '6.12.1', record: { startup: true } });
  const { groups, problems } = groupRuns(loadRuns([root]).runs);
  t.same(
    groups[0].runs.map(({ directory }) => directory),
    [`${root}/run-1`],
  );
  t.match(problems, [
    { place: `${root}/run-2`, reason: /^kernel 6\.1\./ },
    { place: `${root}/run-3`, reason: /^start-up traced/ },
  ]);
  t.end();
});

t.test('in what two runtimes were not measured alike', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/run-1`);
  makeRun(`${root}/run-2`, { runtime: 'crun', kernel: '6.12.1', record: { startup: true } });
  const { runs } = loadRuns([root]);
  t.same(differences(runs[0], runs[0]), []);
  t.same(differences(runs[0], runs[1]), ['start-up traced, not left out']);
  t.end();
});
