import { Addresses, address } from './addresses.js';
import { type Layout, Record } from './format.js';
import { Cursor, longEnough, TimeBase } from './page.js';
import type { Symbols } from './symbols.js';

/** A function that was seen, and where first. */
export interface Sighting {
  /** `fn` or `fn [module]` */
  readonly name: string;
  /** Undefined where the page does not tell. */
  readonly caller: string | undefined;
  readonly tid: number;
  /** Nanoseconds of the trace clock. */
  readonly time: bigint;
}

/** Bits of common_flags that say: an interrupt of any kind. */
const INTERRUPT = 0x08 | 0x10 | 0x40;

/** Deeper calls are seen without their callers. */
const DEPTHS = 64;

class CpuState {
  readonly stack = new Int32Array(DEPTHS).fill(-1);
  readonly tids = new Int32Array(DEPTHS);
  /** Depth of the irq_exit_rcu that is open, and whose it is. */
  exitDepth = Number.POSITIVE_INFINITY;
  exitTid = 0;

  constructor(readonly cursor: Cursor) {}
}

/**
 * Which functions run in task context, told as soon as their pages come in: coverage needs neither the
 * order of CPUs nor text. Context is the flag of each event's own, but for what irq_exit_rcu calls: that is
 * the interrupt's work, though it is no longer flagged so.
 */
export class Sightings {
  readonly #layout: Layout;
  readonly #symbols: Symbols;
  readonly #times: number;
  readonly #wanted: ReadonlySet<number> | undefined;
  readonly #base = new TimeBase();
  readonly #states = new Map<number, CpuState>();
  readonly #addresses = new Addresses();
  #inTask = new Int32Array(1 << 12);
  #callers = new Int32Array(1 << 12);
  #tids = new Int32Array(1 << 12);
  #when = new Float64Array(1 << 12);
  /** 1 for irq_enter_rcu, 2 for irq_exit_rcu: never told, the rest of a trace cannot be judged without. */
  #brackets = new Uint8Array(1 << 12);
  readonly #reached: number[] = [];
  /** So many of them have been told. */
  #taken = 0;

  /**
   * A function counts as seen at its `times`-th call in task context of one of the `wanted` threads, or of
   * any. The set may grow meanwhile.
   */
  constructor(layout: Layout, symbols: Symbols, times: number, wanted?: ReadonlySet<number>) {
    this.#layout = layout;
    this.#symbols = symbols;
    this.#times = times;
    this.#wanted = wanted;
  }

  /** Functions seen in task context so far. */
  get size(): number {
    return this.#reached.length;
  }

  /** The next page of a CPU. It is read at once and not kept. */
  page(cpu: number, page: Uint8Array): void {
    let state = this.#states.get(cpu);
    if (state === undefined) {
      state = new CpuState(new Cursor(cpu, this.#layout, this.#base));
      this.#states.set(cpu, state);
    }
    const { cursor } = state;
    const { kinds, entry, exit, call, longSize } = this.#layout;
    cursor.feed(page);
    while (cursor.next()) {
      const { words, at } = cursor;
      const kind = kinds[words[at] & 0xffff];
      if (kind === Record.other || !longEnough(this.#layout, kind, cursor.until - at)) continue;
      const flags = (words[at] >>> 16) & 0xff;
      const tid = words[at + 1];
      if (kind === Record.exit) {
        const depth = words[at + exit!.depth];
        if (depth === state.exitDepth && tid === state.exitTid) {
          state.exitDepth = Number.POSITIVE_INFINITY;
        }
        continue;
      }
      const func = at + (kind === Record.entry ? entry!.func : call!.ip);
      const known = this.#number(words[func], longSize === 8 ? words[func + 1] : 0);
      let caller = -1;
      let ofInterrupt = (flags & INTERRUPT) !== 0;
      if (kind === Record.entry) {
        const depth = words[at + entry!.depth] >>> 0;
        if (tid !== state.exitTid || depth <= state.exitDepth) {
          state.exitDepth = Number.POSITIVE_INFINITY;
        } else {
          ofInterrupt = true;
        }
        if (this.#brackets[known] === EXIT && state.exitDepth === Number.POSITIVE_INFINITY) {
          state.exitDepth = depth;
          state.exitTid = tid;
        }
        if (depth < DEPTHS) {
          if (depth > 0 && state.tids[depth - 1] === tid) caller = state.stack[depth - 1];
          state.stack[depth] = known;
          state.tids[depth] = tid;
        }
      } else {
        const parent = at + call!.parent;
        caller = this.#number(words[parent], longSize === 8 ? words[parent + 1] : 0);
        if (this.#brackets[caller] === EXIT) ofInterrupt = true;
      }
      if (ofInterrupt || this.#brackets[known] !== 0) continue;
      if (this.#wanted !== undefined && !this.#wanted.has(tid)) continue;
      const seen = ++this.#inTask[known];
      if (seen === 1) {
        this.#callers[known] = caller;
        this.#tids[known] = tid;
        this.#when[known] = cursor.time;
      }
      if (seen === this.#times) this.#reached.push(known);
    }
  }

  /** Addresses of functions seen in task context since this was asked last, in the order they were. */
  take(): bigint[] {
    const { length } = this.#reached;
    const taken: bigint[] = [];
    for (; this.#taken < length; this.#taken++) {
      const known = this.#reached[this.#taken];
      taken.push(address(this.#addresses.low(known), this.#addresses.high(known)));
    }
    return taken;
  }

  /** All functions seen in task context, in the order they were. */
  all(): Sighting[] {
    return this.#reached.map((known) => this.#sighting(known));
  }

  #number(low: number, high: number): number {
    const known = this.#addresses.find(low, high);
    return known >= 0 ? known : this.#learn(low, high);
  }

  #learn(low: number, high: number): number {
    const known = this.#addresses.add(low, high);
    if (known === this.#inTask.length) {
      this.#inTask = doubled(this.#inTask, Int32Array);
      this.#callers = doubled(this.#callers, Int32Array);
      this.#tids = doubled(this.#tids, Int32Array);
      this.#when = doubled(this.#when, Float64Array);
      this.#brackets = doubled(this.#brackets, Uint8Array);
    }
    this.#callers[known] = -1;
    const name = this.#symbols.nameAt(high, low);
    if (name === 'irq_enter_rcu') this.#brackets[known] = ENTER;
    if (name === 'irq_exit_rcu') this.#brackets[known] = EXIT;
    return known;
  }

  #nameOf(known: number): string {
    const low = this.#addresses.low(known);
    const high = this.#addresses.high(known);
    return this.#symbols.nameAt(high, low) ?? `0x${address(low, high).toString(16)}`;
  }

  #sighting(known: number): Sighting {
    const caller = this.#callers[known];
    return {
      name: this.#nameOf(known),
      caller: caller < 0 ? undefined : this.#nameOf(caller),
      tid: this.#tids[known],
      time: this.#base.start + BigInt(Math.round(this.#when[known])),
    };
  }
}

const ENTER = 1;
const EXIT = 2;

function doubled<T extends Int32Array | Float64Array | Uint8Array>(
  from: T,
  Type: new (length: number) => T,
): T {
  const to = new Type(2 * from.length);
  to.set(from);
  return to;
}
