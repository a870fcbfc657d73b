import t from 'tap';
import { byPath } from '../../src/functions/call-paths.js';

t.test('the shortest whole path from a system call comes first', (t) => {
  const ordered = ['read;g', 'write;g', 'read;a;g', 'g', 'a;g', '?;g', 'read;?;g', ''].map(
    (text) => ({
      path: text === '' ? [] : text.split(';'),
      syscall: /^(read|write)/.exec(text)?.[0] ?? '',
    }),
  );
  t.same([...ordered].reverse().sort(byPath), ordered);
  t.equal(byPath(ordered[0], { ...ordered[0] }), 0);
  t.end();
});
