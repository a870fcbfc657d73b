import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { Context, Kind, UNKNOWN } from '../../src/trace/kinds.js';
import { Line, parseLine } from '../../src/trace/line.js';
import {
  allColumns,
  type Columns,
  DEFAULT_COLUMNS,
  type GraphLine,
  printLine,
  printSwitch,
} from '../helpers/printer.js';

interface Parsed {
  kind: string;
  context: string;
  depth: number;
  cpu: number;
  tid: number;
  name: string;
  parent: string;
  count: number;
}

const KIND_NAMES = new Map(Object.entries(Kind).map(([name, kind]) => [kind as number, name]));
const CONTEXT_NAMES = new Map(Object.entries(Context).map(([name, c]) => [c as number, name]));

const line = new Line();

/** Parses one line in the middle of other bytes: nothing outside of it may matter. */
function parse(text: string): Parsed {
  const bytes = new Uint8Array(text.length + 64).fill(0x41);
  bytes.set(Buffer.from(text, 'latin1'), 32);
  line.count = 0;
  parseLine(bytes, 32, 32 + text.length, line);
  const slice = (from: number, to: number) => Buffer.from(bytes.slice(from, to)).toString('latin1');
  return {
    kind: KIND_NAMES.get(line.kind)!,
    context: CONTEXT_NAMES.get(line.context)!,
    depth: line.depth,
    cpu: line.cpu,
    tid: line.tid,
    name: slice(line.nameFrom, line.nameTo),
    parent: slice(line.parentFrom, line.parentTo),
    count: line.count,
  };
}

const HEAD = ' 0)    node-218    | ';

t.test('what is no trace', (t) => {
  for (const text of [
    'int main(void) {',
    'static int count;',
    'if (x) {',
    '\treturn ret;',
    '\tkfree(skb);',
    '#include'.slice(1),
    '{',
    '};',
    '} else {',
    '} while (0);',
    'out:',
    ' * A comment of C',
    '/* begun and not ended',
    '/*/',
    'From: someone@example.org',
    'Subject: [PATCH 1/2] fix it',
    'On Mon, a person wrote:',
    '> quoted();',
    '12345',
    '3.14159',
    '0x7f',
    'a,b,c',
    '{"json": true}',
    '<html>',
    'fn',
    'fn(',
    'fn()',
    'fn() ;',
    'fn(){',
    'fn() {}',
    'fn(); trailing',
    'fn() { trailing',
    'fn() { /* begun',
    'fn(); /* begun *',
    'fn [kvm() {',
    'fn []() {',
    'two words();',
    ';',
    '();',
    '(void);',
    '-fn();',
    '}x',
    '}}',
    '} fn',
    '} /* begun',
    '} /* fn *',
    '} /*/',
    '} (Overruns: 3',
    ' fn();',
    '   fn() {',
    ' }',
    '\tfn();',
    '\u0000\u0001\u0002',
    '\u007fELF\u0002\u0001\u0001',
    ' 0) ',
    ' 0)',
    '0)',
    ' 0) fn',
    ' 0)fn();',
    ' 0)  fn',
    ' )  fn();',
    ' x) fn();',
    ' 0)    node-218    |',
    ' 0)    node-218    | ',
    ' 0)    node-218    |   ',
    ' 0)    node-218    |  fn();',
    ' 0)    node-218    |    }',
    ' 0)    node-218    | fn',
    ' 0)    node-218    | fn(',
    ' 0)    node-218    | fn()',
    ' 0)    node-218    | } /* fn',
    ' 0)    node-218    |  d.h1. | ',
    ' 0)    node-218    |  d.h1. |  fn();',
    ' 0)    node-218    |  d.q1. | fn();',
    ' 0)    node-218    |  d.h1. fn();',
    ' 0)    node       | fn();',
    ' 0)    node-      | fn();',
    ' 0)    node-218 fn();',
    ' 0)   0.471 us    | fn();',
    ' 0)   0.471 us fn();',
    '  148.943278 | fn();',
    'CPU:x [LOST EVENTS]',
    'CPU:0 LOST EVENTS',
    'CPU:0 [FOUND 3 EVENTS]',
    'version of a thing',
    'cpus=',
    'node-218 [000]',
    'node-218 [000] d..2. 17284.993652:',
    'node-218 [000] d..2. 17284.993652: sys_close',
    'node [000] d..2. 17284.993652: sys_close <-do_syscall_64',
    'node-218 [000] d..2. sys_close <-do_syscall_64',
    'Nov 23 21:21:49 host kernel: oops',
  ]) {
    t.equal(parse(text).kind, 'unparsed', JSON.stringify(text));
  }
  t.end();
});

t.test('statements of other languages', (t) => {
  // The kernel prints arguments as name=value, or a bare 0x..., where it prints any.
  for (const text of [
    'free(buffer);',
    '  free(buffer);',
    '  memset(buffer, 0, sizeof(buffer));',
    '  printf("%d\\n", x);',
    '  this.judge.note(line);',
  ]) {
    t.equal(parse(text).kind, 'unparsed', JSON.stringify(text));
  }
  t.end();
});

t.test('cutting any line short never throws, and a half name is no line', (t) => {
  for (const text of [
    `${HEAD}  vfs_read() {`,
    ' 0)    node-218    |  d.h1. |   0.471 us    |     } /* fn [kvm] ret=0x0 */',
    '            node-218   (    218) [001] d..2. 17284.993652: sys_close <-do_syscall_64',
    '  148.943278 |         12 us |   1)    node-218    |               |  fn(a=0x1); /* ret=-2 */',
    ' 1)    <idle>-0    =>    node-479   ',
    'CPU:1 [LOST 123 EVENTS]',
  ]) {
    for (let cut = 0; cut < text.length; cut++) {
      const { kind, name } = parse(text.slice(0, cut));
      const isFull = ['open', 'leaf', 'call'].includes(kind);
      if (isFull && !/\{$|;$|<-\S+$/.test(text.slice(0, cut))) {
        t.fail(`${JSON.stringify(text.slice(0, cut))} parsed as ${kind} ${name}`);
      }
    }
  }
  t.pass('no half line passes');
  t.end();
});

interface Body {
  readonly text: string;
  readonly kind: 'open' | 'leaf' | 'close' | 'event';
  readonly name: string;
}

/** Every form of a body: the names are those a kernel has, compilers' suffixes included. */
const BODIES: Body[] = [];
for (const name of [
  'vfs_read',
  '__x64_sys_read',
  'finish_task_switch.isra.0',
  'do_softirq.part.0',
  'rb',
  'f',
  '_raw_spin_lock_irqsave',
  'bpf_prog_6deef7357e7b4530_sd_fw_ingress',
  '_ZN4core3ptr$LT$impl$GT$drop17h0123456789abcdefE',
  '0xffffffffc0a1b2c3',
  'a_name_of_more_than_sixty_four_characters_that_a_generator_of_code_has_made_up.constprop.0.isra.0',
]) {
  for (const shown of [name, `${name} [kvm]`]) {
    const push = (kind: Body['kind'], text: string) => BODIES.push({ kind, text, name });
    push('open', `${shown}() {`);
    push('open', `${shown}(fd=3, buf=0x7ffe, count=?0x10, ...) {`);
    push('open', `${shown}(t=(struct)[0x1:0x2], n=-2) {`);
    push('open', `${shown}() { /* <-do_syscall_64+0x57/0xb0 */`);
    push('open', `${shown}() { /* <-kvm_vcpu_ioctl+0x2c/0x6d0 [kvm] */`);
    push('leaf', `${shown}();`);
    push('leaf', `${shown}(vcpu=0xffff8881, f=(union)[0x1]);`);
    push('leaf', `${shown}(); /* = 0x0 */`);
    push('leaf', `${shown}(); /* ret=-2 */`);
    push('leaf', `${shown}(); /* <-do_syscall_64+0x57/0xb0 ret=0xffff8881 */`);
    push('close', `} /* ${shown} */`);
    push('close', `} /* ${shown} = 0x0 */`);
    push('close', `} /* ${shown} ret=-11 */`);
  }
}
BODIES.push(
  { kind: 'close', text: '}', name: '' },
  { kind: 'close', text: '} /* = 0x0 */', name: '' },
  { kind: 'close', text: '} (Overruns: 3)', name: '' },
  { kind: 'event', text: '/* a note of trace_printk(); */', name: '' },
  {
    kind: 'event',
    text: '/* sched_switch: prev_comm=a b prev_pid=1 ==> next_comm=x-1 => y next_pid=2 */',
    name: '',
  },
);

/** Task names that would lead a careless reader astray. All are cut to 7 characters. */
const TASKS: readonly (readonly [comm: string, tid: number])[] = [
  ['node', 218],
  ['<idle>', 0],
  ['<...>', 295],
  ['kworker/u8:2', 53],
  ['(sd-pam)', 219],
  ['a b c', 4711],
  ['C:/x', 1],
  ['a-b-12', 4194303],
  ['kvm-nx-lpage-re-622', 640],
  ['vhost-622', 4194303],
  ['-', 1],
  ['x|y', 12],
  ['a | b', 12],
  ['a | b', 4194303],
  ['=>', 12],
  ['a => b', 12],
  ['a => -1', 4194303],
  ['', 7],
  ['12', 3],
  ['#', 5],
  ['fn();', 6],
  ['fn() {', 4194303],
  ['/* x */', 1234567],
  ['}', 8],
  ['d.h1. |', 99],
  ['\u00e9\u00ff', 10],
];

const FLAGS: readonly (readonly [text: string, context: string])[] = [
  ['...', 'task'],
  ['d..1', 'task'],
  ['dN.2', 'task'],
  ['.Ns1', 'softirq'],
  ['d.h1', 'hardirq'],
  ['DpH3', 'hardirq'],
  ['bnz.', 'nmi'],
  ['XBZf', 'nmi'],
  ['.Ls1', 'softirq'],
  ['dlh.', 'hardirq'],
  ['db.a', 'task'],
];

const DURATIONS = [
  undefined,
  0,
  471,
  9_999,
  10_500,
  155_623,
  1_000_001,
  38_000_000,
  123_456_789,
  1_100_234_567,
  123_456_789_012,
];

function expected(g: GraphLine, columns: Columns, kind: string, context: string, name: string) {
  return {
    kind,
    context: columns.flags > 0 ? context : 'none',
    depth: g.depth,
    cpu: columns.cpu ? g.cpu : UNKNOWN,
    tid: columns.proc ? g.tid : UNKNOWN,
    name,
    parent: '',
    count: 0,
  };
}

t.test('every form of a line under every combination of columns', (t) => {
  let seen = 0;
  const marked: unknown[] = [];
  for (const columns of allColumns()) {
    const wrong: unknown[] = [];
    for (const body of BODIES) {
      for (let depth = 0; depth <= 20; depth++) {
        const n = seen++;
        const [comm, tid] = TASKS[n % TASKS.length];
        const [flags, context] = FLAGS[n % FLAGS.length];
        const g: GraphLine = {
          cpu: [0, 1, 7, 63, 128][n % 5],
          tid,
          comm,
          flags,
          depth,
          duration: body.kind === 'open' ? undefined : DURATIONS[n % DURATIONS.length],
          time: (n * 7_919) % 90_000_000_000,
          body: body.text,
        };
        const text = printLine(g, columns, 1 + (n % 3));
        const want = expected(g, columns, body.kind, context, body.name);
        const got = parse(text);
        if (JSON.stringify(got) === JSON.stringify(want)) continue;
        (text.startsWith('# ') ? marked : wrong).push({ text, got, want });
      }
    }
    t.same(wrong.slice(0, 3), [], `${JSON.stringify(columns)}: ${wrong.length} wrong`);
  }
  t.ok(seen > 500_000, `${seen} lines`);
  t.same(marked.slice(0, 3), [], 'the overhead mark of 1 to 10 ms is no comment sign');
  t.end();
});

t.test('every task name with every body', (t) => {
  const wrong: unknown[] = [];
  for (const [comm, tid] of TASKS) {
    for (const body of BODIES) {
      const g: GraphLine = { cpu: 128, tid, comm, depth: 3, body: body.text };
      const text = printLine(g, DEFAULT_COLUMNS, 3);
      const got = parse(text);
      const want = expected(g, DEFAULT_COLUMNS, body.kind, 'none', body.name);
      if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push({ text, got, want });
    }
  }
  t.same(wrong, []);
  t.end();
});

t.test('the head is what names CPU and task, clock left out', (t) => {
  const columns = { ...DEFAULT_COLUMNS, abstime: true, reltime: true, flags: 5 } as const;
  const g: GraphLine = { cpu: 1, tid: 53, comm: 'kworker/u8:2', depth: 1, body: 'fn();' };
  const text = printLine(g, columns);
  parse(text);
  t.equal(text.slice(line.headFrom - 32, line.headTo - 32), ' 1)   kworker-53   | ');
  t.end();
});

t.test('real lines, as the kernel printed them', (t) => {
  const rows: readonly (readonly [string, Partial<Parsed>])[] = [
    [
      ' 1)  qemu-sy-624   |  d..3. |   svm_sched_in [kvm_amd]();',
      { kind: 'leaf', context: 'task', depth: 1, cpu: 1, tid: 624, name: 'svm_sched_in' },
    ],
    [
      ' 0)    node-218    |   0.471 us    |    fput();',
      { kind: 'leaf', context: 'none', depth: 1, cpu: 0, tid: 218, name: 'fput' },
    ],
    [
      ' 0)    exe-784     |                   } /* update_min_vruntime */',
      { kind: 'close', depth: 9, tid: 784, name: 'update_min_vruntime' },
    ],
    [
      '   67.265951 |   0)    node-218    |               |  switch_mm_irqs_off() {',
      { kind: 'open', depth: 0, cpu: 0, tid: 218, name: 'switch_mm_irqs_off' },
    ],
    [' 1)               |  ksys_read() {', { kind: 'open', depth: 0, cpu: 1, tid: UNKNOWN }],
    [' 0) + 12.375 us   |      tcp_poll();', { kind: 'leaf', depth: 2, name: 'tcp_poll' }],
    [' 0) $ 2000123 us  |  }', { kind: 'close', depth: 0, name: '' }],
    ['ksys_read() {', { kind: 'open', depth: 0, cpu: UNKNOWN, tid: UNKNOWN }],
  ];
  for (const [text, want] of rows) t.match(parse(text), want, text);
  t.end();
});

t.test('task switches', (t) => {
  const pairs: readonly (readonly [string, string, number])[] = [
    ['<idle>-0', 'node-479', 479],
    ['node-479', '<idle>-0', 0],
    ['(sd-pam)-219', 'a b-4194303', 4194303],
    ['kworker/u8:2-53', 'x => y-7', 7],
    ['vhost-622-640', 'a-b-c-12', 12],
  ];
  for (const [from, to, tid] of pairs) {
    for (const cpu of [0, 3, 128]) {
      const [rule, text, , blank] = printSwitch(cpu, from, to);
      t.match(parse(text), { kind: 'switch', cpu, tid }, text);
      t.equal(parse(rule).kind, 'marker');
      t.equal(parse(blank).kind, 'marker');
      t.match(parse(text.trimEnd()), { kind: 'switch', tid }, 'trailing blanks cut off');
    }
  }
  t.match(parse(' 0)  a-1  =>  b-2 '), { kind: 'switch', cpu: 0, tid: 2 }, 'narrow');
  t.match(parse(printSwitch(0, 'a => b-1', 'c-2')[1]), { kind: 'switch', tid: 2 }, 'odd name');
  t.end();
});

t.test('headers, rules and blank lines', (t) => {
  for (const text of [
    '# tracer: function_graph',
    '#',
    '# CPU  TASK/PID                      FUNCTION CALLS',
    '# |     |    |                       |   |   |   |',
    '#     TIME        CPU  TASK/PID         DURATION                  FUNCTION CALLS',
    '#                       _-----=> irqs-off        ',
    '# latency: 0 us, #632344/632344, CPU#0 | (M:desktop VP:0, KP:0, SP:0 HP:0 #P:2)',
    '#    -----------------',
    '# entries-in-buffer/entries-written: 20/20   #P:2',
    'cpus=2',
    'version = 6',
    'CPU 1 is empty',
  ]) {
    t.equal(parse(text).kind, 'header', text);
  }
  for (const text of ['', ' ', '      ', ` ${'-'.repeat(42)}`, '-'.repeat(42)]) {
    t.equal(parse(text).kind, 'marker', JSON.stringify(text));
  }
  t.end();
});

/** print_graph_irq prints all columns but the duration, of which it prints the edges. */
function printArrow(arrow: string, columns: Columns): string {
  const body = columns.duration === 'none' ? arrow : `  ${arrow} |`;
  const g: GraphLine = { cpu: 1, tid: 218, comm: 'node', depth: 0, body };
  return printLine(g, { ...columns, duration: 'none' });
}

t.test('interrupt arrows', (t) => {
  for (const arrow of ['==========>', '<==========']) {
    t.equal(parse(` 1)   ${arrow} |`).kind, 'marker', 'as the default options print them');
  }
  t.end();
});

t.test('interrupt arrows under every combination of columns', (t) => {
  const wrong: string[] = [];
  for (const columns of allColumns()) {
    for (const arrow of ['==========>', '<==========']) {
      const text = printArrow(arrow, columns);
      if (parse(text).kind !== 'marker') wrong.push(text);
    }
  }
  t.same(wrong.slice(0, 3), [], `${wrong.length} wrong`);
  t.end();
});

t.test('funcgraph-overrun prints a line of its own behind each return', (t) => {
  t.equal(parse(' (Overruns: 0)').kind, 'marker');
  t.equal(parse(' (Overruns: 12)').kind, 'marker');
  t.end();
});

t.test('lost events', (t) => {
  t.match(parse('CPU:1 [LOST EVENTS]'), { kind: 'lost', cpu: 1, count: 0 }, 'trace');
  t.match(parse('CPU:0 [LOST 123 EVENTS]'), { kind: 'lost', cpu: 0, count: 123 }, 'trace_pipe');
  t.match(parse('CPU:128 [LOST 4294967296 EVENTS]'), {
    kind: 'lost',
    cpu: 128,
    count: 4_294_967_296,
  });
  t.match(parse('CPU:0 [121 EVENTS DROPPED]'), { kind: 'lost', cpu: 0, count: 121 }, 'trace-cmd');
  t.match(parse('CPU:0 [EVENTS DROPPED]'), { kind: 'lost', cpu: 0, count: 0 }, 'trace-cmd');
  t.end();
});

t.test('text of the function tracer', (t) => {
  const rows: readonly (readonly [string, Partial<Parsed>])[] = [
    [
      '            node-218   [001] d..2. 17284.993652: sys_close <-do_syscall_64',
      { context: 'task', cpu: 1, tid: 218, name: 'sys_close', parent: 'do_syscall_64' },
    ],
    [
      '            node-218   (    218) [001] d.h2. 17284.993652: fn <-caller',
      { context: 'hardirq', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '          <idle>-0     (-------) [128] dNs3. 17284.993652: fn.part.0 <-caller.isra.0',
      { context: 'softirq', cpu: 128, tid: 0, name: 'fn.part.0', parent: 'caller.isra.0' },
    ],
    [
      '            node-218   [001] dNh1 17284.993652: fn <-caller',
      { context: 'hardirq', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '            node-218   [001] 17284.993652: fn <-caller',
      { context: 'none', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '    node-218     1d.h2. 17284us+: fn <-caller',
      { context: 'hardirq', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '    node-218     1.....    3us : fn <-caller',
      { context: 'task', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '    node-218     1d.z2.  123us!: fn <-caller',
      { context: 'nmi', cpu: 1, tid: 218, name: 'fn', parent: 'caller' },
    ],
    [
      '  kworker/u8:2-53      [000] ..... 17284.993652: svm_sched_in [kvm_amd] <-kvm_sched_in [kvm]',
      { context: 'task', cpu: 0, tid: 53, name: 'svm_sched_in', parent: 'kvm_sched_in' },
    ],
    [
      '     a b-c (x)-4194303 [000] ..... 17284.993652: fn(fd=0x3, n=1) <-caller',
      { context: 'task', cpu: 0, tid: 4194303, name: 'fn', parent: 'caller' },
    ],
  ];
  for (const [text, want] of rows) {
    t.match(parse(text), { kind: 'call', depth: 0, ...want }, text);
  }
  t.match(
    parse('            node-218   [001] d..2. 17284.993652: sched_switch: prev_comm=node ...'),
    { kind: 'event', tid: 218 },
    'another event between them',
  );
  t.end();
});

const FIXTURES = 'test/fixtures/trace-cmd';

function fixture(name: string): string[] {
  return readFileSync(`${FIXTURES}/${name}.txt`, 'latin1').trimEnd().split('\n');
}

interface Plain {
  kind: string;
  cpu: number;
  tid: number;
  context: string;
  depth: number;
  name: string;
  parent: string;
}

const CONTEXT_OF: Record<string, string> = {
  '.': 'task',
  s: 'softirq',
  h: 'hardirq',
  H: 'hardirq',
  z: 'nmi',
  Z: 'nmi',
};

/** One record of trace-cmd's report by a pattern of this test's own. */
function plainRecord(text: string): Plain {
  const m = /^ *(.+)-(\d+) +(?:\[(\d{3})\]|(\d+)(\S{5})) +[\d.]+: (.*)$/.exec(text);
  if (m === null) throw new Error(`not understood by the test: ${text}`);
  const [, , tid, cpu, latencyCpu, flags, event] = m;
  const base = {
    cpu: Number(cpu ?? latencyCpu),
    tid: Number(tid),
    context: flags === undefined ? 'none' : CONTEXT_OF[flags[2]],
    parent: '',
  };
  const graph = /^funcgraph_(entry|exit): .*?\| {2}( *)(\S.*)$/.exec(event);
  if (graph !== null) {
    const [, , indent, body] = graph;
    const kind = body.startsWith('}') ? 'close' : body.endsWith('{') ? 'open' : 'leaf';
    const name = kind === 'close' ? (body.split(' ')[2] ?? '') : body.split('(')[0];
    return { ...base, kind, depth: indent.length / 2, name };
  }
  const [, name, parent] = /^function: +(\S+)(?: <-- (\S+))?$/.exec(event)!;
  return { ...base, kind: 'call', depth: 0, name, parent: parent ?? '' };
}

for (const [name, records] of [
  ['graph', 1485],
  ['graph-latency', 1485],
  ['graph-tail', 1485],
  ['function', 461],
  ['function-latency', 461],
  ['function-parent', 461],
  ['lost', undefined],
] as const) {
  t.test(`trace-cmd report: ${name}.txt`, (t) => {
    const lines = fixture(name);
    t.equal(parse(lines[0]).kind, 'header', lines[0]);
    let judged = 0;
    for (const text of lines.slice(1)) {
      const dropped = /^CPU:(\d+) \[(?:(\d+) )?EVENTS DROPPED\]$/.exec(text);
      if (dropped !== null) {
        const want = { kind: 'lost', cpu: Number(dropped[1]), count: Number(dropped[2] ?? 0) };
        t.match(parse(text), want, text);
        continue;
      }
      judged++;
      const { count: _, ...got } = parse(text);
      const want = plainRecord(text);
      if (
        JSON.stringify(got, Object.keys(want).sort()) !==
        JSON.stringify(want, Object.keys(want).sort())
      ) {
        t.same(got, want, text);
      }
    }
    if (records !== undefined) t.equal(judged, records, 'every line is a record');
    else t.equal(judged, lines.length - 3, 'all but the header and two losses are records');
    t.end();
  });
}

t.test('the three reports of one recording agree', (t) => {
  const read = (name: string) =>
    fixture(name)
      .slice(1)
      .map((text) => parse(text));
  const graph = read('graph');
  const latency = read('graph-latency');
  const tail = read('graph-tail');
  const bare = ({ context: _, ...rest }: Parsed) => rest;
  t.same(latency.map(bare), graph.map(bare), 'flags are all that -l adds');
  t.ok(
    latency.every((p) => p.context !== 'none') && graph.every((p) => p.context === 'none'),
    'flags only with -l',
  );
  const nameless = (p: Parsed) => (p.kind === 'close' ? { ...p, name: '' } : p);
  t.same(tail.map(nameless), graph, 'names are all that tailprint adds');
  t.ok(
    tail.every((p) => p.name !== ''),
    'every return has its name',
  );
  const calls = read('function');
  t.same(read('function-latency').map(bare), calls.map(bare));
  t.same(
    read('function-parent').map((p) => ({ ...p, parent: '' })),
    calls,
  );
  t.end();
});

t.test('a report and the same events as the kernel prints them', (t) => {
  for (const text of fixture('graph').slice(1)) {
    const p = plainRecord(text);
    const body = { open: `${p.name}() {`, leaf: `${p.name}();`, close: '}' }[p.kind]!;
    const native = printLine({ ...p, comm: 'node', body }, DEFAULT_COLUMNS);
    const got = parse(native);
    const want = parse(text);
    if (JSON.stringify(got) !== JSON.stringify(want)) t.same(got, want, text);
  }
  t.pass('same kind, name, depth, CPU and task');
  t.end();
});

t.test('samples: nothing is unparsed, and names are those another pattern finds', (t) => {
  const pattern = /^ (\d+)\) +.{1,7}-(\d+) +\| (?: [dDbX.][NnpBLbl.]([ZzHhs.])\S+ \| )?( *)(\S.*)$/;
  for (const name of [
    'crun-node-express',
    'kata-node-express',
    'runc-node-express',
    'runnc-redis-test',
    'runsc-node-express',
  ]) {
    const lines = gunzipSync(readFileSync(`samples/${name}.trace.gz`))
      .toString('latin1')
      .split('\n');
    const wrong: unknown[] = [];
    for (const text of lines.slice(0, 40_000)) {
      const got = parse(text);
      if (got.kind === 'unparsed') wrong.push(text);
      const m = pattern.exec(text);
      if (m === null) {
        if (!['header', 'marker', 'switch'].includes(got.kind)) wrong.push({ text, got });
        continue;
      }
      const [, cpu, tid, flag, indent, body] = m;
      const named = body.startsWith('}') ? (body.split(' ')[2] ?? '') : /^[^ (]+/.exec(body)![0];
      const same =
        got.cpu === Number(cpu) &&
        got.tid === Number(tid) &&
        got.depth === indent.length / 2 &&
        got.name === named &&
        got.context === (flag === undefined ? 'none' : CONTEXT_OF[flag]);
      if (!same) wrong.push({ text, got });
    }
    t.same(wrong.slice(0, 3), [], name);
  }
  t.end();
});
