import { type Layout, Record } from './format.js';

/** Types of what stands between the records of a page. */
export const PADDING = 29;
export const TIME_EXTEND = 30;
export const TIME_STAMP = 31;

/** In a sub-buffer's commit word: events were lost in front of it; their count stands behind its events. */
const MISSED = 1 << 31;
const MISSED_STORED = 1 << 30;
/** The rest of it: bytes of events. */
export const COMMIT_MASK = (1 << 27) - 1;

/** Times are kept as doubles from here on, exact for 104 days each way: 64 bits do not fit into one. */
export class TimeBase {
  high = 0;
  low = 0;
  set = false;

  /** Nanoseconds from the base, of a time of two unsigned halves. The first one asked for is the base. */
  from(high: number, low: number): number {
    if (!this.set) {
      this.high = high;
      this.low = low;
      this.set = true;
    }
    return (high - this.high) * 4294967296 + (low - this.low);
  }

  /** The same for a time of the kernel as one number. */
  fromTime(time: bigint): number {
    return this.from(Number((time >> 32n) & 0xffffffffn), Number(time & 0xffffffffn));
  }

  /** The base as the kernel's own time. */
  get start(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }
}

/** The time a page begins at. */
export function pageTime(page: Uint8Array): bigint {
  if (page.length < 8) return 0n;
  return new DataView(page.buffer, page.byteOffset, page.byteLength).getBigUint64(0, true);
}

/** Whether the kernel lost events in front of a page. */
export function tellsLoss(page: Uint8Array): boolean {
  return page.length >= 12 && (page[11] & (MISSED >>> 24)) !== 0;
}

/**
 * Tells of each record of a page, 32-bit words from `at` to `until` of `words`: those that a Cursor finds, but
 * without their times, and faster.
 */
export function eachRecord(
  layout: Layout,
  page: Uint8Array,
  visit: (words: Int32Array, at: number, until: number) => void,
): void {
  const { dataOffset } = layout;
  if (page.length < dataOffset) return;
  const bytes = page.byteOffset % 4 === 0 ? page : page.slice();
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const room = (words.length << 2) - dataOffset;
  const end = (dataOffset + Math.min(words[2] & COMMIT_MASK, room)) >> 2;
  for (let p = dataOffset >> 2; p < end; ) {
    const header = words[p];
    const type = header & 31;
    let at = p + 1;
    let until = at + type;
    if (type === 0 || type > 28) {
      if ((type === PADDING && header >>> 5 === 0) || at >= end) return;
      if (type === TIME_EXTEND || type === TIME_STAMP) {
        p += 2;
        continue;
      }
      const array = words[at];
      if (array < 4) return;
      until = at + ((array + 3) >>> 2);
      if (until > end) return;
      if (type === PADDING) {
        p = until;
        continue;
      }
      at++;
    }
    if (until > end) return;
    if (until - at >= 2) visit(words, at, until);
    p = until;
  }
}

/**
 * Walks the events of one CPU through its pages, in the order they were written. A page that is damaged,
 * cut short or made up yields the events that can be read; the rest of it is counted, and nothing outside
 * of it is read.
 */
export class Cursor {
  /** The current event's record: 32-bit words from `at` to `until` of `words`. Valid while `ready`. */
  words: Int32Array = new Int32Array(0);
  at = 0;
  until = 0;
  /** Nanoseconds from the time base. */
  time = 0;
  ready = false;
  /** No page will follow those that were fed. */
  ended = false;
  /** Events lost in front of the current one and not yet told by whoever reads: their count, -1 when nobody knows it. */
  lost = 0;

  /** An entry that waits for the next event, to see whether that is its return. */
  held = false;
  heldWords: Int32Array = this.words;
  heldAt = 0;
  heldTime = 0;
  /** Wait no longer. */
  waived = false;

  /** Nothing of this CPU that is still to come is older. */
  horizon = Number.NEGATIVE_INFINITY;

  events = 0;
  /** Events lost, as far as they were counted. */
  lostEvents = 0;
  /** Places where events were lost and nobody counted them. */
  lostUncounted = 0;
  /** Bytes of pages that could not be read. */
  unreadable = 0;
  pages = 0;

  #p = 0;
  #end = 0;
  #pageTimeHigh = 0;
  #queue: Uint8Array[] = [];
  #first = 0;
  readonly #layout: Layout;
  readonly #base: TimeBase;

  constructor(
    readonly cpu: number,
    layout: Layout,
    base: TimeBase,
  ) {
    this.#layout = layout;
    this.#base = base;
  }

  /** Pages fed and not yet begun. */
  get queued(): number {
    return this.#queue.length - this.#first;
  }

  /** The page is kept until it has been read: its bytes must not change. */
  feed(page: Uint8Array): void {
    this.#queue.push(page);
  }

  /** Goes to the next event. False, with `ready`, when there is none in the pages fed so far. */
  next(): boolean {
    for (;;) {
      if (this.#p >= this.#end) {
        if (!this.#nextPage()) {
          this.ready = false;
          return false;
        }
        continue;
      }
      const words = this.words;
      const p = this.#p;
      const header = words[p];
      const type = header & 31;
      let length = type;
      let start = p + 1;
      if (type === 0 || type > 28) {
        if (type === PADDING && header >>> 5 === 0) {
          // The rest of the page is empty.
          this.#p = this.#end;
          continue;
        }
        if (p + 1 >= this.#end) {
          this.#giveUp();
          continue;
        }
        const array = words[p + 1];
        if (type === TIME_EXTEND) {
          this.time += (array >>> 0) * 134217728 + (header >>> 5);
          this.#p = p + 2;
          continue;
        }
        if (type === TIME_STAMP) {
          this.#stamp(array >>> 0, header >>> 5);
          this.#p = p + 2;
          continue;
        }
        // The length in bytes, its own four among them.
        length = (array + 3) >>> 2;
        start = p + 2;
        if (array < 4 || length > this.#end - p - 1) {
          this.#giveUp();
          continue;
        }
        if (type === PADDING) {
          this.time += header >>> 5;
          this.#p = p + 1 + length;
          continue;
        }
      }
      const until = p + 1 + length;
      if (until > this.#end) {
        this.#giveUp();
        continue;
      }
      this.time += header >>> 5;
      this.#p = until;
      // No record is shorter than the fields that all have.
      if (until - start < 2) {
        this.unreadable += (until - p) * 4;
        continue;
      }
      this.at = start;
      this.until = until;
      this.ready = true;
      this.events++;
      return true;
    }
  }

  /** What is current stays so, beside the event that follows it: an entry waits for its return. */
  hold(words: Int32Array, at: number, time: number): void {
    this.held = true;
    this.waived = false;
    this.heldWords = words;
    this.heldAt = at;
    this.heldTime = time;
  }

  /** The current event cannot be what it claims to be. */
  reject(bytes: number): void {
    this.unreadable += bytes;
    this.events--;
  }

  /** From here on this page makes no sense. */
  #giveUp(): void {
    this.unreadable += (this.#end - this.#p) * 4;
    this.#p = this.#end;
  }

  /** An absolute time of 59 bits; the bits above are those of the page's own. */
  #stamp(array: number, low: number): void {
    const high = ((array >>> 5) & 0x07ffffff) | (this.#pageTimeHigh & 0xf8000000);
    this.time = this.#base.from(high >>> 0, ((array << 27) | low) >>> 0);
  }

  #nextPage(): boolean {
    if (this.#first === this.#queue.length) return false;
    let page = this.#queue[this.#first];
    this.#queue[this.#first++] = NO_PAGE;
    if (this.#first === this.#queue.length || this.#first > 1024) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
    this.pages++;
    const { dataOffset, longSize } = this.#layout;
    if (page.length < dataOffset) {
      this.unreadable += page.length;
      return true;
    }
    if (page.byteOffset % 4 !== 0) page = page.slice();
    const words = new Int32Array(page.buffer, page.byteOffset, page.length >> 2);
    const commit = words[2];
    const size = commit & COMMIT_MASK;
    const room = (words.length << 2) - dataOffset;
    this.words = words;
    this.#p = dataOffset >> 2;
    this.#end = (dataOffset + Math.min(size, room)) >> 2;
    if (size > room) this.unreadable += size - room;
    this.#pageTimeHigh = words[1];
    this.time = this.#base.from(words[1] >>> 0, words[0] >>> 0);
    if ((commit & MISSED) !== 0) {
      // The count is a long, where there was room for it.
      const at = this.#end;
      const stored =
        (commit & MISSED_STORED) !== 0 && size % 4 === 0 && at + (longSize >> 2) <= words.length;
      const count = stored
        ? (words[at] >>> 0) + (longSize === 8 ? (words[at + 1] >>> 0) * 4294967296 : 0)
        : 0;
      this.#lose(count);
    }
    return true;
  }

  /** `count` 0: nobody knows how many. A count that no buffer can have lost is none. */
  #lose(count: number): void {
    if (count > 0 && count <= Number.MAX_SAFE_INTEGER) {
      this.lostEvents += count;
      if (this.lost >= 0) this.lost += count;
    } else {
      this.lostUncounted++;
      this.lost = -1;
    }
  }
}

const NO_PAGE = new Uint8Array(0);

export type Tracer = 'function_graph' | 'function';

/** Whose events a page holds, by the first one that is of any tracer's. */
export function tracerOf(layout: Layout, page: Uint8Array | undefined): Tracer | undefined {
  if (page === undefined) return undefined;
  const cursor = new Cursor(0, layout, new TimeBase());
  cursor.feed(page);
  while (cursor.next()) {
    const kind = layout.kinds[cursor.words[cursor.at] & 0xffff];
    if (kind === Record.entry || kind === Record.exit) return 'function_graph';
    if (kind === Record.call) return 'function';
  }
  return undefined;
}

/** Whether a record of this kind is as long as its format says. */
export function longEnough(layout: Layout, kind: number, words: number): boolean {
  if (kind === Record.entry) return words >= layout.entry!.words;
  if (kind === Record.exit) return words >= layout.exit!.words;
  if (kind === Record.call) return words >= layout.call!.words;
  return true;
}
