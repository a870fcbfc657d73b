import fc from 'fast-check';
import { parseLayout } from '../../src/ringbuffer/format.js';
import { Symbols } from '../../src/ringbuffer/symbols.js';
import { Tasks } from '../../src/ringbuffer/tasks.js';
import { bytesOf } from '../../src/trace/latin1.js';
import { filesOf, type RingEvent, SHAPES, type Shape } from './ring-pages.js';

/** Functions of a small kernel, one of them of a module. */
export const FUNCTIONS = [
  'vfs_read',
  'fput',
  'x64_sys_call',
  'irq_enter_rcu',
  'handle_softirqs',
  'kvm_sched_in [kvm]',
  'irq_exit_rcu',
] as const;

const TASKS = { 218: 'node', 300: 'a b-c:d', 4711: 'redis-server' } as const;
export const TIDS = [0, 218, 300, 4711, 9999] as const;

export const shapes = fc.constantFrom(...SHAPES);

/** Where the functions lie in a kernel of this shape. */
export const addressOf = (shape: Shape, index: number): bigint =>
  (shape.longSize === 8 ? 0xffffffff81000000n : 0xc0008000n) + BigInt(index) * 0x30n;

export function kernelOf(shape: Shape, pageSize = 4096) {
  const kallsyms = FUNCTIONS.map((name, i) => {
    const [bare, module] = name.split(' ');
    const address = addressOf(shape, i)
      .toString(16)
      .padStart(2 * shape.longSize, '0');
    return `${address} t ${bare}${module === undefined ? '' : `\t${module}`}\n`;
  }).join('');
  const tasks = new Tasks();
  for (const [tid, comm] of Object.entries(TASKS)) tasks.set(Number(tid), comm);
  return {
    layout: parseLayout(filesOf(shape, pageSize)),
    kallsyms: bytesOf(kallsyms),
    symbols: new Symbols(bytesOf(kallsyms)),
    tasks,
    nameOf: (func: bigint) => FUNCTIONS[Number((func - addressOf(shape, 0)) / 0x30n)],
    comm: (tid: number) =>
      tid === 0 ? '<idle>' : ((TASKS as { [tid: number]: string })[tid] ?? '<...>'),
  };
}

/** An event of CPU 0, task 218, where nothing else is said; of a kernel of the first shape. */
export function event(
  kind: RingEvent['kind'],
  time: number,
  func: number,
  more: Partial<RingEvent> = {},
): RingEvent {
  const [shape] = SHAPES;
  return {
    kind,
    time: BigInt(time),
    func: addressOf(shape, func),
    cpu: 0,
    pid: 218,
    flags: 0,
    preempt: 0,
    depth: 0,
    calltime: 0n,
    rettime: 0n,
    parent: addressOf(shape, 2),
    lost: 0,
    ...more,
  };
}

/** Nanoseconds from one event to the next: mostly near, sometimes beyond what 27 bits hold. */
const steps = fc.oneof(
  { weight: 10, arbitrary: fc.nat(3_000) },
  { weight: 10, arbitrary: fc.nat(3) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000_000, max: 5_000_000_000 }) },
);

const durations = fc.oneof(
  fc.bigInt({ min: 0n, max: 3_000n }),
  fc.bigInt({ min: 0n, max: 2_000_000_000n }),
  fc.bigInt({ min: 0n, max: 1n << 50n }),
);

const steady = {
  step: steps,
  pid: fc.oneof({ weight: 9, arbitrary: fc.constant(218) }, fc.constantFrom(...TIDS)),
  flags: fc.nat(255),
  preempt: fc.nat(255),
  func: fc.nat(FUNCTIONS.length - 1),
  depth: fc.oneof({ weight: 9, arbitrary: fc.nat(6) }, fc.nat(70)),
  took: durations,
  lost: fc.oneof(
    { weight: 30, arbitrary: fc.constant(0) },
    fc.constant(-1),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  ),
};

/** Events of one CPU, in order, from a time of the clock on. */
export function eventsOf(shape: Shape, cpu: number): fc.Arbitrary<RingEvent[]> {
  const kinds = fc.constantFrom('leaf', 'leaf', 'leaf', 'entry', 'exit', 'print');
  return fc
    .tuple(
      // CPUs at about the same time, and at quite another.
      fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 1n << 45n })),
      fc.array(fc.record({ ...steady, kind: kinds }), { maxLength: 60 }),
    )
    .map(([start, items]) => {
      const events: RingEvent[] = [];
      let time = start;
      for (const { step, took, func, kind, ...rest } of items) {
        time += BigInt(step);
        const base = { ...rest, cpu, func: addressOf(shape, func), parent: addressOf(shape, 0) };
        const calltime = time;
        if (kind === 'leaf') {
          events.push({ ...base, kind: 'entry', time, calltime: 0n, rettime: 0n });
          time += BigInt(step % 500);
          const back = { calltime, rettime: calltime + took, lost: 0 };
          events.push({ ...base, ...back, kind: 'exit', time });
        } else {
          events.push({ ...base, kind, time, calltime, rettime: calltime + took });
        }
      }
      return events;
    });
}

export const looks = fc.record({
  tracer: fc.constant('function_graph' as const),
  flags: fc.boolean(),
  tail: fc.boolean(),
  duration: fc.boolean(),
  abstime: fc.boolean(),
  lastCpu: fc.constantFrom(3, 9, 10, 255),
});

export const writings = fc.record({
  pageSize: fc.constantFrom(512, 4096, 8192, 65536),
  far: fc.constantFrom('extend' as const, 'stamp' as const),
  wordLengths: fc.boolean(),
  padding: fc.boolean(),
});
