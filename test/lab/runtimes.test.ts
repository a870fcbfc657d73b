import { spawnSync } from 'node:child_process';
import t from 'tap';

/** daemon.json by what lies in a root. */

interface Daemon {
  readonly runtimes: Record<
    string,
    { path?: string; runtimeArgs?: string[]; runtimeType?: string }
  >;
}

function daemonOf(root: string) {
  const { status, stdout, stderr } = spawnSync('node', ['lab/runtimes.mjs', root], {
    encoding: 'utf8',
  });
  return { status, stderr, ...(JSON.parse(stdout) as Daemon) };
}

t.test("Debian's runtimes", async (t) => {
  const root = t.testdir({ usr: { bin: { crun: '', runsc: 'ptrace kvm systrap' } } });
  const { status, runtimes } = daemonOf(root);
  t.equal(status, 0);
  t.strictSame(runtimes, {
    crun: { path: '/usr/bin/crun' },
    runsc: { path: '/lab/runsc', runtimeArgs: ['--platform=ptrace'] },
    runsck: { path: '/lab/runsc', runtimeArgs: ['--platform=kvm'] },
    runscs: { path: '/lab/runsc', runtimeArgs: ['--platform=systrap'] },
  });
});

t.test('an old gVisor has no systrap', async (t) => {
  const root = t.testdir({ usr: { bin: { runsc: 'ptrace kvm' } } });
  t.strictSame(Object.keys(daemonOf(root).runtimes), ['runsc', 'runsck']);
});

t.test('an empty root', async (t) => {
  t.strictSame(daemonOf(t.testdir({})).runtimes, {});
});

t.test('what was brought along', async (t) => {
  const root = t.testdir({
    usr: { bin: { crun: '' }, local: { bin: { crun: '', runnc: '' } } },
    opt: {
      kata: {
        bin: { 'containerd-shim-kata-v2': '', 'kata-runtime': '' },
        share: { defaults: { 'kata-containers': { 'configuration-fc.toml': '' } } },
      },
    },
  });
  t.strictSame(daemonOf(root).runtimes, {
    crun: { path: '/usr/local/bin/crun' },
    runnc: { path: '/usr/local/bin/runnc' },
    kata: { runtimeType: 'io.containerd.kata.v2' },
    katafc: {
      runtimeType: 'io.containerd.kata.v2',
      options: { ConfigPath: '/opt/kata/share/defaults/kata-containers/configuration-fc.toml' },
    },
  });
});

t.test('Kata before 2.0 is a command', async (t) => {
  const root = t.testdir({ usr: { bin: { 'kata-runtime': '' } } });
  t.strictSame(daemonOf(root).runtimes, { kata: { path: '/usr/bin/kata-runtime' } });
});

t.test('entries of its own', async (t) => {
  const root = t.testdir({
    usr: { bin: { crun: '' } },
    etc: {
      docker: {
        'runtimes.d': {
          'mine.json': '{ "path": "/opt/mine", "runtimeArgs": ["--debug"] }',
          'crun.json': '{ "path": "/opt/crun" }',
        },
      },
    },
  });
  t.strictSame(daemonOf(root).runtimes, {
    crun: { path: '/opt/crun' },
    mine: { path: '/opt/mine', runtimeArgs: ['--debug'] },
  });
});

t.test('an entry that is no JSON', async (t) => {
  const root = t.testdir({ etc: { docker: { 'runtimes.d': { 'mine.json': '{ path' } } } });
  const { status, stderr } = daemonOf(root);
  t.equal(status, 1);
  t.match(stderr, /^etc\/docker\/runtimes\.d\/mine\.json: .*JSON/);
});
