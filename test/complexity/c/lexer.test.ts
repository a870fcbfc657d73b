import fc from 'fast-check';
import t from 'tap';
import {
  beginsLine,
  closing,
  commentEnd,
  directiveEnd,
  directiveName,
  isWord,
  literalEnd,
  plain,
  wordEnd,
} from '../../../src/complexity/c/lexer.js';

/** What is cut off a text at `at` by a function that says where it ends. */
function cut(end: (text: string, at: number) => number | undefined, text: string, at = 0) {
  const to = end(text, at);
  return to === undefined ? undefined : text.slice(at, to);
}

t.test('brackets that do not close', (t) => {
  for (const text of ['(', '{ { }', '{ /* } */', '{ // }', '{ "}"', "{ '}'", '([{)']) {
    t.equal(closing(text, 0), undefined, text);
  }
  t.throws(() => closing('x', 0), RangeError);
  t.end();
});

t.test('brackets', (t) => {
  for (const text of [
    '()',
    '{ ( [ ] ) }',
    '{ /* } */ }',
    '{ // }\n}',
    '{ "}" "\\"}" \'}\' \'\\\'\' }',
    "{\n#error don't } stop\n}",
    '{ a / b; }',
    '{ x = y[3]; }',
    "{ '\"' }",
    '{\n#define X }\\\n}\n}',
    '{ "a\\\n}" }',
  ]) {
    t.equal(cut(closing, `${text} rest } )`), text, text);
  }
  t.end();
});

t.test('each branch of a conditional begins with as many open brackets', (t) => {
  for (const text of [
    '{\n#ifdef A\nif (a) {\n#else\nif (b) {\n#endif\n}\n}',
    '{\n#if A\nif (a) {\n#elif B\nif (b) {\n#elif C\n{\n#else\n{\n#endif\n}\n}',
    '{\n#ifdef A\n}\n#else\n}\n#endif\n',
    '{\n # ifdef A\n#  if B\n{\n#  else\n{\n#  endif\n}\n # else\n # endif\n}',
    '{\n#else\n}',
    '{\n#endif\n}',
    '{\n#ifdef A\n}',
  ]) {
    const last = text.lastIndexOf('}') + 1;
    const to = closing(`${text}\nint x;`, 0);
    if (text.includes('}\n#else\n}'))
      t.equal(to, text.indexOf('}') + 1, 'a body that ends in a branch');
    else t.equal(to, last, text);
  }
  t.end();
});

t.test('comments', (t) => {
  t.equal(cut(commentEnd, '/* a */ b'), '/* a */');
  t.equal(cut(commentEnd, '/*/ a */ b'), '/*/ a */');
  t.equal(cut(commentEnd, '/* a'), '/* a', 'without an end');
  t.equal(cut(commentEnd, '// a\nb'), '// a');
  t.equal(cut(commentEnd, '/ a'), '');
  t.equal(cut(commentEnd, 'a'), '');
  t.end();
});

t.test('literals', (t) => {
  t.equal(cut(literalEnd, '"a\\"b" c"'), '"a\\"b"');
  t.equal(cut(literalEnd, "'\\'' c'"), "'\\''");
  t.equal(cut(literalEnd, '"a\\\\" b'), '"a\\\\"');
  t.equal(cut(literalEnd, "'t stop\n'"), "'", 'without its like on the line');
  t.equal(cut(literalEnd, '"a\\\nb"'), '"a\\\nb"', 'a continued line');
  t.equal(cut(literalEnd, '"'), '"');
  t.end();
});

t.test('directives', (t) => {
  t.equal(cut(directiveEnd, '#define A \\\n  b\nc'), '#define A \\\n  b');
  t.equal(cut(directiveEnd, '#define A \\\r\n  b\r\nc'), '#define A \\\r\n  b\r');
  t.equal(cut(directiveEnd, '#define A /* x\ny */ b\nc'), '#define A /* x\ny */ b');
  t.equal(cut(directiveEnd, '#define A "/*"\nc'), '#define A "/*"');
  t.equal(cut(directiveEnd, '#endif // x\nc'), '#endif // x');
  t.equal(cut(directiveEnd, '#define A a/b'), '#define A a/b');
  t.equal(directiveName('#ifdef A', 0), 'ifdef');
  t.equal(directiveName('# \tifdef A', 0), 'ifdef');
  t.equal(directiveName('#\nifdef', 0), '');
  t.equal(directiveName('#', 0), '');
  t.equal(beginsLine('#', 0), true);
  t.equal(beginsLine('a\n \t#', 4), true);
  t.equal(beginsLine('a #', 2), false);
  t.end();
});

t.test('words', (t) => {
  t.equal(cut(wordEnd, 'foo_1$(x)'), 'foo_1$');
  t.equal(cut(wordEnd, '(x)'), '');
  t.equal(isWord('a'.charCodeAt(0)), true);
  for (const c of ' ({;\u00e9') t.equal(isWord(c.charCodeAt(0)), false, c);
  t.end();
});

t.test('text without comments and continued lines', (t) => {
  t.equal(plain('a /* b */ c'), 'a   c');
  t.equal(plain('a// b\nc'), 'a \nc');
  t.equal(plain('a \\\n b \\\r\n c'), 'a  b  c');
  t.equal(plain('"/* a */" \'//\''), '"/* a */" \'//\'');
  t.equal(plain(''), '');
  t.end();
});

t.test('brackets in text of any shape', (t) => {
  const noise = fc.constantFrom(' ', '\n', 'x', '"}"', "'{'", '/* ) */', '// }\n', ';', '"\\""');
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      noise,
      fc.array(tie('tree')).map((all) => `(${all.join('')})`),
      fc.array(tie('tree')).map((all) => `{${all.join('')}}`),
      fc.array(tie('tree')).map((all) => `[${all.join('')}]`),
    ),
  }));
  fc.assert(
    fc.property(fc.array(tree), fc.string(), (all, rest) => {
      const text = `{${all.join('')}}`;
      t.equal(closing(text + rest, 0), text.length);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}()/*"\'\\\n #ife') }), (text) => {
      const to = closing(`{${text}`, 0);
      t.ok(to === undefined || (to > 1 && to <= text.length + 1), 'always an end');
      plain(text);
    }),
    { numRuns: 1000 },
  );
  t.end();
});
