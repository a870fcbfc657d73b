import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Addresses, address } from '../../src/ringbuffer/addresses.js';
import { FormatError } from '../../src/ringbuffer/format.js';
import { Symbols } from '../../src/ringbuffer/symbols.js';
import { bytesOf, latin1 } from '../../src/trace/latin1.js';
import { symbolFinder } from '../helpers/raw-pages.js';
import { readTrace, skipWithoutTraces } from '../helpers/traces.js';

const TABLE = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000040 t do_one_initcall
ffffffff81000040 W __weak_alias
ffffffff81000080 D some_data
ffffffff810000a0 T vfs_read
ffffffffc0555430 t virtqueue_dma_map_single_attrs	[virtio_ring]
ffffffffc0554050 t __virtqueue_unbreak	[virtio_ring]
ffffffffc0571000 t ftrace_trampoline	[__builtin__ftrace]
`;

const at = (symbols: Symbols, number: bigint) =>
  symbols.nameAt(Number(number >> 32n), Number(number & 0xffffffffn));

t.test('names', (t) => {
  for (const text of [TABLE, TABLE.slice(0, -1), TABLE.replaceAll('ffffffff', 'FFFFFFFF')]) {
    const symbols = new Symbols(bytesOf(text));
    t.equal(symbols.count, 8);
    t.equal(at(symbols, 0xffffffff80ffffffn), undefined, 'below all');
    t.equal(at(symbols, 0xffffffff81000000n), '_stext', 'of two at one address the first');
    t.equal(at(symbols, 0xffffffff8100003fn), '_stext', 'up to the next');
    t.equal(at(symbols, 0xffffffff81000040n), 'do_one_initcall');
    t.equal(at(symbols, 0xffffffff81000090n), 'do_one_initcall', 'data is no function');
    t.equal(at(symbols, 0xffffffffc0554050n), '__virtqueue_unbreak [virtio_ring]');
    t.equal(at(symbols, 0xffffffffc0555430n), 'virtqueue_dma_map_single_attrs [virtio_ring]');
    t.equal(at(symbols, 0xffffffffffffffffn), 'ftrace_trampoline [__builtin__ftrace]');
    t.equal(symbols.nameAt(0xffffffff | 0, 0x810000a0 | 0), 'vfs_read', 'signed halves, too');
  }
  const narrow = new Symbols(bytesOf('c0008000 T stext\r\nc0100000 T vfs_read\r\n'));
  t.equal(narrow.nameAt(0, 0xc0100004), 'vfs_read', '32 bits, CRLF');
  const below = new Symbols(
    bytesOf('ffff800010080000 T b\nffff800008000000 t a\t[m]\nffff800010080010 T c\n'),
  );
  t.equal(at(below, 0xffff800008000004n), 'a [m]', 'arm64: modules below the kernel');
  t.equal(at(below, 0xffff800010080012n), 'c');
  t.end();
});

t.test('addresses', (t) => {
  const symbols = new Symbols(bytesOf(TABLE));
  t.strictSame(symbols.addressAt(0), [0xffffffff, 0x81000000]);
  t.strictSame(symbols.addressAt(7), [0xffffffff, 0xc0571000], 'in their order');
  t.strictSame(symbols.addressOf('vfs_read'), [0xffffffff, 0x810000a0]);
  t.strictSame(symbols.addressOf('__virtqueue_unbreak'), [0xffffffff, 0xc0554050], "a module's");
  t.equal(symbols.addressOf('vfs_rea'), undefined, 'the whole name');
  t.equal(symbols.addressOf('vfs_readv'), undefined);
  t.equal(symbols.addressOf('some_data'), undefined, 'functions only');
  const last = new Symbols(bytesOf('c0008000 T stext\nc0100000 T vfs_read'));
  t.strictSame(last.addressOf('vfs_read'), [0, 0xc0100000], 'at the end of the file');
  t.end();
});

t.test('where interrupts are entered', (t) => {
  t.same(new Symbols(bytesOf(TABLE)).irqEntryText, []);
  const bounds =
    'ffff800010080000 T __irqentry_text_start\nffff800010080800 T __irqentry_text_end\n';
  t.same(
    new Symbols(bytesOf(TABLE + bounds)).irqEntryText,
    [0xffff8000, 0x10080000, 0xffff8000, 0x10080800],
  );
  t.same(new Symbols(bytesOf(TABLE + bounds.split('\n')[0])).irqEntryText, [], 'half of it');
  t.end();
});

t.test('no kallsyms', (t) => {
  const bad = (text: string, message: RegExp) =>
    t.throws(() => new Symbols(bytesOf(text)), { message });
  bad('', /not a kallsyms/);
  bad('garbage\n', /not a kallsyms/);
  bad('0000000000000000 A fixed_percpu_data\n', /not a kallsyms/);
  bad('0000000000000000 T _stext\n0000000000000000 t do_one_initcall\n', /as root/);
  bad('ffffffff81000000 T', /not a kallsyms/);
  bad('ffffffff81000000 T \n', /not a kallsyms/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      let symbols: Symbols;
      try {
        symbols = new Symbols(bytes);
      } catch (error) {
        if (error instanceof FormatError) return;
        throw error;
      }
      symbols.nameAt(0xffffffff, 0xffffffff);
    }),
  );
  t.end();
});

t.test('as an independent reading finds them', { skip: skipWithoutTraces }, (t) => {
  const kallsyms = readTrace('linux-6.1.kallsyms');
  const symbols = new Symbols(kallsyms);
  const traceable = readTrace('linux-6.1.available_filter_functions')
    .toString()
    .split('\n')
    .map((line) => line.split(/[ \t]/)[0]);
  const names = new Set(traceable);
  const find = symbolFinder(kallsyms.toString(), names);
  let differing = 0;
  let asked = 0;
  for (const line of kallsyms.toString().split('\n')) {
    const [number, type, name] = line.split(/\s/);
    if (!/^[tTwW]$/.test(type) || !names.has(name)) continue;
    asked++;
    const found = at(symbols, BigInt(`0x${number}`))!.replace(/ \[.*/, '');
    if (found !== find(BigInt(`0x${number}`))) differing++;
  }
  t.ok(asked > 38_000);
  t.equal(differing, 0, 'traceable functions have the first name of their address');
  t.end();
});

t.test('numbers for addresses', (t) => {
  const half = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const near = fc.tuple(fc.constantFrom(-1, 0), fc.nat(200));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.tuple(half, half), near), { maxLength: 300 }),
      fc.nat(20_000),
      (keys, many) => {
        const addresses = new Addresses();
        const model = new Map<string, number>();
        for (let i = 0; i < many; i++) keys.push([-1, i * 16]);
        for (const [high, low] of keys) {
          const key = `${high} ${low}`;
          const known = addresses.find(low, high);
          equal(known, model.get(key) ?? -1);
          if (known >= 0) continue;
          model.set(key, addresses.add(low, high));
          equal(addresses.size, model.size);
        }
        for (const [key, number] of model) {
          equal(`${addresses.high(number)} ${addresses.low(number)}`, key);
        }
      },
    ),
    { numRuns: 30 },
  );
  t.equal(address(-1, -1), 0xffffffffffffffffn);
  t.equal(address(0x10, 0), 0x10n);
  t.end();
});

t.test('bytes and text', (t) => {
  const all = Uint8Array.from({ length: 20_000 }, (_, i) => i & 0xff);
  t.equal(latin1(all), Buffer.from(all).toString('latin1'));
  t.same(bytesOf(latin1(all)), all);
  t.end();
});
