import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { RunRecord } from '../../src/container/record.js';
import { fails } from '../helpers/bad-input.js';
import { type Fake, FakeEngine } from '../helpers/fake-engine.js';
import { sh } from '../helpers/run.js';

const TOOL = 'run-container';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/**
 * A command that traces as ftrace-capture does: takes the tids, says that it is ready, prints when it is
 * interrupted, and exits with $1. Its second argument is run before that.
 */
const TRACER = `-- bash -c '
  cat > "$1/seen"
  trap "echo the trace || exit 1; $3; exit $2" INT
  echo ready >&3
  while :; do sleep 0.02; done' -`;

function engine(t: Test, fake: Fake = {}) {
  const e = new FakeEngine(t, fake);
  const run = (args: string) => sh(`${TOOL} ${args}`, '', e.env);
  const out = `${e.folder}/out`;
  const apps = `--apps ${e.folder}/apps`;
  const whole = (options = '', status = 0, more = ':') =>
    run(`runc app ${apps} -o ${out} ${options} ${TRACER} {dir} ${status} '${more}'`);
  const record = () => JSON.parse(readFileSync(`${out}/run.json`, 'utf8')) as RunRecord;
  /** Whatever has happened: the container has been removed and nothing runs. */
  const clean = (t: Test) => {
    t.strictSame(e.containers, [], 'the container has been removed');
    t.strictSame(e.processes, [], 'nothing of it runs');
    t.strictSame(
      readdirSync(out).filter((f) => f.endsWith('.tmp')),
      [],
      'nothing half-written',
    );
  };
  return { e, run, out, apps, whole, record, clean };
}

t.test('without a command: the tasks', (t) => {
  const { e, run, apps, clean } = engine(t);
  const { status, stdout, stderr } = run(`runc app ${apps}`);
  t.strictSame({ status, stderr }, { status: 0, stderr: '' });
  const [header, ...rows] = stdout.trimEnd().split('\n');
  t.equal(header, 'tid,role,comm');
  t.ok(rows.length > 1, 'all threads of the server');
  for (const row of rows) t.match(row, /^\d+,workload,\S+$/);
  const tids = rows.map((row) => Number(row.split(',')[0]));
  t.strictSame(
    tids,
    [...tids].sort((a, b) => a - b),
    'ascending',
  );
  const create = e.calls.find((call) => call.startsWith('create'));
  t.match(
    create,
    /^create --runtime runc --name kernel-surface-\S+ --label kernel-surface=\d+ --env COLOUR=blue kernel-surface\/app-legacy$/,
  );
  clean(t);

  const shim = run(`runc app ${apps} --with-shim --warm-up 0`);
  t.equal(shim.status, 0);
  t.match(shim.stdout, /^\d+,shim,/m, '--with-shim');
  clean(t);
  t.end();
});

t.test('a valid run', (t) => {
  const { e, whole, out, record, clean } = engine(t);
  const { status, stdout, stderr } = whole(`--trace ${out}/trace.gz`);
  t.strictSame({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  t.strictSame(readdirSync(out).sort(), [
    'in-flight',
    'roles.csv',
    'run.json',
    'seen',
    'tids',
    'trace.gz',
  ]);
  t.equal(gunzipSync(readFileSync(`${out}/trace.gz`)).toString(), 'the trace\n');
  const run = record();
  const first = run.tasks.start.map(({ tid }) => `${tid}\n`).join('');
  t.equal(readFileSync(`${out}/seen`, 'utf8'), first, 'the command gets the tids');
  const tids = readFileSync(`${out}/tids`, 'utf8').trimEnd().split('\n');
  t.ok(run.tasks.start.every(({ tid }) => tids.includes(String(tid))));
  t.match(readFileSync(`${out}/roles.csv`, 'utf8'), /^tid,pid,role,comm\n\d+,\d+,workload,/);
  t.match(readFileSync(`${out}/in-flight`, 'utf8'), /^\/proc\/\d+\/task\/\d+\/syscall:/);
  t.match(run, {
    version: 1,
    valid: true,
    reasons: [],
    where: 'host',
    tool: { name: TOOL, version },
    engine: { name: 'docker', version: '26.1.5', cgroupVersion: '2', cgroupDriver: 'cgroupfs' },
    runtime: { name: 'runc', path: 'true', arguments: [], type: null },
    image: { name: 'kernel-surface/app-legacy', id: 'sha256:0123', digests: [] },
    application: { name: 'app', protocol: 'http', port: 8080, path: '/' },
    load: {
      ...{ requests: 6, rate: 0, concurrency: 1, answered: 6, failed: 0 },
      untraced: { requests: 10, answered: 10, failed: 0 },
    },
    startup: false,
    command: { ended: 'status 0' },
    capture: null,
  });
  t.ok(run.load!.requestsPerSecond > 0 && run.load!.untraced!.requestsPerSecond > 0);
  t.equal(run.kernel.release, sh('uname -r').stdout.trim());
  t.equal(run.command!.arguments.at(-3), out, '{dir} is replaced');
  const { create, start, serve, load, end } = run.phases;
  const phases = [create!, start!, serve!, load!, end!];
  t.strictSame(
    phases,
    [...phases].sort((a, b) => a - b),
    'the phases in their order',
  );
  t.ok(Date.parse(run.start) < Date.parse(run.end));
  // The one that was waited for, the warm-up and the load, each over a connection of its own.
  t.strictSame(
    e.asked,
    Array.from({ length: 1 + 10 + 6 }, (_, i) => `GET / ${i + 1}`),
  );
  clean(t);
  t.end();
});

t.test('options', (t) => {
  const { e, run, apps, out, record, clean } = engine(t);
  const plain = run(
    `mine app ${apps} -o ${out}/new --trace ${out}/trace --requests 12 --rate 200 --concurrency 3 ` +
      `--warm-up 2 --ready-after 0.1 -- sh -c 'cat > ${out}/stdin; echo {tids}; exec sleep 60'`,
  );
  t.strictSame(
    plain,
    { status: 0, stdout: '', stderr: '' },
    'a command that dies of the interrupt',
  );
  const made = JSON.parse(readFileSync(`${out}/new/run.json`, 'utf8')) as RunRecord;
  t.match(made, {
    runtime: { name: 'mine', path: '/bin/true', arguments: ['--fast'] },
    load: { requests: 12, rate: 200, concurrency: 3, answered: 12, untraced: { answered: 2 } },
    command: { ended: 'SIGINT' },
  });
  t.ok(made.load!.seconds > 11 / 200 - 0.01, 'the rate is kept');
  const tids = made.tasks.start.map(({ tid }) => tid);
  t.equal(readFileSync(`${out}/trace`, 'utf8'), `${tids.join(',')}\n`, '{tids}');
  t.equal(readFileSync(`${out}/stdin`, 'utf8'), tids.map((tid) => `${tid}\n`).join(''));
  clean(t);

  const lab = { ...e.env, KERNEL_SURFACE_WHERE: 'lab' };
  const args = `runc some-image -o ${out} --warm-up 0 --requests 2 --rate 0`;
  const ours = sh(`${TOOL} ${args} ${TRACER} {dir} 0 :`, '', lab);
  t.strictSame(ours, { status: 0, stdout: 'the trace\n', stderr: '' }, 'to our standard output');
  t.match(record(), { where: 'lab', application: { name: null }, image: { name: 'some-image' } });
  t.equal(record().load?.untraced, null);

  const closed = run(`runc app ${apps} -o ${out} -- sh -c 'exec 3>&-; exec sleep 60'`);
  t.equal(closed.status, 0, 'a closed descriptor 3 is as good as a word');
  t.end();
});

t.test('redis', (t) => {
  const { e, whole, record, clean } = engine(t, { protocol: 'redis' });
  t.strictSame(whole('--warm-up 2 --trace /dev/null'), { status: 0, stdout: '', stderr: '' });
  t.match(record(), { valid: true, application: { protocol: 'redis', port: 6379, path: null } });
  const six = (what: string) => [0, 1, 2, 3, 4, 5].map((i) => `${what} foo${i}`);
  t.strictSame(e.asked, [
    'set foo-ready',
    ...['set foo-warm-0', 'set foo-warm-1'],
    ...six('set'),
    ...six('get'),
  ]);
  clean(t);

  const forgetful = engine(t, { protocol: 'redis', mode: 'forget' });
  fails(t, TOOL, forgetful.whole('--trace /dev/null'), 1, /after the load: foo0 holds nothing/, '');
  t.match(forgetful.record(), { valid: false, reasons: [/holds nothing/] });
  forgetful.clean(t);
  t.end();
});

t.test('what the capture says', (t) => {
  const { out, whole, record } = engine(t);
  const lines = `echo "{\\"forked\\":[4242,{\\"tid\\":4243}],\\"lost\\":0}" > ${out}/capture.json`;
  t.equal(whole('--trace /dev/null', 0, lines).status, 0);
  t.match(record(), { capture: { lost: 0 }, tasks: { forked: [4242, 4243] } });
  t.match(readFileSync(`${out}/tids`, 'utf8'), /^4242\n4243$/m);
  t.match(readFileSync(`${out}/roles.csv`, 'utf8'), /^4242,,workload,$/m);
  const junk = whole('--trace /dev/null', 0, `echo junk > ${out}/capture.json`);
  t.strictSame(
    [junk.status, junk.stderr],
    [0, `${TOOL}: capture.json is no JSON\n`],
    'a warning only',
  );
  t.equal(record().capture, null);
  t.strictSame(record().tasks.forked, [], 'nothing of the earlier run');
  t.end();
});

t.test('tasks that are born under the load', (t) => {
  const { out, whole, record, clean } = engine(t, { mode: 'child-after:13' });
  const capture = `echo "{\\"forked\\":[]}" > ${out}/capture.json`;
  const { status, stderr } = whole('--trace /dev/null', 0, capture);
  t.equal(status, 0);
  const { tasks, valid } = record();
  t.equal(valid, true);
  t.ok(tasks.born.length >= 1);
  t.strictSame(tasks.born, tasks.notFollowed);
  t.match(stderr, /born under the load and not traced: \d+ \(sleep\)/);
  const tids = readFileSync(`${out}/tids`, 'utf8').trimEnd().split('\n');
  t.ok(tids.includes(String(tasks.born[0])));
  clean(t);
  t.end();
});

t.test('runs that do not count', (t) => {
  const none = /port 8080: no correct answer within 1 s: /;
  const cases: [mode: string, message: RegExp, options?: string][] = [
    [
      'exit',
      /the container ended (at once|before it answered) \(status 7\); it printed last: Error: Cannot find module '\/server.js'/,
    ],
    ['wrong', /port 8080: answered 'Oops' \(4 bytes\) instead of 'Nabla!' \(6 bytes\)/],
    ['silent', new RegExp(`${none.source}connection refused`), '--ready-timeout 1'],
    ['busy-first:100000', none, '--ready-timeout 1'],
    ['wrong-after:14', /load: request 4: answered 'Oops' \(4 bytes\) instead of 'Nabla!'/],
    ['wrong-after:4', /warm-up: request 4: answered 'Oops'/],
    ['die-after:14', /the container ended after 3 answers of the load \(status 9\)/],
    ['hang-after:14', /load: request 4: no answer within 3 s/, '--request-timeout 3'],
    ['restart-after:14', /the container was restarted: its first process was \d+, is \d+/],
    ['no-address', /the container has no network address: see --network/],
  ];
  for (const [mode, message, options = ''] of cases) {
    const { out, whole, record, clean } = engine(t, { mode });
    writeFileSync(`${out}/run.json`, '{"valid": true}');
    const outcome = whole(`${options} --trace ${out}/trace.gz`);
    fails(t, TOOL, outcome, 1, message, mode);
    const run = record();
    t.equal(run.valid, false, `${mode}: recorded as invalid`);
    t.match(run.reasons, [message]);
    t.equal(outcome.stderr, `${TOOL}: ${run.reasons.join('; ')}\n`);
    const kept = mode.startsWith('restart');
    t.equal(existsSync(`${out}/trace.gz`), kept, `${mode}: a trace only if it is whole`);
    clean(t);
  }
  const later = engine(t, { mode: 'busy-first:3' });
  t.equal(later.whole('--trace /dev/null').status, 0, 'one that serves after a while');
  t.end();
});

t.test('commands that fail', (t) => {
  const { e, run, out, apps, whole, record, clean } = engine(t);
  const with_ = (rest: string) => run(`runc app ${apps} -o ${out} --trace ${out}/trace ${rest}`);
  fails(
    t,
    TOOL,
    whole(`--trace ${out}/trace`, 3),
    3,
    /^run-container: bash: events were lost$/m,
    '3',
  );
  t.match(record(), { valid: false, reasons: ['bash: events were lost'] });
  t.ok(existsSync(`${out}/trace`), 'kept: it is all there is');
  fails(t, TOOL, whole(`--trace ${out}/trace`, 1), 1, /bash failed \(status 1\)/, '1');
  clean(t);
  fails(t, TOOL, with_('-- false'), 1, /false ended before it was ready \(status 1\)/, 'false');
  fails(t, TOOL, with_('-- true'), 1, /true ended before it was ready \(status 0\)/, 'true');
  fails(
    t,
    TOOL,
    with_("-- sh -c 'echo >&3; exit 3'"),
    3,
    /sh ended before .*: events were lost \(status 3\)/,
    'too early',
  );
  fails(
    t,
    TOOL,
    with_('--ready-timeout 4 -- sleep 60'),
    1,
    /sleep: nothing on its descriptor 3 within 4 s: see --ready-after/,
    'no word',
  );
  fails(
    t,
    TOOL,
    with_(`--stop-timeout 0.3 -- bash -c 'trap "" INT; echo >&3; while :; do sleep 1; done'`),
    1,
    /bash did not end within 0.3 s and was killed/,
    'one that does not end',
  );
  clean(t);
  t.notMatch(sh('ps -e -o args').stdout, /trap "" INT/, 'it has been killed');
  t.equal(e.asked.length > 0, true);
  t.end();
});

t.test('ends that cannot be written', (t) => {
  const { run, out, apps, whole, clean } = engine(t);
  const full = whole('> /dev/full');
  t.equal(full.status, 1, 'the command cannot write to a full standard output');
  t.match(full.stderr, /^run-container: bash failed \(status 1\)$/m);
  clean(t);
  const list = run(`runc app ${apps} > /dev/full`);
  t.strictSame([list.status, list.stderr], [1, `${TOOL}: stdout: no space left on device\n`]);
  const gone = run(`runc app ${apps} | true; echo \${PIPESTATUS[0]}`);
  t.strictSame([gone.stdout, gone.stderr], ['0\n', ''], 'a closed reader');
  writeFileSync(`${out}/file`, '');
  const file = `${out}/file`;
  const dir = run(`runc app ${apps} -o ${file} -- true`);
  t.not(dir.status, 0, '--out is a file');
  t.match(dir.stderr, /^run-container: \S+\/file: /);
  clean(t);
  t.end();
});

t.test('a disk that is full', { skip: process.getuid?.() !== 0 && 'needs root to mount' }, (t) => {
  const { e, run, out, apps, clean } = engine(t);
  const line =
    `mount -t tmpfs -o size=64k tmpfs ${out} && exec ${TOOL} runc app ${apps} --trace ${out}/trace.gz ` +
    `-- bash -c 'echo >&3; head -c 3000000 /dev/urandom; while :; do sleep 0.1; done'`;
  const outcome = sh(`exec unshare -m bash -c "$LINE"`, '', { ...e.env, LINE: line });
  if (/unshare|mount:/.test(outcome.stderr)) {
    t.comment('no mount namespaces here');
  } else {
    t.equal(outcome.status, 1);
    t.match(outcome.stderr, /trace\.gz: no space left on device|ended before the load/);
  }
  t.equal(run('--list').status, 0);
  clean(t);
  t.end();
});

t.test('an interrupt', (t) => {
  for (const [signal, expected, when] of [
    ['INT', 130, 'load'],
    ['TERM', 143, 'load'],
    ['HUP', 129, 'load'],
    ['INT', 130, 'ready'],
  ] as const) {
    const { e, out, apps, clean } = engine(t, { mode: when === 'ready' ? 'silent' : 'good' });
    const args = `runc app ${apps} -o ${out} --requests 1000 --warm-up 2 --rate 50`;
    const command = `${TOOL} ${args} --trace ${out}/trace.gz ${TRACER} {dir} 0 'touch ${out}/restored'`;
    const asked = `[ "$(wc -l < ${e.folder}/state/asked)" -gt 12 ]`;
    const far = when === 'ready' ? `[ -e ${e.folder}/state/kernel-surface-*/started ]` : asked;
    // Without what tap has every node do: that listens to signals, too.
    const script =
      `set -m; unset NODE_OPTIONS; ${command} & ` +
      `until ${far}; do sleep 0.05; done; kill -${signal} $!; wait $!; echo $?`;
    t.equal(sh(script, '', e.env).stdout, `${expected}\n`, `SIG${signal}`);
    clean(t);
    t.equal(existsSync(`${out}/restored`), when === 'load', 'the command could restore things');
    t.strictSame(
      readdirSync(out).filter((f) => !['seen', 'restored'].includes(f)),
      [],
      'no run.json, no trace',
    );
  }
  t.end();
});

t.test('--startup', (t) => {
  const { e, run, out, apps, record, clean } = engine(t);
  const args = `runc app ${apps} -o ${out} --startup --trace ${out}/trace`;
  const tracing = `${TRACER} {dir} 0 "cp ${e.folder}/state/calls ${out}"`;
  // Somebody with the name of docker's daemon, which forks the containers.
  const outcome =
    run(`--version; (exec -a /usr/bin/containerd sleep 60) & ${TOOL} ${args} ${tracing}
    status=$?; echo $!; kill $!; exit $status`);
  t.equal(outcome.status, 0);
  t.equal(outcome.stderr, '');
  const daemon = outcome.stdout.trim().split('\n').at(-1)!;
  const seen = readFileSync(`${out}/seen`, 'utf8').trimEnd().split('\n');
  t.ok(seen.includes(daemon), 'the command gets the threads of containerd');
  const { startup, load, phases, tasks } = record();
  t.match(
    { startup, untraced: load?.untraced, answered: load?.answered },
    { startup: true, untraced: null, answered: 6 },
  );
  t.ok(phases.create! < phases.start! && phases.start! < phases.serve!);
  const tids = readFileSync(`${out}/tids`, 'utf8').trimEnd().split('\n').map(Number);
  t.ok(tasks.start.every(({ tid }) => tids.includes(tid)));
  t.notOk(tids.includes(Number(daemon)), 'which are none of the container');
  clean(t);

  const none = run(`${args} ${tracing}`);
  if (!/sleep|containerd/.test(sh('ps -e -o comm').stdout)) {
    fails(t, TOOL, none, 69, /--startup: no containerd is running/, 'no daemon');
  }
  t.end();
});

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
