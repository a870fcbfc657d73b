import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { sh } from '../helpers/run.js';

const TOOL = 'apps/build';

/** An apt-get whose downloads begin, and do not end. */
const SLOW = '#!/bin/sh\ncase "$*" in *update*) : > "$STARTED"; exec sleep 60;; esac\n';

const dir = t.testdir({
  tmp: {},
  out: {},
  slow: { 'apt-get': SLOW, dpkg: '#!/bin/sh\necho amd64\n' },
  empty: { 'apt-get': '#!/bin/sh\n', dpkg: '#!/bin/sh\necho amd64\n' },
});
for (const tool of ['slow/apt-get', 'slow/dpkg', 'empty/apt-get', 'empty/dpkg']) {
  chmodSync(`${dir}/${tool}`, 0o755);
}
const run = (args: string, env: Record<string, string> = {}) =>
  sh(`${TOOL} ${args}`, '', { TMPDIR: `${dir}/tmp`, ...env });

/** Nothing may be left where scratch files go, or beside the output. */
function tidy(t: Pick<typeof import('tap').default, 'strictSame'>): void {
  t.strictSame(readdirSync(`${dir}/tmp`), [], 'no scratch files are left');
  t.strictSame(readdirSync(`${dir}/out`), [], 'no output is left');
}

t.test('wrong arguments', async (t) => {
  const bad = (args: string, message: string | RegExp) =>
    fails(t, TOOL, run(args), 2, message, args || 'none');
  const all = 'node-express, python-tornado, redis-test';
  bad('', `${TOOL}: no APP: one of ${all}\n`);
  for (const app of ['none', '..', '.', '../apps/redis-test', 'build', "''", "'a\nb'"]) {
    bad(app, `no such application: one of ${all}\n`);
  }
  bad('redis-test more', `unexpected argument 'more' (see ${TOOL} --help)`);
  bad('redis-test --nope', `see ${TOOL} --help`);
  for (const suite of ["''", '../x', "'a b'", 'Trixie', "'x\ny'"]) {
    bad(`redis-test --suite=${suite}`, /--suite .*: not the name of a suite/);
  }
  for (const option of ['--suite', '--out']) {
    t.equal(run(`redis-test ${option}`).status, 2, `${option} without a value`);
  }
  tidy(t);
});

t.test('output that cannot be written', async (t) => {
  const bad = (out: string, message: RegExp) =>
    fails(t, TOOL, run(`redis-test --out ${out}`), 2, message, out);
  bad(`${dir}/none/x.tar`, /none: no such file or directory/);
  bad(`${dir}/out`, /out: not a regular file/);
  bad('/dev/full', /\/dev\/full: not a regular file/);
  fails(t, TOOL, run('--help > /dev/full'), 1, /stdout: no space left on device/, '--help');
  tidy(t);
});

t.test('--help and --version', async (t) => {
  const help = run('--help');
  t.equal(help.status, 0);
  t.equal(help.stderr, '');
  t.match(help.stdout, `${TOOL} APP [--suite SUITE] [--out FILE]`);
  t.match(help.stdout, 'docs/apps.md');
  t.ok(existsSync('docs/apps.md'), 'which is there');
  t.match(run('--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
});

t.test('tools and archives that are not there', async (t) => {
  const bad = (path: string, message: RegExp, what: string) => {
    // bash itself comes from the other PATH.
    const line = `PATH=${path}; ${process.cwd()}/${TOOL} redis-test -o ${dir}/out/x.tar`;
    fails(t, TOOL, sh(line, '', { TMPDIR: `${dir}/tmp`, MIRROR: '' }), 69, message, what);
  };
  const bare = `${dir}/bare`;
  mkdirSync(bare);
  sh(`ln -s $(command -v node) $(command -v env) ${bare}`);
  bad(bare, /dpkg: dpkg cannot be run: it is not installed/, 'no Debian');
  sh(`ln -s ${dir}/empty/dpkg ${bare}`);
  bad(bare, /apt: apt-get cannot be run: it is not installed/, 'no apt-get');
  bad(
    `${dir}/empty:$PATH`,
    /apt knows no archive of Debian here: name one, MIRROR=http/,
    'no archive',
  );
  tidy(t);
});

const skip = existsSync('/usr/bin/apt-get') ? false : 'apt is not installed';

t.test('no network, no such suite', { skip }, async (t) => {
  // An archive where nobody listens, and one that is no archive.
  for (const mirror of ['http://127.0.0.1:1/debian', `file:${dir}/none`]) {
    const outcome = run(`redis-test -o ${dir}/out/x.tar --suite sid`, { MIRROR: mirror });
    fails(t, TOOL, outcome, 69, /^apps\/build: packages of sid: E: /, mirror);
  }
  tidy(t);
});

t.test('a signal ends it, and nothing is left', async (t) => {
  const started = `${dir}/started`;
  for (const [signal, expected] of [
    ['TERM', 143],
    ['INT', 130],
    ['HUP', 129],
  ] as const) {
    // Without what tap has every node do: that listens to signals, too.
    const script =
      `set -m; unset NODE_OPTIONS; rm -f ${started}; PATH=${dir}/slow:$PATH MIRROR=http://127.0.0.1:1 ` +
      `STARTED=${started} ${TOOL} redis-test --suite sid -o ${dir}/out/x.tar & ` +
      `until [ -e ${started} ]; do sleep 0.05; done; kill -${signal} $!; wait $!; echo $?`;
    const { stdout } = sh(script, '', { TMPDIR: `${dir}/tmp` });
    t.equal(stdout, `${expected}\n`, signal);
    tidy(t);
  }
});
