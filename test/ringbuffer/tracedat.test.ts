import { deepEqual } from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { FormatError } from '../../src/ringbuffer/format.js';
import type { PageSource } from '../../src/ringbuffer/pages.js';
import { isTraceDat, readTraceDat, type TraceDat } from '../../src/ringbuffer/tracedat.js';
import { traceDatHeader } from '../../src/ringbuffer/tracedat-write.js';
import { bytesOf, latin1 } from '../../src/trace/latin1.js';
import { filesOf, formatText, SHAPES } from '../helpers/ring-pages.js';
import { type Parts7, traceDat7 } from '../helpers/trace-dat.js';

const FILES = filesOf(SHAPES[0]);
const SWITCH = formatText('sched_switch', 314, [['pid_t', 'prev_pid', 8, 4]]);
const KALLSYMS = bytesOf('ffffffff81000000 T vfs_read\n');
const CMDLINES = '218 node\n300 caf\xc3\xa9\n';
const PAGE = 4096;

const blobOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
});

function unpack(algorithm: string, packed: Uint8Array, size: number): Uint8Array {
  if (algorithm !== 'zlib') throw new FormatError(`is compressed by ${algorithm}`);
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw new FormatError('the zlib data is damaged');
  }
}

const read = (bytes: Uint8Array) => readTraceDat(blobOf(bytes), unpack);

function allPages(source: PageSource): Uint8Array {
  const pages: Uint8Array[] = [];
  for (let page = source.next(); page !== undefined; page = source.next()) pages.push(page);
  return new Uint8Array(Buffer.concat(pages));
}

const buffersOf = (dat: TraceDat) =>
  dat.buffers.map(({ name, cpus }) => ({
    name,
    cpus: cpus.map((source) => ({ cpu: source.cpu, bytes: allPages(source), fault: source.fault })),
  }));

/** Some pages that can be told from each other. */
const pages = (count: number, salt: number) =>
  Uint8Array.from({ length: count * PAGE }, (_, i) => (i >> 12) * 7 + (i & 63) + salt);

function version6(cpus: readonly Uint8Array[]): Uint8Array {
  const header = traceDatHeader({
    ...FILES,
    ftraceEvents: FILES.events,
    systems: [{ name: 'sched', events: [SWITCH] }],
    kallsyms: KALLSYMS,
    cmdlines: CMDLINES,
    clock: '[local] global',
    uname: 'Linux',
    cpuStats: ['CPU: 0\n'],
    longSize: 8,
    pageSize: PAGE,
    sizes: cpus.map((bytes) => bytes.length),
  });
  return new Uint8Array(Buffer.concat([header, ...cpus]));
}

const parts7 = (more: Partial<Parts7> = {}): Parts7 => ({
  files: { ...FILES, events: [...FILES.events, SWITCH] },
  kallsyms: KALLSYMS,
  cmdlines: CMDLINES,
  cpuCount: 4,
  pageSize: PAGE,
  buffers: [
    {
      name: '',
      clock: 'global',
      cpus: new Map([
        [0, pages(3, 1)],
        [3, pages(130, 2)],
      ]),
    },
    {
      name: 'extra',
      clock: 'local',
      cpus: new Map([
        [1, pages(1, 3)],
        [2, new Uint8Array(0)],
      ]),
    },
  ],
  algorithm: 'none',
  ...more,
});

t.test('version 6: what is written is read', (t) => {
  const cpus = [pages(2, 1), new Uint8Array(0), pages(150, 5)];
  const file = version6(cpus);
  t.ok(isTraceDat(file));
  const dat = read(file);
  t.equal(dat.version, 6);
  t.same(dat.files, { ...FILES, events: [...FILES.events, SWITCH] });
  t.equal(latin1(dat.kallsyms), latin1(KALLSYMS));
  t.equal(dat.cmdlines, CMDLINES, 'bytes, whatever they encode');
  t.equal(dat.clock, '[local] global');
  t.equal(dat.cpuCount, 3);
  t.same(buffersOf(dat), [
    { name: '', cpus: cpus.map((bytes, cpu) => ({ cpu, bytes, fault: undefined })) },
  ]);
  t.throws(() => version6([new Uint8Array(100)]), RangeError, 'no whole page');
  t.end();
});

t.test('version 7', (t) => {
  for (const algorithm of ['none', 'zlib'] as const) {
    const parts = parts7({ algorithm, chunkPages: 10 });
    const dat = read(traceDat7(parts));
    t.equal(dat.version, 7);
    t.same(dat.files, parts.files);
    t.equal(latin1(dat.kallsyms), latin1(KALLSYMS));
    t.equal(dat.cmdlines, CMDLINES);
    t.equal(dat.clock, 'global', "the top buffer's own");
    t.equal(dat.cpuCount, 4);
    t.same(
      buffersOf(dat),
      parts.buffers.map(({ name, cpus }) => ({
        name,
        cpus: [...cpus].map(([cpu, bytes]) => ({ cpu, bytes, fault: undefined })),
      })),
      algorithm,
    );
  }
  t.end();
});

t.test('what is cut short', (t) => {
  const six = version6([pages(2, 1), pages(3, 2)]);
  const cut = read(six.subarray(0, six.length - PAGE - 100));
  const [first, second] = buffersOf(cut)[0].cpus;
  t.equal(first.fault, undefined);
  t.equal(first.bytes.length, 2 * PAGE);
  t.equal(second.bytes.length, 2 * PAGE - 100, 'the rest of a page is still read');
  t.match(second.fault, /cut short: 4196 bytes/);

  const [{ name, clock, cpus }] = parts7().buffers;
  const seven = traceDat7(
    parts7({ algorithm: 'zlib', chunkPages: 10, buffers: [{ name, clock, cpus }] }),
  );
  // The pages end where the second options begin, which the last option of all tells.
  const behind = Number(seven.readBigUInt64LE(seven.length - 8));
  seven.fill(0xff, behind - 20, behind);
  const [whole, part] = buffersOf(read(seven))[0].cpus;
  t.equal(whole.bytes.length, 3 * PAGE);
  t.match(part.fault, /zlib data is damaged/);
  t.equal(part.bytes.length, 120 * PAGE, 'up to the last whole chunk');
  t.end();
});

t.test('what is no trace.dat, or none that is read', (t) => {
  const six = version6([pages(1, 1)]);
  const bad = (bytes: Uint8Array, message: RegExp) => t.throws(() => read(bytes), { message });
  const changed = (from: string, to: string) => bytesOf(latin1(six).replace(from, to));
  bad(new Uint8Array(0), /no trace.dat/);
  bad(bytesOf('# tracer: function_graph\n'), /no trace.dat/);
  bad(six.subarray(0, 10), /damaged/);
  bad(changed('tracing6', 'tracing5'), /version 5/);
  bad(changed('tracing6', 'tracing8'), /version 8/);
  bad(changed('tracing6\0\0', 'tracing6\0\x01'), /big-endian/);
  bad(changed('flyrecord', 'latency  '), /latency tracer/);
  bad(changed('flyrecord', 'something'), /neither pages nor text/);
  bad(changed('header_event', 'header_elsewh'), /'header_event' should be/);
  bad(changed('\x08\x00\x10\x00\x00', '\x08\x01\x00\x00\x00'), /pages of 1 bytes/);
  bad(six.subarray(0, 1_000), /cut short|ends within/);
  const seven = latin1(new Uint8Array(traceDat7(parts7({ algorithm: 'zlib' }))));
  bad(bytesOf(seven.replace('zlib\0', 'lzma\0')), /compressed by lzma/);
  const circle = traceDat7(parts7());
  const first = circle.readBigUInt64LE(27);
  circle.writeBigUInt64LE(first, circle.length - 8);
  bad(circle, /circle/);
  t.end();
});

t.test('damage of any kind ends in a FormatError or in pages', (t) => {
  const files = [
    version6([pages(2, 1), pages(1, 2)]),
    new Uint8Array(traceDat7(parts7({ algorithm: 'none' }))),
    new Uint8Array(traceDat7(parts7({ algorithm: 'zlib' }))),
  ];
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom(...files), flips, fc.option(fc.nat()), (file, flips, cut) => {
      const bytes = file.slice(0, cut === null ? file.length : cut % file.length);
      // Most of a file is pages: what matters is in front of them, or behind.
      for (const [at, byte] of flips) {
        const near = at % 2 === 0 ? at % 6_000 : bytes.length - 1 - (at % 1_000);
        if (near >= 0 && near < bytes.length) bytes[near] = byte;
      }
      try {
        for (const { cpus } of read(bytes).buffers) for (const source of cpus) allPages(source);
      } catch (error) {
        deepEqual(error instanceof FormatError, true, String(error));
      }
    }),
    { numRuns: 400 },
  );
  t.pass('nothing else is thrown, and all end');
  t.end();
});
