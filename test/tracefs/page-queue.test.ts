import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { PageQueue } from '../../src/tracefs/page-queue.js';

const BYTES = 64;

t.test('first in, first out, in memory or on disk', async (t) => {
  const directory = t.testdir();
  let spilled = 0;
  fc.assert(
    fc.property(
      fc.nat(5),
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.integer({ min: 1, max: BYTES }) },
          { weight: 2, arbitrary: fc.constant(0) },
        ),
        { minLength: 20, maxLength: 80 },
      ),
      (memory, steps) => {
        const queue = new PageQueue(BYTES, memory * BYTES, directory);
        const model: { cpu: number; bytes: number[] }[] = [];
        for (const [i, step] of steps.entries()) {
          if (step === 0) {
            const page = queue.shift();
            const told = page && { cpu: page.cpu, bytes: [...page.bytes] };
            t.strictSame(told, model.shift());
          } else {
            const bytes = Uint8Array.from({ length: step }, (_, k) => i + k);
            queue.push({ cpu: i, bytes });
            model.push({ cpu: i, bytes: [...bytes] });
          }
          t.equal(queue.length, model.length);
        }
        for (const page of model) t.strictSame([...(queue.shift()?.bytes ?? [])], page.bytes);
        t.equal(queue.shift(), undefined);
        spilled += queue.mostSpilled;
        queue.close();
        t.strictSame(readdirSync(directory), [], 'its file has no name');
      },
    ),
    { numRuns: 60 },
  );
  t.ok(spilled > 100, 'the disk was used');
});
