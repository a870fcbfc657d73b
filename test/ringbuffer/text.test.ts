import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { mergedText } from '../../src/ringbuffer/printing.js';
import { Symbols } from '../../src/ringbuffer/symbols.js';
import type { Look } from '../../src/ringbuffer/text.js';
import { bytesOf, latin1 } from '../../src/trace/latin1.js';
import { event, eventsOf, kernelOf, looks, shapes, writings } from '../helpers/ring-events.js';
import {
  graphText,
  IDS,
  type RingEvent,
  SHAPES,
  type Shape,
  type Writing,
  writePages,
} from '../helpers/ring-pages.js';

type Kernel = ReturnType<typeof kernelOf>;

/** A merger whose text is collected. */
function collector(kernel: Kernel, cpus: readonly number[], look: Look) {
  let text = '';
  const { layout, symbols, tasks } = kernel;
  const { merger, printer } = mergedText(layout, cpus, symbols, tasks, look, (bytes) => {
    text += latin1(bytes);
  });
  const out = {
    merger,
    /** What is printed since this was asked last. */
    printed: () => {
      printer.flush();
      const printed = text;
      text = '';
      return printed;
    },
    finish: (): string => {
      merger.finish();
      return out.printed();
    },
    printer: () => printer,
  };
  return out;
}

/** Events of CPUs 0 and up, and all that decides about their pages and their text. */
const cases = shapes.chain((shape: Shape) =>
  fc.record({
    shape: fc.constant(shape),
    events: fc
      .integer({ min: 1, max: 3 })
      .chain((cpus) => fc.tuple(...Array.from({ length: cpus }, (_, cpu) => eventsOf(shape, cpu)))),
    look: looks,
    how: writings,
  }),
);

const pagesOf = (shape: Shape, events: readonly RingEvent[][], how: Writing) =>
  events.map((list) => writePages(shape, list, how));

t.test('events to pages to text: what the kernel prints', (t) => {
  fc.assert(
    fc.property(cases, ({ shape, events, look, how }) => {
      const kernel = kernelOf(shape, how.pageSize);
      const pages = pagesOf(shape, events, how);
      const { merger, finish } = collector(kernel, [...events.keys()], look);
      for (const [cpu, list] of pages.entries()) {
        for (const page of list) merger.feed(cpu, page);
      }
      const text = finish();
      equal(text, graphText(events, look, kernel.nameOf, kernel.comm));
      for (const cursor of merger.cursors) {
        equal(cursor.unreadable, 0);
        equal(cursor.events, events[cursor.cpu].length);
        equal(cursor.pages, pages[cursor.cpu].length);
        const counted = events[cursor.cpu].filter((e) => e.lost > 0);
        equal(
          cursor.lostEvents,
          counted.reduce((n, e) => n + e.lost, 0),
        );
        equal(cursor.lostUncounted, events[cursor.cpu].filter((e) => e.lost < 0).length);
      }
    }),
    { numRuns: 300 },
  );
  t.pass('as the model prints it');
  t.end();
});

t.test('the text is the same whenever pages come', (t) => {
  const schedules = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 });
  let pieces = 0;
  fc.assert(
    fc.property(cases, schedules, ({ shape, events, look, how }, schedule) => {
      const kernel = kernelOf(shape, how.pageSize);
      const pages = pagesOf(shape, events, how);
      const { merger, finish } = collector(kernel, [...events.keys()], look);
      const at = pages.map(() => 0);
      for (let round = 0; pages.some((list, cpu) => at[cpu] < list.length); round++) {
        const cpu = schedule[round % schedule.length] % pages.length;
        if (at[cpu] < pages[cpu].length) merger.feed(cpu, pages[cpu][at[cpu]++]);
        else merger.end(cpu);
        // The last CPU that would never have its turn.
        if (round % 50 === 49) {
          for (const [c, list] of pages.entries()) {
            if (at[c] < list.length) merger.feed(c, list[at[c]++]);
          }
        }
        if (round % 2 === 0) merger.drain();
        else while (merger.drainWhile(() => false)) pieces++;
      }
      equal(finish(), graphText(events, look, kernel.nameOf, kernel.comm));
    }),
    { numRuns: 200 },
  );
  t.ok(pieces > 100, `in ${pieces} pieces, too`);
  t.end();
});

const LOOK: Look = {
  tracer: 'function_graph',
  flags: true,
  tail: true,
  duration: false,
  abstime: false,
  lastCpu: 1,
};

const [SHAPE] = SHAPES;
const HOW: Writing = { pageSize: 4096, far: 'extend', wordLengths: false, padding: false };

t.test('a page at a time, as it is recorded', (t) => {
  const kernel = kernelOf(SHAPE);
  const { merger, printed, finish } = collector(kernel, [0, 1], LOOK);
  const line = (body: string, cpu = 0) => ` ${cpu})    node-218    |  ..... | ${body}\n`;
  const page = (...events: RingEvent[]) => writePages(SHAPE, events, HOW)[0];

  t.equal(merger.drain(), 0, 'nothing is known of CPU 0');
  merger.feed(0, page(event('entry', 1_000, 0)));
  t.equal(merger.drain(), 1, 'nor, then, of CPU 1');
  merger.idle(1, 2_000n);
  t.equal(merger.drain(), 0, 'an entry waits for what follows it');
  t.equal(printed(), '');
  merger.feed(
    0,
    page(event('entry', 1_500, 1, { depth: 1 }), event('exit', 1_600, 1, { depth: 1 })),
  );
  merger.drain();
  t.equal(printed(), line('vfs_read() {') + line('  fput();'), 'it had a callee, a leaf');

  merger.feed(1, page(event('entry', 1_550, 2, { cpu: 1 })));
  merger.idle(0, 200_000_000n);
  merger.drain();
  t.equal(printed(), '', 'it could still be a leaf');
  merger.idle(1, 100_001_550n);
  merger.drain();
  t.equal(printed(), '', '100 ms are not over');
  merger.idle(1, 100_001_551n);
  t.equal(merger.drain(), 1);
  t.equal(printed(), line('x64_sys_call() {', 1), 'a function that takes that long is no leaf');
  merger.feed(1, page(event('exit', 150_000_000, 2, { cpu: 1 })));
  merger.drain();
  t.equal(printed(), line('} /* x64_sys_call */', 1));

  merger.feed(0, page(event('exit', 300_000_000, 0)));
  t.equal(merger.drain(), 1, 'CPU 1 may have something older');
  merger.end(1);
  t.equal(merger.drain(), 0);
  t.equal(printed(), line('} /* vfs_read */'));
  merger.feed(0, page(event('entry', 300_000_001, 0)));
  merger.drain();
  t.equal(finish(), line('vfs_read() {'), 'at the end nothing follows');
  t.throws(() => merger.feed(2, page(event('entry', 1, 0))), RangeError, 'a CPU not announced');
  t.end();
});

t.test('losses', (t) => {
  const kernel = kernelOf(SHAPE);
  const { merger, finish } = collector(kernel, [0], { ...LOOK, flags: false, tail: false });
  const entry = event('entry', 1_000, 0);
  const exit = event('exit', 2_000, 0, { lost: 3 });
  for (const page of writePages(SHAPE, [entry, exit], HOW)) merger.feed(0, page);
  // A page without events that tells of a loss, at the very end.
  const last = new Uint8Array(4096);
  new DataView(last.buffer).setUint32(8, 0x80000000, true);
  merger.feed(0, last);
  const head = ' 0)    node-218    | ';
  t.equal(
    finish(),
    `${head}vfs_read() {\nCPU:0 [LOST 3 EVENTS]\n${head}}\nCPU:0 [LOST EVENTS]\n`,
    'a return behind a loss is not that of the entry in front of it',
  );
  t.equal(merger.cursors[0].lostEvents, 3);
  t.equal(merger.cursors[0].lostUncounted, 1);
  t.end();
});

t.test('the function tracer', (t) => {
  const kernel = kernelOf(SHAPE);
  const look = { ...LOOK, tracer: 'function' as const };
  const { merger, finish } = collector(kernel, [0, 1], look);
  const calls = [
    event('call', 1_234_567_899_499, 0, { flags: 1, preempt: 2 }),
    event('call', 1_234_567_899_500, 5, { pid: 4711, flags: 0x18, preempt: 0x13 }),
    event('print', 1_234_999_999_999, 0, { pid: 9999 }),
  ];
  for (const page of writePages(SHAPE, calls, HOW)) merger.feed(0, page);
  t.equal(
    finish(),
    [
      '            node-218     [000] d..2.  1234.567899: vfs_read <-x64_sys_call',
      '    redis-server-4711    [000] ..H31  1234.567900: kvm_sched_in <-x64_sys_call',
      '           <...>-9999    [000] .....  1235.000000: 0x0: marked',
      '',
    ].join('\n'),
    'times are rounded, modules not told',
  );
  t.end();
});

t.test('interrupt arrows, where the kernel tells which functions are entries', (t) => {
  const kallsyms = [
    'ffffffff81000000 t vfs_read',
    'ffffffff81000020 T __irqentry_text_start',
    'ffffffff81000030 T fput',
    'ffffffff81000060 T __irqentry_text_end',
    'ffffffff81000060 t x64_sys_call',
    '',
  ].join('\n');
  const kernel = { ...kernelOf(SHAPE), symbols: new Symbols(bytesOf(kallsyms)) };
  const events = [
    event('entry', 1, 0),
    event('entry', 2, 1, { depth: 1 }),
    event('exit', 3, 1, { depth: 1 }),
    event('entry', 4, 1, { depth: 1 }),
    event('entry', 5, 2, { depth: 2 }),
    event('exit', 6, 2, { depth: 2 }),
    event('exit', 7, 1, { depth: 1 }),
  ];
  for (const duration of [false, true]) {
    const look = { ...LOOK, flags: false, tail: false, duration };
    const { merger, finish } = collector(kernel, [0], look);
    for (const page of writePages(SHAPE, events, HOW)) merger.feed(0, page);
    const head = ' 0)    node-218    | ';
    const none = duration ? '              |  ' : '';
    const took = duration ? '  0.000 us    |  ' : '';
    const arrow = (text: string) => `${head}${duration ? `  ${text} |` : text}\n`;
    t.equal(
      finish(),
      `${head}${none}vfs_read() {\n` +
        `${arrow('==========>')}${head}${took}  fput();\n${arrow('<==========')}` +
        `${arrow('==========>')}${head}${none}  fput() {\n` +
        `${head}${took}    __irqentry_text_end();\n${head}${took}  }\n${arrow('<==========')}`,
    );
  }
  t.end();
});

t.test('names of any bytes, those of a signalling NaN among them', (t) => {
  const name = 'a\x7f\xf4\x01\xff\xf0\x80\xff\xf7b';
  const kallsyms = `ffffffff81000000 t ${name}\nffffffff81000030 T fput\n`;
  const kernel = { ...kernelOf(SHAPE), symbols: new Symbols(bytesOf(kallsyms)) };
  // Eight bytes are copied at a time: the number may begin anywhere among them.
  for (let blanks = 0; blanks < 8; blanks++) {
    const comm = `${'x'.repeat(blanks % 4)}\xff\xf4\x7f\xf2`;
    kernel.tasks.set(218, comm);
    const { merger, finish } = collector(kernel, [0], {
      ...LOOK,
      flags: false,
      lastCpu: 10 ** blanks,
    });
    // So many that V8 optimises what prints them.
    const events = Array.from({ length: 20_000 }, (_, i) =>
      event(i % 2 === 0 ? 'entry' : 'exit', i, 0),
    );
    for (const page of writePages(SHAPE, events, HOW)) merger.feed(0, page);
    const lines = finish().split('\n');
    t.equal(lines.pop(), '');
    t.equal(lines.length, events.length / 2);
    for (const line of lines) {
      if (!line.endsWith(` | ${name}();`) || !line.includes(`${comm}-218`)) t.fail(line);
    }
  }
  t.end();
});

t.test('what is no event, no function and no depth', (t) => {
  const kernel = kernelOf(SHAPE);
  const { merger, finish, printer } = collector(kernel, [0], { ...LOOK, flags: false });
  const events = [
    event('entry', 1, 0, { depth: 1_024 }),
    event('entry', 2, 0, { depth: -1 }),
    event('exit', 3, 0, { depth: 70_000 }),
    event('entry', 4, 0, { func: 0x10n, pid: -5 }),
    event('exit', 5, 1, { depth: 1_023 }),
  ];
  const [page] = writePages(SHAPE, events, HOW);
  merger.feed(0, page);
  // An event of an unknown kind, and records shorter than their format.
  const odd = new Uint8Array(64);
  const view = new DataView(odd.buffer);
  view.setUint32(8, 12 + 16 + 8, true);
  view.setUint32(16, 2, true);
  view.setUint32(20, 4_000, true);
  view.setUint32(28, 3, true);
  view.setUint32(32, IDS.entry, true);
  view.setUint32(44, 1, true);
  merger.feed(0, odd);
  const text = finish();
  t.equal(
    text,
    ` 0)    <XXX>--5    | 0x10() {\n ------------------------------------------\n` +
      ` 0)    <XXX>--5    =>    node-218   \n ------------------------------------------\n\n` +
      ` 0)    node-218    | ${' '.repeat(2_046)}} /* fput */\n`,
  );
  t.equal(printer().unknownSymbols, 1);
  t.equal(printer().unknownEvents, 1);
  t.equal(merger.cursors[0].events, 3);
  t.equal(merger.cursors[0].unreadable, 20 + 20 + 40 + 12 + 8);
  t.end();
});

t.test('times beyond what 59 bits hold, and durations below nothing', (t) => {
  const kernel = kernelOf(SHAPE);
  const look = { ...LOOK, flags: false, duration: true, abstime: true };
  const { merger, finish } = collector(kernel, [0], look);
  const late = (1n << 60n) + 5_000_000_000n;
  const events = [
    event('entry', 0, 0, { time: late }),
    event('exit', 0, 0, { time: late + 1_000_000_000n, calltime: 2_000n, rettime: 1_000n }),
  ];
  for (const page of writePages(SHAPE, events, { ...HOW, far: 'stamp' })) merger.feed(0, page);
  const text = finish();
  t.equal(text, graphText([events], look, kernel.nameOf, kernel.comm));
  t.match(text, /^1152921509\.606846 \| .*\$ 18446744073709550 us \| {2}vfs_read\(\);\n$/);
  t.end();
});
