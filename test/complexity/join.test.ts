import fc from 'fast-check';
import t from 'tap';
import { join, keysOf, wantedKeys, withoutSuffixes } from '../../src/complexity/join.js';
import type { Definition } from '../../src/complexity/table.js';

type Rows = [name: string, score: number, file?: string, line?: number][];

function table(rows: Rows): Map<string, Definition[]> {
  const definitions = new Map<string, Definition[]>();
  for (const [name, score, file = 'fs/a.c', line = 1] of rows) {
    definitions.set(name, [...(definitions.get(name) ?? []), { score, file, line }]);
  }
  return definitions;
}

/** The match and the name of the row that was found: each row has a score of its own. */
function find(name: string, ...keys: string[]): string {
  const [joined] = join([name], { definitions: table(keys.map((key, i) => [key, i])) });
  return joined.match === 'unknown' ? 'unknown' : `${joined.match} ${keys[joined.score]}`;
}

t.test('names that must not match', (t) => {
  for (const [name, key] of [
    ['vfs_read', 'vfs_readv'],
    ['vfs_readv', 'vfs_read'],
    ['read', 'vfs_read'],
    ['vfs_read', 'read'],
    ['Vfs_read', 'vfs_read'],
    ['vfs_read.1', 'vfs_read'],
    ['vfs_read.isra', 'vfs_read'],
    ['vfs_read.isra.0x', 'vfs_read'],
    ['vfs_read.cold.x', 'vfs_read'],
    ['vfs_read.constprop.0.other', 'vfs_read'],
    ['.cold', ''],
    ['__x64_sys_read', 'read'],
    ['__x64_sys_read', 'ksys_read'],
    ['__x64_sys_read', '__do_sys_readv'],
    ['__x64_sys_read', '__do_compat_sys_read'],
    ['__ia32_compat_sys_read', '__do_sys_read'],
    ['__ia32_compat_sys_read', 'sys_read'],
    ['compat_sys_read', 'sys_read'],
    ['sys_', '__do_sys_'],
    ['x64_sys_call', '__do_sys_call'],
    ['ksys_read', '__do_sys_read'],
    ['__do_sys_read', 'SYSCALL_DEFINE3'],
    ['toString', 'valueOf'],
  ]) {
    t.equal(find(name, key), 'unknown', `${name} is not ${key}`);
  }
  t.end();
});

t.test('exact before suffix before system call', (t) => {
  t.equal(find('vfs_read', 'vfs_read'), 'exact vfs_read');
  t.equal(find('f.part.0', 'f', 'f.part.0'), 'exact f.part.0');
  t.equal(find('f.part.0', 'f'), 'suffix f');
  t.equal(find('sys_f.part.0', 'sys_f', '__do_sys_f'), 'suffix sys_f');
  t.equal(find('sys_f', 'sys_f', '__do_sys_f'), 'exact sys_f');
  t.equal(find('__x64_sys_read', '__do_sys_read', '__x64_sys_read'), 'exact __x64_sys_read');
  t.end();
});

t.test('compiler suffixes', (t) => {
  for (const suffix of [
    '.isra.0',
    '.part.12',
    '.constprop.0',
    '.cold',
    '.cold.3',
    '.llvm.1234567890',
    '.part.0.isra.0',
    '.constprop.0.isra.0.cold',
  ]) {
    t.equal(withoutSuffixes(`vfs_read${suffix}`), 'vfs_read', suffix);
    t.equal(find(`vfs_read${suffix}`, 'vfs_read'), 'suffix vfs_read', suffix);
  }
  t.equal(withoutSuffixes('vfs_read'), 'vfs_read');
  t.equal(withoutSuffixes('a.cold.b'), 'a.cold.b');
  t.end();
});

t.test('system calls', (t) => {
  const native = [
    '__do_sys_read',
    '__se_sys_read',
    '__x64_sys_read',
    '__ia32_sys_read',
    '__arm64_sys_read',
    'SYSC_read',
    'SyS_read',
    'sys_read',
  ];
  const compat = [
    '__do_compat_sys_read',
    '__se_compat_sys_read',
    '__ia32_compat_sys_read',
    '__x64_compat_sys_read',
    '__x32_compat_sys_read',
    '__arm64_compat_sys_read',
    'C_SYSC_read',
    'compat_SyS_read',
    'compat_sys_read',
  ];
  for (const family of [native, compat]) {
    for (const name of family) {
      for (const key of family) {
        t.equal(find(name, key), `${name === key ? 'exact' : 'syscall'} ${key}`, `${name}: ${key}`);
      }
    }
  }
  t.equal(find('__x64_sys_read.cold', '__do_sys_read'), 'syscall __do_sys_read');
  const order = ['__do_sys_read', '__se_sys_read', '__arm64_sys_read', 'SYSC_read', 'SyS_read'];
  for (let i = 0; i < order.length; i++) {
    t.equal(find('sys_x'.replace('x', 'write'), ...order), 'unknown');
    t.equal(
      find('__x64_sys_read', ...order.slice(i).reverse(), 'sys_read'),
      `syscall ${order[i]}`,
      'body first',
    );
  }
  t.end();
});

t.test('several definitions', (t) => {
  const definitions = table([
    ['f', 5, 'fs/b.c', 2],
    ['f', 1, 'net/a.c', 9],
    ['f', 20, 'arch/arm/c.c', 3],
    ['g', 3, 'fs/b.c', 9],
    ['g', 3, 'fs/b.c', 4],
    ['h', 2],
  ]);
  t.strictSame(join(['h', 'g', 'f', 'x'], { definitions }), [
    { name: 'f', match: 'ambiguous', score: 5, low: 1, high: 20, file: 'fs/b.c', line: 2 },
    { name: 'g', match: 'ambiguous', score: 3, low: 3, high: 3, file: 'fs/b.c', line: 9 },
    { name: 'h', match: 'exact', score: 2, low: 2, high: 2, file: 'fs/a.c', line: 1 },
    { name: 'x', match: 'unknown' },
  ]);
  const notArm = (all: readonly Definition[]) => all.filter((d) => !d.file.startsWith('arch/arm/'));
  t.strictSame(
    join(['f'], { definitions, choose: notArm }),
    [{ name: 'f', match: 'ambiguous', score: 5, low: 1, high: 5, file: 'fs/b.c', line: 2 }],
    'of two, the upper',
  );
  const onlyNet = (all: readonly Definition[]) => all.filter((d) => d.file.startsWith('net/'));
  t.strictSame(join(['f', 'h'], { definitions, choose: onlyNet }), [
    { name: 'f', match: 'exact', score: 1, low: 1, high: 1, file: 'net/a.c', line: 9 },
    { name: 'h', match: 'unknown' },
  ]);
  t.equal(
    join(['f.part.0'], { definitions, choose: onlyNet })[0].match,
    'suffix',
    'one left of several is not ambiguous',
  );
  t.end();
});

t.test('a caller tells definitions of one name apart', (t) => {
  const definitions = table([
    ['submit_bio_wait', 3, 'block/bio.c', 10],
    ['alloc', 7, 'block/bio.c', 20],
    ['alloc', 1, 'mm/slub.c', 5],
    ['alloc', 9, 'arch/arm/mm/alloc.c', 6],
    ['twice', 2, 'mm/slub.c', 30],
    ['twice', 4, 'mm/slub.c', 40],
    ['twice', 6, 'block/bio.c', 50],
    ['free', 1, 'mm/slub.c', 60],
    ['__do_sys_read', 0, 'fs/read_write.c', 70],
    ['verify', 5, 'fs/read_write.c', 80],
    ['verify', 1, 'fs/ext4/file.c', 90],
    ['only', 8, 'net/core/dev.c', 1],
  ]);
  const of = (
    name: string,
    caller?: string,
    choose?: (all: readonly Definition[]) => Definition[],
  ) => {
    const callers = new Map(caller === undefined ? [] : [[name, caller]]);
    const [joined] = join([name], { definitions, callers, ...(choose && { choose }) });
    return joined.match === 'unknown' ? 'unknown' : `${joined.match} ${joined.file}:${joined.line}`;
  };
  t.equal(of('alloc', 'nobody'), 'ambiguous block/bio.c:20', 'a caller that is not in the table');
  t.equal(of('alloc'), 'ambiguous block/bio.c:20', 'no caller');
  t.equal(of('alloc', 'only'), 'ambiguous block/bio.c:20', 'a caller of a third file');
  t.equal(of('alloc', 'submit_bio_wait'), 'exact block/bio.c:20');
  t.equal(of('alloc', 'free'), 'exact mm/slub.c:5');
  t.equal(of('alloc.isra.0', 'free.part.0'), 'suffix mm/slub.c:5', 'suffixes of both');
  t.equal(of('alloc', '__x64_sys_read'), 'ambiguous block/bio.c:20');
  t.equal(of('verify', '__x64_sys_read'), 'exact fs/read_write.c:80', 'a system call');
  t.equal(of('twice', 'free'), 'ambiguous mm/slub.c:40', 'two in the file of the caller');
  t.equal(of('twice', 'submit_bio_wait'), 'exact block/bio.c:50');
  t.equal(of('alloc', 'alloc'), 'ambiguous block/bio.c:20', 'a caller as uncertain as the name');
  t.equal(of('only', 'free'), 'exact net/core/dev.c:1', 'of one definition, whoever calls it');
  t.equal(
    of('alloc', 'free', (all) => all.filter(({ file }) => file.startsWith('arch/'))),
    'exact arch/arm/mm/alloc.c:6',
    'only what can be meant',
  );
  t.end();
});

t.test('a name without a score has the place that the table tells', (t) => {
  const unscored = new Map([
    ['first_tid', { file: 'fs/proc/base.c', line: 3827 }],
    ['__do_sys_clone', { file: 'kernel/fork.c', line: 2900 }],
    ['vfs_read', { file: 'fs/other.c', line: 1 }],
  ]);
  const definitions = table([['vfs_read', 2]]);
  t.strictSame(
    join(['first_tid.isra.0', '__x64_sys_clone', 'x', 'vfs_read'], { definitions, unscored }),
    [
      { name: '__x64_sys_clone', match: 'unknown', file: 'kernel/fork.c', line: 2900 },
      { name: 'first_tid.isra.0', match: 'unknown', file: 'fs/proc/base.c', line: 3827 },
      { name: 'vfs_read', match: 'exact', score: 2, low: 2, high: 2, file: 'fs/a.c', line: 1 },
      { name: 'x', match: 'unknown' },
    ],
  );
  t.end();
});

t.test('what is wanted of a table is what a join asks for', (t) => {
  t.strictSame([...wantedKeys(['vfs_read', 'f.cold'])], ['vfs_read', 'f.cold', 'f']);
  t.strictSame(keysOf('vfs_read'), [{ key: 'vfs_read', match: 'exact' }]);
  t.ok(wantedKeys(['SyS_read.part.0']).has('__do_sys_read'));
  t.end();
});

// The rules again, said differently: from the row's side, by listing all rows and ranking them.
const RANKS = ['__do_sys_', '__se_sys_', '__x64_sys_', '__ia32_sys_', 'SYSC_', 'SyS_', 'sys_'];

function model(name: string, rows: Rows) {
  let bare = name;
  for (;;) {
    const dot = bare.lastIndexOf('.');
    const cut = bare.endsWith('.cold')
      ? dot
      : /\.\d+$/.test(bare) &&
          ['isra', 'part'].includes(bare.slice(bare.lastIndexOf('.', dot - 1) + 1, dot))
        ? bare.lastIndexOf('.', dot - 1)
        : -1;
    if (cut < 0) break;
    bare = bare.slice(0, cut);
  }
  const call = RANKS.filter((p) => bare.startsWith(p)).map((p) => bare.slice(p.length))[0];
  const ranked = rows.map(([key, score]) => {
    if (key === name) return { rank: 0, score };
    if (key === bare) return { rank: 1, score };
    const i = call === undefined ? -1 : RANKS.findIndex((p) => key === p + call);
    return { rank: i < 0 ? Infinity : 2 + i, score };
  });
  const best = Math.min(...ranked.map((r) => r.rank));
  if (best === Infinity) return { name, match: 'unknown' };
  const scores = ranked.filter((r) => r.rank === best).map((r) => r.score);
  scores.sort((a, b) => a - b);
  return {
    name,
    match:
      scores.length > 1 ? 'ambiguous' : best === 0 ? 'exact' : best === 1 ? 'suffix' : 'syscall',
    score: scores[Math.floor(scores.length / 2)],
    low: scores[0],
    high: scores[scores.length - 1],
  };
}

t.test('a join equals its model', (t) => {
  const stem = fc.constantFrom('read', 'readv', 'vfs_read');
  const bare = fc.tuple(fc.constantFrom('', ...RANKS), stem).map(([p, s]) => p + s);
  const suffixes = fc.array(fc.constantFrom('.isra.0', '.part.1', '.cold'), { maxLength: 2 });
  const name = fc.tuple(bare, suffixes).map(([b, s]) => b + s.join(''));
  const rows = fc.array(fc.tuple(fc.oneof(bare, name), fc.nat(30)), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(name, { maxLength: 8 }), rows, (names, rows) => {
      const numbered: Rows = rows.map(([key, score], i) => [key, score, 'fs/a.c', i]);
      const expected = [...new Set(names)].sort().map((n) => model(n, numbered));
      const joined = join(names, { definitions: table(numbered) }).map((j) => {
        if (j.match === 'unknown') return j;
        const { file: _file, line: _line, ...rest } = j;
        return rest;
      });
      t.strictSame(joined, expected);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('neither the order of names nor of rows nor repetition matters', (t) => {
  const name = fc.constantFrom('f', 'g', 'h.cold', 'sys_i', '__do_sys_i', 'j');
  const row = fc.tuple(
    fc.constantFrom('f', 'g', 'h', '__do_sys_i'),
    fc.nat(5),
    fc.constantFrom('fs/a.c', 'net/b.c'),
    fc.nat(3),
  );
  fc.assert(
    fc.property(
      fc.array(name).chain((ns) => fc.tuple(fc.constant(ns), shuffled([...ns, ...ns.slice(0, 3)]))),
      fc.array(row, { maxLength: 10 }).chain((rs) => fc.tuple(fc.constant(rs), shuffled(rs))),
      ([names, names2], [rows, rows2]) => {
        t.strictSame(
          join(names2, { definitions: table(rows2) }),
          join(names, { definitions: table(rows) }),
        );
      },
    ),
  );
  t.end();
});

function shuffled<T>(items: T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length });
}
