import t from 'tap';
import { at, countsAt, facts, leaves, numberAt, textsAt } from '../../src/report/provenance.js';

t.test('nothing is taken for granted', (t) => {
  t.equal(at(undefined, 'a'), undefined);
  t.equal(at({ a: null }, 'a', 'b'), undefined);
  t.equal(at({}, 'constructor'), undefined, 'own fields only');
  t.equal(numberAt({ a: { b: 3 } }, 'a', 'b'), 3);
  t.equal(numberAt({ a: '3' }, 'a'), undefined);
  t.same(textsAt({ a: ['x', 1, 'y'] }, 'a'), ['x', 'y']);
  t.same(textsAt({ a: 'x' }, 'a'), []);
  t.same(countsAt({ c: { b: 1, a: 1, z: 5, no: 'x' } }, 'c'), [
    ['z', 5],
    ['a', 1],
    ['b', 1],
  ]);
  t.same(countsAt([], 'c'), []);
  t.end();
});

t.test('leaves of JSON', (t) => {
  const json = { a: { b: 1, c: null }, d: ['x', 2], e: [{ f: 1 }, {}], g: [], h: true };
  t.same(leaves(json), [
    ['a.b', '1'],
    ['d', 'x 2'],
    ['e', '2 entries'],
    ['h', 'true'],
  ]);
  const [[, long]] = leaves({ a: 'x'.repeat(1000) });
  t.equal(long.length, 240);
  t.end();
});

t.test('what runs say alike is said once', (t) => {
  const told = facts([
    { run: 'run-1', json: { kernel: '6.1', start: 'a', only: 1 } },
    { run: 'run-2', json: { kernel: '6.1', start: 'b' } },
  ]);
  t.same(told, [
    { path: 'kernel', values: [{ value: '6.1', runs: [] }] },
    {
      path: 'start',
      values: [
        { value: 'a', runs: ['run-1'] },
        { value: 'b', runs: ['run-2'] },
      ],
    },
    { path: 'only', values: [{ value: '1', runs: ['run-1'] }] },
  ]);
  t.end();
});
