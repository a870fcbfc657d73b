import { readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { testLeftOut } from '../helpers/bad-results.js';
import { makeRun } from '../helpers/results.js';
import { sh } from '../helpers/run.js';
import { HOSTILE, makeHundredRuns, makeTables } from '../helpers/runs.js';

const root = t.testdir();
makeTables(root);
const results = `${root}/results`;
const tool = 'report-runs';
const left = `report-runs: ${results}/runsc-node-express/invalid: left out: not valid: request 17: no answer within 30 s\n`;

/** Whether a page has a text in it, without printing the page where it has not. */
function has(t: Pick<typeof import('tap').default, 'ok'>, page: string, text: string): void {
  t.ok(page.includes(text), text);
}

t.test('one page, the same each time', (t) => {
  const one = sh(
    `${tool} --summary ${root}/summary.csv --curves ${root}/curves.csv --published -o ${root}/report.html ${results}`,
  );
  t.same(one, { status: 0, stdout: '', stderr: left });
  const page = readFileSync(`${root}/report.html`, 'utf8');
  const two = sh(
    `cd ${root} && report-runs --summary summary.csv --curves curves.csv --published results`,
  );
  t.equal(two.status, 0);
  t.equal(two.stdout.replaceAll('>results/', `>${root}/results/`).length, page.length);
  t.ok(page.startsWith('<!doctype html>\n<html lang="en">'));
  t.notOk(/(?:src|href)="(?:https?:)?\/\//.test(page), 'nothing is fetched');
  t.notOk(page.includes(HOSTILE), 'names are text');
  t.notOk(page.includes('<img'));
  t.equal(page.match(/<script/g)?.length, 2);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  t.equal(new Set(ids).size, ids.length, 'ids are unique');
  has(t, page, 'href="./results/runc-node-express/run-1"');
  has(t, page, 'href="./results/runc-node-express/run-1/functions.csv"');
  has(t, page, 'href="./summary.csv"');
  has(t, page, 'not valid: request 17: no answer within 30 s');
  has(t, page, '1 run is not in these figures');
  has(t, page, 'from <b>40</b> kernel functions under kata to <b>49</b> under runc');
  has(t, page, 'sysvec_apic_timer_interrupt');
  has(t, page, '<small>29.0 %</small>');
  has(t, page, 'default-src &#39;none&#39;');
  t.end();
});

t.test('figures by the runs themselves', (t) => {
  const { status, stdout, stderr } = sh(`${tool} ${results}`);
  t.equal(status, 0);
  t.equal(stderr, left);
  has(t, stdout, 'from <b>40</b> kernel functions under kata');
  has(t, stdout, 'id="chart-upset-node-express-title"');
  t.end();
});

t.test('runs that cannot be used', (t) => {
  const bad = `${root}/bad`;
  makeRun(`${bad}/a/run-1`);
  makeRun(`${bad}/a/run-2`, { files: { 'functions.csv': 'nonsense' } });
  makeRun(`${bad}/a/run-3`, { files: { 'run.json': '{' } });
  makeRun(`${bad}/a/run-4`, { kernel: '5.10.0' });
  makeRun(`${bad}/a/run-5`);
  const { status, stdout, stderr } = sh(`${tool} ${bad}`);
  t.equal(status, 0);
  for (const place of ['run-3', 'run-4']) {
    t.match(stderr, new RegExp(`${place}: left out: `), place);
    has(t, stdout, `a/${place}</a></th><td><strong>no</strong>`);
  }
  has(t, stdout, '2 runs are not in these figures');
  t.match(stderr, /run-2: left out of paths and scores: functions.csv: /);
  has(t, stdout, 'a/run-2</a></th><td>yes</td>');
  has(t, stdout, 'without paths and scores: functions.csv: ');
  const data = JSON.parse(stdout.match(/id="data">(.*?)<\/script>/)![1]);
  t.match(data, { functions: 2, groups: [{ runs: 3, seen: [3, 3] }] }, 'its functions count');
  has(t, stdout, 'a/run-5</a></th><td>yes</td>');
  makeRun(`${root}/none/run-1`, { record: { valid: false } });
  const none = sh(`${tool} ${root}/none 2>&1`);
  t.equal(none.status, 2);
  t.match(none.stdout, `report-runs: ${root}/none: no run that can be used\n`);
  t.end();
});

// Charts, functions and figures: what is left out is named in the other parts.
const PARTS = `sed -n -e '/id="charts"/,/id="dropped"/p' -e '/id="data"/p' -e '/<tr><th scope="row">runc</p'`;
testLeftOut(tool, (path) => `set -o pipefail; f() { ${tool} "$@" | ${PARTS}; }; f ${path}`);

t.test('kernels that differ', (t) => {
  const runs = t.testdir({});
  makeRun(`${runs}/run-1`);
  makeRun(`${runs}/run-2`, { runtime: 'crun', kernel: '6.12.1' });
  const told = 'figures of different kernels: 6.1.0-56-amd64, 6.12.1';
  const { status, stdout, stderr } = sh(`${tool} ${runs}`);
  t.match({ status, stderr }, { status: 0, stderr: `${tool}: ${told}\n` });
  has(t, stdout, 'Several kernels:</strong> the rows are of 6.12.1, 6.1.0-56-amd64,');
  fails(t, tool, sh(`${tool} ${runs} --strict`), 1, `${told}: refused (--strict)`, '--strict');
  t.end();
});

t.test('bad input', (t) => {
  const see = '(see report-runs --help)';
  for (const [args, says] of [
    ['', `no directory of results is named ${see}`],
    ['< /dev/null', `no directory of results is named ${see}`],
    ['--nope x', `Unknown argument: nope ${see}`],
    ['missing', 'missing: no such file or directory'],
    ['README.md', 'README.md: not a directory of results'],
    ['docs', 'docs: no run directory in it'],
    [`--summary missing.csv ${results}`, 'missing.csv: no such file or directory'],
    [`--summary README.md ${results}`, /README\.md: .*expected what summarize-runs writes/],
    [`--curves README.md ${results}`, /README\.md: .*expected what summarize-runs --curves writes/],
    [`-o ${root}/no/folder/x.html ${results}`, /cannot write '.*': no folder /],
  ] as const) {
    fails(t, tool, sh(`${tool} ${args}`), 2, says, args);
  }
  t.end();
});

t.test('output that cannot be written, a reader that goes away', (t) => {
  const full = sh(`${tool} ${results}/runc-redis-test > /dev/full`);
  t.same(full, { status: 1, stdout: '', stderr: 'report-runs: stdout: no space left on device\n' });
  const closed = sh(
    `set -o pipefail; ${tool} ${results}/runc-redis-test | head -c 100 > /dev/null`,
  );
  t.equal(closed.status, 0);
  t.equal(closed.stderr, '');
  t.end();
});

t.test('--help and --version', (t) => {
  const help = sh(`${tool} --help`);
  t.equal(help.status, 0);
  t.match(help.stdout, /report-runs results > report\.html/);
  t.match(sh(`${tool} --version`), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.end();
});

t.test('100 runs of 1,500 functions are below 5 MB', (t) => {
  for (const runtimes of [10, 100]) {
    const many = `${root}/many-${runtimes}`;
    makeHundredRuns(many, runtimes);
    const { status, stderr } = sh(`${tool} -o ${many}.html ${many}`);
    t.same([status, stderr], [0, '']);
    const { size } = statSync(`${many}.html`);
    t.ok(size < 5_000_000, `${size} bytes`);
    t.comment(`${runtimes} runtimes: ${(size / 1e6).toFixed(2)} MB`);
  }
  t.end();
});
