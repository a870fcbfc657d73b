import { FormatError } from './format.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/** Types of functions in kallsyms: text, global or local, weak or not. */
const TEXT = new Set([...'tTwW'].map((c) => c.charCodeAt(0)));

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
  readonly #decoder = new TextDecoder('latin1');
  readonly count: number;

  /** Keeps `kallsyms`. Throws FormatError when it holds no address of a function. */
  constructor(kallsyms: Uint8Array) {
    this.#bytes = kallsyms;
    const high: number[] = [];
    const low: number[] = [];
    const lines: number[] = [];
    let zeros = 0;
    for (let at = 0; at < kallsyms.length; ) {
      let end = kallsyms.indexOf(NEWLINE, at);
      if (end < 0) end = kallsyms.length;
      let digits = 0;
      let h = 0;
      let l = 0;
      for (; at + digits < end; digits++) {
        const c = kallsyms[at + digits];
        const digit = c >= ZERO && c <= NINE ? c - ZERO : (c | SPACE) - 0x57;
        if (digit < 0 || digit > 15 || (c > NINE && digit < 10)) break;
        h = ((h << 4) | (l >>> 28)) >>> 0;
        l = ((l << 4) | digit) >>> 0;
      }
      const type = at + digits;
      // 'ffffffff98351e0 t switch_ldt': a blank, the type, a blank.
      if (
        digits > 0 &&
        digits <= 16 &&
        type + 3 < end &&
        kallsyms[type] === SPACE &&
        kallsyms[type + 2] === SPACE &&
        TEXT.has(kallsyms[type + 1])
      ) {
        if (h === 0 && l === 0) zeros++;
        else {
          high.push(h);
          low.push(l);
          lines.push(type + 3);
        }
      }
      at = end + 1;
    }
    if (lines.length === 0) {
      throw new FormatError(
        zeros > 0
          ? 'every address in it is 0: kallsyms has to be read as root'
          : 'no function in it: not a kallsyms file',
      );
    }
    const order = high.map((_, i) => i);
    // The kernel's own are in order, its modules' are not: few runs to merge.
    order.sort((a, b) => high[a] - high[b] || low[a] - low[b] || a - b);
    this.count = order.length;
    this.#high = Uint32Array.from(order, (i) => high[i]);
    this.#low = Uint32Array.from(order, (i) => low[i]);
    this.#lines = Uint32Array.from(order, (i) => lines[i]);
  }

  /**
   * Where interrupts are entered, `__irqentry_text_start` to `__irqentry_text_end`: high and low halves
   * of both. Empty when the kernel does not tell.
   */
  get irqEntryText(): readonly number[] {
    const range: number[] = [];
    for (const name of ['__irqentry_text_start', '__irqentry_text_end']) {
      const wanted = Uint8Array.from(`${name}\n`, (c) => c.charCodeAt(0));
      const at = this.#lines.findIndex((line) =>
        wanted.every((byte, i) => this.#bytes[line + i] === byte),
      );
      if (at < 0) return [];
      range.push(this.#high[at], this.#low[at]);
    }
    return range;
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

  /**
   * The name of the function an address lies in, `name [module]` of a module's. Undefined below all symbols.
   */
  nameAt(high: number, low: number): string | undefined {
    const found = this.#find(high >>> 0, low >>> 0);
    if (found < 0) return undefined;
    const start = this.#lines[found];
    let end = this.#bytes.indexOf(NEWLINE, start);
    if (end < 0) end = this.#bytes.length;
    const line = this.#decoder.decode(this.#bytes.subarray(start, end)).trimEnd();
    return line.replace('\t', ' ');
  }
}
