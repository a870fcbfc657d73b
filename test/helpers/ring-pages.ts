import type { FormatFiles } from '../../src/ringbuffer/format.js';
import type { Look } from '../../src/ringbuffer/text.js';

/**
 * Writes ring-buffer pages, and the text the kernel would print of them, from plain lists of events: by the
 * kernel's format files and its printing functions, simply, sharing no code with what it judges.
 */

type FieldShape = readonly [type: string, name: string, offset: number, size: number];

/** How a kernel lays out its records. */
export interface Shape {
  readonly name: string;
  readonly longSize: 4 | 8;
  readonly entry: readonly FieldShape[];
  readonly exit: readonly FieldShape[];
  readonly call: readonly FieldShape[];
}

export const IDS = { function: 1, exit: 10, entry: 11, print: 5, odd: 4000 } as const;

export const SHAPES: readonly Shape[] = [
  {
    name: '6.1',
    longSize: 8,
    entry: [
      ['unsigned long', 'func', 8, 8],
      ['int', 'depth', 16, 4],
    ],
    exit: [
      ['unsigned long', 'func', 8, 8],
      ['int', 'depth', 16, 4],
      ['unsigned int', 'overrun', 20, 4],
      ['unsigned long long', 'calltime', 24, 8],
      ['unsigned long long', 'rettime', 32, 8],
    ],
    call: [
      ['unsigned long', 'ip', 8, 8],
      ['unsigned long', 'parent_ip', 16, 8],
    ],
  },
  {
    name: '6.12 with return values',
    longSize: 8,
    entry: [
      ['unsigned long', 'func', 8, 8],
      ['int', 'depth', 16, 4],
    ],
    exit: [
      ['unsigned long', 'func', 8, 8],
      ['unsigned long', 'retval', 16, 8],
      ['int', 'depth', 24, 4],
      ['unsigned int', 'overrun', 28, 4],
      ['unsigned long long', 'calltime', 32, 8],
      ['unsigned long long', 'rettime', 40, 8],
    ],
    call: [
      ['unsigned long', 'ip', 8, 8],
      ['unsigned long', 'parent_ip', 16, 8],
    ],
  },
  {
    name: '7.2',
    longSize: 8,
    entry: [
      ['unsigned long', 'func', 8, 8],
      ['unsigned long', 'depth', 16, 8],
      ['unsigned long', 'args[]', 24, 0],
    ],
    exit: [
      ['unsigned long', 'func', 8, 8],
      ['int', 'depth', 16, 4],
      ['unsigned int', 'overrun', 20, 4],
      ['unsigned long long', 'calltime', 24, 8],
      ['unsigned long long', 'rettime', 32, 8],
    ],
    call: [
      ['unsigned long', 'ip', 8, 8],
      ['unsigned long', 'parent_ip', 16, 8],
      ['unsigned long', 'args[]', 24, 0],
    ],
  },
  {
    name: '32 bits',
    longSize: 4,
    entry: [
      ['unsigned long', 'func', 8, 4],
      ['int', 'depth', 12, 4],
    ],
    exit: [
      ['unsigned long', 'func', 8, 4],
      ['int', 'depth', 12, 4],
      ['unsigned int', 'overrun', 16, 4],
      ['unsigned long long', 'calltime', 20, 8],
      ['unsigned long long', 'rettime', 28, 8],
    ],
    call: [
      ['unsigned long', 'ip', 8, 4],
      ['unsigned long', 'parent_ip', 12, 4],
    ],
  },
];

const COMMON: readonly FieldShape[] = [
  ['unsigned short', 'common_type', 0, 2],
  ['unsigned char', 'common_flags', 2, 1],
  ['unsigned char', 'common_preempt_count', 3, 1],
  ['int', 'common_pid', 4, 4],
];

export function formatText(name: string, id: number, fields: readonly FieldShape[]): string {
  const lines = (list: readonly FieldShape[]) =>
    list.map(
      ([type, field, offset, size]) =>
        `\tfield:${type} ${field};\toffset:${offset};\tsize:${size};\tsigned:${type.startsWith('unsigned') ? 0 : 1};\n`,
    );
  return `name: ${name}\nID: ${id}\nformat:\n${lines(COMMON).join('')}\n${lines(fields).join('')}\nprint fmt: "%d", REC->x\n`;
}

export function filesOf(shape: Shape, pageSize = 4096): FormatFiles {
  const data = 8 + shape.longSize;
  return {
    headerPage:
      '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n' +
      `\tfield: local_t commit;\toffset:8;\tsize:${shape.longSize};\tsigned:1;\n` +
      '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n' +
      `\tfield: char data;\toffset:${data};\tsize:${pageSize - data};\tsigned:1;\n`,
    headerEvent:
      '# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n' +
      '\tarray       :   32 bits\n\n\tpadding     : type == 29\n\ttime_extend : type == 30\n' +
      '\ttime_stamp : type == 31\n\tdata max type_len  == 28\n',
    events: [
      formatText('function', IDS.function, shape.call),
      formatText('funcgraph_entry', IDS.entry, shape.entry),
      formatText('funcgraph_exit', IDS.exit, shape.exit),
      formatText('print', IDS.print, [
        ['unsigned long', 'ip', 8, shape.longSize],
        ['char', 'buf[]', 8 + shape.longSize, 0],
      ]),
    ],
  };
}

export interface RingEvent {
  readonly kind: 'entry' | 'exit' | 'call' | 'print';
  readonly cpu: number;
  readonly time: bigint;
  readonly pid: number;
  readonly flags: number;
  readonly preempt: number;
  readonly func: bigint;
  readonly depth: number;
  readonly calltime: bigint;
  readonly rettime: bigint;
  readonly parent: bigint;
  /** Events lost in front of it: a page begins there; -1 when the kernel does not say how many. */
  readonly lost: number;
}

function record(shape: Shape, event: RingEvent): Buffer {
  const fields =
    event.kind === 'entry'
      ? shape.entry
      : event.kind === 'exit'
        ? shape.exit
        : event.kind === 'call'
          ? shape.call
          : ([] as readonly FieldShape[]);
  const values: { [name: string]: bigint } = {
    func: event.func,
    depth: BigInt(event.depth),
    retval: 0x1234n,
    overrun: 0n,
    calltime: event.calltime,
    rettime: event.rettime,
    ip: event.func,
    parent_ip: event.parent,
  };
  const text = Buffer.from('marked\n\0');
  const length =
    event.kind === 'print'
      ? 8 + shape.longSize + text.length
      : Math.max(...fields.map(([, , offset, size]) => offset + size));
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  const ids = { entry: IDS.entry, exit: IDS.exit, call: IDS.function, print: IDS.print };
  bytes.writeUInt16LE(ids[event.kind], 0);
  bytes[2] = event.flags;
  bytes[3] = event.preempt;
  bytes.writeInt32LE(event.pid, 4);
  if (event.kind === 'print') text.copy(bytes, 8 + shape.longSize);
  for (const [, name, offset, size] of fields) {
    if (size === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, values[name]), offset);
    if (size === 4) bytes.writeUInt32LE(Number(BigInt.asUintN(32, values[name])), offset);
  }
  return bytes;
}

export interface Writing {
  readonly pageSize: number;
  /** How a time too far off for 27 bits is written. */
  readonly far: 'extend' | 'stamp';
  /** Records with their length in a word of its own, as long ones have it. */
  readonly wordLengths: boolean;
  /** Discarded events among the others. */
  readonly padding: boolean;
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** The pages of one CPU's events. */
export function writePages(shape: Shape, events: readonly RingEvent[], how: Writing): Uint8Array[] {
  const dataOffset = 8 + shape.longSize;
  const pages: Uint8Array[] = [];
  let parts: Buffer[] = [];
  let length = 0;
  let start = 0n;
  let last = 0n;
  let lost = 0;
  const close = () => {
    if (parts.length === 0) return;
    const page = Buffer.alloc(how.pageSize);
    page.writeBigUInt64LE(start, 0);
    let commit = length;
    Buffer.concat(parts).copy(page, dataOffset);
    if (lost !== 0) commit |= 1 << 31;
    if (lost > 0 && dataOffset + length + shape.longSize <= how.pageSize) {
      commit |= 1 << 30;
      page.writeUInt32LE(lost, dataOffset + length);
    } else if (lost > 0) {
      throw new Error('no room for the count: make pages of these events larger');
    }
    page.writeUInt32LE(commit >>> 0, 8);
    pages.push(page);
    parts = [];
    length = 0;
    lost = 0;
  };
  for (const event of events) {
    const bytes = record(shape, event);
    // The most an event takes, with room for a count of lost events behind it.
    const most = bytes.length + 8 + 8 + 12 + shape.longSize;
    if (event.lost !== 0 || length + most > how.pageSize - dataOffset) close();
    if (parts.length === 0) {
      start = event.time;
      last = event.time;
      lost = event.lost;
    }
    let delta = event.time - last;
    last = event.time;
    if (delta >= 1n << 27n) {
      if (how.far === 'extend') {
        parts.push(word((Number(delta & 0x7ffffffn) << 5) | 30), word(Number(delta >> 27n)));
      } else {
        const stamp = event.time & ((1n << 59n) - 1n);
        parts.push(word((Number(stamp & 0x7ffffffn) << 5) | 31), word(Number(stamp >> 27n)));
      }
      length += 8;
      delta = 0n;
    }
    // A discarded event takes part in the time, here by most of it.
    if (how.padding && delta > 0n) {
      const part = delta - delta / 4n;
      parts.push(word((Number(part) << 5) | 29), word(8), word(0xdeadbeef));
      length += 12;
      delta -= part;
    }
    const short = !how.wordLengths && bytes.length <= 28 * 4;
    parts.push(word((Number(delta) << 5) | (short ? bytes.length / 4 : 0)));
    if (!short) parts.push(word(bytes.length + 4));
    parts.push(bytes);
    length += bytes.length + (short ? 4 : 8);
  }
  close();
  return pages;
}

const pad = (text: string, width: number) => text.padStart(width);

const FLAG_LETTERS = (flags: number, preempt: number) => {
  const has = (bit: number) => (flags & bit) !== 0;
  const irqs = has(1) ? (has(0x80) ? 'D' : 'd') : has(0x80) ? 'b' : '.';
  const both = [has(4) ? 'n' : '', has(0x20) ? 'p' : '', has(2) ? 'l' : ''].join('');
  const need = { '': '.', n: 'n', p: 'p', l: 'l', np: 'N', nl: 'b', pl: 'L', npl: 'B' }[both];
  let context = '.';
  if (has(0x40)) context = has(8) ? 'Z' : 'z';
  else if (has(8)) context = has(0x10) ? 'H' : 'h';
  else if (has(0x10)) context = 's';
  const depth = (n: number) => (n === 0 ? '.' : n.toString(16));
  return irqs + need + context + depth(preempt & 15) + depth(preempt >> 4);
};

function durationText(event: RingEvent): string {
  const ns = BigInt.asUintN(64, event.rettime - event.calltime);
  const marks: [bigint, string][] = [
    [1_000_000_000n, '$'],
    [100_000_000n, '@'],
    [10_000_000n, '*'],
    [1_000_000n, '#'],
    [100_000n, '!'],
    [10_000n, '+'],
  ];
  const mark = marks.find(([limit]) => ns > limit)?.[1] ?? ' ';
  let text = String(ns / 1000n);
  if (text.length < 7) {
    const digits = String(ns % 1000n).padStart(3, '0');
    text += `.${digits.slice(0, Math.min(4, 7 - text.length))}`;
  }
  return `${mark} ${text} us ${' '.repeat(Math.max(0, 8 - text.length))}|  `;
}

/** The text of the function_graph tracer, without its header. `name` of an address, `comm` of a tid. */
export function graphText(
  all: readonly (readonly RingEvent[])[],
  look: Look,
  name: (func: bigint) => string,
  comm: (tid: number) => string,
): string {
  const at = all.map(() => 0);
  const lastPid: (number | undefined)[] = all.map(() => undefined);
  const depths = all.map(() => 0);
  const entered = all.map(() => new Map<number, bigint>());
  let out = '';
  const proc = (pid: number) => {
    const text = `${comm(pid).slice(0, 7)}-${pid}`;
    const spaces = Math.max(0, 14 - text.length);
    const before = Math.floor(spaces / 2);
    return ' '.repeat(before) + text + ' '.repeat(spaces - before);
  };
  for (;;) {
    let c = -1;
    for (const [i, events] of all.entries()) {
      if (at[i] >= events.length) continue;
      if (c < 0 || events[at[i]].time < all[c][at[c]].time) c = i;
    }
    if (c < 0) return out;
    const event = all[c][at[c]++];
    const { cpu, pid, depth } = event;
    if (event.lost !== 0) {
      out += `CPU:${cpu} [LOST ${event.lost > 0 ? `${event.lost} ` : ''}EVENTS]\n`;
    }
    const column = ` ${pad(String(cpu), String(look.lastCpu).length)}) `;
    if (lastPid[c] !== undefined && lastPid[c] !== pid) {
      const rule = ' ------------------------------------------\n';
      out += `${rule}${column}${proc(lastPid[c]!)} => ${proc(pid)}\n${rule}\n`;
    }
    lastPid[c] = pid;
    if (look.abstime) {
      const seconds = String(event.time / 1_000_000_000n);
      const micro = String((event.time % 1_000_000_000n) / 1000n);
      out += `${pad(seconds, 5)}.${micro.padStart(6, '0')} |  `;
    }
    out += `${column}${proc(pid)} | `;
    if (look.flags) out += ` ${FLAG_LETTERS(event.flags, event.preempt)} | `;
    const blank = look.duration ? '              |  ' : '';
    const indent = '  '.repeat(depth);
    if (event.kind === 'print') {
      out += `${blank}${depths[c] > 0 ? '  '.repeat(depths[c] + 1) : ''}/* marked */\n`;
    } else if (event.kind === 'entry') {
      const next = all[c][at[c]];
      const leaf =
        next !== undefined &&
        next.kind === 'exit' &&
        next.lost === 0 &&
        next.pid === pid &&
        next.func === event.func;
      if (leaf) {
        at[c]++;
        out += `${look.duration ? durationText(next) : ''}${indent}${name(event.func)}();\n`;
        depths[c] = depth - 1;
        entered[c].delete(depth);
      } else {
        out += `${blank}${indent}${name(event.func)}() {\n`;
        depths[c] = depth;
        entered[c].set(depth, event.func);
      }
    } else {
      const known = depth >= 50 || entered[c].get(depth) === event.func;
      entered[c].delete(depth);
      depths[c] = depth - 1;
      const tail = known && !look.tail ? '}' : `} /* ${name(event.func)} */`;
      out += `${look.duration ? durationText(event) : ''}${indent}${tail}\n`;
    }
  }
}
