import fc from 'fast-check';
import t from 'tap';
import { FunctionNumbers } from '../../src/tracefs/numbers.js';
import { readTrace, skipWithoutTraces } from '../helpers/traces.js';

const hex = (address: bigint) => address.toString(16).padStart(16, '0');
const START = 0xffffffff81000000n;

interface Fn {
  readonly name: string;
  readonly traceable: boolean;
}

/** Functions one behind the other, few names for many, some not traceable; then those of two modules. */
const kernels = fc.record({
  core: fc.array(
    fc.record({ name: fc.constantFrom(...'abcdefghijklmn'), traceable: fc.boolean() }),
    { maxLength: 40 },
  ),
  modules: fc.array(
    fc.array(fc.record({ name: fc.constantFrom(...'abcxyz'), traceable: fc.boolean() }), {
      maxLength: 8,
    }),
    { maxLength: 2 },
  ),
});

function written(core: readonly Fn[], modules: readonly (readonly Fn[])[]) {
  const kallsyms: string[] = ['0000000000000000 A fixed_percpu_data'];
  const list: string[] = [];
  const numbers = new Map<bigint, number>();
  const put = (functions: readonly Fn[], at: bigint, suffix: string) => {
    for (const [i, { name, traceable }] of functions.entries()) {
      const address = at + BigInt(i) * 32n;
      kallsyms.push(`${hex(address)} t ${name}${suffix === '' ? '' : `\t${suffix.trim()}`}`);
      if (!traceable) continue;
      list.push(`${name}${suffix}`);
      numbers.set(address, list.length);
    }
  };
  put(core, START, '');
  list.push('__ftrace_invalid_address___64');
  for (const [i, module] of modules.entries()) {
    put(module, 0xffffffffc0000000n + BigInt(i) * 4096n, ` [m${i}]`);
  }
  const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('');
  return { kallsyms: lines(kallsyms), list: lines(list), numbers };
}

t.test('by names: a number is right, or there is none', async (t) => {
  let found = 0;
  let all = 0;
  fc.assert(
    fc.property(kernels, ({ core, modules }) => {
      const { kallsyms, list, numbers } = written(core, modules);
      const read = FunctionNumbers.fromNames(list, kallsyms);
      for (const [address, number] of numbers) {
        all++;
        const told = read.numberOf(address);
        if (told === undefined) continue;
        found++;
        if (told !== number) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.ok(found > all / 5, `${found} of ${all} have one`);
});

t.test('names of their own have their numbers, whatever stands between them', async (t) => {
  const { kallsyms, list, numbers } = written(
    ['a', 'twice', 'b', 'hidden', 'twice', 'c'].map((name) => ({
      name,
      traceable: name !== 'hidden',
    })),
    [],
  );
  const read = FunctionNumbers.fromNames(list, kallsyms);
  t.equal(read.size, 5);
  for (const [address, number] of numbers) t.equal(read.numberOf(address), number);
  t.equal(read.numberOf(START + 3n * 32n), undefined, 'not traceable');
});

t.test('by names: a record may name the call, which is behind the first instruction', async (t) => {
  const at = (offset: bigint) => 0xffff800080010000n + offset;
  const symbols = ['a', 'short', 'twice', 'b', 'hidden', 'twice'];
  const kallsyms = symbols.map((name, i) => `${hex(at(BigInt(i) * 8n))} t ${name}\n`).join('');
  const read = FunctionNumbers.fromNames('a\nshort\ntwice\nb\n', kallsyms);
  t.equal(read.numberOf(at(4n)), 1);
  t.equal(read.numberOf(at(12n)), 2);
  t.equal(read.numberOf(at(20n)), 3, 'the one between its neighbours');
  t.equal(read.numberOf(at(28n)), 4);
  t.equal(read.numberOf(at(36n)), undefined, 'not the function before');
  t.equal(read.numberOf(at(44n)), undefined, 'nor the one before that');
});

t.test('by addresses: those of the call, which is behind the first instruction', async (t) => {
  const read = FunctionNumbers.fromAddresses(
    'ffffffff81000004 a\nffffffff81000024 twice\nffffffff81000044 twice\nffffffffc0000000 m [mod]\n',
  );
  t.equal(read.size, 4);
  t.equal(read.numberOf(0xffffffff81000004n), 1);
  t.equal(read.numberOf(0xffffffff81000000n), 1, 'the first byte');
  t.equal(read.numberOf(0xffffffff81000020n), 2);
  t.equal(read.numberOf(0xffffffff81000044n), 3);
  t.equal(read.numberOf(0xffffffffc0000000n), 4);
  t.equal(read.numberOf(0xffffffff81000064n), undefined);
  t.equal(FunctionNumbers.fromAddresses('').size, 0);
});

t.test('a real kernel', { skip: skipWithoutTraces }, async (t) => {
  const list = readTrace('linux-6.1.available_filter_functions').toString('latin1');
  const kallsyms = readTrace('linux-6.1.kallsyms').toString('latin1');
  const read = FunctionNumbers.fromNames(list, kallsyms);
  const lines = list.trimEnd().split('\n');
  const valid = lines.filter((line) => !line.startsWith('__ftrace_invalid_address__')).length;
  t.ok(read.size > valid * 0.99, `${read.size} of ${valid}`);
  // Each number has the name that stands at its address.
  let compared = 0;
  for (const line of kallsyms.split('\n')) {
    const m = /^([0-9a-f]+) [tTwW] (\S+)(?:\t(\[.*\]))?$/.exec(line);
    if (m === null) continue;
    const number = read.numberOf(BigInt(`0x${m[1]}`));
    if (number === undefined) continue;
    const name = m[3] === undefined ? m[2] : `${m[2]} ${m[3]}`;
    if (lines[number - 1] === name) compared++;
  }
  t.ok(compared >= valid * 0.99, `${compared} of ${valid}`);
});
