import { readFileSync } from 'node:fs';
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
    written: () => readFileSync(`${dir}/set_ftrace_filter`, 'latin1'),
  };
}

t.test('the first batch waits for more, the next ones for one another', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.step(0);
  coverage.add(at(1, 70));
  coverage.step(5);
  coverage.step(200);
  await coverage.settled();
  t.equal(written(), '', 'not before 200 ms have passed, however many there are');
  coverage.add(at(71));
  coverage.step(205);
  await coverage.settled();
  const first = written();
  t.strictSame(
    first.split(/\s+/).filter(Boolean),
    Array.from({ length: 71 }, (_, i) => `!${i + 1}`),
  );
  t.equal(coverage.taken, 71);

  coverage.add(at(80));
  coverage.step(performance.now());
  await coverage.settled();
  t.equal(written(), first, 'a single one can wait');
  coverage.step(performance.now() + 1000);
  await coverage.settled();
  t.equal(written(), `${first}!80\n`);
  t.equal(coverage.taken, 72);
});

t.test('many at a time do not wait', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(200);
  await coverage.settled();
  coverage.add(at(2, 100));
  coverage.step(performance.now());
  await coverage.settled();
  t.equal(coverage.taken, 100);
  t.match(written(), /^!1\n(![0-9 !]+\n)+$/);
  // While a batch is written, none begins.
  coverage.add(at(101, 199));
  coverage.step(performance.now());
  coverage.add(at(200));
  coverage.step(performance.now() + 10_000);
  await coverage.settled();
  t.equal(coverage.taken, 199);
});

t.test('functions without a number stay, and are counted', async (t) => {
  const { coverage, written } = coverageOf(t);
  coverage.add([START - 64n, ...at(3)]);
  coverage.step(0);
  coverage.step(200);
  await coverage.settled();
  t.equal(written(), '!3\n');
  t.equal(coverage.unnumbered, 1);
});

t.test('a filter file that cannot be written ends it', async (t) => {
  const coverage = new Coverage(t.testdir({}), () => numbers);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(200);
  await coverage.settled();
  t.throws(() => coverage.step(201), /set_ftrace_filter: this kernel does not have it/);
});

t.test('a batch that cannot be written is told at the end, too', async (t) => {
  const coverage = new Coverage(`${t.testdir()}/nowhere`, () => numbers);
  coverage.add(at(1));
  coverage.step(0);
  coverage.step(200);
  await coverage.settled();
  await t.rejects(coverage.finish(), { message: /nowhere.*this kernel does not have it/ });
});
