import t from 'tap';
import { Backlog } from '../../src/tracefs/backlog.js';
import { type Page, PageQueue, type PageSource } from '../../src/tracefs/page-queue.js';
import type { Sink } from '../../src/tracefs/sinks.js';

const BYTES = 64;

function backlogOf({ firstStepMs = 0, looksAhead = false, spill = '' } = {}) {
  const done: string[] = [];
  const state = { isBlocked: false, isBroken: false, slowMs: 0, due: 0 };
  const sink: Sink = {
    firstStepMs,
    get isBlocked() {
      return state.isBlocked;
    },
    get isBroken() {
      return state.isBroken;
    },
    async unblocked() {
      done.push('waited');
      state.isBlocked = false;
    },
    page(cpu, bytes) {
      done.push(`page ${bytes[0]} of ${cpu}`);
      const until = performance.now() + state.slowMs;
      while (performance.now() < until);
    },
    idle: (cpu, time) => done.push(`idle ${cpu} ${time}`),
    proceed(goOn) {
      for (; state.due > 0; state.due--) {
        done.push('due');
        if (!goOn()) return true;
      }
      return false;
    },
    close() {},
    rest: () => done.push('nothing waits'),
    finish: async () => ({ unreadableBytes: 0, unknownSymbols: 0 }),
  };
  const queue = new PageQueue(BYTES, 16 * BYTES, spill === '' ? undefined : spill);
  const look = ({ bytes }: Page) => done.push(`look ${bytes[0]}`);
  const backlog = new Backlog(queue, sink, look, looksAhead);
  let number = 0;
  /** A CPU has pages. */
  const come = (cpu: number, pages: number, length = BYTES) => {
    const source: PageSource = {
      cpu,
      read(memory, at) {
        memory.fill(++number, at, at + length);
        return length;
      },
    };
    for (let i = 0; i < pages; i++) backlog.take(source);
  };
  const take = () => done.splice(0);
  return { backlog, state, come, take };
}

t.test('what is read waits until it is worked on, in the order in which it came', async (t) => {
  const { backlog, come, take } = backlogOf();
  come(1, 1);
  backlog.idle([0, 2], 17n);
  come(0, 1);
  t.strictSame(take(), []);
  t.notOk(backlog.work(1000), 'nothing is left');
  t.strictSame(take(), [
    'look 1',
    'page 1 of 1',
    'idle 0 17',
    'idle 2 17',
    'look 2',
    'page 2 of 0',
    'nothing waits',
  ]);
});

t.test('that CPUs are idle is told when all pages before have been', async (t) => {
  const { backlog, state, come, take } = backlogOf();
  state.slowMs = 2;
  come(0, 2);
  backlog.idle([1], 5n);
  backlog.idle([0], 6n);
  t.ok(backlog.work(1), 'a page waits');
  t.strictSame(take(), ['look 1', 'page 1 of 0']);
  t.notOk(backlog.work(1000));
  t.strictSame(take(), ['look 2', 'page 2 of 0', 'idle 0 6', 'nothing waits'], 'only the latest');
  backlog.idle([1], 9n);
  t.notOk(backlog.work(0));
  t.strictSame(take(), ['idle 1 9', 'nothing waits'], 'at once, where there is no page');
});

t.test('a step takes as long as the slowest of late', async (t) => {
  const { backlog, state, come } = backlogOf({ firstStepMs: 1000 });
  t.equal(backlog.stepMs, 1000, 'before the first');
  state.slowMs = 3;
  come(0, 1);
  backlog.work(0);
  t.equal(backlog.stepMs, 900, 'which is forgotten');
  for (let i = 0; i < 100; i++) {
    come(0, 1);
    backlog.work(0);
  }
  t.ok(backlog.stepMs >= 3 && backlog.stepMs < 100, `${backlog.stepMs} ms`);
});

t.test('a sink that is blocked takes nothing, and the rest when it is so no longer', async (t) => {
  const { backlog, state, come, take } = backlogOf();
  come(0, 2);
  state.isBlocked = true;
  t.ok(backlog.work(1000));
  t.strictSame(take(), []);
  await backlog.finish();
  t.strictSame(take(), [
    'waited',
    'look 1',
    'page 1 of 0',
    'look 2',
    'page 2 of 0',
    'nothing waits',
  ]);
});

t.test('a sink that is broken is left alone', async (t) => {
  const { backlog, state, come, take } = backlogOf();
  come(0, 1);
  Object.assign(state, { isBlocked: true, isBroken: true });
  await backlog.finish();
  t.strictSame(take(), []);
});

t.test('pressed, and full', async (t) => {
  const { backlog, come } = backlogOf();
  come(0, 8);
  t.notOk(backlog.isPressed);
  come(1, 1);
  t.ok(backlog.isPressed);
  come(0, 7);
  t.ok(backlog.isFull);
  backlog.work(1000);
  t.notOk(backlog.isPressed || backlog.isFull);
});

t.test('pages can be looked at before their turn, once', async (t) => {
  const { backlog, come, take } = backlogOf({ looksAhead: true });
  come(0, 3);
  backlog.lookAhead(0);
  t.strictSame(take(), ['look 1'], 'one at least');
  backlog.lookAhead(1000);
  t.strictSame(take(), ['look 2', 'look 3']);
  backlog.lookAhead(1000);
  come(0, 1);
  backlog.work(1000);
  t.strictSame(take(), [
    'page 1 of 0',
    'page 2 of 0',
    'page 3 of 0',
    'look 4',
    'page 4 of 0',
    'nothing waits',
  ]);
});

t.test('who looks ahead has seen all by the time when the disk is used', async (t) => {
  const { backlog, come, take } = backlogOf({ looksAhead: true, spill: t.testdir() });
  come(0, 20);
  const looks = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => `look ${from + i}`);
  t.strictSame(take(), looks(1, 20));
  backlog.work(1000);
  t.ok(take().every((did) => !did.startsWith('look')));
  come(0, 1);
  t.strictSame(take(), [], 'there is time again');
  backlog.lookAhead(0);
  t.strictSame(take(), looks(21, 21));
});

t.test('who does not sees what was on the disk when its turn comes', async (t) => {
  const { backlog, come, take } = backlogOf({ spill: t.testdir() });
  come(0, 20);
  t.strictSame(take(), []);
  backlog.work(1000);
  t.equal(take().filter((did) => did.startsWith('look')).length, 20);
});

t.test('what pages have made possible comes before the next page, in pieces', async (t) => {
  const { backlog, state, come, take } = backlogOf();
  come(0, 1);
  state.due = 2;
  t.ok(backlog.work(0));
  t.strictSame(take(), ['due']);
  state.due = 1;
  t.ok(backlog.work(0));
  t.strictSame(take(), ['due']);
  state.due = 0;
  t.ok(backlog.work(0));
  t.strictSame(take(), ['look 1', 'page 1 of 0']);
  t.notOk(backlog.work(0));
  t.strictSame(take(), ['nothing waits']);
});
