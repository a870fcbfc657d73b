import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { PublishedJudge } from '../../src/context/published.js';
import { StripSink } from '../../src/context/strip.js';
import { NamesSink } from '../../src/functions/names.js';
import { type Cutter, drive, WHOLE } from '../helpers/drive.js';
import { DEFAULT_COLUMNS, printLine, printSwitch } from '../helpers/printer.js';
import { readTrace, skipWithoutTraces } from '../helpers/traces.js';

// `--method published` against the three filters themselves, in C, and the pipeline round them.

const FILTERS = ['filter-start', 'filter-errors', 'filter-interrupts'] as const;
const noCompiler =
  spawnSync('cc', ['--version']).error === undefined ? false : 'no C compiler (cc) on this machine';

const dir = t.testdir();
const TRACE = join(dir, 'trace');

t.before(() => {
  if (noCompiler) return;
  for (const name of FILTERS) {
    const made = spawnSync('cc', ['-O2', '-o', join(dir, name), `bench/published/${name}.c`]);
    if (made.status !== 0) throw new Error(`${name}.c does not compile: ${made.stderr}`);
  }
});

/** The list the published pipeline makes; `field` 3 for a trace with a column of flags. */
function pipeline(trace: Buffer, tids: readonly number[], field = 2): string[] {
  writeFileSync(TRACE, trace);
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['bench/published/pipeline.sh', TRACE, ...tids.map(String)],
    {
      encoding: 'latin1',
      maxBuffer: 1 << 26,
      env: { ...process.env, FILTERS: dir, FIELD: String(field) },
    },
  );
  if (status !== 0) throw new Error(`pipeline.sh: exit ${status}: ${stderr}`);
  return stdout.split('\n').slice(0, -1);
}

function ours(trace: Buffer, tids?: readonly number[]): string[] {
  const sink = new NamesSink();
  drive(trace, new PublishedJudge(tids && new Set(tids)), sink);
  return sink.functions().map(({ name }) => name);
}

/** The lines kept, by us and by the filters in a row: the text right of the first bar. */
function keptLines(trace: Buffer): { got: string; want: string } {
  const { out } = drive(trace, new PublishedJudge(undefined), new StripSink());
  const texts = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.includes('|') && !line.includes('=>'))
      .map((line) => `${line.slice(line.indexOf('|') + 1)}\n`)
      .join('');
  const piped = FILTERS.map((name) => `"${dir}/${name}"`).join(' | ');
  const { stdout } = spawnSync('bash', ['-c', piped], {
    input: Buffer.from(texts(trace.toString('latin1')), 'latin1'),
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  return { got: texts(out.toString('latin1')), want: stdout };
}

const NAMES = `SyS_read sys_write syscall_trace_enter do_syscall_64 kthread_should_stop
  vcpu_enter_guest smp_irq_work_interrupt smp_apic_timer_interrupt smp_reschedule_interrupt
  smp_call_function_single_interrupt generic_smp_call_function_single_interrupt do_softirq
  __do_softirq do_softirq_own_stack do_softirq.part.0 fget fput vfs_read sysfs_emit __x64_sys_read
  _sys do_syscal finish_task_switch.isra.0`.split(/\s+/);

/** Bodies a kernel prints with the published options; tails come with returns whose entry was lost. */
const body = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => ({ text: `${name}();`, step: 0 })),
  fc.constantFrom(...NAMES).map((name) => ({ text: `${name}() {`, step: 1 })),
  fc.constantFrom(...NAMES).map((name) => ({ text: `${name} [kvm]() {`, step: 1 })),
  fc.constant({ text: '}', step: -1 }),
  fc.constantFrom(...NAMES).map((name) => ({ text: `} /* ${name} */`, step: -1 })),
);

/** Lines of one task whose depths mostly fit; `jump` is where a line stands that does not. */
const singleTask = fc
  .array(fc.record({ body, jump: fc.option(fc.nat(60), { freq: 12 }) }), { maxLength: 150 })
  .map((items) => {
    let depth = 0;
    const lines = items.map(({ body: { text, step }, jump }) => {
      if (step < 0) depth = Math.max(0, depth - 1);
      const at = jump ?? depth;
      if (step > 0) depth++;
      return printLine({ cpu: 1, comm: 'node', tid: 4711, depth: at, body: text }, DEFAULT_COLUMNS);
    });
    return lines;
  });

t.test('random traces of one task', { skip: noCompiler }, (t) => {
  fc.assert(
    fc.property(singleTask, fc.boolean(), (lines, hasSwitches) => {
      const switches = [
        ...printSwitch(1, 'node-4711', 'node-9'),
        ...printSwitch(1, 'x-9', 'n-4711'),
      ];
      const all = hasSwitches ? [...lines, ...switches, ...lines] : lines;
      const trace = Buffer.from(all.map((line) => `${line}\n`).join(''), 'latin1');
      const { got, want } = keptLines(trace);
      if (got !== want) throw new Error(`kept ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
    }),
    { numRuns: 150 },
  );
  t.pass('the same lines');
  fc.assert(
    fc.property(singleTask, (lines) => {
      const trace = Buffer.from(['# a header', ...lines, ''].join('\n'), 'latin1');
      const got = ours(trace, [4711]).join(' ');
      const want = pipeline(trace, [4711]).join(' ');
      if (got !== want) throw new Error(`${got}, not ${want}`);
    }),
    { numRuns: 40 },
  );
  t.pass('the same names');
  t.end();
});

t.test('the faults, by hand', (t) => {
  const head = ' 0)    node-218    | ';
  const kept = (...bodies: string[]) => {
    const text = bodies.map((body) => `${head}${body}\n`).join('');
    const { out } = drive(Buffer.from(text), new PublishedJudge(undefined), new StripSink());
    return out
      .toString('latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(head.length));
  };
  t.same(kept('fput();', 'vfs_read() {', '}'), [], 'no anchor, no trace');
  t.same(kept('fput();', 'sys_read();', 'fget();'), ['sys_read();', 'fget();']);
  t.same(
    kept('sys_read() {', '  do_softirq();', '  innocent();', '  fput();'),
    ['sys_read() {', '  fput();'],
    'a leaf interrupt takes its sibling along',
  );
  t.same(
    kept(
      'sys_read() {',
      '  generic_smp_call_function_single_interrupt() {',
      '    f();',
      '  }',
      '}',
    ),
    ['sys_read() {', '}'],
    'names are looked for anywhere',
  );
  t.same(
    kept('sys_read() {', '      strayed();', '  fput();', '}'),
    ['sys_read() {', '  fput();', '}'],
    'a line at another indent is an error',
  );
  t.end();
});

t.test('tasks are judged apart, and only those asked for', (t) => {
  const text = [
    ' 0)    node-218    | sys_read() {',
    ' 0)    node-255    | fput();',
    ' 0)    node-255    | sys_write();',
    ' 0)    node-218    |   do_softirq() {',
    ' 0)    node-255    | fget();',
    ' 0)    node-218    |     net_rx_action();',
    ' 0)    node-218    |   }',
    ' 0)    node-218    |   vfs_read();',
    '',
  ].join('\n');
  t.same(ours(Buffer.from(text)), ['fget', 'sys_read', 'sys_write', 'vfs_read']);
  t.same(ours(Buffer.from(text), [255]), ['fget', 'sys_write']);
  const judge = new PublishedJudge(new Set([218]));
  drive(Buffer.from(text), judge, new StripSink());
  t.same(judge.dropped, { start: 0, errors: 0, interrupts: 3, otherTask: 3 });
  t.end();
});

t.test('a last line without an end is judged by its own bytes', (t) => {
  const text = Buffer.from(
    [
      ' 0)    node-218    | sys_read() {',
      ' 0)    node-218    |   a_call_of_a_long_name_with_do_softirq_in_it() {',
      ' 0)    node-218    |   }',
      ' 0)    node-218    | }',
    ].join('\n'),
  );
  const account = (cut: Cutter) => {
    const judge = new PublishedJudge(undefined);
    const { out } = drive(text, judge, new StripSink(), cut);
    return { out: out.toString('latin1'), ...judge.dropped };
  };
  const whole = account(WHOLE);
  const odd = Array.from({ length: 99 }, (_, i) => i + 1).filter(
    (size) => JSON.stringify(account(() => size)) !== JSON.stringify(whole),
  );
  t.same(odd, [], 'the same in chunks of every size');
  t.end();
});

/** The column of latency flags taken out. */
function withoutFlags(text: string): string {
  return text.replace(/^( \d+\) .{14,18} \| ) [dDbX.]\S{3,4} \| /gm, '$1');
}

for (const name of [
  'kata-node-express',
  'runc-node-express',
  'runnc-redis-test',
  'crun-node-express',
  'runsc-node-express',
]) {
  t.test(`the busiest tasks of ${name}`, { skip: noCompiler }, (t) => {
    const text = gunzipSync(readFileSync(`samples/${name}.trace.gz`)).toString('latin1');
    const counts = new Map<string, number>();
    for (const [, tid] of text.matchAll(/^ \d+\) .{1,9}-(\d+) +\| /gm)) {
      counts.set(tid, (counts.get(tid) ?? 0) + 1);
    }
    counts.delete('0');
    const plain = withoutFlags(text).split('\n');
    const busiest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3);
    for (const [tid, lines] of busiest) {
      const own = new RegExp(`^ \\d+\\) .{1,9}-${tid} +\\| `);
      const single = plain.filter((line) => own.test(line));
      const trace = Buffer.from(`${single.join('\n')}\n`, 'latin1');
      const want = pipeline(trace, [Number(tid)]);
      t.same(ours(trace, [Number(tid)]), want, `tid ${tid}: ${want.length} names`);
      const { got, want: wanted } = keptLines(trace);
      t.ok(got === wanted, `${lines} lines: the same are left`);
    }
    t.end();
  });
}

t.test('docker under 6.1: the list of 1038', { skip: skipWithoutTraces || noCompiler }, (t) => {
  const trace = readTrace('runc-node-express.linux-6.1.flags.trace');
  const got = ours(trace, [216]);
  t.equal(got.length, 1038);
  t.same(pipeline(trace, [216], 3), got, 'and by the pipeline');
  t.end();
});
