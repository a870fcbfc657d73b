import { bytesOf } from '../trace/latin1.js';
import { Addresses, address } from './addresses.js';
import { renderFields } from './fields.js';
import { type Layout, Record } from './format.js';
import { heading } from './heading.js';
import type { Consumer } from './merge.js';
import { type Cursor, longEnough, type TimeBase, type Tracer } from './page.js';
import type { Symbols } from './symbols.js';
import type { Tasks } from './tasks.js';

/** Which columns the text has, by the names of the tracer's options. */
export interface Look {
  /** Whose text it is: it decides about the header and about events that are no function's. */
  readonly tracer: Tracer;
  /** latency-format and irq-info: the context flags. */
  readonly flags: boolean;
  /** funcgraph-tail: the function's name at its return, too. */
  readonly tail: boolean;
  /** funcgraph-duration, with funcgraph-overhead's marks. */
  readonly duration: boolean;
  /** funcgraph-abstime */
  readonly abstime: boolean;
  /** The highest CPU number that the kernel knows; its digits are the width of the column. */
  readonly lastCpu: number;
}

/** Depths beyond this are no depths: the kernel gives up far earlier. */
const MAX_DEPTH = 1023;

/** Up to this depth the kernel remembers entries, to tell returns that have none (FTRACE_RETFUNC_DEPTH). */
const REMEMBERED = 50;

/** More than any line and the task switch in front of it take. */
const ROOM = 8192;

/** The width in which a task is centred, and the length its name is cut to. */
const PROC_WIDTH = 14;
const COMM_LENGTH = 7;

const LF = 0x0a;
/** A brace that ends a line. */
const BRACE = 0x0a7d;
const BLANK = 0x20;
/** Eight of them as one number. */
const BLANKS = new DataView(new Uint8Array(8).fill(BLANK).buffer).getFloat64(0);
const ZERO = 0x30;
const BAR = 0x7c;

/** Bits of common_flags; 0x02 means what it does since 6.13: before, only alpha, m68k and nios2 set it. */
const IRQS_OFF = 0x01;
const RESCHED_LAZY = 0x02;
const RESCHED = 0x04;
const HARDIRQ = 0x08;
const SOFTIRQ = 0x10;
const PREEMPT_RESCHED = 0x20;
const NMI = 0x40;
const BH_OFF = 0x80;

/** A table of one character for each value of a byte. */
const byFlags = (letter: (flags: number) => string) =>
  Uint8Array.from({ length: 256 }, (_, flags) => letter(flags).charCodeAt(0));

const IRQS = byFlags((f) =>
  (f & IRQS_OFF) !== 0 ? ((f & BH_OFF) !== 0 ? 'D' : 'd') : (f & BH_OFF) !== 0 ? 'b' : '.',
);
const NEED = byFlags(
  (f) =>
    '.nlbpNLB'[
      ((f & RESCHED) !== 0 ? 1 : 0) +
        ((f & RESCHED_LAZY) !== 0 ? 2 : 0) +
        ((f & PREEMPT_RESCHED) !== 0 ? 4 : 0)
    ],
);
const CONTEXT = byFlags((f) => {
  if ((f & NMI) !== 0) return (f & HARDIRQ) !== 0 ? 'Z' : 'z';
  if ((f & HARDIRQ) !== 0) return (f & SOFTIRQ) !== 0 ? 'H' : 'h';
  return (f & SOFTIRQ) !== 0 ? 's' : '.';
});
const DEPTH = Uint8Array.from('.123456789abcdef', (c) => c.charCodeAt(0));

/** ` d.h` by flags, and `1. |` by preempt count, each as one number. */
const FLAGS_COLUMN = Int32Array.from(
  { length: 256 },
  (_, f) => BLANK | (IRQS[f] << 8) | (NEED[f] << 16) | (CONTEXT[f] << 24),
);
const PREEMPT_COLUMN = Int32Array.from(
  { length: 256 },
  (_, p) => DEPTH[p & 15] | (DEPTH[p >>> 4] << 8) | (BLANK << 16) | (BAR << 24),
);

const RULE = ' ------------------------------------------\n';
/** How a line can end that names a function, one piece of the arena each. */
const PIECES = [
  (name: string) => `${name}() {\n`,
  (name: string) => `${name}();\n`,
  (name: string) => `} /* ${name} */\n`,
];
const OPEN = 0;
const LEAF = 1;
const TAIL = 2;
const NO_DURATION = bytesOf('              |  ');
const ARROW_IN = '==========>';
const ARROW_OUT = '<==========';

/** What the printing of one CPU has to remember. */
class CpuState {
  lastPid = -1;
  fresh = true;
  /** Cached columns up to the flags. */
  readonly prefix = new DataView(new ArrayBuffer(64));
  prefixLength = 0;
  version = -1;
  depth = 0;
  /** Functions entered, by depth: low and high half. */
  readonly entered = new Int32Array(2 * REMEMBERED);
  /** The numbers of their names, -1 where none is entered. */
  readonly names = new Int32Array(REMEMBERED).fill(-1);
  calls = 0;
}

/**
 * Prints events as the kernel does in `trace` and `trace_pipe`: those of function_graph by
 * print_graph_function of kernel/trace/trace_functions_graph.c, those of the function tracer by
 * trace_print_context of kernel/trace/trace_output.c. The bytes given to `write` are valid during that
 * call only.
 */
export class TextPrinter implements Consumer {
  /** Addresses below all symbols, printed as numbers. */
  unknownSymbols = 0;
  /** Events whose format is not known: not printed. */
  unknownEvents = 0;

  readonly #out = new Uint8Array(1 << 18);
  readonly #view = new DataView(this.#out.buffer);
  #at = 0;
  readonly #states = new Map<number, CpuState>();
  readonly #layout: Layout;
  readonly #symbols: Symbols;
  readonly #tasks: Tasks;
  readonly #look: Look;
  readonly #base: TimeBase;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #cpuWidth: number;

  // Functions by the number of their address: where their pieces start in the arena, one behind the other.
  readonly #addresses = new Addresses();
  #starts = new Int32Array(1 << 13);
  #arena = new Uint8Array(1 << 18);
  #arenaView = new DataView(this.#arena.buffer);
  #arenaUsed = 0;
  /** Lengths of the names without their modules. */
  #bare = new Int32Array(1 << 11);
  /** 1 for a function that is an interrupt's entry. */
  #irqEntry = new Uint8Array(1 << 11);
  readonly #irqRange: readonly number[];

  constructor(
    layout: Layout,
    symbols: Symbols,
    tasks: Tasks,
    look: Look,
    base: TimeBase,
    write: (bytes: Uint8Array) => void,
  ) {
    this.#layout = layout;
    this.#symbols = symbols;
    this.#tasks = tasks;
    this.#look = look;
    this.#base = base;
    this.#write = write;
    this.#cpuWidth = String(look.lastCpu).length;
    this.#irqRange = symbols.irqEntryText;
  }

  /** The comment that `trace` begins with. */
  header(): void {
    this.#text(heading(this.#look));
  }

  /** Writes what is printed so far. */
  flush(): void {
    if (this.#at === 0) return;
    const length = this.#at;
    this.#at = 0;
    this.#write(this.#out.subarray(0, length));
  }

  run(cursor: Cursor, limit: number, inclusive: boolean): void {
    const state = this.#stateOf(cursor.cpu);
    const { kinds } = this.#layout;
    if (cursor.held) {
      cursor.held = false;
      this.#entry(state, cursor, cursor.heldWords, cursor.heldAt, cursor.heldTime);
    }
    while (cursor.ready) {
      const time = cursor.time;
      if (time > limit || (time === limit && !inclusive)) return;
      if (cursor.lost !== 0) this.#lost(cursor);
      const words = cursor.words;
      const at = cursor.at;
      const kind = kinds[words[at] & 0xffff];
      if (!longEnough(this.#layout, kind, cursor.until - at)) {
        cursor.reject((cursor.until - at) * 4);
        cursor.next();
        continue;
      }
      if (this.#at > this.#out.length - ROOM) this.flush();
      if (kind === Record.entry) {
        if (words[at + this.#layout.entry!.depth] >>> 0 > MAX_DEPTH) {
          cursor.reject((cursor.until - at) * 4);
          cursor.next();
          continue;
        }
        if (!cursor.next() && !cursor.ended) {
          cursor.hold(words, at, time);
          return;
        }
        this.#entry(state, cursor, words, at, time);
        continue;
      }
      if (kind === Record.exit) {
        if (words[at + this.#layout.exit!.depth] >>> 0 > MAX_DEPTH) {
          cursor.reject((cursor.until - at) * 4);
        } else {
          this.#return(state, cursor.cpu, words, at, time);
        }
      } else if (kind === Record.call) {
        this.#call(cursor.cpu, words, at, time);
      } else {
        this.#event(state, cursor.cpu, words, at, cursor.until, time);
      }
      cursor.next();
    }
  }

  finish(cursor: Cursor): void {
    if (cursor.lost !== 0) this.#lost(cursor);
  }

  /** An entry; the cursor stands at the event behind it, if there is one. */
  #entry(state: CpuState, cursor: Cursor, words: Int32Array, at: number, time: number): void {
    const entry = this.#layout.entry!;
    const exit = this.#layout.exit!;
    if (this.#at > this.#out.length - ROOM) this.flush();
    const cpu = cursor.cpu;
    const head = words[at];
    const pid = words[at + 1];
    const low = words[at + entry.func];
    const high = this.#layout.longSize === 8 ? words[at + entry.func + 1] : 0;
    const depth = words[at + entry.depth];
    const name = this.#name(low, high);
    const arrow = this.#irqEntry[name] !== 0;
    this.#task(state, cpu, pid);
    if (arrow) this.#arrow(state, head, time, ARROW_IN);
    // A leaf: its own return is what this CPU did next.
    if (cursor.ready && cursor.lost === 0) {
      const w = cursor.words;
      const a = cursor.at;
      if (
        this.#layout.kinds[w[a] & 0xffff] === Record.exit &&
        cursor.until - a >= exit.words &&
        w[a + 1] === pid &&
        w[a + exit.func] === low &&
        (this.#layout.longSize === 4 || w[a + exit.func + 1] === high) &&
        w[a + exit.depth] >>> 0 <= MAX_DEPTH
      ) {
        this.#line(state, head, time, w, a, depth, 3 * name + LEAF);
        if (arrow) this.#arrow(state, head, time, ARROW_OUT);
        state.depth = depth - 1;
        if (depth < REMEMBERED) {
          state.entered[2 * depth] = 0;
          state.entered[2 * depth + 1] = 0;
          state.names[depth] = -1;
        }
        cursor.next();
        return;
      }
    }
    this.#line(state, head, time, words, -1, depth, 3 * name + OPEN);
    state.depth = depth;
    if (depth < REMEMBERED) {
      state.entered[2 * depth] = low;
      state.entered[2 * depth + 1] = high;
      state.names[depth] = name;
    }
  }

  #return(state: CpuState, cpu: number, words: Int32Array, at: number, time: number): void {
    const exit = this.#layout.exit!;
    const head = words[at];
    const low = words[at + exit.func];
    const high = this.#layout.longSize === 8 ? words[at + exit.func + 1] : 0;
    const depth = words[at + exit.depth];
    let matches = true;
    let name = -1;
    if (depth < REMEMBERED) {
      matches = state.entered[2 * depth] === low && state.entered[2 * depth + 1] === high;
      if (matches) name = state.names[depth];
      state.entered[2 * depth] = 0;
      state.entered[2 * depth + 1] = 0;
      state.names[depth] = -1;
    }
    state.depth = depth - 1;
    if (name < 0) name = this.#name(low, high);
    this.#task(state, cpu, words[at + 1]);
    const piece = matches && !this.#look.tail ? -1 : 3 * name + TAIL;
    this.#line(state, head, time, words, at, depth, piece);
    if (this.#irqEntry[name] !== 0) this.#arrow(state, head, time, ARROW_OUT);
  }

  //     node-218     [001] d..2. 17284.993652: sys_close <-do_syscall_64
  #call(cpu: number, words: Int32Array, at: number, time: number): void {
    const call = this.#layout.call!;
    const wide = this.#layout.longSize === 8;
    this.#context(cpu, words[at], words[at + 1], time);
    this.#bareName(this.#name(words[at + call.ip], wide ? words[at + call.ip + 1] : 0));
    this.#text(' <-');
    this.#bareName(this.#name(words[at + call.parent], wide ? words[at + call.parent + 1] : 0));
    this.#out[this.#at++] = LF;
  }

  /** Another event: a comment amid function_graph, else a line of its own. */
  #event(
    state: CpuState,
    cpu: number,
    words: Int32Array,
    at: number,
    until: number,
    time: number,
  ): void {
    const format = this.#layout.events.get(words[at] & 0xffff);
    if (format === undefined) {
      this.unknownEvents++;
      return;
    }
    const record = new Uint8Array(words.buffer, words.byteOffset + at * 4, (until - at) * 4);
    const told = renderFields(format, record).slice(0, ROOM - 2048);
    if (this.#look.tracer === 'function') {
      this.#context(cpu, words[at], words[at + 1], time);
      // Text from the user's side has the name of who wrote it: 'tracing_mark_write: hello'.
      if (format.name === 'print') {
        const wide = this.#layout.longSize === 8;
        this.#bareName(this.#name(words[at + 2], wide ? words[at + 3] : 0));
        this.#text(': ');
      }
      this.#text(`${told}\n`);
      return;
    }
    this.#task(state, cpu, words[at + 1]);
    this.#columns(state, words[at], time);
    if (this.#look.duration) this.#copy(NO_DURATION);
    const indent = state.depth > 0 ? '  '.repeat(state.depth + 1) : '';
    this.#text(`${indent}/* ${told} */\n`);
  }

  #lost(cursor: Cursor): void {
    if (this.#at > this.#out.length - ROOM) this.flush();
    this.#text(`CPU:${cursor.cpu} [LOST ${cursor.lost < 0 ? '' : `${cursor.lost} `}EVENTS]\n`);
    cursor.lost = 0;
  }

  #stateOf(cpu: number): CpuState {
    let state = this.#states.get(cpu);
    if (state === undefined) {
      state = new CpuState();
      this.#states.set(cpu, state);
    }
    return state;
  }

  /** `  node-218    `: a task in the middle of its column. */
  #proc(pid: number): string {
    const task = `${this.#tasks.nameOf(pid).slice(0, COMM_LENGTH)}-${pid}`;
    const spaces = Math.max(0, PROC_WIDTH - task.length);
    const before = spaces >> 1;
    return ' '.repeat(before) + task + ' '.repeat(spaces - before);
  }

  /** The columns of CPU and task, and the block in front of the first line of another task. */
  #task(state: CpuState, cpu: number, pid: number): void {
    if (state.lastPid === pid && state.version === this.#tasks.version && !state.fresh) return;
    const column = ` ${String(cpu).padStart(this.#cpuWidth)}) `;
    if (state.lastPid !== pid && !state.fresh) {
      this.#text(`${RULE}${column}${this.#proc(state.lastPid)} => ${this.#proc(pid)}\n${RULE}\n`);
    }
    state.fresh = false;
    state.lastPid = pid;
    state.version = this.#tasks.version;
    const text = `${column}${this.#proc(pid)} | `;
    state.prefixLength = text.length;
    for (let i = 0; i < text.length; i++) state.prefix.setUint8(i, text.charCodeAt(i));
  }

  /** Time, CPU, task and flags. */
  #columns(state: CpuState, head: number, time: number): void {
    if (this.#look.abstime) this.#absolute(time);
    const { prefixLength } = state;
    let o = this.#at;
    this.#put(state.prefix, 0, prefixLength, o);
    o += prefixLength;
    if (this.#look.flags) {
      const view = this.#view;
      view.setInt32(o, FLAGS_COLUMN[(head >>> 16) & 0xff], true);
      view.setInt32(o + 4, PREEMPT_COLUMN[head >>> 24], true);
      view.setInt8(o + 8, BLANK);
      o += 9;
    }
    this.#at = o;
  }

  #arrow(state: CpuState, head: number, time: number, arrow: string): void {
    this.#columns(state, head, time);
    this.#text(this.#look.duration ? `  ${arrow} |\n` : `${arrow}\n`);
  }

  /** `   67.266836 |  ` */
  #absolute(time: number): void {
    const { seconds, nanoseconds } = this.#clock(time);
    const micro = Math.floor(nanoseconds / 1000);
    this.#text(`${seconds.padStart(5)}.${String(micro).padStart(6, '0')} |  `);
  }

  /** `            node-218     [001] d..2. 17284.993652: ` */
  #context(cpu: number, head: number, pid: number, time: number): void {
    const flags = (head >>> 16) & 0xff;
    const preempt = head >>> 24;
    // The kernel rounds here to microseconds, and cuts off elsewhere.
    const { seconds, nanoseconds } = this.#clock(time + 500);
    const micro = Math.floor(nanoseconds / 1000);
    const latency = this.#look.flags
      ? String.fromCharCode(
          IRQS[flags],
          NEED[flags],
          CONTEXT[flags],
          DEPTH[preempt & 15],
          DEPTH[preempt >>> 4],
        )
      : '';
    this.#text(
      `${this.#tasks.nameOf(pid).slice(0, 15).padStart(16)}-${String(pid).padEnd(7)} ` +
        `[${String(cpu).padStart(3, '0')}] ${latency} ` +
        `${seconds.padStart(5)}.${String(micro).padStart(6, '0')}: `,
    );
  }

  #clock(time: number): { seconds: string; nanoseconds: number } {
    const whole = Math.floor(time / 1e9);
    const rest = time - whole * 1e9;
    const start = this.#base.start;
    const nanoseconds = Number(start % 1_000_000_000n) + rest;
    const carry = Math.floor(nanoseconds / 1e9);
    const seconds = BigInt.asUintN(64, start / 1_000_000_000n + BigInt(whole + carry));
    return { seconds: String(seconds), nanoseconds: nanoseconds - carry * 1e9 };
  }

  /** `+ 12.345 us   |  ` of a return at `at`. */
  #duration(words: Int32Array, at: number): void {
    const { calltime, rettime } = this.#layout.exit!;
    const low = (words[at + rettime] >>> 0) - (words[at + calltime] >>> 0);
    const high = (words[at + rettime + 1] | 0) - (words[at + calltime + 1] | 0);
    let nanoseconds = high * 4294967296 + low;
    // The kernel's subtraction is one of unsigned numbers.
    if (nanoseconds < 0) nanoseconds += 2 ** 64;
    const out = this.#out;
    let o = this.#at;
    out[o] =
      nanoseconds > 1e9
        ? 0x24
        : nanoseconds > 1e8
          ? 0x40
          : nanoseconds > 1e7
            ? 0x2a
            : nanoseconds > 1e6
              ? 0x23
              : nanoseconds > 1e5
                ? 0x21
                : nanoseconds > 1e4
                  ? 0x2b
                  : BLANK;
    out[o + 1] = BLANK;
    o += 2;
    const micro = Math.floor(nanoseconds / 1000);
    let length: number;
    if (micro < 10_000_000) {
      length = micro < 10 ? 1 : micro < 100 ? 2 : micro < 1_000 ? 3 : String(micro).length;
      let rest = micro | 0;
      for (let i = length - 1; i >= 0; i--) {
        out[o + i] = ZERO + (rest % 10);
        rest = (rest / 10) | 0;
      }
      o += length;
    } else {
      const digits = String(micro);
      length = digits.length;
      for (let i = 0; i < length; i++) out[o++] = digits.charCodeAt(i);
    }
    if (length < 7) {
      const nano = (nanoseconds - micro * 1000) | 0;
      // Seven digits in all, as far as there is room for them.
      const digits = Math.min(3, 7 - length);
      out[o] = 0x2e;
      out[o + 1] = ZERO + ((nano / 100) | 0);
      out[o + 2] = ZERO + (((nano / 10) | 0) % 10);
      out[o + 3] = ZERO + (nano % 10);
      o += digits + 1;
      length += digits + 1;
    }
    out[o] = BLANK;
    out[o + 1] = 0x75;
    out[o + 2] = 0x73;
    out[o + 3] = BLANK;
    o += 4;
    for (; length < 8; length++) out[o++] = BLANK;
    out[o] = 0x7c;
    out[o + 1] = BLANK;
    out[o + 2] = BLANK;
    this.#at = o + 3;
  }

  /**
   * A line of the graph: `returned` is where in `words` its return is, -1 for none; `piece` the piece of the
   * arena it ends with, -1 for a bare brace.
   */
  #line(
    state: CpuState,
    head: number,
    time: number,
    words: Int32Array,
    returned: number,
    depth: number,
    piece: number,
  ): void {
    this.#columns(state, head, time);
    if (this.#look.duration) {
      if (returned < 0) this.#copy(NO_DURATION);
      else this.#duration(words, returned);
    }
    const view = this.#view;
    let o = this.#at;
    for (let i = 0; i < depth; i += 4) view.setFloat64(o + 2 * i, BLANKS, true);
    o += 2 * depth;
    if (piece < 0) {
      view.setInt16(o, BRACE, true);
      this.#at = o + 2;
      return;
    }
    const start = this.#starts[piece];
    const length = this.#starts[piece + 1] - start;
    this.#put(this.#arenaView, start, length, o);
    this.#at = o + length;
  }

  /**
   * Copies to `o`, eight bytes at a time: what is too many is written over. V8 keeps the bits of what is no number,
   * which the language does not promise: a test sees to it.
   */
  #put(from: DataView, start: number, length: number, o: number): void {
    const view = this.#view;
    for (let i = 0; i < length; i += 8) {
      view.setFloat64(o + i, from.getFloat64(start + i, true), true);
    }
  }

  #copy(bytes: Uint8Array): void {
    const out = this.#out;
    let o = this.#at;
    for (let i = 0; i < bytes.length; i++) out[o++] = bytes[i];
    this.#at = o;
  }

  #text(text: string): void {
    const out = this.#out;
    let o = this.#at;
    for (let i = 0; i < text.length; i++) out[o++] = text.charCodeAt(i);
    this.#at = o;
  }

  /** A name without its module: the function tracer tells none. */
  #bareName(name: number): void {
    const start = this.#starts[3 * name];
    this.#copy(this.#arena.subarray(start, start + this.#bare[name]));
  }

  /** The number of the name of an address. */
  #name(low: number, high: number): number {
    const name = this.#addresses.find(low, high);
    return name >= 0 ? name : this.#learn(low, high);
  }

  #learn(low: number, high: number): number {
    let text = this.#symbols.nameAt(high, low);
    if (text === undefined) {
      text = `0x${address(low, high).toString(16)}`;
      this.unknownSymbols++;
    }
    const pieces = PIECES.map((piece) => bytesOf(piece(text)));
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    // With room for the last piece to be copied in eights.
    while (this.#arenaUsed + length + 8 > this.#arena.length) {
      this.#arena = grown(this.#arena, new Uint8Array(2 * this.#arena.length));
      this.#arenaView = new DataView(this.#arena.buffer);
    }
    const name = this.#addresses.add(low, high);
    if (3 * name + 4 > this.#starts.length) {
      this.#starts = grown(this.#starts, new Int32Array(2 * this.#starts.length));
    }
    if (name === this.#bare.length) {
      this.#bare = grown(this.#bare, new Int32Array(2 * this.#bare.length));
      this.#irqEntry = grown(this.#irqEntry, new Uint8Array(2 * this.#irqEntry.length));
    }
    for (const [i, piece] of pieces.entries()) {
      this.#arena.set(piece, this.#arenaUsed);
      this.#arenaUsed += piece.length;
      this.#starts[3 * name + i + 1] = this.#arenaUsed;
    }
    this.#bare[name] = /^[^ ]*/.exec(text)![0].length;
    this.#irqEntry[name] = inRange(this.#irqRange, high >>> 0, low >>> 0) ? 1 : 0;
    return name;
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** `range`: high and low halves of its start and of its end; empty when there is none. */
function inRange(range: readonly number[], high: number, low: number): boolean {
  if (range.length === 0) return false;
  const [startHigh, startLow, endHigh, endLow] = range;
  const fromStart = high > startHigh || (high === startHigh && low >= startLow);
  return fromStart && (high < endHigh || (high === endHigh && low < endLow));
}
