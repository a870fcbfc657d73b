import type { Line } from '../trace/line.js';
import type { Sink } from '../trace/scan.js';
import { Tally } from './tally.js';

/** Has the bytes of kept lines gathered (Scanner.kept), and counts the others. */
export class StripSink implements Sink {
  readonly tally = new Tally();
  readonly gathers = true;
  private bytes: Uint8Array = new Uint8Array(0);

  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
  }

  markers(count: number): void {
    this.tally.markers += count;
  }

  note(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
  }
}
