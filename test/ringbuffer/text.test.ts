import fc from 'fast-check';
import t from 'tap';
import { latin1 } from '../../src/ringbuffer/latin1.js';
import { Merger } from '../../src/ringbuffer/merge.js';
import { type Look, TextPrinter } from '../../src/ringbuffer/text.js';
import { eventsOf, kernelOf, looks, shapes, writings } from '../helpers/ring-events.js';
import {
  graphText,
  type RingEvent,
  type Shape,
  type Writing,
  writePages,
} from '../helpers/ring-pages.js';

type Kernel = ReturnType<typeof kernelOf>;

/** A merger whose text is collected. */
function collector(kernel: Kernel, cpus: readonly number[], look: Look) {
  let text = '';
  let printer!: TextPrinter;
  const { layout, symbols, tasks } = kernel;
  const merger = new Merger(layout, cpus, (base) => {
    printer = new TextPrinter(layout, symbols, tasks, look, base, (bytes) => {
      text += latin1(bytes);
    });
    return printer;
  });
  return {
    merger,
    finish() {
      merger.finish();
      printer.flush();
      return text;
    },
    printer,
  };
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
      t.equal(text, graphText(events, look, kernel.nameOf, kernel.comm));
      for (const cursor of merger.cursors) {
        t.equal(cursor.unreadable, 0);
        t.equal(cursor.events, events[cursor.cpu].length);
        t.equal(cursor.pages, pages[cursor.cpu].length);
        const counted = events[cursor.cpu].filter((e) => e.lost > 0);
        t.equal(
          cursor.lostEvents,
          counted.reduce((n, e) => n + e.lost, 0),
        );
        t.equal(cursor.lostUncounted, events[cursor.cpu].filter((e) => e.lost < 0).length);
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('the text is the same whenever pages come', (t) => {
  const schedules = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 });
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
        merger.drain();
      }
      t.equal(finish(), graphText(events, look, kernel.nameOf, kernel.comm));
    }),
    { numRuns: 200 },
  );
  t.end();
});
