import t from 'tap';
import { isSteady, type Saturation, verdict } from '../../src/stats/verdict.js';

const some: Saturation = {
  seen: 413,
  units: 10,
  chao2: 582.3,
  coverage: 0.9449,
  chao2Doubled: 600,
  windowsOf: 1,
};
const full: Saturation = { ...some, seen: 580, coverage: 0.9999, chao2Doubled: 581 };

t.test('in words', (t) => {
  t.equal(verdict(some), '413 of at least 582 seen, coverage 94 %: run longer');
  t.equal(
    verdict({ ...some, windowsOf: undefined }),
    '413 of at least 582 seen, coverage 94 %: run longer or more often',
  );
  t.equal(
    verdict({ ...some, chao2Doubled: 700 }),
    '413 of at least 582 seen, coverage 94 %: run longer, the bound moves with the unit',
  );
  t.equal(
    verdict({ ...some, units: 1, seen: 9, chao2: undefined, coverage: undefined }),
    '9 seen: 1 unit cannot tell whether that is all',
  );
  t.end();
});

t.test('enough, and of what', (t) => {
  t.equal(
    verdict({ ...full, windowsOf: undefined }),
    '580 of at least 582 seen, coverage 99.9 %: enough',
  );
  t.equal(
    verdict({ ...full, windowsOf: undefined, coverage: 1 }),
    '580 of at least 582 seen, coverage 100 %: enough',
  );
  t.equal(
    verdict(full),
    '580 of at least 582 seen, coverage 99.9 %: enough of what this run did: repeat it',
  );
  t.match(verdict({ ...full, windowsOf: 3 }), /: enough of what these runs did$/);
  t.match(verdict({ ...full, coverage: 0.9899 }), /coverage 98 %: run longer$/);
  t.match(verdict({ ...full, seen: 550 }), /: run longer$/, 'more than a twentieth is missing');
  t.match(verdict({ ...full, chao2Doubled: 800 }), /: run longer, the bound moves with the unit$/);
  t.match(verdict({ ...full, chao2Doubled: undefined }), /: run longer$/, 'what is not checked');
  t.end();
});

t.test('whether the bound depends on the unit', (t) => {
  t.equal(isSteady({ chao2: 100, chao2Doubled: 110 }), true);
  t.equal(isSteady({ chao2: 100, chao2Doubled: 90 }), true);
  t.equal(isSteady({ chao2: 100, chao2Doubled: 111 }), false);
  t.equal(isSteady({ chao2: 100, chao2Doubled: 89 }), false);
  t.equal(isSteady({ chao2: 100, chao2Doubled: undefined }), undefined);
  t.equal(isSteady({ chao2: undefined, chao2Doubled: undefined }), undefined);
  t.end();
});
