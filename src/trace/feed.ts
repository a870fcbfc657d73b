import { BUFFER, BUFFER_LENGTH } from './lane/layout.js';
import { MAX_LINE, type Scanner } from './scan.js';

/** The lane reads a few words across the end of the last line. */
const PADDING = 1024;
const BUFFER_END = BUFFER + BUFFER_LENGTH - PADDING;
const NEWLINE = 0x0a;

/** A sink that is told where each scan begins. */
export interface ScanUser {
  begin(bytes: Uint8Array, from: number): void;
}

/**
 * Cuts a stream of bytes into runs of complete lines for a scanner, in one buffer that never grows: a
 * line longer than MAX_LINE is passed over and counted as unparsed. For each piece of input: put at most
 * `room` bytes at `offset`, call `take(count)`, use what the sink kept, call `shift()`; at the end call
 * `finish()`.
 */
export class Feed {
  readonly bytes: Uint8Array;
  /** Where the next bytes go: behind the beginning of a line whose end has not been read yet. */
  offset = BUFFER;
  /** All bytes taken so far. */
  total = 0;
  /** Where the line whose end has not been read yet begins, between take() and shift(). */
  restFrom = BUFFER;
  private restTo = BUFFER;
  private overlong = false;

  constructor(
    private readonly scanner: Scanner,
    private readonly user: ScanUser,
  ) {
    this.bytes = scanner.lane.bytes;
  }

  get room(): number {
    return BUFFER_END - this.offset;
  }

  /** The kept bytes of the last take() or finish(), if the sink gathers them; shift() overwrites them. */
  kept(): Uint8Array {
    const { from, to } = this.scanner.kept();
    return this.bytes.subarray(from, Math.max(from, to));
  }

  /** Scans what `count` new bytes at `offset` complete. */
  take(count: number): void {
    const end = this.offset + count;
    let from = BUFFER;
    this.total += count;
    this.restTo = end;
    if (this.overlong) {
      const newline = this.bytes.subarray(0, end).indexOf(NEWLINE, this.offset);
      this.overlong = newline < 0;
      from = newline < 0 ? end : newline + 1;
    }
    this.user.begin(this.bytes, from);
    const newline = this.bytes.lastIndexOf(NEWLINE, end - 1);
    const lineEnd = newline >= this.offset ? newline + 1 : from;
    this.scanner.scan(from, lineEnd);
    from = lineEnd;
    if (end - from > MAX_LINE) {
      this.scanner.skipOverlong(from);
      this.overlong = true;
      from = end;
    }
    this.restFrom = from;
  }

  /** Moves the beginning of an unfinished line to the front. */
  shift(): void {
    this.bytes.copyWithin(BUFFER, this.restFrom, this.restTo);
    this.offset = BUFFER + this.restTo - this.restFrom;
    this.restFrom = BUFFER;
  }

  /** Scans a last line that has no newline. */
  finish(): void {
    this.user.begin(this.bytes, BUFFER);
    // Whoever looks for the line's end must not find what an earlier piece has left behind it.
    this.bytes[this.offset] = NEWLINE;
    this.scanner.scanUnended(BUFFER, this.overlong ? BUFFER : this.offset);
    this.offset = BUFFER;
  }
}
