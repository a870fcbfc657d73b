import t from 'tap';
import { isSteady, verdict } from '../../src/stats/verdict.js';

t.test('in words', (t) => {
  const base = { seen: 413, units: 10, chao2: 582.3, coverage: 0.9449, chao2Doubled: 600 };
  t.equal(verdict(base), '413 of at least 582 seen, coverage 94 %: run longer');
  t.equal(
    verdict({ ...base, chao2Doubled: 700 }),
    '413 of at least 582 seen, coverage 94 %: run longer, the bound moves with the unit',
  );
  const full = { seen: 580, units: 10, chao2: 582.3, coverage: 0.9999, chao2Doubled: 581 };
  t.equal(verdict(full), '580 of at least 582 seen, coverage 99.9 %: enough');
  t.equal(verdict({ ...full, coverage: 1 }), '580 of at least 582 seen, coverage 100 %: enough');
  t.match(verdict({ ...full, chao2Doubled: undefined }), /: enough$/);
  t.match(verdict({ ...full, coverage: 0.9899 }), /coverage 98 %: run longer$/);
  t.match(verdict({ ...full, seen: 550 }), /: run longer$/, 'a tenth is missing');
  t.match(verdict({ ...full, chao2Doubled: 800 }), /: run longer, the bound moves with the unit$/);
  t.equal(
    verdict({ seen: 9, units: 1, chao2: undefined, coverage: undefined, chao2Doubled: undefined }),
    '9 seen: 1 unit cannot tell whether that is all',
  );
  t.end();
});

t.test('whether the bound depends on the unit', (t) => {
  const of = (chao2: number | undefined, chao2Doubled: number | undefined) =>
    isSteady({ seen: 1, units: 4, coverage: 1, chao2, chao2Doubled });
  t.equal(of(100, 110), true);
  t.equal(of(100, 90), true);
  t.equal(of(100, 111), false);
  t.equal(of(100, 89), false);
  t.equal(of(100, undefined), undefined);
  t.equal(of(undefined, undefined), undefined);
  t.end();
});
