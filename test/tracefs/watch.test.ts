import fc from 'fast-check';
import t from 'tap';
import { parseEvent } from '../../src/ringbuffer/format.js';
import { Watch } from '../../src/tracefs/watch.js';
import { FORK_FORMAT, forkPage } from '../helpers/fake-tracefs.js';
import { eventsOf, kernelOf } from '../helpers/ring-events.js';
import { SHAPES, writePages } from '../helpers/ring-pages.js';

const { layout } = kernelOf(SHAPES[0]);
const fork = parseEvent(FORK_FORMAT);

t.test('threads that traced ones start, and what those start', async (t) => {
  const watch = new Watch(layout, [10], fork);
  watch.page(
    forkPage(1n, [
      [10, 11],
      [99, 100],
      [11, 12],
      [10, 11],
    ]),
  );
  watch.page(
    forkPage(2n, [
      [12, 13],
      [100, 101],
    ]),
  );
  t.strictSame(watch.forked, [
    { tid: 11, parent: 10 },
    { tid: 12, parent: 11 },
    { tid: 13, parent: 12 },
  ]);
  t.strictSame([...watch.wanted], [10, 11, 12, 13]);
  t.equal(watch.events, 0, 'they are no events of the trace');
  const blind = new Watch(layout, [10], undefined);
  blind.page(forkPage(1n, [[10, 11]]));
  t.strictSame(blind.forked, []);
});

t.test('threads whose birth was lost, and what these start', async (t) => {
  const watch = new Watch(layout, [10], fork);
  watch.page(forkPage(1n, [[11, 12]]));
  watch.follow([10, 11]);
  watch.page(forkPage(2n, [[12, 13]]));
  t.strictSame(watch.forked, [
    { tid: 11, parent: null },
    { tid: 12, parent: 11 },
    { tid: 13, parent: 12 },
  ]);
  t.strictSame([...watch.wanted], [10, 11, 12, 13]);
});

t.test('a page may tell of a thread before another one tells of its parent', async (t) => {
  const watch = new Watch(layout, [10], fork);
  watch.page(
    forkPage(1n, [
      [13, 14],
      [12, 13],
      [99, 100],
      [12, 15],
    ]),
  );
  t.strictSame(watch.forked, []);
  watch.page(
    forkPage(1n, [
      [11, 12],
      [10, 11],
    ]),
  );
  t.strictSame(watch.forked, [
    { tid: 11, parent: 10 },
    { tid: 12, parent: 11 },
    { tid: 13, parent: 12 },
    { tid: 14, parent: 13 },
    { tid: 15, parent: 12 },
  ]);
  t.strictSame([...watch.wanted].sort(), [10, 11, 12, 13, 14, 15], 'nobody else');
});

t.test('events are counted, and threads told once', async (t) => {
  const how = { pageSize: 4096, far: 'extend', wordLengths: false, padding: true } as const;
  fc.assert(
    fc.property(eventsOf(SHAPES[0], 0), (events) => {
      const watch = new Watch(layout, [], fork);
      const shown: number[] = [];
      for (const page of writePages(SHAPES[0], events, how)) {
        watch.page(page);
        shown.push(...watch.takeShown());
      }
      t.equal(watch.events, events.length);
      t.strictSame(shown, [...new Set(events.map(({ pid }) => pid))]);
    }),
    { numRuns: 40 },
  );
});

t.test('pages that are none', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      new Watch(layout, [1], fork).page(bytes);
    }),
  );
});
