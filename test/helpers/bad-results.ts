import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { fails } from './bad-input.js';
import { type MadeUp, makeRun, names } from './results.js';
import { sh } from './run.js';

/**
 * What a command that reads run directories must make of those it cannot use. `call` makes a command line of
 * one path, `summarize-runs DIR`, to which an option can be added, and which prints what the runs say.
 */
export function testLeftOut(tool: string, call: (path: string) => string): void {
  t.test('directories that hold no run', (t) => {
    const dir = t.testdir({ file: 'x', empty: {}, 'run-1': {} });
    for (const [path, message] of [
      ['missing', /missing: no such file or directory/],
      ['file', /file: not a directory of results/],
      ['empty', /empty: no run directory in it/],
    ] as const) {
      fails(t, tool, sh(call(`${dir}/${path}`)), 2, message, path);
    }
    const { status, stdout, stderr } = sh(call(`${dir}/run-1`));
    t.same([status, stdout], [2, '']);
    t.match(stderr, /run-1: left out: no run.json\n.*run-1: no run that can be used\n$/);
    t.end();
  });

  t.test('runs that cannot be used are named and left out', (t) => {
    const good = names(40);
    const cases: readonly (readonly [MadeUp, string])[] = [
      [
        { record: { valid: false, reasons: ['request 17: no answer within 30 s'] } },
        'not valid: request 17: no answer within 30 s',
      ],
      [{ files: { 'run.json': '{"valid": tr' } }, 'run.json: not JSON'],
      [{ files: { 'run.json': '\0'.repeat(500) } }, 'run.json: not JSON'],
      [{ files: { 'trace.list': null } }, 'no trace.list'],
      [{ files: { 'trace.list': '' } }, 'trace.list: no function in it'],
      [{ files: { 'trace.list': '\u0001\n' } }, 'trace.list:1: not a name'],
      [{ files: { 'complexity.csv': null } }, 'no complexity.csv'],
      [{ files: { 'complexity.csv': '' } }, 'complexity.csv: not one row under a header'],
      [
        { kernel: '6.12.57+deb13-amd64' },
        'kernel 6.12.57+deb13-amd64 x86_64, of most runs 6.1.0-56-amd64 x86_64',
      ],
      [
        { record: { load: { requests: 50 } } },
        'load 50 requests, of most runs 300 requests, 10 per second, 1 at a time',
      ],
    ];
    const root = t.testdir({});
    const clean = `${root}/clean`;
    const mixed = `${root}/mixed`;
    for (const run of ['run-1', 'run-2', 'run-40']) {
      makeRun(`${clean}/${run}`, { functions: good });
      makeRun(`${mixed}/${run}`, { functions: good });
    }
    for (const [i, [made]] of cases.entries()) {
      makeRun(`${mixed}/run-${i + 10}`, { functions: names(90), ...made });
    }
    const expected = sh(call(clean));
    t.same([expected.status, expected.stderr], [0, '']);
    const got = sh(call(mixed));
    t.equal(got.status, 0);
    t.equal(
      got.stderr,
      cases
        .map(([, reason], i) => `${tool}: ${mixed}/run-${i + 10}: left out: ${reason}\n`)
        .join(''),
    );
    t.equal(got.stdout.replaceAll(mixed, clean), expected.stdout, 'none is averaged in');

    for (const [made, reason] of [cases[0], cases[8]]) {
      const one = `${root}/one`;
      makeRun(`${one}/run-1`);
      makeRun(`${one}/run-2`, made);
      const message = `${one}/run-2: ${reason}: refused (--strict)`;
      fails(t, tool, sh(`${call(one)} --strict`), 1, message, `${reason}, --strict`);
    }
    t.end();
  });

  t.test('several faults', (t) => {
    const root = t.testdir({});
    for (const run of ['run-1', 'run-2', 'run-10']) {
      makeRun(`${root}/${run}`, { record: { valid: false, reasons: [`${run} died`] } });
    }
    const { status, stdout, stderr } = sh(call(root));
    t.same([status, stdout], [2, '']);
    t.equal(
      stderr,
      [
        `${root}/run-1: left out: not valid: run-1 died`,
        `${root}/run-2: left out: not valid: run-2 died`,
        `${root}/run-10: left out: not valid: run-10 died`,
        `${root}: no run that can be used`,
      ]
        .map((line) => `${tool}: ${line}\n`)
        .join(''),
    );
    const message = `${root}/run-1: not valid: run-1 died, and 2 more: refused (--strict)`;
    fails(t, tool, sh(`${call(root)} --strict`), 1, message, 'the first, and how many more');
    t.end();
  });
}

/** That, and what it must make of wrong options, and of output that cannot be written. */
export function testBadResults(tool: string, call: (path: string) => string): void {
  testLeftOut(tool, call);

  t.test('the reader, the disk', (t) => {
    const root = t.testdir({});
    for (let i = 1; i < 40; i++) makeRun(`${root}/run-${i}`, { application: `app-${i % 20}` });
    mkdirSync(`${root}/one`);
    for (const run of ['run-1', 'run-2']) {
      makeRun(`${root}/one/${run}`, { functions: names(3000) });
    }
    const command = call(`${root}/one`);
    const gone = sh(`set -o pipefail; ${command} | head -c 10 > /dev/null`);
    t.same(gone, { status: 0, stdout: '', stderr: '' }, 'a reader that has seen enough');
    const full = sh(`${command} > /dev/full`);
    t.same(full, {
      status: 1,
      stdout: '',
      stderr: `${tool}: stdout: no space left on device\n`,
    });
    t.end();
  });

  t.test('wrong options, help', (t) => {
    const root = t.testdir({});
    makeRun(`${root}/run-1`);
    const see = `see ${tool} --help`;
    fails(t, tool, sh(tool), 2, see, 'no directory');
    fails(t, tool, sh(`${call(root)} --nope`), 2, see, '--nope');
    fails(t, tool, sh(`${call(root)} --unit`), 2, see, '--unit without a value');
    for (const unit of [
      'requests',
      'requests:0',
      'requests:1.5',
      'time:x',
      'windows:10001',
      "''",
    ]) {
      fails(t, tool, sh(`${call(root)} --unit ${unit}`), 2, /--unit .*: not one of runs, /, unit);
    }
    const { status, stdout, stderr } = sh(`${tool} --help`);
    t.same([status, stderr], [0, '']);
    for (const option of ['--unit', '--strict']) t.match(stdout, option);
    t.match(stdout, new RegExp(`Examples:\n\\s+${tool} `));
    t.match(sh(`${tool} --version`).stdout, /^\d+\.\d+\.\d+\n$/);
    t.end();
  });

  t.test('a name that could be taken for an option, or for a command', (t) => {
    const root = t.testdir({});
    const path = `${root}/$(touch oops) ;x`;
    mkdirSync(path);
    makeRun(`${path}/run-1`);
    writeFileSync(`${root}/note`, '');
    t.equal(sh(call(`'${path}'`)).status, 0);
    t.end();
  });
}
