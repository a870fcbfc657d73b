import t from 'tap';
import { byPath } from '../../src/functions/call-paths.js';

t.test('the shortest path without a gap comes first', (t) => {
  const ordered = ['g', 'a;g', 'b;g', 'a;b;g', '?;g', 'a;?;g', ''];
  const paths = ordered.map((path) => (path === '' ? [] : path.split(';')));
  t.same([...paths].reverse().sort(byPath), paths);
  t.equal(byPath(['a', 'g'], ['a', 'g']), 0);
  t.end();
});
