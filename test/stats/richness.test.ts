import fc from 'fast-check';
import t from 'tap';
import { doubled, type Incidence, incidenceOf } from '../../src/stats/incidence.js';
import { randomFrom } from '../../src/stats/random.js';
import {
  accumulation,
  baseCoverage,
  chanceOfNew,
  chao2,
  chao2Corrected,
  chao2Interval,
  coverage,
  type Frequencies,
  functionsAtCoverage,
} from '../../src/stats/richness.js';

/** S, Q1, Q2 and U by hand; what was seen in more units does not matter to the estimates. */
function frequencies(units: number, seen: number, q1: number, q2: number, total = 1): Frequencies {
  return { units, seen, q: Uint32Array.of(0, q1, q2), total };
}

/** Units of at most eight functions, some of them empty. */
const incidences = (minimum: number, maximum: number) =>
  fc
    .array(fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']), {
      minLength: minimum,
      maxLength: maximum,
    })
    .map(incidenceOf);

const seenAny = ({ total }: Incidence) => total > 0;

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

t.test('the bound, by published examples', (t) => {
  const many = frequencies(1e12, 10, 4, 2);
  t.ok(near(chao2(many)!, 14), 'without the factor of few units this is Chao1');
  t.ok(near(chao2Corrected(many)!, 12));
  t.ok(near(chao2(frequencies(5, 10, 4, 2))!, 13.2));
  t.ok(near(chao2Corrected(frequencies(5, 10, 4, 2))!, 11.6));
  t.ok(near(chao2(frequencies(5, 10, 4, 0))!, 10 + 0.8 * 6), 'nothing seen in exactly two');
  t.equal(chao2(frequencies(5, 10, 0, 3)), 10, 'nothing seen once: nothing is missing');
  t.equal(chao2(frequencies(5, 10, 1, 0)), 10);
  t.end();
});

t.test('coverage and the chance of something new, by published examples', (t) => {
  t.ok(near(1 - chanceOfNew(frequencies(10, 10, 4, 2, 100))!, 0.96));
  t.ok(near(coverage(frequencies(10, 10, 4, 2, 40))!, 0.91));
  t.equal(coverage(frequencies(10, 10, 0, 2, 40)), 1);
  t.end();
});

t.test('the interval of the bound', (t) => {
  // Q1 = 4, Q2 = 2, m = 5: a = 0.8, r = 2, variance 2 (1.6 + 5.12 + 2.56) = 18.56, 3.2 more than seen.
  const factor = Math.exp(1.959964 * Math.sqrt(Math.log(1 + 18.56 / 3.2 ** 2)));
  const { low, high } = chao2Interval(frequencies(5, 10, 4, 2))!;
  t.ok(near(low, 10 + 3.2 / factor));
  t.ok(near(high, 10 + 3.2 * factor));
  t.same(chao2Interval(frequencies(5, 10, 0, 2)), { low: 10, high: 10 });
  fc.assert(
    fc.property(incidences(2, 9), (incidence) => {
      const bound = chao2(incidence)!;
      const interval = chao2Interval(incidence)!;
      return incidence.seen <= interval.low && interval.low <= bound && bound <= interval.high;
    }),
  );
  t.end();
});

t.test('one unit, or none, tells nothing', (t) => {
  for (const units of [[], [['a', 'b']]]) {
    const incidence = incidenceOf(units);
    t.equal(chao2(incidence), undefined);
    t.equal(chao2Corrected(incidence), undefined);
    t.equal(chao2Interval(incidence), undefined);
    t.equal(coverage(incidence), undefined);
    t.equal(chanceOfNew(incidence), undefined);
    t.equal(functionsAtCoverage(incidence, 0.5), undefined);
    t.equal(baseCoverage([incidence]), undefined);
  }
  t.same(accumulation(incidenceOf([])), []);
  t.same(accumulation(incidenceOf([['a', 'b']])), [
    { units: 1, functions: 2, coverage: Number.NaN, kind: 'observed' },
  ]);
  t.end();
});

function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of orders(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

t.test('rarefaction is the mean over all orders of the units', (t) => {
  const units = fc.array(fc.subarray(['a', 'b', 'c', 'd', 'e']), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(units, (units) => {
      const points = accumulation(incidenceOf(units), units.length);
      const sums = units.map(() => 0);
      let count = 0;
      for (const order of orders(units)) {
        const seen = new Set<string>();
        for (const [i, unit] of order.entries()) {
          for (const name of unit) seen.add(name);
          sums[i] += seen.size;
        }
        count++;
      }
      return points.every(
        (point, i) => point.units === i + 1 && near(point.functions, sums[i] / count),
      );
    }),
  );
  t.end();
});

t.test('its coverage is the chance that a further incidence is of a function already seen', (t) => {
  const units = fc
    .array(fc.subarray(['a', 'b', 'c', 'd', 'e']), { minLength: 2, maxLength: 5 })
    .filter((units) => units.some((unit) => unit.length > 0));
  fc.assert(
    fc.property(units, (units) => {
      const m = units.length;
      const points = accumulation(incidenceOf(units), m);
      const known = units.map(() => 0);
      let count = 0;
      for (const order of orders(units)) {
        // The first t units, and an incidence of any of those behind them, each as likely.
        for (const name of order[m - 1]) {
          for (let t = 1; t < m; t++) {
            if (order.slice(0, t).some((unit) => unit.includes(name))) known[t]++;
          }
          count++;
        }
      }
      return points.slice(0, -1).every((p) => near(p.coverage, known[p.units] / count));
    }),
  );
  t.end();
});

t.test('curves grow, and stay below the bound', (t) => {
  fc.assert(
    fc.property(incidences(2, 12).filter(seenAny), (incidence) => {
      const points = accumulation(incidence, 3 * incidence.units);
      const bound = chao2(incidence)!;
      t.equal(points.length, 3 * incidence.units);
      const observed = points[incidence.units - 1];
      t.equal(observed.kind, 'observed');
      t.equal(observed.functions, incidence.seen);
      t.equal(observed.coverage, coverage(incidence));
      for (const [i, { functions, coverage }] of points.entries()) {
        if (functions > bound + 1e-9 || coverage < -1e-9 || coverage > 1) return false;
        if (i === 0) continue;
        if (functions < points[i - 1].functions - 1e-9) return false;
        if (coverage < points[i - 1].coverage - 1e-9) return false;
      }
      return true;
    }),
  );
  t.end();
});

t.test('functions at a coverage lie on the curve', (t) => {
  fc.assert(
    fc.property(incidences(2, 12).filter(seenAny), (incidence) => {
      for (const point of accumulation(incidence, 3 * incidence.units)) {
        const found = functionsAtCoverage(incidence, point.coverage)!;
        // Where the curve is flat in coverage, several points have one.
        const same = accumulation(incidence, 3 * incidence.units).filter((p) =>
          near(p.coverage, point.coverage),
        );
        if (!same.some(({ functions }) => Math.abs(functions - found) < 1e-6)) return false;
      }
      return near(functionsAtCoverage(incidence, 1)!, chao2(incidence)!);
    }),
  );
  const two = incidenceOf([['a'], ['b']]);
  t.equal(accumulation(two)[0].functions, 1);
  t.equal(functionsAtCoverage(two, 0), 1, 'one unit covers nothing of the other');
  t.end();
});

t.test('sides are compared at what the least covered one reaches with twice its units', (t) => {
  const poor = incidenceOf([['a'], ['b'], ['a', 'c']]);
  const rich = incidenceOf([['a'], ['a'], ['a']]);
  t.ok(near(baseCoverage([rich, poor])!, accumulation(poor).at(-1)!.coverage));
  t.equal(baseCoverage([rich]), 1);
  t.equal(baseCoverage([rich, incidenceOf([['a']])]), undefined);
  t.end();
});

t.test('a known number of functions is found', (t) => {
  const random = randomFrom(1);
  // 400 functions, each in a unit with a chance of one in eight: 12 units miss a fifth of them.
  let bounds = 0;
  let seen = 0;
  let covered = 0;
  for (let i = 0; i < 50; i++) {
    const units = Array.from({ length: 12 }, () =>
      Array.from({ length: 400 }, (_, f) => `f${f}`).filter(() => random(8) === 0),
    );
    const incidence = incidenceOf(units);
    seen += incidence.seen / 50;
    bounds += chao2(incidence)! / 50;
    covered += (coverage(incidence)! - incidence.seen / 400) / 50;
  }
  t.ok(seen < 330, `${seen} seen`);
  t.ok(Math.abs(bounds - 400) < 10, `${bounds} estimated`);
  t.ok(Math.abs(covered) < 0.01, `the coverage is wrong by ${covered}`);
  t.end();
});

t.test('units twice as large', (t) => {
  const five = incidenceOf([['a'], ['b'], ['c'], ['a', 'd'], ['e']]);
  const pairs = doubled(five, [5]);
  t.equal(pairs.units, 2, 'the fifth goes with the two before it');
  t.same([...pairs.counts], [2, 1, 1, 1, 1]);
  t.same([...doubled(five, [2, 3]).counts], [2, 1, 1, 1, 1]);
  t.equal(doubled(five, [4, 1]).units, 3, 'windows of two runs are not put together');
  t.equal(doubled(five, [1, 1, 1, 1, 1]).units, 5);
  fc.assert(
    fc.property(incidences(2, 12), (incidence) => {
      const twice = doubled(incidence, [incidence.units]);
      return twice.seen === incidence.seen && twice.units === incidence.units >> 1;
    }),
  );
  t.end();
});

t.test('what an incidence counts', (t) => {
  fc.assert(
    fc.property(incidences(0, 9), ({ names, sets, counts, q, units, seen, total }) => {
      const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
      t.same(names, [...names].sort());
      t.equal(sets.length, units);
      t.equal(sum(counts), total);
      t.equal(sum(q), seen);
      t.equal(sum([...q].map((count, k) => count * k)), total);
      t.equal(seen, names.length, 'names of one side are all seen');
      return true;
    }),
  );
  t.end();
});
