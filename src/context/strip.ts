import { Kind } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';
import type { LineSink } from '../trace/scan.js';
import { Tally } from './tally.js';
import type { Judge } from './verdict.js';

/**
 * Keeps the bytes of the lines a judge keeps, in place: after a scan of a buffer, [keptFrom, keptTo) of
 * it holds them, verbatim and in order. Runs of kept lines are moved at once, and not at all while
 * nothing has been dropped.
 */
export class StripSink implements LineSink {
  readonly tally = new Tally();
  keptFrom = 0;
  keptTo = 0;
  private runFrom = 0;
  private runTo = 0;
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);

  constructor(private readonly judge: Judge) {}

  /** Call before each scan: kept bytes are gathered from `from` on. */
  begin(bytes: Uint8Array, view: DataView, from: number): void {
    this.bytes = bytes;
    this.view = view;
    this.keptFrom = this.keptTo = this.runFrom = this.runTo = from;
  }

  /** Call after each scan. */
  end(): void {
    this.flush();
  }

  head(cpu: number, tid: number): void {
    this.judge.head(cpu, tid);
  }

  line(
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
    _hash: number,
    from: number,
    next: number,
  ): void {
    if (!this.judge.keep(this.bytes, this.view, kind, context, depth, nameFrom, nameTo)) return;
    if (from !== this.runTo) {
      this.flush();
      this.runFrom = from;
    }
    this.runTo = next;
  }

  other(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
    if (line.kind === Kind.call) {
      if (!this.judge.keepCall(this.bytes, line)) return;
      if (from !== this.runTo) {
        this.flush();
        this.runFrom = from;
      }
      this.runTo = next;
    } else {
      this.judge.note(line);
    }
  }

  private flush(): void {
    const length = this.runTo - this.runFrom;
    if (this.keptTo !== this.runFrom) {
      this.bytes.copyWithin(this.keptTo, this.runFrom, this.runTo);
    }
    this.keptTo += length;
    this.runFrom = this.runTo;
  }
}
