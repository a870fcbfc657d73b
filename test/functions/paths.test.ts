import t from 'tap';
import { KeepAll } from '../../src/context/all.js';
import { RegionJudge } from '../../src/context/regions.js';
import { PathsSink } from '../../src/functions/paths.js';
import type { Judge } from '../../src/trace/scan.js';
import { drive } from '../helpers/drive.js';
import { printSwitch } from '../helpers/printer.js';

/** Name: calls, tids, path of each function of a trace, sorted by name. */
function details(lines: readonly string[], judge: Judge = new KeepAll()): string[] {
  const sink = new PathsSink();
  drive(Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'), judge, sink);
  return sink
    .functions()
    .map(
      ({ name, calls, tids, path }) => `${name}: ${calls}, ${tids.join(' ')}, ${path.join(';')}`,
    );
}

const A = ' 0)    node-218    | ';
const A1 = ' 1)    node-218    | ';
const B = ' 0)    node-255    | ';
const B1 = ' 1)    node-255    | ';

t.test('the shortest path from a system call, whatever came before it', (t) => {
  const paths = (lines: readonly string[]) => details(lines).map((row) => row.split(', ')[2]);
  const call = (...inner: string[]) => [
    `${A}x64_sys_call() {`,
    `${A}  __x64_sys_read() {`,
    ...inner.map((line) => `${A}    ${line}`),
    `${A}  }`,
    `${A}}`,
  ];
  t.same(
    paths([
      // The task was in a call when the trace began.
      `${A}fput();`,
      `${A}      fget();`,
      `${A}handle_mm_fault();`,
      ...call('ksys_read() {', '  fput();', '  fget();', '}'),
      ...call('fput();', '  fget();'),
      ...call('fget();'),
      `${A}fget();`,
    ]),
    [
      'x64_sys_call;__x64_sys_read;fget',
      'x64_sys_call;__x64_sys_read;fput',
      'handle_mm_fault',
      'x64_sys_call;__x64_sys_read;ksys_read',
      'x64_sys_call',
      'x64_sys_call;__x64_sys_read',
    ].sort((a, b) => (a.split(';').at(-1)! < b.split(';').at(-1)! ? -1 : 1)),
  );
  t.same(
    paths([`${A}  outer() {`, `${A}    __x64_sys_read() {`, `${A}      g();`, `${A}g();`]),
    ['?;outer;__x64_sys_read', '?;outer;__x64_sys_read;g', '?;outer'].sort((a, b) =>
      a.split(';').at(-1)! < b.split(';').at(-1)! ? -1 : 1,
    ),
    'a gap is no beginning',
  );
  t.end();
});

t.test('the same on arm64, where the calls have more round them', (t) => {
  const steps = ['do_el0_svc', 'el0_svc_common.constprop.0', 'invoke_syscall', '__arm64_sys_read'];
  const way = steps.map((name, depth) => `${A}${'  '.repeat(depth)}${name}() {`);
  const back = steps.map((_, i) => `${A}${'  '.repeat(steps.length - 1 - i)}}`);
  const rows = details([`${A}fput();`, ...way, `${A}        fput();`, ...back]);
  t.equal(
    rows.find((row) => row.startsWith('fput:')),
    `fput: 2, 218, ${steps.join(';')};fput`,
  );
  t.end();
});

t.test('the path of the first call, and all who called', (t) => {
  t.same(
    details([
      `${A}ksys_read() {`,
      `${A}  vfs_read() {`,
      `${A}    fget();`,
      `${A}  }`,
      `${A}  fput();`,
      `${A}}`,
      `${B1}fput();`,
      `${B1}fget() {`,
      `${B1}  rcu();`,
      `${B1}} /* fget */`,
    ]),
    [
      'fget: 2, 218 255, ksys_read;vfs_read;fget',
      'fput: 2, 218 255, ksys_read;fput',
      'ksys_read: 1, 218, ksys_read',
      'rcu: 1, 255, fget;rcu',
      'vfs_read: 1, 218, ksys_read;vfs_read',
    ],
  );
  t.end();
});

t.test('tids are sorted as numbers, names by code unit', (t) => {
  t.same(
    details([
      ' 0)    node-1000   | b();',
      ' 0)    node-99     | b();',
      ' 0)    node-100    | B();',
      ' 0)    node-99     | _a();',
      ' 0)    node-99     | a.b();',
    ]),
    ['B: 1, 100, B', '_a: 1, 99, _a', 'a.b: 1, 99, a.b', 'b: 2, 99 1000, b'],
  );
  t.end();
});

t.test('a task that moves keeps its stack', (t) => {
  t.same(
    details([
      `${A}ksys_read() {`,
      `${A}  schedule() {`,
      ...printSwitch(0, 'node-218', 'node-255'),
      `${B}do_idle() {`,
      `${B}  tick();`,
      `${A1}    finish_task_switch();`,
      `${A1}  }`,
      `${B}}`,
      `${A1}  fput();`,
      `${A1}}`,
    ]),
    [
      'do_idle: 1, 255, do_idle',
      'finish_task_switch: 1, 218, ksys_read;schedule;finish_task_switch',
      'fput: 1, 218, ksys_read;fput',
      'ksys_read: 1, 218, ksys_read',
      'schedule: 1, 218, ksys_read;schedule',
      'tick: 1, 255, do_idle;tick',
    ],
  );
  t.end();
});

t.test('callers that were never seen', (t) => {
  t.same(
    details([
      `${A}      deep() {`,
      `${A}        deeper();`,
      `${A}      }`,
      `${A}    } /* whatever */`,
      `${A}  shallow();`,
      `${A}}`,
      `${A}outer();`,
    ]),
    [
      'deep: 1, 218, ?;deep',
      'deeper: 1, 218, ?;deep;deeper',
      'outer: 1, 218, outer',
      'shallow: 1, 218, ?;shallow',
    ],
  );
  t.same(
    details([`${A}outer() {`, `${A}      deep();`]),
    ['deep: 1, 218, outer;?;deep', 'outer: 1, 218, outer'],
    'in the middle',
  );
  t.end();
});

t.test('behind a loss nothing is called by what came before it', (t) => {
  for (const loss of ['CPU:0 [LOST 5 EVENTS]', 'CPU:1 [LOST EVENTS]']) {
    t.same(
      details([`${A}outer() {`, `${B1}other() {`, loss, `${A}  inner();`, `${B1}  below();`]),
      [
        'below: 1, 255, ?;below',
        'inner: 1, 218, ?;inner',
        'other: 1, 255, other',
        'outer: 1, 218, outer',
      ],
      loss,
    );
  }
  t.end();
});

t.test('what was stripped is in no path', (t) => {
  const policy = { softirq: 'keep', unknown: 'drop', tids: undefined } as const;
  t.same(
    details(
      [
        `${A}ksys_read() {`,
        `${A}  irq_enter_rcu();`,
        `${A}  __common_interrupt() {`,
        `${A}    handle_edge_irq();`,
        `${A}  }`,
        `${A}  irq_exit_rcu() {`,
        `${A}    __do_softirq() {`,
        `${A}      net_rx_action();`,
        `${A}    }`,
        `${A}  }`,
        `${A}  fput();`,
        `${A}}`,
      ],
      new RegionJudge(policy),
    ),
    [
      '__do_softirq: 1, 218, ksys_read;?;__do_softirq',
      'fput: 1, 218, ksys_read;fput',
      'ksys_read: 1, 218, ksys_read',
      'net_rx_action: 1, 218, ksys_read;?;__do_softirq;net_rx_action',
    ],
  );
  t.end();
});

t.test('the function tracer knows the caller alone', (t) => {
  t.same(
    details([
      '            node-218   [001] d..2. 17284.993652: sys_close <-do_syscall_64',
      '            node-255   [000] d..2. 17284.993653: sys_close <-other',
      '            node-218   [001] d..2. 17284.993654: fput <-sys_close',
    ]),
    ['fput: 1, 218, ?;sys_close;fput', 'sys_close: 2, 218 255, ?;do_syscall_64;sys_close'],
  );
  t.end();
});

t.test('events and returns are no calls', (t) => {
  t.same(details([`${A}} /* lost */`, `${A}/* a note */`, `${A}f();`]), ['f: 1, 218, f']);
  t.end();
});

t.test('text without tasks', (t) => {
  t.same(
    details([' 0) ksys_read() {', ' 1) ksys_write() {', ' 0)   fget();', ' 1)   fput();']),
    [
      'fget: 1, , ksys_read;fget',
      'fput: 1, , ksys_write;fput',
      'ksys_read: 1, , ksys_read',
      'ksys_write: 1, , ksys_write',
    ],
    'a stack for each CPU',
  );
  t.same(
    details(['ksys_read() {', '  fget();', '}']),
    ['fget: 1, , ksys_read;fget', 'ksys_read: 1, , ksys_read'],
    'nor CPUs',
  );
  t.end();
});

t.test('without a task column, switches tell who calls', (t) => {
  t.same(
    details([
      ...printSwitch(0, '<idle>-0', 'node-218'),
      ' 0) one() {',
      ...printSwitch(0, 'node-218', 'node-255'),
      ' 0) two();',
      ...printSwitch(0, 'node-255', 'node-218'),
      ' 0)   three();',
      ' 0) }',
      ...printSwitch(1, '<idle>-0', 'node-9'),
      ' 1) four();',
      ' 0) five();',
    ]),
    [
      'five: 1, 218, five',
      'four: 1, 9, four',
      'one: 1, 218, one',
      'three: 1, 218, one;three',
      'two: 1, 255, two',
    ],
  );
  t.end();
});
