import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import type { RunRecord } from '../../src/container/record.js';
import { fails } from '../helpers/bad-input.js';
import { engine, TRACER } from '../helpers/fake-engine.js';
import { sh } from '../helpers/run.js';

const TOOL = 'run-container';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

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
