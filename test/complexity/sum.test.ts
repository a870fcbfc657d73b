import t from 'tap';
import type { Joined } from '../../src/complexity/join.js';
import { summarize, summarizeBySubsystem } from '../../src/complexity/sum.js';

function scored(score: number, file = 'fs/a.c', low = score, high = score): Joined {
  const match = low === high ? 'exact' : 'ambiguous';
  return { name: `f${score}`, match, score, low, high, file, line: 1 };
}

const UNKNOWN: Joined = { name: 'x', match: 'unknown' };

t.test('no scores', (t) => {
  const nothing = {
    n: 0,
    min: undefined,
    max: undefined,
    sum: 0,
    mean: undefined,
    stddev: undefined,
    unknown: 0,
    sumLow: 0,
    sumHigh: 0,
  };
  t.strictSame(summarize([]), nothing);
  t.strictSame(summarize([UNKNOWN, UNKNOWN]), { ...nothing, unknown: 2 });
  t.end();
});

t.test('one score deviates by 0', (t) => {
  t.strictSame(summarize([scored(7)]), {
    n: 1,
    min: 7,
    max: 7,
    sum: 7,
    mean: 7,
    stddev: 0,
    unknown: 0,
    sumLow: 7,
    sumHigh: 7,
  });
  t.end();
});

t.test('the population of 2 4 4 4 5 5 7 9 deviates by 2', (t) => {
  // Squares of the distances from 5: 9 1 1 1 0 0 4 16, together 32, by 8 is 4.
  const joined = [9, 7, 5, 5, 4, 4, 4, 2].map((score) => scored(score));
  t.strictSame(summarize([UNKNOWN, ...joined]), {
    n: 8,
    min: 2,
    max: 9,
    sum: 40,
    mean: 5,
    stddev: 2,
    unknown: 1,
    sumLow: 40,
    sumHigh: 40,
  });
  t.end();
});

t.test('bounds', (t) => {
  const { sum, sumLow, sumHigh, max } = summarize([
    scored(3, 'fs/a.c', 1, 30),
    scored(2),
    scored(4, 'fs/a.c', 0, 4),
  ]);
  t.strictSame({ sum, sumLow, sumHigh, max }, { sum: 9, sumLow: 3, sumHigh: 36, max: 4 });
  t.end();
});

t.test('by subsystem', (t) => {
  const rows = summarizeBySubsystem(
    [scored(1, 'net/a.c'), UNKNOWN, scored(3, 'fs/b.c', 2, 5), scored(6, 'net/c.c')],
    (file) => file.slice(0, file.indexOf('/')),
  );
  t.strictSame(
    rows.map((r) => [r.subsystem, r.n, r.min, r.max, r.sum, r.mean, r.stddev, r.unknown]),
    [
      ['fs', 1, 3, 3, 3, 3, 0, 0],
      ['net', 2, 1, 6, 7, 3.5, 2.5, 0],
      ['unknown', 0, undefined, undefined, 0, undefined, undefined, 1],
    ],
  );
  t.strictSame([rows[0].sumLow, rows[0].sumHigh], [2, 5]);
  t.strictSame(
    summarizeBySubsystem([], () => '').map((r) => r.subsystem),
    ['unknown'],
    'the last row is always there',
  );
  t.end();
});
