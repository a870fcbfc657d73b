import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { engine, TRACER } from '../helpers/fake-engine.js';
import { sh } from '../helpers/run.js';

const TOOL = 'run-container';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

t.test('an engine that fails', (t) => {
  const down = engine(t, { mode: 'down' });
  const dead = /docker: does not answer: Cannot connect to the Docker daemon/;
  fails(t, TOOL, down.whole(), 69, dead, 'no daemon');
  fails(t, TOOL, down.run('--list'), 69, dead, '--list');
  const start = engine(t, { mode: 'no-start' });
  fails(
    t,
    TOOL,
    start.whole(),
    69,
    /docker start: failed to create shim task: OCI runtime create failed: nope$/m,
    'start',
  );
  start.clean(t);
  t.notOk(existsSync(`${start.out}/run.json`), 'nothing was run');
  const create = engine(t, { mode: 'no-create' });
  fails(t, TOOL, create.whole(), 69, /docker create: no space left on device/, 'create');
  create.clean(t);
  const path = `${create.out}:${process.cwd()}/bin`;
  const node = spawnSync('which', ['node'], { encoding: 'utf8' }).stdout.trim();
  const none = spawnSync(node, ['bin/run-container', '--list'], {
    env: { PATH: path },
    encoding: 'utf8',
  });
  t.strictSame(
    [none.status, none.stderr],
    [69, `${TOOL}: docker: not found in PATH: install it, or see --engine\n`],
  );
  t.end();
});

t.test('--list', (t) => {
  const { run } = engine(t);
  const { status, stdout, stderr } = run('--list');
  t.strictSame({ status, stderr }, { status: 0, stderr: '' });
  t.match(stdout, /^runc +usable +docker's own$/m);
  t.match(stdout, /^mine +usable +mine$/m);
  t.match(stdout, /^kata +unregistered .*\n +"kata": \{"runtimeType":"io.containerd.kata.v2"\}$/m);
  t.match(stdout, /^runsck +(usable|unusable) +gVisor, KVM/m);
  t.notMatch(stdout, /io.containerd.runc/);
  t.equal(run('--list > /dev/full').status, 1);
  t.equal(run('--list | head -1').stdout.split('\n').length, 2);

  const podman = run('--list --engine podman');
  t.match(podman.stdout, /^crun +usable/m);
  t.end();
});

t.test('--check', (t) => {
  const { e, run } = engine(t);
  t.strictSame(run('--check mine'), { status: 0, stdout: '', stderr: '' });
  fails(t, TOOL, run('--check rnc'), 2, /runtime rnc: not known to docker, which has/, 'unknown');
  fails(t, TOOL, run('--check broken'), 2, /runtime broken: \/no\/such is missing/, 'no command');
  fails(t, TOOL, run('--check'), 2, /--check: no RUNTIME/, 'none');
  t.strictSame([...new Set(e.calls)], ['info --format {{json .}}']);
  t.end();
});

t.test('podman', (t) => {
  const { e, run, out, apps, whole, record, clean } = engine(t);
  const unknown = /runtime runc: not known to podman, which has crun/;
  fails(t, TOOL, whole('--engine podman --trace /dev/null'), 2, unknown, 'not installed');
  const args = `crun app ${apps} --engine podman -o ${out} --trace /dev/null`;
  t.strictSame(run(`${args} ${TRACER} {dir} 0 :`), { status: 0, stdout: '', stderr: '' });
  t.match(record(), {
    engine: { name: 'podman', version: '4.3.1', cgroupVersion: '2', cgroupDriver: 'systemd' },
    runtime: { name: 'crun' },
    image: { id: 'sha256:0123' },
  });
  const create = e.calls.find((call) => call.includes(' create '));
  t.match(create, /^--runtime \S+ create --name kernel-surface-\S+ --label/);
  clean(t);
  t.end();
});

t.test('wrong use', (t) => {
  const { e, run, out, apps } = engine(t);
  const wrong: [args: string, message: RegExp][] = [
    ['', /expected RUNTIME and APP\|IMAGE/],
    ['runc', /expected RUNTIME and APP\|IMAGE/],
    ['runc app more', /unexpected argument 'more'/],
    ['--garbage', /Unknown argument: garbage/],
    [`rnc app ${apps}`, /runtime rnc: not known to docker, which has broken, mine, runc, runsck$/m],
    [`kata app ${apps}`, /runtime kata: not known .*; add "kata": \{"runtimeType":.*daemon.json/],
    [`runc nothing ${apps}`, /nothing: neither an application \(app, unbuilt\) nor an image/],
    [
      `runc unbuilt ${apps}`,
      /image kernel-surface\/unbuilt-legacy: not there: build it by apps\/build unbuilt/,
    ],
    [`runc app ${apps} --port 80`, /--port: app is an application, which has its own/],
    [`runc some-image ${apps} --port 0`, /--port: not a number from 1 to 65535/],
    [`runc app ${apps} --requests 0`, /--requests: not a whole number from 1/],
    [`runc app ${apps} --requests many`, /--requests: not a whole number from 1/],
    [`runc app ${apps} --rate -1`, /--rate: not a number from 0/],
    [`runc app ${apps} --concurrency 1.5`, /--concurrency: not a whole number from 1/],
    [`runc app ${apps} --engine lxd`, /Invalid values: .*engine/],
    [`runc app ${apps} -o ${out}`, /--out needs a COMMAND/],
    [`runc app ${apps} --trace x`, /--trace needs a COMMAND/],
    [`runc app ${apps} --startup`, /--startup needs a COMMAND/],
    [`runc app ${apps} --`, /no COMMAND behind --/],
    [`runc app ${apps} -- no-such-command`, /no-such-command: no such command/],
    [`runc app ${apps} --trace ${out}/none/trace -- true`, /--trace: no directory .*\/none/],
    [`runc app ${apps} --engine podman --startup -- true`, /--startup: podman has no daemon/],
  ];
  for (const [args, message] of wrong) fails(t, TOOL, run(args), 2, message, args);
  t.notOk(
    e.calls.some((call) => call.startsWith('create')),
    'no container was created',
  );
  for (const exposed of [[], [80, 443]]) {
    const other = engine(t, { exposed });
    const message = /image some-image: exposes (no port|ports 80, 443): choose one by --port/;
    fails(t, TOOL, other.run(`runc some-image ${other.apps}`), 2, message, `ports ${exposed}`);
    t.equal(other.run(`runc some-image --port 8080 --expect 'Nabla!'`).status, 0, '--port');
    fails(
      t,
      TOOL,
      other.run('runc some-image --port 8080 --expect No'),
      1,
      /instead of 'No'/,
      'no',
    );
  }
  t.end();
});

t.test('--help and --version', (t) => {
  t.match(sh(`${TOOL} --help`).stdout, /^run-container RUNTIME APP\|IMAGE .*man run-container\n$/s);
  t.strictSame(sh(`${TOOL} --version`), { status: 0, stdout: `${version}\n`, stderr: '' });
  t.equal(sh(`${TOOL} --help > /dev/full`).status, 1);
  t.end();
});
