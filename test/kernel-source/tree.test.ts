import { symlinkSync } from 'node:fs';
import t from 'tap';
import { Tree } from '../../src/kernel-source/tree.js';

t.test('files that are not there', (t) => {
  const tree = new Tree(t.testdir({ fs: { 'a.c': 'x' } }));
  for (const path of ['b.c', 'fs', 'fs/a.c/b', 'net/a.c', ''])
    t.equal(tree.read(path), undefined, path);
  t.strictSame(
    tree.files('net', () => true),
    [],
  );
  t.strictSame(
    new Tree('missing').files('', () => true),
    [],
  );
  t.end();
});

t.test('text is bytes', (t) => {
  const tree = new Tree(t.testdir({ 'a.c': '/* \u00e9 */' }));
  t.equal(tree.read('a.c')?.length, 8);
  t.end();
});

t.test('files below a directory', (t) => {
  const root = t.testdir({
    '.git': { 'c.c': '' },
    fs: { 'b.c': '', 'a.c': '', ext4: { 'a.c': '', 'a.h': '' } },
    'a.c': '',
  });
  symlinkSync('fs', `${root}/link`);
  symlinkSync('fs/a.c', `${root}/link.c`);
  const tree = new Tree(root);
  const isC = (path: string) => path.endsWith('.c');
  t.strictSame(tree.files('', isC), ['a.c', 'fs/a.c', 'fs/b.c', 'fs/ext4/a.c']);
  t.strictSame(
    tree.files('fs/ext4', () => true),
    ['fs/ext4/a.c', 'fs/ext4/a.h'],
  );
  t.end();
});
