import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import t from 'tap';

/** The real machine's own qualities: many minutes under emulation, so only where they are asked for. */
const skip = process.env.LAB_TEST === 'all' ? false : 'LAB_TEST=all runs it';

function lab(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync('lab/run', args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

t.setTimeout(40 * 60_000);

t.test('a kernel that can be traced, and the commands', { skip, timeout: 900_000 }, async (t) => {
  const script = `cat /sys/kernel/tracing/available_tracers /sys/kernel/tracing/current_tracer
    zcat runc-node-express.trace.gz | uniq-funcs | grep -cx fput
    id -u; echo "$KERNEL_SURFACE_WHERE"; echo complaint >&2; exit 7`;
  const sample = 'samples/runc-node-express.trace.gz';
  const { status, stdout, stderr } = lab(['--no-docker', '--in', sample, '--', 'sh', '-c', script]);
  t.equal(status, 7);
  const [tracers, ...rest] = stdout.split('\n');
  t.match(tracers, 'function_graph');
  t.strictSame(rest, ['nop', '1', '0', 'lab', '']);
  t.match(stderr, /(^|\n)complaint\n$/, 'after what building the machine says, if it is built now');
});

t.test('the tracer goes on and off under load', { skip, timeout: 900_000 }, async (t) => {
  const { status, stdout, stderr } = lab([
    '--no-docker',
    '--in',
    'test/lab/switch.sh',
    '--',
    'bash',
    'switch.sh',
  ]);
  t.equal(status, 0, stderr);
  t.match(stdout, '200 times');
});

t.test('the machine ends before the command', { skip, timeout: 900_000 }, async (t) => {
  for (const [how, says] of [
    ['echo b > /proc/sysrq-trigger', /lab\/run: the machine ended before the command did\n$/],
    ['echo c > /proc/sysrq-trigger', /the machine ended before the command did: Kernel panic.*\n$/],
  ] as const) {
    const { status, stderr } = lab(['--no-docker', '--', 'sh', '-c', `${how}; sleep 60`]);
    t.equal(status, 69, how);
    t.match(stderr, says);
  }
});

t.test(
  'a full disk of the machine is the command’s trouble',
  { skip, timeout: 900_000 },
  async (t) => {
    const { status, stderr } = lab(['--no-docker', '--', 'fallocate', '-l', '1T', 'file']);
    t.equal(status, 1);
    t.match(stderr, /No space left on device/);
  },
);

t.test(
  'containers under every runtime, and one brought along',
  { skip, timeout: 900_000 },
  async (t) => {
    const root = t.testdir({
      etc: { docker: { 'runtimes.d': { 'mine.json': '{ "path": "/usr/local/bin/mine" }' } } },
      usr: { local: { bin: { mine: '#!/bin/sh\necho "$@" >> /run/mine\nexec crun "$@"\n' } } },
    });
    chmodSync(`${root}/usr/local/bin/mine`, 0o755);
    const script = `mkdir -p root/bin && cp /bin/busybox root/bin
    tar -C root -c . | docker import - box > /dev/null
    for runtime in runc crun runsc runscs runsck mine; do
      docker run --rm --runtime=$runtime box /bin/busybox echo "$runtime" || exit
    done
    grep -c create /run/mine`;
    const { status, stdout, stderr } = lab(['--', 'bash', '-c', script], { LAB_ADD: root });
    t.equal(status, 0, stderr);
    t.equal(stdout, 'runc\ncrun\nrunsc\nrunscs\nrunsck\nmine\n1\n');
  },
);
