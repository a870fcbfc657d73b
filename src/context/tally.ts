import { Kind } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';

/** Counts of the lines that are no function, call or event, and the first that could not be parsed. */
export class Tally {
  /** Lines of the function tracer. */
  calls = 0;
  headers = 0;
  /** Switches, with the rules and blank lines round them. */
  markers = 0;
  unparsed = 0;
  /** What the first unparsed line began with, up to 60 characters, control characters as `?`. */
  firstUnparsed = '';
  /** Marks of lost events, and the events they speak of where the kernel counted them. */
  losses = 0;
  lostEvents = 0;
  firstUnparsedLine = 0;

  /** Lines that are the work of no task. */
  get others(): number {
    return this.headers + this.markers + this.unparsed + this.losses;
  }

  /** Counts the line [from, next). */
  count(line: Line, bytes: Uint8Array, from: number, next: number): void {
    switch (line.kind) {
      case Kind.call:
        this.calls++;
        break;
      case Kind.header:
        this.headers++;
        break;
      case Kind.lost:
        this.losses++;
        this.lostEvents += line.count;
        break;
      case Kind.unparsed:
        this.unparsed++;
        if (this.unparsed === 1) {
          this.firstUnparsedLine = line.number;
          this.firstUnparsed = excerpt(bytes, from, next);
        }
        break;
      default:
        this.markers++;
    }
  }
}

/** The beginning of a line for a message: printable ASCII, at most 60 characters. */
export function excerpt(bytes: Uint8Array, from: number, to: number): string {
  let s = '';
  for (let p = from; p < Math.min(to, from + 60); p++) {
    const c = bytes[p];
    if (c === 0x0a || c === 0x0d) break;
    s += c >= 0x20 && c < 0x7f ? String.fromCharCode(c) : '?';
  }
  return s;
}
