import fc from 'fast-check';
import t from 'tap';
import {
  bitCount,
  incidenceOf,
  incidencesOf,
  namesIn,
  unionOf,
} from '../../src/stats/incidence.js';
import {
  exclusiveIntersections,
  jaccard,
  occurrenceOf,
  repeatability,
  similarity,
} from '../../src/stats/sets.js';

// More than 32 names, so that a set has more than one word.
const NAMES = Array.from({ length: 70 }, (_, i) => `f${i}`);
const unit = fc.subarray(NAMES);
const side = fc.array(unit, { minLength: 1, maxLength: 5 });

function model(a: readonly string[], b: readonly string[]): number {
  const all = new Set([...a, ...b]);
  return all.size === 0 ? 1 : a.filter((name) => b.includes(name)).length / all.size;
}

t.test('bits of a word', (t) => {
  fc.assert(
    fc.property(fc.integer(), (word) => {
      const bits = (word >>> 0).toString(2).replaceAll('0', '').length;
      return bitCount(word) === bits;
    }),
  );
  t.end();
});

t.test('Jaccard, by sets of strings', (t) => {
  fc.assert(
    fc.property(unit, unit, (a, b) => {
      const [x, y] = incidencesOf([[a], [b]]);
      return (
        jaccard(x.sets[0], y.sets[0]) === model(a, b) &&
        jaccard(y.sets[0], x.sets[0]) === model(a, b) &&
        jaccard(x.sets[0], x.sets[0]) === 1
      );
    }),
  );
  t.end();
});

t.test('how alike two sides are', (t) => {
  fc.assert(
    fc.property(side, side, (a, b) => {
      const [x, y] = incidencesOf([a, b]);
      const { mean, interval, union } = similarity(x, y);
      const pairs = a.flatMap((p) => b.map((q) => model(p, q)));
      const expected = pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
      t.ok(Math.abs(mean - expected) < 1e-12);
      t.equal(union, model([...new Set(a.flat())], [...new Set(b.flat())]));
      if (a.length < 2 || b.length < 2) return interval === undefined;
      const { low, high } = interval!;
      const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
      return (
        least - 1e-9 <= low && low <= mean + 1e-9 && mean - 1e-9 <= high && high <= most + 1e-9
      );
    }),
    { numRuns: 30 },
  );
  const [x, y] = incidencesOf([
    [['a', 'b'], ['a']],
    [['a', 'b'], ['b']],
  ]);
  const { mean, union, interval } = similarity(x, y);
  t.same([mean, union], [(1 + 0.5 + 0.5 + 0) / 4, 1]);
  t.same(similarity(x, y).interval, interval, 'the same each time');

  const same = Array.from({ length: 6 }, () => NAMES.slice(0, 40));
  const various = Array.from({ length: 6 }, (_, i) => NAMES.slice(0, 10 + 5 * i));
  for (const [left, right] of [
    [same, various],
    [various, same],
  ]) {
    const [x, y] = incidencesOf([left, right]);
    const { low, high } = similarity(x, y).interval!;
    // The mean of 6 of 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, drawn with replacement.
    const half = (1.96 * 0.2135) / Math.sqrt(6);
    t.ok(Math.abs(low - (0.5625 - half)) < 0.02, `${low}`);
    t.ok(Math.abs(high - (0.5625 + half)) < 0.02, `${high}`);
  }
  t.end();
});

t.test('how alike repeats are', (t) => {
  t.equal(repeatability(incidenceOf([['a']])), undefined);
  t.equal(repeatability(incidenceOf([['a', 'b'], ['a'], ['a', 'b']])), (0.5 + 1 + 0.5) / 3);
  t.end();
});

t.test('core, accessory and once-only functions', (t) => {
  const { core, accessory, once } = occurrenceOf(
    incidenceOf([
      ['a', 'b', 'c'],
      ['a', 'b'],
      ['a', 'd'],
    ]),
  );
  t.same([core, accessory, once], [1, 1, 2]);
  t.same(occurrenceOf(incidenceOf([['a', 'b']])), { core: 2, accessory: 0, once: 0 });
  fc.assert(
    fc.property(side, (units) => {
      const incidence = incidenceOf(units);
      const parts = occurrenceOf(incidence);
      const inAll = incidence.names.filter((name) => units.every((unit) => unit.includes(name)));
      return (
        parts.core === inAll.length &&
        parts.core + parts.accessory + parts.once === incidence.seen &&
        parts.accessory >= 0
      );
    }),
  );
  t.end();
});

t.test('exclusive intersections', (t) => {
  const incidences = incidencesOf([[['a', 'b', 'c', 'x']], [['b', 'c', 'y', 'z']], [['c', 'x']]]);
  const sets = incidences.map(({ sets }) => sets[0]);
  t.same(exclusiveIntersections(incidences[0].names, sets), [
    { members: [1], names: ['y', 'z'] },
    { members: [0], names: ['a'] },
    { members: [0, 1], names: ['b'] },
    { members: [0, 2], names: ['x'] },
    { members: [0, 1, 2], names: ['c'] },
  ]);
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 5 }), (units) => {
      const incidences = incidencesOf(units.map((unit) => [unit]));
      const sets = incidences.map(({ sets }) => sets[0]);
      const parts = exclusiveIntersections(incidences[0].names, sets);
      const found = parts.flatMap(({ names }) => names);
      t.same([...found].sort(), namesIn(unionOf(sets), incidences[0].names), 'each name once');
      for (const [i, { members, names }] of parts.entries()) {
        for (const name of names) {
          const where = units.flatMap((unit, place) => (unit.includes(name) ? [place] : []));
          if (where.join() !== members.join()) return false;
        }
        if (i > 0 && names.length > parts[i - 1].names.length) return false;
      }
      return true;
    }),
  );
  t.end();
});
