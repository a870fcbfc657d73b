import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { readTable } from '../../src/results/table.js';
import { fails } from '../helpers/bad-input.js';
import { testBadResults } from '../helpers/bad-results.js';
import { makeRun, makeSampleRun, names } from '../helpers/results.js';
import { SAMPLES, sh } from '../helpers/run.js';
import { makeHundredRuns } from '../helpers/runs.js';

testBadResults('summarize-runs', (path) => `summarize-runs ${path}`);

function rowsOf(line: string): Record<string, string>[] {
  const { status, stdout } = sh(line);
  t.equal(status, 0, line);
  return readTable(stdout);
}

t.test('figures of three runs, by hand', (t) => {
  const root = t.testdir({});
  const common = names(90);
  for (const [i, own] of [
    ['a', 'b'],
    ['b', 'c', 'd'],
    ['e', 'f', 'g', 'h', 'b'],
  ].entries()) {
    makeRun(`${root}/runc-node-express/run-${i + 1}`, {
      functions: [...common, ...own],
      syscalls: names(i + 5, 'call_'),
      record: { capture: { lost: i }, warnings: i < 2 ? ['slow, \u001b[1mhot\n'] : ['odd'] },
    });
  }
  makeRun(`${root}/runc-redis-test/run-1`, {
    application: 'redis-test',
    files: { 'strip.json': null },
  });
  makeRun(`${root}/crun-redis-test/run-1`, { application: 'redis-test', runtime: 'crun' });
  const rows = rowsOf(`summarize-runs ${root} 2> /dev/null`);
  t.same(
    rows.map(({ runtime, application, runs }) => [runtime, application, runs].join(' ')),
    ['runc node-express 3', 'crun redis-test 1', 'runc redis-test 1'],
    'by application, then by runtime',
  );
  const row = rows[0];
  t.match(row, {
    kernel: '6.1.0-56-amd64',
    functions_mean: '93.333333',
    functions_sd: '1.527525',
    functions_min: '92',
    functions_max: '95',
    syscalls_mean: '6',
    syscalls_sd: '1',
    complexity_sum_mean: '186.666667',
    complexity_max_mean: '2',
    complexity_max_sd: '0',
    unknown_mean: '0',
    union: '98',
    core: '91',
    once: '7',
    unit: 'runs',
    unit_by: 'runs',
    units: '3',
    q1: '7',
    q2: '0',
    seen: '98',
    // 98 + 2/3 * 7 * 6 / 2, and coverage 1 - 7/280 * 3 Q0 / (3 Q0 + 7) with Q0 = 14
    chao2: '112',
    coverage: '0.978571',
    next_new: '0.025',
    chao2_doubled: '',
    self_check: '',
    verdict: '98 of at least 112 seen, coverage 97 %: run longer or more often',
    lost_events: '3',
    requests: '300',
    source: 'measured',
    published: '',
    warnings: 'slow, ?[1mhot?; odd',
  });
  for (const figure of ['functions', 'syscalls', 'complexity_sum']) {
    const [low, mean, high] = ['ci_low', 'mean', 'ci_high'].map((f) =>
      Number(row[`${figure}_${f}`]),
    );
    t.ok(low < mean && mean < high, figure);
  }
  t.match(rows[1], { functions_sd: '', functions_ci_low: '', once: '', core: '2', union: '2' });
  t.same(rowsOf(`summarize-runs ${root} 2> /dev/null`), rows, 'the same each time');
  t.end();
});

t.test('events lost where the tracer has not counted them', (t) => {
  const root = t.testdir({});
  const lost = (marks: number, events: number) => {
    const strip = {
      method: 'regions',
      policy: { softirq: 'drop', unknown: 'drop', tids: [] },
      lines: { in: 9 },
      loss: { marks, events },
    };
    makeRun(`${root}/run-1`, {
      record: { capture: null },
      files: { 'strip.json': JSON.stringify(strip) },
    });
    return rowsOf(`summarize-runs --unit runs ${root}`)[0].lost_events;
  };
  t.equal(lost(2, 0), '2', 'a mark is one at least');
  t.equal(lost(2, 70), '70');
  t.equal(lost(0, 0), '', 'no mark tells nothing');
  t.end();
});

t.test('a single run whose windows cannot be had', (t) => {
  const root = t.testdir({});
  const reasonOf = (unit: string) => {
    const { status, stdout, stderr } = sh(`summarize-runs ${root} ${unit}`);
    t.equal(status, 0);
    const [row] = readTable(stdout);
    t.equal(row.functions_mean, '2', 'its figures are told');
    t.same([row.unit, row.chao2, row.verdict], ['', '', ''], 'but no saturation');
    return stderr.replace(`summarize-runs: ${root}/run-1: left out of the saturation: `, '');
  };
  makeRun(`${root}/run-1`);
  t.equal(reasonOf(''), '--unit windows:20: trace.gz: ENOENT\n');
  t.equal(reasonOf('--unit requests:5'), '--unit requests:5: trace.gz: ENOENT\n');
  writeFileSync(`${root}/run-1/trace.gz`, gzipSync(''));
  t.equal(reasonOf(''), '--unit windows:20: trace.gz is empty\n');
  writeFileSync(`${root}/run-1/trace.gz`, gzipSync('x'.repeat(100_000)).subarray(0, 60));
  t.match(reasonOf(''), /trace.gz is damaged: unexpected end of file\n$/);
  writeFileSync(`${root}/run-1/trace.gz`, 'no gzip');
  t.match(reasonOf(''), /trace.gz is damaged: incorrect header check\n$/);
  writeFileSync(`${root}/run-1/trace.gz`, gzipSync(' 0)    node-216    | vfs_read();\n'));
  t.equal(reasonOf('--unit requests:301'), '--unit requests:301: more than the whole run\n');
  t.equal(reasonOf('--unit time:31'), '--unit time:31: more than the whole run\n');
  makeRun(`${root}/run-1`, { record: { load: {} } });
  t.match(reasonOf('--unit requests:5'), /: run.json does not tell the load's requests\n$/);
  t.match(reasonOf('--unit time:5'), /: run.json does not tell the load's time\n$/);
  makeRun(`${root}/run-1`, { record: { command: { arguments: ['ftrace-capture', '--once'] } } });
  t.match(reasonOf(''), /: recorded with --once, which shows a function only the first time\n$/);
  makeRun(`${root}/run-1`);
  sh(`rm ${root}/run-1/strip.json`);
  t.equal(reasonOf(''), '--unit windows:20: no strip.json\n');
  fails(
    t,
    'summarize-runs',
    sh(`summarize-runs ${root} --strict`),
    1,
    'no strip.json: refused (--strict)',
    '--strict',
  );
  t.end();
});

t.test('windows of a real run', (t) => {
  const root = t.testdir({});
  makeSampleRun(`${root}/run-1`, SAMPLES[2]);
  const list = readFileSync(`${root}/run-1/trace.list`, 'utf8').split('\n').length - 1;
  const [twenty] = rowsOf(`summarize-runs ${root}`);
  t.match(twenty, { unit: 'windows:20', unit_by: 'lines', units: '20', runs: '1' });
  t.equal(Number(twenty.seen), list, 'windows together show what the run has shown');
  t.ok(Number(twenty.chao2) > list);
  t.ok(Number(twenty.coverage) > 0.9 && Number(twenty.coverage) < 1);
  t.equal(twenty.self_check, 'steady');
  const [ten] = rowsOf(`summarize-runs ${root} --unit windows:10`);
  t.equal(ten.chao2, twenty.chao2_doubled, 'windows twice as long');
  // Fifty requests.
  const [requests] = rowsOf(`summarize-runs ${root} --unit requests:5`);
  t.match(requests, { unit: 'requests:5', unit_by: 'lines', units: '10', chao2: ten.chao2 });
  const [runs] = rowsOf(`summarize-runs ${root} --unit runs`);
  t.match(runs, { unit: 'runs', units: '1', chao2: '' });
  t.match(runs.verdict, /^\d+ seen: 1 unit cannot tell whether that is all$/);
  t.end();
});

t.test('windows of several runs, and by the clock', (t) => {
  const root = t.testdir({});
  const line = (i: number, name: string) =>
    `  ${(100 + i / 1000).toFixed(6)} |   0)    node-216    |  ..... | ${name}();\n`;
  for (const run of [1, 2, 3]) {
    const lines = Array.from({ length: 1000 }, (_, i) => line(i * 30, `f_${(i * run) % 90}`));
    makeRun(`${root}/run-${run}`, { functions: names(90 / run) });
    writeFileSync(`${root}/run-${run}/trace.gz`, gzipSync(lines.join('')));
  }
  // 1000 lines in 30 seconds, with 300 requests.
  for (const [unit, units, doubledUnits] of [
    ['time:3', 10, 5],
    ['requests:30', 10, 5],
    ['time:1.5', 20, 10],
  ] as const) {
    const [row] = rowsOf(`summarize-runs ${root} --unit ${unit}`);
    t.match(row, { unit, unit_by: 'clock', units: String(3 * units), runs: '3' }, unit);
    t.ok(doubledUnits * 2 === units && row.chao2_doubled !== '', 'the self-check is told');
  }
  const [parts] = rowsOf(`summarize-runs ${root} --unit windows:4`);
  t.match(parts, { unit_by: 'lines', units: '12' });
  t.end();
});

t.test('--curves', (t) => {
  const root = t.testdir({});
  for (const i of [1, 2, 3]) {
    makeRun(`${root}/runs/run-${i}`, { functions: [...names(30), ...names(i, `own_${i}_`)] });
  }
  const file = `${root}/curves.csv`;
  t.equal(sh(`summarize-runs ${root}/runs --curves ${file}`).status, 0);
  const rows = readTable(readFileSync(file, 'utf8'));
  t.same(
    rows.map(({ units, requests, functions, kind }) =>
      [units, requests, functions, kind].join(' '),
    ),
    [
      '1 300 32 rarefied',
      '2 600 34 rarefied',
      '3 900 36 observed',
      `4 1200 ${rows[3].functions} extrapolated`,
      `5 1500 ${rows[4].functions} extrapolated`,
      `6 1800 ${rows[5].functions} extrapolated`,
    ],
  );
  t.ok(Number(rows[5].functions) < Number(rows[0].bound), 'below the bound');
  fails(
    t,
    'summarize-runs',
    sh(`summarize-runs ${root}/runs --curves ${root}/missing/x.csv`),
    2,
    '--curves: cannot write',
    'a folder that is not there',
  );
  t.equal(sh(`summarize-runs ${root}/runs --curves /dev/full`).status, 1);
  t.equal(existsSync(`${root}/missing`), false);
  t.end();
});

t.test('rows of different kernels are told, or refused', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/run-1`);
  makeRun(`${root}/run-2`, { runtime: 'crun', kernel: '6.12.1' });
  const { status, stdout, stderr } = sh(`summarize-runs ${root} --unit runs`);
  t.equal(status, 0);
  t.equal(readTable(stdout).length, 2);
  const told = 'figures of different kernels: 6.1.0-56-amd64, 6.12.1';
  t.equal(stderr, `summarize-runs: ${told}\n`);
  const strict = sh(`summarize-runs ${root} --unit runs --strict`);
  fails(t, 'summarize-runs', strict, 1, `${told}: refused (--strict)`, '--strict');
  t.end();
});

t.test('100 directories of 1,500 functions take less than 2 seconds', (t) => {
  const root = t.testdir({});
  makeHundredRuns(root, 10);
  const { status, stdout, stderr } = sh(
    `TIMEFORMAT='%U %S'; time summarize-runs ${root} > ${root}/summary.csv; wc -l < ${root}/summary.csv`,
  );
  t.equal(status, 0);
  t.equal(stdout, '11\n');
  const [user, system] = stderr.trim().split(' ').map(Number);
  t.ok(user + system < 2, `${user} s + ${system} s of CPU`);
  t.comment(`${user} s + ${system} s of CPU`);
  t.end();
});
