import t from 'tap';
import { Sightings } from '../../src/ringbuffer/sightings.js';
import { addressOf, FUNCTIONS, kernelOf } from '../helpers/ring-events.js';
import { type RingEvent, SHAPES, writePages } from '../helpers/ring-pages.js';

const HOW = { pageSize: 4096, far: 'extend', wordLengths: false, padding: false } as const;
const HARDIRQ = 0x08;
const SOFTIRQ = 0x10;
const NMI = 0x40;

for (const shape of SHAPES) {
  const kernel = kernelOf(shape);
  const at = (name: (typeof FUNCTIONS)[number]) => addressOf(shape, FUNCTIONS.indexOf(name));
  let clock = 5_000_000_000n;
  const event = (
    kind: RingEvent['kind'],
    name: (typeof FUNCTIONS)[number],
    depth: number,
    more: Partial<RingEvent> = {},
  ): RingEvent => {
    clock += 100n;
    return {
      kind,
      cpu: 0,
      time: clock,
      pid: 218,
      flags: 0,
      preempt: 0,
      func: at(name),
      depth,
      calltime: 0n,
      rettime: 0n,
      parent: at('x64_sys_call'),
      lost: 0,
      ...more,
    };
  };
  const feed = (sightings: Sightings, events: RingEvent[], cpu = 0) => {
    for (const page of writePages(shape, events, HOW)) sightings.page(cpu, page);
  };

  t.test(`${shape.name}: functions of tasks, with their callers`, (t) => {
    const sightings = new Sightings(kernel.layout, kernel.symbols, 1);
    const start = clock;
    feed(sightings, [
      event('entry', 'x64_sys_call', 0),
      event('entry', 'vfs_read', 1),
      event('exit', 'vfs_read', 1),
      event('entry', 'vfs_read', 1),
      event('entry', 'fput', 1, { pid: 300 }),
      event('entry', 'kvm_sched_in [kvm]', 2, { flags: NMI }),
    ]);
    t.same(sightings.take(), [at('x64_sys_call'), at('vfs_read'), at('fput')], 'in their order');
    t.same(
      sightings.all().map(({ name, caller, tid, time }) => [name, caller, tid, time - start]),
      [
        ['x64_sys_call', undefined, 218, 100n],
        ['vfs_read', 'x64_sys_call', 218, 200n],
        ['fput', undefined, 300, 500n],
      ],
      'a caller is of the same task',
    );
    t.same(sightings.take(), [], 'and told once');
    t.equal(sightings.size, 3);
    t.end();
  });

  t.test(`${shape.name}: interrupts`, (t) => {
    const sightings = new Sightings(kernel.layout, kernel.symbols, 1);
    feed(sightings, [
      event('entry', 'irq_enter_rcu', 3),
      event('exit', 'irq_enter_rcu', 3),
      event('entry', 'fput', 3, { flags: HARDIRQ }),
      event('entry', 'handle_softirqs', 4, { flags: SOFTIRQ }),
      event('entry', 'vfs_read', 3),
    ]);
    t.same(sightings.take(), [at('vfs_read')], 'neither flagged work nor irq_enter_rcu itself');
    t.end();
  });

  t.test(`${shape.name}: what irq_exit_rcu calls is the interrupt's, flagged or not`, (t) => {
    const sightings = new Sightings(kernel.layout, kernel.symbols, 1);
    feed(sightings, [
      event('entry', 'irq_exit_rcu', 2, { flags: HARDIRQ }),
      event('entry', 'fput', 3),
      event('exit', 'fput', 3),
      event('entry', 'handle_softirqs', 4),
      event('entry', 'kvm_sched_in [kvm]', 3, { pid: 300 }),
    ]);
    t.same(sightings.take(), [at('kvm_sched_in [kvm]')], 'another task is not in it');
    feed(sightings, [
      event('entry', 'irq_exit_rcu', 2, { flags: HARDIRQ }),
      event('exit', 'irq_exit_rcu', 2),
      event('entry', 'fput', 3),
      event('entry', 'irq_exit_rcu', 2),
      event('entry', 'vfs_read', 2),
    ]);
    t.same(
      sightings.take(),
      [at('fput'), at('vfs_read')],
      'nor is what follows its return, or stands no deeper',
    );
    const calls = new Sightings(kernel.layout, kernel.symbols, 1);
    feed(calls, [event('call', 'fput', 0, { parent: at('irq_exit_rcu') })]);
    t.same(calls.take(), [], 'by the function tracer: its callees');
    t.end();
  });

  t.test(`${shape.name}: so many times, and of wanted threads only`, (t) => {
    const wanted = new Set([300]);
    const sightings = new Sightings(kernel.layout, kernel.symbols, 2, wanted);
    const call = (pid: number) => event('entry', 'fput', 0, { pid });
    feed(sightings, [call(218), call(218), call(300)]);
    t.same(sightings.take(), [], 'once so far');
    feed(sightings, [call(300)], 1);
    t.equal(sightings.take().length, 1, 'on whichever CPU');
    feed(sightings, [event('entry', 'vfs_read', 0), event('entry', 'vfs_read', 0)]);
    t.same(sightings.take(), []);
    wanted.add(218);
    feed(sightings, [event('entry', 'vfs_read', 0), event('entry', 'vfs_read', 0)]);
    t.same(sightings.take(), [at('vfs_read')], 'the set may grow');
    t.end();
  });

  t.test(`${shape.name}: the function tracer`, (t) => {
    const sightings = new Sightings(kernel.layout, kernel.symbols, 1);
    feed(sightings, [event('call', 'fput', 0), event('call', 'vfs_read', 0, { flags: HARDIRQ })]);
    t.same(
      sightings.all().map(({ name, caller }) => [name, caller]),
      [['fput', 'x64_sys_call']],
    );
    t.end();
  });
}
