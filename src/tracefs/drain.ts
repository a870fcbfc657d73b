import type { Layout } from '../ringbuffer/format.js';
import { pageTime } from '../ringbuffer/page.js';
import type { Backlog } from './backlog.js';
import type { PageSource } from './page-queue.js';

/**
 * A page that has this much room left was being written to: there is nothing behind it. But the first one of a
 * turn may be the rest of one that was read while it was being written to, and any number behind it.
 */
const ROOM_BYTES = 512;
/** What a CPU is taken to write as long as nothing is known, in bytes per millisecond. */
const GUESSED_RATE = 50_000;
/** A round that brought so much of a ring's size shows that it fills fast. */
const BUSY = 1 / 16;
/** Pages may have come long before the round that brings them: a rate is that of so long, at least. */
const MEASURED_MS = 5;
const SHORTEST_MS = 1;
const LONGEST_MS = 20;
/** What a rate still counts for one round later. */
const FORGETS = 0.9;

/** Empties the rings of all CPUs, round by round, often enough that none overruns. */
export class Drain {
  bytes = 0;
  pages = 0;
  /** The longest time between two rounds, in milliseconds: a buffer overruns when it is filled in less. */
  longestPause = 0;
  private newest = 0n;
  private rate = GUESSED_RATE;
  /** What a CPU has written of late. */
  private recent = 0;
  private last = performance.now();
  private started = this.last;
  private most = 0;
  private emptied = true;

  /**
   * `bufferBytes`: what each ring holds. `turnBytes`: so much of one CPU before the next one's turn comes.
   * `backlog`: what is read goes there. `look`: sees each page as it comes.
   */
  constructor(
    private readonly rings: readonly PageSource[],
    private readonly layout: Layout,
    private readonly bufferBytes: number,
    private readonly turnBytes: number,
    private readonly backlog: Backlog,
    private readonly look: (page: Uint8Array) => void,
  ) {}

  /** Recording is on from now on. */
  begin(): void {
    this.last = performance.now();
    this.started = this.last;
  }

  /** Reads what there is. False when some ring may hold more. */
  round(): boolean {
    const started = performance.now();
    this.longestPause = Math.max(this.longestPause, started - this.started);
    this.started = started;
    // What other CPUs did before this round cannot be younger than what is missing on an empty one.
    const horizon = this.newest;
    const empty: number[] = [];
    let most = 0;
    for (const ring of this.rings) {
      let bytes = 0;
      for (let isFirst = true; bytes < this.turnBytes && !this.backlog.isFull; isFirst = false) {
        const page = this.backlog.take(ring);
        if (page !== undefined) {
          this.pages++;
          bytes += page.length;
          const time = pageTime(page);
          if (time > this.newest) this.newest = time;
          this.look(page);
        }
        const lastLength = this.layout.pageSize - ROOM_BYTES;
        if (page === undefined || (!isFirst && page.length < lastLength)) {
          empty.push(ring.cpu);
          break;
        }
      }
      this.bytes += bytes;
      most = Math.max(most, bytes);
    }
    if (horizon > 0n && empty.length > 0) this.backlog.idle(empty, horizon);
    const now = performance.now();
    const rate = most / Math.max(MEASURED_MS, now - this.last);
    this.rate = Math.max(this.rate, rate);
    this.recent = Math.max(rate, this.recent * FORGETS);
    this.last = now;
    this.most = most;
    this.emptied = empty.length === this.rings.length;
    return this.emptied;
  }

  /** The rings fill fast, or hold more than one round takes: other work had better wait. */
  get isBusy(): boolean {
    return !this.emptied || this.most > this.bufferBytes * BUSY;
  }

  /** Whether a ring that has just been emptied would not be full after `ms`, at twice the rate of late. */
  canWait(ms: number): boolean {
    return 2 * ms * this.recent <= this.bufferBytes;
  }

  /**
   * When the next round is due, by performance.now(): at once where the last one has left something, else when
   * a quarter of a ring may have filled.
   */
  get dueAt(): number {
    if (!this.emptied) return this.last;
    const ms = this.bufferBytes / 4 / this.rate;
    return this.last + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms));
  }
}
