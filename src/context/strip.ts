import type { Line } from '../trace/line.js';
import type { Sink } from '../trace/scan.js';
import { Tally } from './tally.js';

/**
 * Gathers the bytes of kept lines in place: after a scan of a buffer, [keptFrom, keptTo) of it holds them,
 * verbatim and in order. Runs are moved at once, and not at all while nothing has been dropped.
 */
export class StripSink implements Sink {
  readonly tally = new Tally();
  keptFrom = 0;
  keptTo = 0;
  private bytes: Uint8Array = new Uint8Array(0);

  /** Call before each scan: kept bytes are gathered from `from` on. */
  begin(bytes: Uint8Array, from: number): void {
    this.bytes = bytes;
    this.keptFrom = this.keptTo = from;
  }

  run(from: number, to: number): void {
    if (this.keptTo === this.keptFrom) this.keptFrom = this.keptTo = from;
    if (this.keptTo !== from) this.bytes.copyWithin(this.keptTo, from, to);
    this.keptTo += to - from;
  }

  markers(count: number): void {
    this.tally.markers += count;
  }

  note(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
  }
}
