import fc from 'fast-check';
import t from 'tap';
import {
  evaluate,
  isDefined,
  type Knowledge,
  parseConfig,
} from '../../../src/complexity/c/conditions.js';

const CONFIG = parseConfig(
  [
    '# CONFIG_NUMA is not set',
    'CONFIG_SMP=y',
    'CONFIG_KVM=m',
    'CONFIG_NR_CPUS=8192',
    'CONFIG_OFF=n',
    'CONFIG_LOCALVERSION="-x y"',
    'CONFIG_HEX=0x10',
    ' CONFIG_INDENTED=y',
    '#CONFIG_COMMENT=y',
  ].join('\n'),
);

const KNOWN: Knowledge = {
  config: CONFIG,
  defined: new Map([
    ['ONE', '1'],
    ['EMPTY', ''],
    ['TWICE', '(ONE + ONE)'],
    ['SELF', 'SELF'],
    ['A', 'B'],
    ['B', 'A'],
  ]),
  possible: (name) => name === 'MAYBE',
};

const NOTHING: Knowledge = { config: undefined, defined: new Map(), possible: () => true };

t.test('a configuration', (t) => {
  t.strictSame(Object.fromEntries(CONFIG), {
    CONFIG_SMP: 'y',
    CONFIG_KVM: 'm',
    CONFIG_NR_CPUS: '8192',
    CONFIG_LOCALVERSION: '-x y',
    CONFIG_HEX: '0x10',
  });
  t.equal(parseConfig('').size, 0);
  t.equal(parseConfig('int main(void) { return 0; }').size, 0);
  t.end();
});

t.test('expressions that cannot be read', (t) => {
  for (const text of [
    '',
    '(',
    '1 +',
    ')',
    '1 2',
    'defined',
    'defined(',
    '@',
    '1 ? 2',
    'f(',
    '"a"',
    '&&',
  ]) {
    t.equal(evaluate(text, KNOWN), undefined, text);
  }
  t.equal(evaluate('('.repeat(500), KNOWN), undefined);
  t.end();
});

t.test('what cannot be known', (t) => {
  for (const text of [
    'MAYBE',
    'defined(MAYBE)',
    'MAYBE > 1',
    '!MAYBE',
    'SELF',
    'A',
    'f(1)',
    '1 / 0',
    '1 % 0',
  ]) {
    t.equal(evaluate(text, KNOWN), undefined, text);
  }
  t.equal(evaluate('MAYBE && 0', KNOWN), false);
  t.equal(evaluate('0 && MAYBE', KNOWN), false);
  t.equal(evaluate('MAYBE || 1', KNOWN), true);
  t.equal(evaluate('1 || MAYBE', KNOWN), true);
  t.equal(evaluate('MAYBE || 0', KNOWN), undefined);
  t.equal(evaluate('MAYBE && 1', KNOWN), undefined);
  t.equal(evaluate('MAYBE ? 1 : 1', KNOWN), true);
  t.equal(evaluate('MAYBE ? 0 : 1', KNOWN), undefined);
  for (const text of ['CONFIG_SMP', 'defined(CONFIG_SMP)', 'IS_ENABLED(CONFIG_SMP)', 'X']) {
    t.equal(evaluate(text, NOTHING), undefined, `${text}, without a configuration`);
  }
  t.end();
});

t.test('options', (t) => {
  for (const [text, expected] of [
    ['defined(CONFIG_SMP)', true],
    ['defined CONFIG_SMP', true],
    ['!defined(CONFIG_NUMA)', true],
    ['defined(CONFIG_KVM)', false],
    ['defined(CONFIG_KVM_MODULE)', true],
    ['defined(CONFIG_SMP_MODULE)', false],
    ['defined(CONFIG_OFF)', false],
    ['CONFIG_SMP', true],
    ['CONFIG_NUMA', false],
    ['CONFIG_NR_CPUS > 64', true],
    ['CONFIG_HEX == 16', true],
    ['IS_ENABLED(CONFIG_SMP)', true],
    ['IS_ENABLED(CONFIG_KVM)', true],
    ['IS_ENABLED(CONFIG_NUMA)', false],
    ['IS_BUILTIN(CONFIG_KVM)', false],
    ['IS_BUILTIN(CONFIG_SMP)', true],
    ['IS_MODULE(CONFIG_KVM)', true],
    ['IS_MODULE(CONFIG_SMP)', false],
    ['IS_ENABLED(CONFIG_KVM) && !IS_ENABLED(CONFIG_NUMA)', true],
    ['defined(CONFIG_SMP) || UNKNOWN', true],
    ['ONE', true],
    ['TWICE == 2', true],
    ['UNKNOWN', false],
    ['defined(EMPTY)', true],
  ] as const) {
    t.equal(evaluate(text, KNOWN), expected, text);
  }
  t.equal(isDefined('CONFIG_KVM', KNOWN), false);
  t.equal(isDefined('CONFIG_KVM_MODULE', KNOWN), true);
  t.equal(isDefined('ONE', KNOWN), true);
  t.equal(isDefined('MAYBE', KNOWN), undefined);
  t.equal(isDefined('UNKNOWN', KNOWN), false);
  t.equal(isDefined('CONFIG_SMP', NOTHING), undefined);
  t.end();
});

t.test('numbers', (t) => {
  for (const [text, value] of [
    ['010', 8],
    ['0x1fUL', 31],
    ['10L', 10],
    ["'a'", 97],
    ['0', 0],
    ['1 << 4', 16],
    ['-8 >> 1', -4],
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['7 % 4', 3],
    ['~0', -1],
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 3 - 2', 5],
    ['1 ? 2 : 3', 2],
    ['0 ? 2 : 0 ? 3 : 4', 4],
    ['6 & 3 | 8 ^ 1', 11],
  ] as const) {
    t.equal(evaluate(`(${text}) == (${value})`, KNOWN), true, text);
  }
  t.end();
});

// The same expression, said in JavaScript, whose operators bind as C's do.
t.test('an expression has the value that another evaluator gives it', (t) => {
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      fc.nat(9).map(String),
      fc
        .tuple(
          tie('tree'),
          fc.constantFrom(
            '+',
            '-',
            '*',
            '&&',
            '||',
            '==',
            '!=',
            '<',
            '>',
            '<=',
            '>=',
            '&',
            '|',
            '^',
          ),
          tie('tree'),
        )
        .map(([a, op, b]) => `${a} ${op} ${b}`),
      tie('tree').map((a) => `!${a}`),
      tie('tree').map((a) => `(${a})`),
      fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
  }));
  fc.assert(
    fc.property(tree, (text) => {
      // true and false count as 1 and 0 in both, but JavaScript's && gives an operand back.
      const js = Boolean(Function(`return ${asC(text)}`)());
      t.equal(evaluate(text, NOTHING), js, text);
    }),
    { numRuns: 500 },
  );
  t.end();
});

/** Every `&&`, `||` and comparison as the number that C has for it, by brackets around its parts. */
function asC(text: string): string {
  const levels = [
    ['||'],
    ['&&'],
    ['|'],
    ['^'],
    ['&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['+', '-'],
    ['*'],
  ];
  const tokens = text.match(/&&|\|\||[=!<>]=|\d+|[-+*&|^!<>?:()]/g) ?? [];
  let at = 0;
  const primary = (): string => {
    const token = tokens[at++];
    if (token === '!') return `Number(!${primary()})`;
    if (token !== '(') return token;
    const first = level(0);
    if (tokens[at] === '?') {
      at++;
      const yes = level(0);
      at++;
      const no = level(0);
      at++;
      return `(${first} ? ${yes} : ${no})`;
    }
    at++;
    return `(${first})`;
  };
  const level = (n: number): string => {
    if (n === levels.length) return primary();
    let left = level(n + 1);
    while (levels[n].includes(tokens[at])) {
      const operator = tokens[at++];
      const right = level(n + 1);
      const logical = operator === '&&' || operator === '||';
      left = logical
        ? `Number(Boolean(${left}) ${operator} Boolean(${right}))`
        : `Number(${left} ${operator} ${right})`;
    }
    return left;
  };
  return level(0);
}
