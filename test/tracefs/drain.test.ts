import t from 'tap';
import type { Layout } from '../../src/ringbuffer/format.js';
import type { Backlog } from '../../src/tracefs/backlog.js';
import { Drain } from '../../src/tracefs/drain.js';
import type { PageSource } from '../../src/tracefs/page-queue.js';

const PAGE = 65536;
const MEMORY = new Uint8Array(PAGE);

/** A ring that hands out full pages, so many of them, and then one with room left. */
function ringOf(cpu: number, full: number): PageSource {
  let left = full;
  return { cpu, read: () => (left-- > 0 ? PAGE : left === -1 ? 100 : 0) };
}

function drainOf(full: readonly number[], isFull = false) {
  const taken: number[] = [];
  const backlog = {
    isFull,
    take(source: PageSource) {
      const length = source.read(MEMORY, 0);
      return length === 0 ? undefined : MEMORY.subarray(0, length);
    },
    idle() {},
  };
  const rings = full.map((pages, cpu) => ringOf(cpu, pages));
  const layout = { pageSize: PAGE } as Layout;
  const look = ({ length }: Uint8Array) => taken.push(length);
  const drain = new Drain(rings, layout, 32 << 20, 1 << 18, backlog as unknown as Backlog, look);
  return { drain, taken };
}

t.test('rings that hold more than a round takes are read on at once', async (t) => {
  const { drain, taken } = drainOf([100, 0]);
  let rounds = 0;
  for (let emptied = false; !emptied; rounds++) {
    emptied = drain.round();
    if (emptied) break;
    t.ok(drain.dueAt <= performance.now(), 'no wait');
    t.ok(drain.isBusy, 'and nothing else before');
  }
  t.equal(rounds, 25, 'four pages of each at a time');
  t.equal(taken.length, 102);
  t.equal(drain.bytes, 100 * PAGE + 200);
});

t.test('the rest of a page that was read half-full is not the end', async (t) => {
  const lengths = [700, PAGE, PAGE, 100, PAGE];
  const taken: number[] = [];
  const idle: number[][] = [];
  const backlog = {
    isFull: false,
    take: (source: PageSource) => MEMORY.subarray(0, source.read(MEMORY, 0)),
    idle: (cpus: number[]) => idle.push(cpus),
  };
  const ring = { cpu: 3, read: () => lengths.shift() ?? 0 };
  const look = ({ length }: Uint8Array) => taken.push(length);
  const layout = { pageSize: PAGE } as Layout;
  const drain = new Drain([ring], layout, 32 << 20, 1 << 20, backlog as unknown as Backlog, look);
  t.ok(drain.round());
  t.strictSame(taken, [700, PAGE, PAGE, 100], 'a later one with room left is');
});

t.test('emptied rings are left alone for a while', async (t) => {
  const { drain } = drainOf([0, 0]);
  t.ok(drain.round());
  const wait = drain.dueAt - performance.now();
  t.ok(wait > 0 && wait <= 20, `${wait} ms`);
  t.notOk(drain.isBusy);
});

t.test('nothing is taken from a ring while there is no room for it', async (t) => {
  const { drain, taken } = drainOf([3], true);
  t.notOk(drain.round());
  t.strictSame(taken, []);
});

t.test('there is time for other work where the rings fill slowly', async (t) => {
  const slow = drainOf([0, 0]).drain;
  slow.round();
  t.ok(slow.canWait(100), '200 bytes since the start');
  const { drain } = drainOf([4, 0]);
  const began = performance.now();
  drain.begin();
  await new Promise((resolve) => setTimeout(resolve, 10));
  drain.round();
  // 256 KB in that time: 32 MB take 128 times as long.
  const fills = (performance.now() - began) * 128;
  t.notOk(drain.canWait(fills), 'a CPU that is busy');
  for (let i = 0; i < 200; i++) drain.round();
  t.ok(drain.canWait(fills), 'and is so no longer');
});

t.test('what comes in a round right after another one had gathered before', async (t) => {
  const { drain } = drainOf([4, 0]);
  drain.begin();
  drain.round();
  // 256 KB in no time: at that rate, 32 MB would be full at once.
  const wait = drain.dueAt - performance.now();
  drain.round();
  t.ok(drain.dueAt - performance.now() > 15, `${wait} ms, then as long as ever`);
});
