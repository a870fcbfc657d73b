import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Layout } from '../../src/ringbuffer/format.js';
import {
  Cursor,
  eachRecord,
  pageTime,
  TimeBase,
  tellsLoss,
  tracerOf,
} from '../../src/ringbuffer/page.js';
import { mergedText } from '../../src/ringbuffer/printing.js';
import { Sightings } from '../../src/ringbuffer/sightings.js';
import type { Look } from '../../src/ringbuffer/text.js';
import { eventsOf, kernelOf, looks, shapes, writings } from '../helpers/ring-events.js';
import { SHAPES, type Shape, writePages } from '../helpers/ring-pages.js';

t.test('times', (t) => {
  const base = new TimeBase();
  t.equal(base.fromTime((5n << 32n) | 7n), 0, 'the first is the base');
  t.equal(base.fromTime((6n << 32n) | 6n), 2 ** 32 - 1);
  t.equal(base.fromTime(0n), -(5 * 2 ** 32 + 7), 'others may be older');
  t.equal(base.start, (5n << 32n) | 7n);
  const page = new Uint8Array(16);
  new DataView(page.buffer).setBigUint64(0, 0x123456789abcdef0n, true);
  t.equal(pageTime(page), 0x123456789abcdef0n);
  t.equal(pageTime(page.subarray(0, 7)), 0n, 'half the head of a page');
  t.end();
});

/** With times and without, the same records are found, and the same losses. */
function walkBoth(layout: Layout, page: Uint8Array): void {
  const cursor = new Cursor(0, layout, new TimeBase());
  const want: string[] = [];
  cursor.feed(page);
  while (cursor.next()) want.push(cursor.words.subarray(cursor.at, cursor.until).join());
  const got: string[] = [];
  eachRecord(layout, page, (words, at, until) => got.push(words.subarray(at, until).join()));
  deepEqual(got, want);
  if (page.length >= layout.dataOffset) equal(tellsLoss(page), cursor.lost !== 0);
}

/** Gives pages to all that reads pages, and holds it to what it may do with any bytes. */
function readAll(shape: Shape, pages: readonly Uint8Array[], look: Look): void {
  const { layout, symbols, tasks } = kernelOf(shape);
  const before = pages.map((page) => page.slice());
  let lines = 0;
  let written = 0;
  const { merger, printer } = mergedText(layout, [0, 1], symbols, tasks, look, (bytes) => {
    written += bytes.length;
    for (const byte of bytes) if (byte === 0x0a) lines++;
  });
  const sightings = new Sightings(layout, symbols, 1);
  let bytes = 0;
  for (const [i, page] of pages.entries()) {
    merger.feed(i % 2, page);
    merger.drain();
    tracerOf(layout, page);
    sightings.page(i % 2, page);
    walkBoth(layout, page);
    bytes += page.length;
  }
  merger.finish();
  printer.flush();
  const events = merger.cursors.reduce((n, c) => n + c.events, 0);
  const unreadable = merger.cursors.reduce((n, c) => n + c.unreadable, 0);
  // The head of an event and the fields all have: 12 bytes. No line is longer than a name and its depth,
  // and no event makes more than six of them.
  ok(12 * events <= bytes, `${events} events in ${bytes} bytes`);
  ok(lines <= 6 * events + 2 * pages.length, `${lines} lines of ${events} events`);
  ok(written <= 10_000 * (events + pages.length + 1));
  ok(unreadable >= 0 && Number.isFinite(unreadable));
  ok(
    pages.every((page, i) => Buffer.compare(page, before[i]) === 0),
    'pages are left as they were',
  );
  for (const { name, caller } of sightings.all()) ok(name !== '' && caller !== '');
}

const bytes = fc.uint8Array({ maxLength: 600 });

t.test('random bytes are no reason to fail', (t) => {
  fc.assert(
    fc.property(shapes, fc.array(bytes, { maxLength: 8 }), looks, (shape, pages, look) => {
      readAll(shape, pages, look);
    }),
    { numRuns: 500 },
  );
  t.pass('all were read to their ends');
  t.end();
});

t.test('random bytes behind the head of a page', (t) => {
  const commit = fc.oneof(fc.nat(700), fc.integer());
  const page = fc.tuple(bytes, commit).map(([bytes, commit]) => {
    if (bytes.length >= 12) new DataView(bytes.buffer).setInt32(8, commit, true);
    return bytes;
  });
  fc.assert(
    fc.property(shapes, fc.array(page, { maxLength: 8 }), looks, (shape, pages, look) => {
      readAll(shape, pages, look);
    }),
    { numRuns: 500 },
  );
  t.pass('all were read to their ends');
  t.end();
});

t.test('damaged pages', (t) => {
  const cases = shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      events: eventsOf(shape, 0),
      look: looks,
      how: writings,
      flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 }),
      cut: fc.option(fc.nat(), { freq: 2 }),
      shift: fc.nat(7),
    }),
  );
  fc.assert(
    fc.property(cases, ({ shape, events, look, how, flips, cut, shift }) => {
      const pages = writePages(shape, events, how).map((page) => {
        // Also where its words are not aligned.
        const moved = new Uint8Array(page.length + shift).subarray(shift);
        moved.set(page);
        for (const [at, byte] of flips) moved[at % moved.length] = byte;
        return cut === null ? moved : moved.subarray(0, cut % (moved.length + 1));
      });
      readAll(shape, pages, look);
    }),
    { numRuns: 500 },
  );
  t.pass('all were read to their ends');
  t.end();
});

t.test('what cannot be read is counted', (t) => {
  const [shape] = SHAPES;
  const { layout, symbols, tasks } = kernelOf(shape);
  const look = {
    tracer: 'function_graph',
    flags: false,
    tail: false,
    duration: false,
    abstime: false,
    lastCpu: 0,
  } as const;
  const unreadable = (page: Uint8Array) => {
    const { merger } = mergedText(layout, [0], symbols, tasks, look, () => {});
    merger.feed(0, page);
    merger.finish();
    return merger.cursors[0].unreadable;
  };
  const page = (commit: number, ...words: number[]) => {
    const bytes = new Uint8Array(16 + 4 * words.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(8, commit, true);
    for (const [i, word] of words.entries()) view.setUint32(16 + 4 * i, word, true);
    return bytes;
  };
  t.equal(unreadable(page(0)), 0, 'an empty page');
  t.equal(unreadable(new Uint8Array(15)), 15, 'no page at all');
  t.equal(unreadable(page(100, 29)), 96, 'cut short');
  t.equal(unreadable(page(12, 28, 0, 0)), 12, 'an event that reaches beyond the end');
  t.equal(unreadable(page(4, 0)), 4, 'an event without its length');
  t.equal(unreadable(page(12, 0, 3, 0)), 12, 'a length that does not hold itself');
  t.equal(unreadable(page(12, 0, 0x7fffffff, 0)), 12, 'a length beyond the end');
  t.equal(unreadable(page(12, 0, 0xffffffff, 0)), 12, 'a negative length');
  t.equal(unreadable(page(12, 30, 1, 29)), 0, 'a time and the end of the events');
  t.equal(unreadable(page(4, 30)), 4, 'half a time');
  t.equal(unreadable(page(12, 1, 11, 29)), 8, 'a record of no task');
  t.equal(unreadable(page(16, (5 << 5) | 29, 8, 0, 29)), 0, 'a discarded event');
  t.equal(unreadable(page(12, (5 << 5) | 29, 80, 0)), 12, 'one that reaches beyond the end');
  t.end();
});
