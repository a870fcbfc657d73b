import type { Tally } from '../context/tally.js';
import { Feed } from '../trace/feed.js';
import { latin1 } from '../trace/latin1.js';
import { type Judge, MAX_LINE, Scanner } from '../trace/scan.js';
import { byName, type FunctionCount, NamesSink } from './names.js';

/**
 * Where a window ends: after so many lines, which need not be a whole number, or seconds of the trace's clock;
 * or at moments of that clock, ascending.
 */
export type Cut =
  | { readonly by: 'lines' | 'clock'; readonly length: number }
  | { readonly by: 'moments'; readonly moments: readonly number[] };

/** More windows tell no more, and a clock that jumps must not make millions. */
export const MAX_WINDOWS = 10_000;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;

/** A clock's column lies within the first so many bytes of a line. */
const CLOCK_WITHIN = 80;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * The clock of a line in [from, to), in seconds, or undefined where there is none: a number with six or
 * nine decimals, behind spaces and in front of a colon or a space. A duration has three.
 *
 *     `  148.943278 |   1)    node-218    |   ksys_read() {`   funcgraph-abstime
 *     `            node-218   [001]   148.943278: funcgraph_entry:                   |  ksys_read() {`
 */
export function clockOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  const end = Math.min(to, from + CLOCK_WITHIN);
  for (let dot = bytes.indexOf(DOT, from); dot > from && dot < end; ) {
    let first = dot;
    while (first > from && isDigit(bytes[first - 1])) first--;
    let last = dot + 1;
    while (last < end && isDigit(bytes[last])) last++;
    const decimals = last - dot - 1;
    const apart = first === from || bytes[first - 1] === SPACE;
    if (first < dot && apart && (decimals === 6 || decimals === 9)) {
      if (bytes[last] === COLON || bytes[last] === SPACE) {
        return Number(latin1(bytes.subarray(first, last)));
      }
    }
    dot = bytes.indexOf(DOT, last);
  }
  return undefined;
}

/** Whether the lines of a trace's beginning tell the time. */
export function hasClock(bytes: Uint8Array): boolean {
  let from = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, from);
    if (newline < 0) return false;
    if (bytes[from] !== 0x23 && clockOf(bytes, from, newline) !== undefined) return true;
    from = newline + 1;
  }
}

/**
 * Cuts the text of a trace into windows, and lists the functions that a judge's tasks entered in each:
 * the union of the windows is what uniq-funcs lists of the whole. Throws RangeError for too many windows.
 */
export class Windows {
  readonly scanner: Scanner;
  private readonly sink = new NamesSink();
  private readonly feed: Feed;
  private readonly windows: FunctionCount[][] = [];
  /** The calls of each function up to the end of the last window. */
  private readonly before: number[] = [];
  private rest = new Uint8Array(0);
  /** The rest belongs to a line whose beginning has been fed. */
  private insideLine = false;
  private lines = 0;
  private start: number | undefined;

  constructor(
    judge: Judge,
    private readonly cut: Cut,
  ) {
    this.scanner = new Scanner(judge, this.sink);
    this.feed = new Feed(this.scanner, this.sink);
  }

  get tally(): Tally {
    return this.sink.tally;
  }

  take(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.rest.length > 0) {
      bytes = new Uint8Array(this.rest.length + chunk.length);
      bytes.set(this.rest);
      bytes.set(chunk, this.rest.length);
    }
    let fed = 0;
    const begin = (from: number, to: number) => {
      const window = this.windowOf(bytes, from, to);
      if (window <= this.windows.length) return;
      this.put(bytes.subarray(fed, from));
      fed = from;
      this.closeUpTo(window);
    };
    let at = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline < 0) break;
      if (!this.insideLine) begin(at, newline);
      this.insideLine = false;
      at = newline + 1;
    }
    if (bytes.length - at > MAX_LINE) {
      if (!this.insideLine) begin(at, bytes.length);
      this.insideLine = true;
      at = bytes.length;
    }
    this.put(bytes.subarray(fed, at));
    this.rest = bytes.slice(at);
  }

  /** The names of each window, in the order of the trace, when all of it has been taken. */
  end(): string[][] {
    return this.endWithCalls().map((window) => window.map(({ name }) => name));
  }

  /** The same with their calls. */
  endWithCalls(): FunctionCount[][] {
    const { rest } = this;
    if (rest.length > 0 && !this.insideLine) {
      const window = this.windowOf(rest, 0, rest.length);
      if (window > this.windows.length) this.closeUpTo(window);
    }
    this.put(rest);
    this.feed.finish();
    this.closeUpTo(this.windows.length + 1);
    return this.windows;
  }

  /** The number of the window, from 0, that the line in [from, to) belongs to. */
  private windowOf(bytes: Uint8Array, from: number, to: number): number {
    const { cut } = this;
    if (cut.by === 'lines') return Math.floor(this.lines++ / cut.length);
    const time = clockOf(bytes, from, to);
    if (time === undefined) return 0;
    if (cut.by === 'moments') return cut.moments.filter((moment) => moment <= time).length;
    this.start ??= time;
    return Math.floor((time - this.start) / cut.length);
  }

  private put(bytes: Uint8Array): void {
    const { feed } = this;
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + feed.room);
      feed.bytes.set(part, feed.offset);
      feed.take(part.length);
      feed.shift();
      from += part.length;
    }
  }

  /** Ends windows until there are so many: those after the first of them are empty. */
  private closeUpTo(count: number): void {
    if (count > MAX_WINDOWS) throw new RangeError(`more than ${MAX_WINDOWS} windows`);
    const entered: FunctionCount[] = [];
    let id = 0;
    for (const { name, count } of this.sink.all()) {
      const calls = count - (this.before[id] ?? 0);
      if (calls > 0) entered.push({ name, calls });
      this.before[id++] = count;
    }
    this.windows.push(entered.sort(byName));
    while (this.windows.length < count) this.windows.push([]);
  }
}
