import fc from 'fast-check';
import t from 'tap';
import { randomFrom } from '../../src/stats/random.js';
import {
  drawMean,
  meanOf,
  percentileInterval,
  permutationTest,
  quantile,
  spreadOf,
} from '../../src/stats/resample.js';

const counts = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 2, maxLength: 12 });

t.test('the generator', (t) => {
  const a = randomFrom(7);
  const b = randomFrom(7);
  const other = randomFrom(8);
  let same = 0;
  for (let i = 0; i < 1000; i++) {
    const value = a(1 << 30);
    t.equal(value, b(1 << 30), 'the same numbers for one seed');
    if (value === other(1 << 30)) same++;
  }
  t.ok(same < 3, 'others for another');

  // Chi-square over 16 values, and over pairs of them: 99.9 % of good generators stay below these.
  const random = randomFrom(2018);
  const ones = new Array(16).fill(0);
  const pairs = new Array(256).fill(0);
  let last = random(16);
  for (let i = 0; i < 256_000; i++) {
    const value = random(16);
    ones[value]++;
    pairs[last * 16 + value]++;
    last = value;
  }
  const chi = (cells: number[]) => {
    const expected = 256_000 / cells.length;
    return cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  };
  t.ok(chi(ones) < 37.7, `ones: ${chi(ones)}`);
  t.ok(chi(pairs) < 330.5, `pairs: ${chi(pairs)}`);
  t.equal(randomFrom(0)(1), 0);
  t.end();
});

t.test('its numbers are those of xoshiro128**', (t) => {
  // The same in whole numbers of any size, after the description of both generators.
  const mask = (1n << 32n) - 1n;
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  let state = 2018n;
  const seed = () => {
    state = (state + 0x9e3779b9n) & mask;
    let z = ((state ^ (state >> 16n)) * 0x21f0aaadn) & mask;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  };
  const s = [seed(), seed(), seed(), seed()];
  const random = randomFrom(2018);
  for (let i = 0; i < 200; i++) {
    const result = (rotl((s[1] * 5n) & mask, 7n) * 9n) & mask;
    const shifted = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotl(s[3], 11n);
    t.equal(random(2 ** 32), Number(result));
  }
  t.end();
});

t.test('quantiles', (t) => {
  t.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  t.equal(quantile([1, 2, 3, 4], 0), 1);
  t.equal(quantile([1, 2, 3, 4], 1), 4);
  t.equal(quantile([5], 0.3), 5);
  t.ok(Math.abs(quantile([10, 20, 30], 0.9) - 28) < 1e-9);
  t.end();
});

t.test('mean and spread', (t) => {
  t.same(spreadOf([7]), { mean: 7, min: 7, max: 7, sd: undefined, interval: undefined });
  const spread = spreadOf([2, 4, 4, 4, 5, 5, 7, 9]);
  t.equal(spread.mean, 5);
  t.ok(Math.abs(spread.sd! - Math.sqrt(32 / 7)) < 1e-12, 'of a sample: 32 / 7, not 32 / 8');
  t.same(spreadOf([3, 3, 3]).interval, { low: 3, high: 3 });
  fc.assert(
    fc.property(counts, (values) => {
      const { mean, min, max, sd, interval } = spreadOf(values);
      t.same(spreadOf(values).interval, interval, 'the same each time');
      return min <= interval!.low && interval!.low <= mean + 1e-9 && mean <= interval!.high + 1e-9
        ? interval!.high <= max && sd! >= 0
        : false;
    }),
    { numRuns: 20 },
  );
  t.end();
});

t.test('the interval of many values is that of the normal distribution', (t) => {
  const random = randomFrom(3);
  const values = Array.from({ length: 200 }, () => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += random(1000);
    return sum;
  });
  const { mean, sd } = spreadOf(values);
  const { low, high } = percentileInterval((random) => drawMean(values, random));
  const half = (1.96 * sd!) / Math.sqrt(200);
  t.ok(Math.abs(low - (mean - half)) < 0.06 * half, `${low}`);
  t.ok(Math.abs(high - (mean + half)) < 0.06 * half, `${high}`);
  t.end();
});

/** By all ways to deal the values out, as numbers whose bits say who gets which. */
function naive(a: readonly number[], b: readonly number[]): number {
  const values = [...a, ...b];
  const observed = Math.abs(meanOf(a) - meanOf(b));
  let extreme = 0;
  let ways = 0;
  for (let deal = 0; deal < 1 << values.length; deal++) {
    const first = values.filter((_, i) => (deal >> i) & 1);
    if (first.length !== a.length) continue;
    const second = values.filter((_, i) => !((deal >> i) & 1));
    ways++;
    if (Math.abs(meanOf(first) - meanOf(second)) >= observed - 1e-9) extreme++;
  }
  return extreme / ways;
}

t.test('permutation test', (t) => {
  t.equal(permutationTest([1, 2, 3], [4, 5, 6]), 0.1);
  t.equal(permutationTest([4, 5, 6], [1, 2, 3]), 0.1);
  t.equal(permutationTest([5, 5, 5], [5, 5]), 1);
  t.equal(permutationTest([1], [2]), undefined);
  t.equal(permutationTest([], [1, 2, 3]), undefined);
  t.ok(Math.abs(permutationTest([1], [2, 3, 4])! - 0.5) < 1e-12);
  const few = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(few, few, (a, b) => {
      fc.pre(a.length + b.length > 2);
      return Math.abs(permutationTest(a, b)! - naive(a, b)) < 1e-12;
    }),
  );
  t.end();
});

t.test('by chance, where there are too many ways', (t) => {
  const random = randomFrom(5);
  const some = (n: number, shift: number) =>
    Array.from({ length: n }, () => random(100) + random(100) + shift);
  const apart = permutationTest(some(30, 100), some(30, 0))!;
  t.ok(apart > 0 && apart < 0.001, 'never zero');
  const alike = permutationTest(some(30, 0), some(30, 0))!;
  t.ok(alike > 0.01);
  const a = some(11, 12);
  const b = some(11, 0);
  const chosen = permutationTest(a, b)!;
  t.equal(permutationTest(a, b), chosen, 'the same each time');
  // 22 over 11 is 705,432: too many to look at here, not for the model.
  t.ok(Math.abs(chosen - naive(a, b)) < 0.02, `${chosen}`);
  t.end();
});
