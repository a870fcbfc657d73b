import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { engine, TRACER } from '../helpers/fake-engine.js';
import { sh } from '../helpers/run.js';

const TOOL = 'run-container';

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
  const left =
    'setsid sleep 301.5 2> /dev/null & echo >&3; trap "exit 0" INT; while :; do sleep 0.1; done';
  const outcome = with_(`-- bash -c '${left}'`);
  t.equal(sh('pkill -f "^sleep 301.5"').status, 0, 'what a command leaves behind, with its pipes,');
  t.equal(outcome.status, 0, 'is not waited for');
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
