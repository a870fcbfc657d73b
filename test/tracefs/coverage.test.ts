import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import t from 'tap';
import { Coverage } from '../../src/tracefs/coverage.js';
import { FunctionNumbers } from '../../src/tracefs/numbers.js';

const START = 0xffffffff81000000n;
const COUNT = 200;
const numbers = FunctionNumbers.fromAddresses(
  Array.from({ length: COUNT }, (_, i) => `${(START + BigInt(i * 32)).toString(16)} f${i}`).join(
    '\n',
  ),
);
/** The addresses of functions by their numbers in available_filter_functions. */
const at = (from: number, to = from) =>
  Array.from({ length: to - from + 1 }, (_, i) => START + BigInt((from + i - 1) * 32));

function coverageOf(test: { testdir: typeof t.testdir }) {
  const dir = test.testdir({ set_ftrace_filter: '' });
  return {
    coverage: new Coverage(dir, () => numbers),
    /** Into each of the copies that are open. */
    written: () => readFileSync(`${dir}/set_ftrace_filter`, 'latin1').split(/\s+/).filter(Boolean),
  };
}

/** Waits for the batch at hand, and for the file to be open for the next one. */
async function settled(coverage: Coverage) {
  while (coverage.isWorking) await new Promise(setImmediate);
}

t.test('the first batch waits for more, the next ones for one another', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.prepare();
  coverage.step(0);
  coverage.add(at(1, 70));
  coverage.step(5);
  coverage.step(50);
  await settled(coverage);
  t.strictSame(written(), [], 'not before 50 ms have passed, however many there are');
  coverage.add(at(71));
  coverage.step(55);
  await settled(coverage);
  const first = written();
  const batch = Array.from({ length: 71 }, (_, i) => `!${i + 1}`);
  t.strictSame(first, [...batch, ...batch, ...batch, ...batch], 'a copy for each of four batches');
  t.equal(coverage.taken, 71);

  coverage.add(at(80));
  coverage.step(performance.now());
  await settled(coverage);
  t.strictSame(written(), first, 'a single one can wait');
  const later = performance.now() + 1000;
  coverage.step(later);
  await settled(coverage);
  t.strictSame(written(), [...first, '!80', '!80', '!80'], 'the first copy is the list now');
  t.equal(coverage.taken, 72);
  t.match(coverage.batches, [{ functions: 71 }, { start: later, functions: 1 }]);
  await coverage.finish();
});

t.test('many at a time do not wait', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(50);
  await settled(coverage);
  coverage.add(at(2, 100));
  coverage.step(performance.now());
  await settled(coverage);
  t.equal(coverage.taken, 100);
  t.strictSame(new Set(written()).size, 100);
  // While a batch is written, none begins.
  coverage.add(at(101, 199));
  coverage.step(performance.now());
  coverage.add(at(200));
  coverage.step(performance.now() + 10_000);
  await settled(coverage);
  t.equal(coverage.taken, 199);
  await coverage.finish();
});

t.test('the file is not held open when all is done', async (t) => {
  const { coverage } = coverageOf(t);
  const open = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).endsWith('/set_ftrace_filter');
      } catch {
        return false;
      }
    }).length;
  coverage.prepare();
  const most = open();
  t.ok(most > 1, 'open several times before the first batch');
  for (let number = 1; number < most + 3; number++) {
    coverage.add(at(number));
    coverage.step(1e6 * number);
    coverage.step(1e6 * number + 50);
    await settled(coverage);
    t.equal(open(), Math.max(1, most - number), 'and once for the next one');
  }
  await coverage.close();
  t.equal(open(), 0);
  coverage.prepare();
  t.equal(open(), most);
  coverage.abandon();
  t.equal(open(), 0, 'nor when there is no tracer after all');
});

t.test('functions without a number stay, and are counted', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.add([START - 64n, ...at(3)]);
  coverage.step(0);
  coverage.step(50);
  await settled(coverage);
  t.strictSame(written(), ['!3']);
  t.equal(coverage.unnumbered, 1);
});

t.test('a filter file that cannot be written ends it', async (t) => {
  const coverage = new Coverage(t.testdir({}), () => numbers);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(50);
  await settled(coverage);
  t.throws(() => coverage.step(201), /set_ftrace_filter: this kernel does not have it/);
});

t.test('a batch that cannot be written is told at the end, too', async (t) => {
  const coverage = new Coverage(`${t.testdir()}/nowhere`, () => numbers);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(50);
  await settled(coverage);
  await t.rejects(coverage.finish(), { message: /nowhere.*this kernel does not have it/ });
});
