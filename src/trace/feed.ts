import { MAX_LINE, SCAN_PADDING, type Scanner } from './scan.js';

/** Bytes read at a time from a file; a pipe gives at most 64 KiB anyway. */
const READ = 262_144;
const CAPACITY = READ + MAX_LINE;
const NEWLINE = 0x0a;

/** A sink that is told where each scan begins. */
export interface ScanUser {
  begin(bytes: Uint8Array, view: DataView, from: number): void;
}

/**
 * Cuts a stream of bytes into runs of complete lines for a scanner, in one buffer that never grows: a
 * line longer than MAX_LINE is passed over and counted as unparsed. For each piece of input: put at most
 * `room` bytes at `offset`, call `take(count)`, use what the sink kept, call `shift()`; at the end call
 * `finish()`.
 */
export class Feed {
  readonly bytes = new Uint8Array(CAPACITY + SCAN_PADDING);
  readonly view = new DataView(this.bytes.buffer);
  /** Where the next bytes go: behind the beginning of a line whose end has not been read yet. */
  offset = 0;
  /** All bytes taken so far. */
  total = 0;
  private restFrom = 0;
  private restTo = 0;
  private overlong = false;

  constructor(
    private readonly scanner: Scanner,
    private readonly user: ScanUser,
  ) {}

  get room(): number {
    return CAPACITY - this.offset;
  }

  /** Scans what `count` new bytes at `offset` complete. */
  take(count: number): void {
    const end = this.offset + count;
    let from = 0;
    this.total += count;
    this.restTo = end;
    if (this.overlong) {
      const newline = this.bytes.subarray(0, end).indexOf(NEWLINE, this.offset);
      this.overlong = newline < 0;
      from = newline < 0 ? end : newline + 1;
    }
    this.user.begin(this.bytes, this.view, from);
    const newline = this.bytes.lastIndexOf(NEWLINE, end - 1);
    if (newline >= from && newline >= this.offset) {
      this.scanner.scan(this.bytes, this.view, from, newline + 1);
      from = newline + 1;
    }
    if (end - from > MAX_LINE) {
      this.scanner.skipOverlong();
      this.overlong = true;
      from = end;
    }
    this.restFrom = from;
  }

  /** Moves the beginning of an unfinished line to the front. */
  shift(): void {
    this.bytes.copyWithin(0, this.restFrom, this.restTo);
    this.offset = this.restTo - this.restFrom;
    this.restFrom = 0;
  }

  /** Scans a last line that has no newline. */
  finish(): void {
    this.user.begin(this.bytes, this.view, 0);
    if (this.offset > 0 && !this.overlong) {
      this.scanner.scanUnended(this.bytes, this.view, 0, this.offset);
    }
    this.offset = 0;
  }
}
