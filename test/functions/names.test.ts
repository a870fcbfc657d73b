import t from 'tap';
import { KeepAll } from '../../src/context/all.js';
import { byName, NamesSink } from '../../src/functions/names.js';
import { drive } from '../helpers/drive.js';

function counts(text: string): string[] {
  const sink = new NamesSink();
  drive(Buffer.from(text, 'latin1'), new KeepAll(), sink);
  return sink.functions().map(({ name, calls }) => `${calls} ${name}`);
}

const HEAD = ' 0)    node-218    | ';

t.test('entries are counted, returns and events are not', (t) => {
  t.same(
    counts(
      [
        '# tracer: function_graph',
        `${HEAD}ksys_read() {`,
        `${HEAD}  fput();`,
        `${HEAD}  fput() {`,
        `${HEAD}    /* a_note: fput(); */`,
        `${HEAD}  } /* fput */`,
        `${HEAD}} /* whose_entry_was_lost */`,
        '',
      ].join('\n'),
    ),
    ['2 fput', '1 ksys_read'],
  );
  t.end();
});

t.test('a name is one, whatever is printed behind it', (t) => {
  t.same(
    counts(
      [
        `${HEAD}f();`,
        `${HEAD}f() {`,
        `${HEAD}f [kvm]();`,
        `${HEAD}f [kvm]() {`,
        `${HEAD}f(a=0x1);`,
        `${HEAD}f(a=(struct)[0x1:0x2]) { /* <-g+0x1/0x2 */`,
        `${HEAD}f(); /* ret=0x0 */`,
        ' 12) f();',
        ' 0)   0.471 us    |    f();',
        ' 0)    node-218    |  d..1. |   f();',
        '            node-218   [001] d..2. 17284.993652: f <-g',
        '            node-218   [001]    68.579378: funcgraph_entry:                   |  f() {',
        '            node-216   [000]    67.266001: function:             f <-- g',
        `${HEAD}f.part.0();`,
        `${HEAD}f.isra.0();`,
      ].join('\n'),
    ),
    ['13 f', '1 f.isra.0', '1 f.part.0'],
    'but for the suffix of a compiler, which is part of it',
  );
  t.end();
});

t.test('names that differ late, in length, or in one byte', (t) => {
  const names = [
    'a',
    'ab',
    'abc',
    'abcd',
    'abcde',
    'abcdefgh',
    'abcdefghi',
    'abcdefghijklmno',
    'abcdefghijklmnop',
    'abcdefghijklmnopq',
    'abcdefghijklmnopr',
    `${'x'.repeat(31)}y`,
    `${'x'.repeat(31)}z`,
    'x'.repeat(31),
    'x'.repeat(32),
    'x'.repeat(33),
    'x'.repeat(500),
    'x'.repeat(501),
    'x'.repeat(20_000),
    '_',
    '$',
    '.a',
    'A',
    '0',
  ];
  const text = names.map((name, i) => `${HEAD}${name}();\n`.repeat(i + 1)).join('');
  const want = names.map((name, i) => ({ name, calls: i + 1 })).sort(byName);
  t.same(
    counts(text),
    want.map(({ name, calls }) => `${calls} ${name}`),
  );
  t.end();
});

t.test('more names than any kernel has in one trace', (t) => {
  const names = Array.from({ length: 30_000 }, (_, i) => `function_number_${i * 7919}`);
  const lines = names.map((name) => `${HEAD}${name}();\n`);
  const got = counts(lines.join('') + lines.reverse().join(''));
  t.equal(got.length, 30_000);
  t.ok(
    got.every((line) => line.startsWith('2 ')),
    'each was counted twice',
  );
  t.end();
});

t.test('sorted by code unit, not by locale', (t) => {
  t.same(
    counts(['b', 'B', '_a', 'a', 'a.b', 'a1', 'ab'].map((name) => `${HEAD}${name}();`).join('\n')),
    ['1 B', '1 _a', '1 a', '1 a.b', '1 a1', '1 ab', '1 b'],
  );
  t.end();
});

t.test('nothing', (t) => {
  t.same(counts(''), []);
  t.same(counts('\n\n'), []);
  t.same(counts(`${HEAD}}\n`), []);
  t.end();
});
