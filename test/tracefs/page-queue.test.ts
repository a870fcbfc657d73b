import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { PageQueue, type PageSource } from '../../src/tracefs/page-queue.js';

const BYTES = 64;

/** A CPU whose next page is this one. What lies behind it in memory is spoilt, as a page of the kernel's does it. */
function sourceOf(cpu: number, page: readonly number[]): PageSource {
  return {
    cpu,
    read(memory, at) {
      memory.fill(0xee, at, at + BYTES);
      memory.set(page, at);
      return page.length;
    },
  };
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: BYTES }) },
    { weight: 2, arbitrary: fc.constant(0) },
  ),
  { minLength: 20, maxLength: 80 },
);

for (const [where, onDisk] of [
  ['in memory alone', false],
  ['in memory or on disk', true],
] as const) {
  t.test(`first in, first out, ${where}`, async (t) => {
    const directory = t.testdir();
    let spilled = 0;
    let full = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), steps, (memory, steps) => {
        const queue = new PageQueue(BYTES, memory * BYTES, onDisk ? directory : undefined);
        const model: { cpu: number; bytes: number[] }[] = [];
        const shift = () => {
          const page = queue.shift();
          return page && { cpu: page.cpu, bytes: [...page.bytes] };
        };
        for (const [i, step] of steps.entries()) {
          if (step === 0) t.strictSame(shift(), model.shift());
          else if (queue.isFull) {
            full++;
            const least = Math.max(1, memory - 2) * BYTES;
            const taken = model.reduce((sum, { bytes }) => sum + ((bytes.length + 7) & ~7), 0);
            t.ok(taken > 0 && taken + 2 * BYTES > least, `${taken} of ${memory * BYTES} bytes`);
          } else {
            const bytes = Array.from({ length: step }, (_, k) => (i + k) & 0xff);
            t.strictSame([...(queue.take(sourceOf(i, bytes)) ?? [])], bytes);
            model.push({ cpu: i, bytes });
          }
          t.equal(queue.length, model.length);
        }
        for (const page of model) t.strictSame(shift(), page);
        t.equal(queue.shift(), undefined);
        t.notOk(queue.isFull, 'there is room again');
        t.notOk(queue.isPressed);
        spilled += queue.mostSpilled;
        queue.close();
        t.strictSame(readdirSync(directory), [], 'its file has no name');
      }),
      { numRuns: 60 },
    );
    if (onDisk) {
      t.ok(spilled > 100, 'the disk was used');
      t.equal(full, 0);
    } else {
      t.equal(spilled, 0);
      t.ok(full > 20, 'some had to wait');
    }
  });
}

t.test('where there is none, nothing is taken', async (t) => {
  const queue = new PageQueue(BYTES, BYTES, undefined);
  t.equal(queue.take(sourceOf(0, [])), undefined);
  t.equal(queue.length, 0);
});

t.test('all of the memory is used, and pressed from its half on', async (t) => {
  const queue = new PageQueue(BYTES, 8 * BYTES, undefined);
  const page = Array.from({ length: BYTES }, () => 1);
  const pressed: boolean[] = [];
  while (!queue.isFull) {
    queue.take(sourceOf(0, page));
    pressed.push(queue.isPressed);
  }
  t.strictSame(pressed, [false, false, false, false, true, true, true, true]);
  queue.shift();
  t.notOk(queue.isFull, 'where the oldest was');
  queue.take(sourceOf(0, page));
  t.ok(queue.isFull);
});

t.test('a disk that is full', async (t) => {
  const directory = t.testdir();
  const size = ['-t', 'tmpfs', '-o', 'size=4k,mode=700', 'none', directory];
  if (spawnSync('mount', size).status !== 0) {
    t.pass('no disk of a certain size can be had here');
    return;
  }
  try {
    fillDisk(t, directory);
  } finally {
    spawnSync('umount', [directory]);
  }
});

function fillDisk(t: Test, directory: string): void {
  const queue = new PageQueue(BYTES, 2 * BYTES, directory);
  let n = 0;
  const push = () => {
    const page = Array.from({ length: BYTES }, () => n & 0xff);
    t.strictSame([...(queue.take(sourceOf(n, page)) ?? [])], page);
    n++;
  };
  while (!queue.isFull) push();
  t.equal(queue.length, n, 'the one without room too');
  // What stands behind its CPU and its length, 72 bytes each.
  t.equal(n, 2 + Math.floor(4096 / 72) + 1);
  for (let i = 0; i < n; i++) {
    const page = queue.shift();
    t.equal(page?.cpu, i);
    t.ok(page?.bytes.length === BYTES && page.bytes.every((byte) => byte === (i & 0xff)));
  }
  t.notOk(queue.isFull);
  push();
  t.equal(queue.shift()?.cpu, n - 1);
  queue.close();
}
