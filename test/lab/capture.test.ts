import { spawnSync } from 'node:child_process';
import t from 'tap';

/**
 * ftrace-capture and trace-decode on real kernels, in the virtual machine: more than an hour, so only where it is
 * asked for.
 */
const all = process.env.LAB_TEST === 'all' ? false : 'LAB_TEST=all runs it';

/** `suite` may be of another architecture: `trixie --arch arm64`. */
function lab(suite: string, script: string, ...args: string[]) {
  const options = ['--suite', ...suite.split(' '), '--no-docker', '--time-limit', '3600'];
  return spawnSync(
    'lab/run',
    [...options, '--in', `test/lab/${script}`, '--', 'node', script, ...args],
    { encoding: 'utf8' },
  );
}

t.setTimeout(4 * 60 * 60_000);

const CAUGHT = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'];
/**
 * All others that end a process: the next start puts everything back. node ignores SIGXFSZ, and takes SIGUSR1
 * for its debugger.
 */
const OTHERS = [
  ...['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2', 'SIGALRM'],
  ...['SIGSTKFLT', 'SIGXCPU', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSYS', '34', '64'],
];

t.test('killed, the kernel is as it was', { skip: all }, async (t) => {
  const { status, stdout, stderr } = lab('trixie', 'kill.mjs', '2', 'SIGTERM', 'SIGKILL');
  t.equal(status, 0, stdout + stderr);
  t.match(stdout, /^\| SIGTERM \| 2 \|.* \| 0 \|$/m);
  t.match(stdout, /^\| SIGKILL \| 2 \|.* \| 0 \|$/m);
});

for (const suite of ['bookworm', 'trixie']) {
  t.test(`${suite}: killed by every signal, 20 times each`, { skip: all }, async (t) => {
    const signals = [...CAUGHT, 'SIGKILL', 'SIGINT+SIGKILL', ...OTHERS];
    const { status, stdout, stderr } = lab(suite, 'kill.mjs', '20', ...signals);
    t.comment(stdout);
    t.equal(status, 0, stderr);
    for (const signal of signals) {
      t.match(
        stdout,
        new RegExp(`^\\| ${signal.replace('+', '\\+')} \\| 20 \\|.* \\| 0 \\|$`, 'm'),
      );
    }
  });
}

for (const [suite, kernel] of [
  ['bookworm', /^Linux 6\.1\./],
  ['trixie', /^Linux 6\.12\./],
  ['sid', /^Linux [7-9]\./],
  ['trixie --arch arm64', /^Linux 6\.12\..*-arm64/],
] as const) {
  t.test(`${suite}: text, files, pages, --pin, refusals`, { skip: all }, async (t) => {
    const parts = ['text', 'trace-cmd', 'pages', 'pin', 'refusals'];
    const { status, stdout, stderr } = lab(suite, 'capture.mjs', ...parts);
    t.match(stdout, kernel);
    t.equal(status, 0, stdout + stderr);
    t.notMatch(stdout, 'NOT OK');
    t.ok(stdout.split('\nok: ').length > 30, 'all parts were run');
  });
}
