import t from 'tap';
import { parseConfig } from '../../src/complexity/c/conditions.js';
import type { CFunction } from '../../src/complexity/c/definitions.js';
import {
  allowedNames,
  archOfConfig,
  inOrder,
  isInline,
  isKernelSource,
  isTraceable,
  type Place,
  tableRow,
  versionOf,
  withoutWeak,
} from '../../src/complexity/kernel.js';
import { parseLine } from '../../src/complexity/table.js';

function place(name: string, file: string, more: Partial<Place> = {}): Place {
  return { name, file, line: 1, weak: false, local: false, ...more };
}

function withWords(...words: string[]): CFunction {
  return { name: 'f', file: 'a.c', line: 1, body: '{}', words: new Set(words) };
}

t.test('functions that no trace shows', (t) => {
  for (const word of ['__init', '__exit', 'notrace', 'noinstr', '__always_inline', '__head']) {
    t.equal(isTraceable(withWords('static', word, 'int')), false, word);
  }
  for (const word of ['inline', '__sched', '__init_or_module', 'noinline', '__initial']) {
    t.equal(isTraceable(withWords('static', word)), true, word);
  }
  t.equal(isInline(withWords('static', 'inline')), true);
  t.equal(isInline(withWords('__inline__')), true);
  t.equal(isInline(withWords('noinline')), false);
  t.end();
});

t.test('versions', (t) => {
  for (const text of [
    '',
    'all:\n\tcc',
    'VERSION = 6',
    'PATCHLEVEL = 1',
    'MYVERSION = 6\nPATCHLEVEL = 1',
  ]) {
    t.equal(versionOf(text), undefined, text);
  }
  t.equal(versionOf('VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\n'), '6.1.192');
  t.equal(
    versionOf('VERSION = 6\nPATCHLEVEL = 13\nSUBLEVEL = 0\nEXTRAVERSION = -rc2\n'),
    '6.13.0-rc2',
  );
  t.equal(versionOf('VERSION=6\nPATCHLEVEL=1\n'), '6.1');
  t.end();
});

t.test('architectures of configurations', (t) => {
  t.equal(archOfConfig(parseConfig('CONFIG_SMP=y')), undefined);
  t.equal(archOfConfig(parseConfig('CONFIG_X86_64=y\nCONFIG_X86=y')), 'x86');
  t.equal(archOfConfig(parseConfig('CONFIG_ARM64=y')), 'arm64');
  t.equal(archOfConfig(parseConfig('CONFIG_PPC=y')), 'powerpc');
  t.end();
});

t.test('source files', (t) => {
  for (const path of [
    'fs/Kconfig',
    'arch/x86/entry/entry_64.S',
    'tools/a.c',
    'arch/arm/a.c',
    'fs/a.c.orig',
  ]) {
    t.equal(isKernelSource(path, 'x86'), false, path);
  }
  for (const path of ['fs/a.c', 'include/linux/a.h', 'arch/x86/a.c']) {
    t.equal(isKernelSource(path, 'x86'), true, path);
  }
  t.equal(isKernelSource('arch/arm/a.c', 'all'), true);
  t.end();
});

t.test('names that a list allows', (t) => {
  t.strictSame(
    [...allowedNames(['a.isra.0', '__x64_sys_read', '__ia32_compat_sys_stat.cold'])],
    [
      'a.isra.0',
      'a',
      '__x64_sys_read',
      '__do_sys_read',
      '__ia32_compat_sys_stat.cold',
      '__ia32_compat_sys_stat',
      '__do_compat_sys_stat',
    ],
  );
  t.end();
});

t.test('weak definitions give way', (t) => {
  const weak = { weak: true };
  const names = (places: Place[]) => withoutWeak(places).map(({ name, file }) => `${name} ${file}`);
  t.strictSame(names([place('f', 'a.c', weak)]), ['f a.c'], 'no other');
  t.strictSame(names([place('f', 'a.c', weak), place('f', 'b.c')]), ['f b.c']);
  t.strictSame(
    names([place('f', 'a.c', weak), place('f', 'b.c', { local: true })]),
    ['f a.c', 'f b.c'],
    'a static function is another one',
  );
  t.strictSame(names([place('f', 'a.c', weak), place('f', 'b.c', weak)]), ['f a.c', 'f b.c']);
  t.strictSame(
    names([
      place('__x64_sys_kcmp', 'kernel/sys_ni.c', weak),
      place('__do_sys_kcmp', 'kernel/kcmp.c'),
    ]),
    ['__do_sys_kcmp kernel/kcmp.c'],
    'what stands in for a system call that is not built',
  );
  t.strictSame(
    names([place('__x64_sys_kcmp', 'kernel/sys_ni.c', weak), place('__do_compat_sys_kcmp', 'a.c')]),
    ['__x64_sys_kcmp kernel/sys_ni.c', '__do_compat_sys_kcmp a.c'],
  );
  t.end();
});

t.test('order and rows', (t) => {
  const places = [
    place('b', 'b.c'),
    place('z', 'a.c'),
    place('a', 'a.c'),
    place('x', 'a.c', { line: 2 }),
    place('q', 'a/b.c'),
  ];
  t.strictSame(
    [...places].sort(inOrder).map(({ name }) => name),
    ['a', 'z', 'x', 'q', 'b'],
  );
  t.equal(inOrder(places[0], places[0]), 0);
  const row = tableRow(place('ksys_read', 'fs/read_write.c', { line: 602 }), {
    score: 2,
    lines: 15,
    codeLines: 14,
  });
  t.equal(row, '    2      15      14   ./fs/read_write.c(602): ksys_read\n');
  t.strictSame(parseLine(row.trimEnd()), {
    score: 2,
    file: 'fs/read_write.c',
    line: 602,
    name: 'ksys_read',
  });
  t.end();
});
