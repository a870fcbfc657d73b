import { bytesOf, latin1 } from '../trace/latin1.js';
import { FormatError } from './format.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const Q = 'q'.charCodeAt(0);
const R = 'r'.charCodeAt(0);

/** Longer than any name with its module: the kernel's limits are 512 and 56. */
const MAX_LINE = 1024;

/** `1 t x` and the end of the line. */
const SHORTEST_LINE = 6;

const IRQ_ENTRY_BOUNDS = ['__irqentry_text_start\n', '__irqentry_text_end\n'];

/** Values of hexadecimal digits by their characters, -1 for all others. */
const HEX = Int8Array.from({ length: 256 }, (_, c) => {
  const digit = Number.parseInt(String.fromCharCode(c), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/** Types of functions in kallsyms: text, global or local, weak or not. */
const TEXT = Uint8Array.from({ length: 256 }, (_, c) =>
  'tTwW'.includes(String.fromCharCode(c)) ? 1 : 0,
);

/**
 * Functions by address, of `/proc/kallsyms` as root reads it:
 *
 *     ffffffff98351e0 t switch_ldt
 *     ffffffffc0555430 t virtqueue_dma_map_single_attrs	[virtio_ring]
 *
 * An address is two unsigned halves of 32 bits. Of symbols at one address the first one of the file is the
 * name: so does the kernel choose when it prints.
 */
export class Symbols {
  readonly #bytes: Uint8Array;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #lines: Uint32Array;
  readonly count: number;

  /**
   * Where interrupts are entered, `__irqentry_text_start` to `__irqentry_text_end`: high and low halves
   * of both. Empty when the kernel does not tell.
   */
  readonly irqEntryText: readonly number[];

  /** Keeps `kallsyms`. Throws FormatError when it holds no address of a function. */
  constructor(kallsyms: Uint8Array) {
    this.#bytes = kallsyms;
    const most = Math.floor(kallsyms.length / SHORTEST_LINE) + 1;
    const highs = new Uint32Array(most);
    const lows = new Uint32Array(most);
    const lines = new Uint32Array(most);
    const bounds = IRQ_ENTRY_BOUNDS.map(bytesOf);
    const range: (readonly number[])[] = [];
    let count = 0;
    let zeros = 0;
    for (let at = 0; at < kallsyms.length; at++) {
      let high = 0;
      let low = 0;
      let digit = 0;
      const start = at;
      for (; at - start < 16; at++) {
        digit = HEX[kallsyms[at]];
        if (digit < 0 || at === kallsyms.length) break;
        high = (high << 4) | (low >>> 28);
        low = (low << 4) | digit;
      }
      // 'ffffffff98351e0 t switch_ldt': a blank, the type, a blank.
      const isFunction =
        at > start &&
        at + 3 < kallsyms.length &&
        kallsyms[at] === SPACE &&
        TEXT[kallsyms[at + 1]] === 1 &&
        kallsyms[at + 2] === SPACE &&
        kallsyms[at + 3] > SPACE;
      if (isFunction) {
        at += 3;
        if (high === 0 && low === 0) zeros++;
        else {
          highs[count] = high;
          lows[count] = low;
          lines[count++] = at;
          // No other name begins so.
          if (kallsyms[at + 4] === Q && kallsyms[at + 3] === R) {
            for (const [i, bound] of bounds.entries()) {
              if (bound.every((byte, k) => kallsyms[at + k] === byte)) {
                range[i] = [high >>> 0, low >>> 0];
              }
            }
          }
        }
      }
      while (at < kallsyms.length && kallsyms[at] !== NEWLINE) at++;
    }
    if (count === 0) {
      throw new FormatError(
        zeros > 0
          ? 'every address in it is 0: kallsyms has to be read as root'
          : 'no function in it: not a kallsyms file',
      );
    }
    this.irqEntryText = range[0] === undefined || range[1] === undefined ? [] : range.flat();
    this.count = count;
    this.#high = new Uint32Array(count);
    this.#low = new Uint32Array(count);
    this.#lines = new Uint32Array(count);
    const order = inOrder(highs, lows, count);
    for (let to = 0; to < count; to++) {
      const from = order[to];
      this.#high[to] = highs[from];
      this.#low[to] = lows[from];
      this.#lines[to] = lines[from];
    }
  }

  /** The index of the last symbol not above an address, of several at one address the first, or -1. */
  #find(high: number, low: number): number {
    let first = 0;
    let last = this.count;
    while (first < last) {
      const middle = (first + last) >> 1;
      const h = this.#high[middle];
      if (h < high || (h === high && this.#low[middle] <= low)) first = middle + 1;
      else last = middle;
    }
    let found = first - 1;
    while (
      found > 0 &&
      this.#low[found - 1] === this.#low[found] &&
      this.#high[found - 1] === this.#high[found]
    ) {
      found--;
    }
    return found;
  }

  /** The address of a symbol by its index: high and low half. They ascend. */
  addressAt(index: number): readonly [number, number] {
    return [this.#high[index], this.#low[index]];
  }

  /** Where the first function of this name begins. All names are looked at: it takes a while. */
  addressOf(name: string): readonly [number, number] | undefined {
    const wanted = bytesOf(name);
    for (let i = 0; i < this.count; i++) {
      const start = this.#lines[i];
      if (this.#bytes[start] !== wanted[0] || this.#bytes[start + wanted.length] > SPACE) continue;
      if (wanted.every((byte, k) => this.#bytes[start + k] === byte)) return this.addressAt(i);
    }
    return undefined;
  }

  /**
   * The name of the function an address lies in, `name [module]` of a module's. Undefined below all symbols.
   */
  nameAt(high: number, low: number): string | undefined {
    const found = this.#find(high >>> 0, low >>> 0);
    if (found < 0) return undefined;
    const start = this.#lines[found];
    let end = this.#bytes.indexOf(NEWLINE, start);
    if (end < 0) end = this.#bytes.length;
    const line = latin1(this.#bytes.subarray(start, Math.min(end, start + MAX_LINE))).trimEnd();
    return line.replace('\t', ' ');
  }
}

/**
 * The indices of addresses, by address and, where those are equal, as they came. The kernel's own functions
 * come in order, those of its modules behind them do not.
 */
function inOrder(high: Uint32Array, low: Uint32Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const compare = (a: number, b: number) => high[a] - high[b] || low[a] - low[b] || a - b;
  let sorted = 1;
  while (sorted < count && compare(sorted - 1, sorted) < 0) sorted++;
  if (sorted >= count) return order;
  const rest = order.subarray(sorted).sort(compare);
  // Modules lie above the kernel, or all of them below it.
  if (compare(order[sorted - 1], rest[0]) > 0) order.sort(compare);
  return order;
}
