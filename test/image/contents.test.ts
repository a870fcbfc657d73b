import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import t from 'tap';
import { Contents, listedLibraries } from '../../src/image/contents.js';

const ROOT = t.testdir({
  bin: t.fixture('symlink', 'usr/bin'),
  usr: {
    bin: {
      tool: 'program',
      'tool.1': t.fixture('symlink', '/etc/alternatives/tool'),
      loop: t.fixture('symlink', 'loop'),
      round: t.fixture('symlink', '../bin/round'),
      dangling: t.fixture('symlink', '../nowhere'),
      above: t.fixture('symlink', '../../../../usr/share/doc/readme'),
    },
    lib: {
      'python3.11': { 'os.py': '', test: { 'test_os.py': '' } },
      'python3.13': { 'os.py': '', test: { 'test_os.py': '' }, site: t.fixture('symlink', '/etc') },
    },
    share: { doc: { readme: '' } },
  },
  etc: { alternatives: { tool: t.fixture('symlink', '../../bin/tool') }, conf: '' },
});

function chosen(patterns: string[], exclude: string[] = []): string[] {
  const contents = new Contents(ROOT, exclude);
  for (const pattern of patterns) contents.include(pattern);
  return contents.paths;
}

t.test('patterns', (t) => {
  const contents = new Contents(ROOT);
  t.strictSame(contents.expand('usr/lib/python3*'), ['usr/lib/python3.11', 'usr/lib/python3.13']);
  t.strictSame(contents.expand('usr/*/python3.1*/os*'), [
    'usr/lib/python3.11/os.py',
    'usr/lib/python3.13/os.py',
  ]);
  t.strictSame(contents.expand('usr/lib/python3x13'), [], 'a dot is a dot');
  t.strictSame(contents.expand('*/tool'), ['bin/tool'], 'a star stays within its name');
  t.strictSame(contents.expand('usr/bin/tool/x'), [], 'nothing is below a file');
  t.end();
});

t.test('links are followed as if the tree were /, and go with the file', (t) => {
  t.strictSame(chosen(['usr/bin/tool']), ['usr/bin/tool']);
  t.strictSame(chosen(['bin/tool']), ['bin', 'usr/bin/tool']);
  t.strictSame(chosen(['usr/bin/tool.1']), [
    'bin',
    'etc/alternatives/tool',
    'usr/bin/tool',
    'usr/bin/tool.1',
  ]);
  t.strictSame(chosen(['usr/bin/above']), ['usr/bin/above', 'usr/share/doc/readme']);
  for (const link of ['loop', 'round', 'dangling']) t.strictSame(chosen([`usr/bin/${link}`]), []);
  t.end();
});

t.test('directories are taken as a whole, but for what is excluded', (t) => {
  t.strictSame(chosen(['usr/lib/python3.11']), [
    'usr/lib/python3.11/os.py',
    'usr/lib/python3.11/test/test_os.py',
  ]);
  t.strictSame(chosen(['usr/lib/python3*'], ['usr/lib/python3*/test']), [
    'bin',
    'etc/alternatives/tool',
    'etc/conf',
    'usr/bin/tool',
    'usr/lib/python3.11/os.py',
    'usr/lib/python3.13/os.py',
    'usr/lib/python3.13/site',
  ]);
  t.throws(() => chosen(['usr/lib/ruby*']), { message: 'usr/lib/ruby*: in none of the packages' });
  t.end();
});

t.test('copies are links, programs and other files', (t) => {
  const contents = new Contents(ROOT);
  for (const pattern of ['bin/tool', 'usr/lib/python3.13/os.py']) contents.include(pattern);
  chmodSync(`${ROOT}/usr/bin/tool`, 0o4711);
  chmodSync(`${ROOT}/usr/lib/python3.13/os.py`, 0o600);
  const stage = `${t.testdir()}/stage`;
  contents.copyTo(stage);
  t.strictSame(readdirSync(stage), ['bin', 'usr']);
  t.equal(readlinkSync(`${stage}/bin`), 'usr/bin');
  t.equal(readFileSync(`${stage}/usr/bin/tool`, 'utf8'), 'program');
  const mode = (path: string) => statSync(`${stage}/${path}`).mode & 0o7777;
  t.equal(mode('usr/bin/tool'), 0o755);
  t.equal(mode('usr/lib/python3.13/os.py'), 0o644);
  t.end();
});

t.test('libraries that the dynamic linker lists', (t) => {
  const list = [
    '\tlinux-vdso.so.1 (0x00007f5779296000)',
    '\tlibz.so.1 => /root/usr/lib/x86_64-linux-gnu/libz.so.1 (0x00007f5779266000)',
    '\t/lib64/ld-linux-x86-64.so.2 => /root/lib64/ld-linux-x86-64.so.2 (0x00007f5779298000)',
  ];
  const libraries = ['usr/lib/x86_64-linux-gnu/libz.so.1', 'lib64/ld-linux-x86-64.so.2'];
  t.strictSame(listedLibraries(list.join('\n'), '/root', 'usr/bin/node'), libraries);
  t.strictSame(listedLibraries('\tstatically linked\n', '/root', 'x'), []);
  for (const line of ['\tlibnone.so.2 => not found', '\tlibz.so.1 => /usr/lib/libz.so.1 (0x7f)']) {
    t.throws(() => listedLibraries([...list, line].join('\n'), '/root', 'usr/bin/node'), {
      message: /^usr\/bin\/node: its library lib\w+\.so\.\d is in none of the packages$/,
    });
  }
  t.end();
});

const linker = '/lib64/ld-linux-x86-64.so.2';
const skip = existsSync(linker) ? false : `no ${linker} here`;

t.test('the libraries of a program', { skip }, async (t) => {
  // The host's own root: it has a linker, programs and their libraries.
  const contents = new Contents('');
  contents.include('usr/bin/env');
  await contents.includeLibraries(new AbortController().signal);
  t.ok(
    contents.paths.some((path) => /libc\.so\.6$/.test(path)),
    'libc',
  );
  t.ok(
    contents.paths.some((path) => /ld-linux-x86-64\.so\.2$/.test(path)),
    'the linker',
  );
  const none = new Contents(ROOT);
  none.include('usr/bin/tool');
  await none.includeLibraries(new AbortController().signal);
  t.strictSame(none.paths, ['usr/bin/tool'], 'a text has none');
});
