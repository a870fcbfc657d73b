import t from 'tap';
import {
  expand,
  type Macro,
  mayDefine,
  parseMacro,
  splitArguments,
} from '../../../src/complexity/c/macros.js';

function macro(text: string): Macro {
  const parsed = parseMacro(text);
  if (parsed === undefined) throw new Error(`no macro: ${text}`);
  return parsed;
}

const apply = (text: string, group: string) => expand(macro(text), group).trim();

t.test('definitions that are no macro with arguments', (t) => {
  for (const text of ['', 'A', 'A 1', 'A (x) y', '(x) y', 'A(x']) {
    t.equal(parseMacro(text), undefined, text);
  }
  t.end();
});

t.test('definitions', (t) => {
  t.strictSame(parseMacro('F(a, b) a + b'), { name: 'F', parameters: ['a', 'b'], body: ' a + b' });
  t.strictSame(macro('F() x').parameters, ['']);
  t.strictSame(macro('F(a, ...) x').parameters, ['a', '...']);
  t.strictSame(macro('F(args...) x').parameters, ['args...']);
  t.strictSame(macro('F(a,\\\n b) x').parameters, ['a', 'b']);
  t.equal(macro('F(a) x /* y */ "/* z */" // w').body, ' x   "/* z */"  ');
  t.equal(macro('F(a) x \\\n\ty').body, ' x \n\ty', 'lines stay lines');
  t.end();
});

t.test('arguments', (t) => {
  t.strictSame(splitArguments('()'), ['']);
  t.strictSame(splitArguments('(a)'), ['a']);
  t.strictSame(splitArguments('( a , b )'), ['a', 'b']);
  t.strictSame(splitArguments('(a, f(b, c), { d, e }, [g, h])'), [
    'a',
    'f(b, c)',
    '{ d, e }',
    '[g, h]',
  ]);
  t.strictSame(splitArguments('("a,b", \',\', c)'), ['"a,b"', "','", 'c']);
  t.strictSame(splitArguments('(a,,b,)'), ['a', '', 'b', '']);
  t.end();
});

t.test('expansion', (t) => {
  t.equal(apply('F(a) a##_x', '(b)'), 'b_x');
  t.equal(apply('F(a) x_ ## a ## _y', '(b)'), 'x_b_y');
  t.equal(apply('F(a) #a', '(b)'), '"b"');
  t.equal(
    apply('F(a) "a" \'a\' aa', '(b)'),
    '"a" \'a\' aa',
    'neither in strings nor in other words',
  );
  t.equal(apply('F(a, b) b a', '(x, f(y, z))'), 'f(y, z) x');
  t.equal(apply('F(a, ...) a(__VA_ARGS__)', '(f, 1, 2)'), 'f(1, 2)');
  t.equal(apply('F(a, ...) a(__VA_ARGS__)', '(f)'), 'f()');
  t.equal(apply('F(args...) f(args)', '(1, 2)'), 'f(1, 2)');
  t.equal(apply('F(a, b) [a][b]', '(x)'), '[x][]', 'too few');
  t.equal(apply('F() x', '()'), 'x');
  t.equal(apply('F(a, b) a b', '(b, a)'), 'b a', 'all at once');
  t.end();
});

t.test('what may make a function', (t) => {
  for (const text of [
    'F(a) do { a; } while (0)',
    'F(a) (a)',
    'F(a) { a }',
    'F(a) 1',
    'F(a) "a"',
    'F(a)',
    'F(a) a',
  ]) {
    t.equal(mayDefine(macro(text)), false, text);
  }
  for (const text of [
    'F(a) int a(void) { return 0; }',
    'F(a) G(a)',
    'F(a) static int a(int b)',
    'F(a) struct a b = { 0 }; int c(void) { }',
  ]) {
    t.equal(mayDefine(macro(text)), true, text);
  }
  t.end();
});
