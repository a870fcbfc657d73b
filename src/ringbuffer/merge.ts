import type { Layout } from './format.js';
import { Cursor, TimeBase } from './page.js';

/** Takes one CPU's events, in their order. */
export interface Consumer {
  /**
   * Takes events of `cursor` while they are older than `limit` (or as old, when `inclusive`) and there
   * are any. An event that needs its successor, which has not come yet, is held by the cursor.
   */
  run(cursor: Cursor, limit: number, inclusive: boolean): void;
  /** No event of this CPU will come any more. */
  finish(cursor: Cursor): void;
}

/**
 * How long a function that seems to call no other may keep back those of all CPUs, in nanoseconds: until
 * then its line waits for its return, to be one line.
 */
const LEAF_PATIENCE = 100_000_000;

/** A step of drainWhile, in nanoseconds of the trace: some hundred events where a CPU traces all the time. */
const SLICE = 250_000;
const RAN = 'ran';

/**
 * Merges the events of all CPUs by time and hands them to a consumer, as soon as no CPU can bring an older
 * one. The events of one CPU stay in their order whatever their times are; of CPUs at the same time the
 * lower number goes first, as in the kernel's `trace`.
 */
export class Merger {
  readonly cursors: readonly Cursor[];
  readonly base = new TimeBase();
  readonly #byCpu = new Map<number, Cursor>();
  readonly #consumer: Consumer;

  /** `cpus`: the numbers of all CPUs that pages may come from. */
  constructor(layout: Layout, cpus: readonly number[], consumer: (base: TimeBase) => Consumer) {
    this.cursors = [...cpus].sort((a, b) => a - b).map((cpu) => new Cursor(cpu, layout, this.base));
    for (const cursor of this.cursors) this.#byCpu.set(cursor.cpu, cursor);
    this.#consumer = consumer(this.base);
  }

  /** The next page of a CPU. It is kept until its events are due: its bytes must not change. */
  feed(cpu: number, page: Uint8Array): void {
    this.#cursor(cpu).feed(page);
  }

  /** This CPU has no event up to this time (of the trace clock, as in pages) beside those fed. */
  idle(cpu: number, time: bigint): void {
    const cursor = this.#cursor(cpu);
    cursor.horizon = Math.max(cursor.horizon, this.base.fromTime(time));
    if (cursor.held && cursor.horizon - cursor.heldTime > LEAF_PATIENCE) cursor.waived = true;
  }

  /** This CPU will bring no more pages. */
  end(cpu: number): void {
    this.#cursor(cpu).ended = true;
  }

  /**
   * Hands over all events that are due. Returns the CPU without whose next page (or idle, or end) nothing
   * more can be told to be due, or undefined when all have ended.
   */
  drain(): number | undefined {
    let waiting: number | undefined | typeof RAN;
    do waiting = this.#advance(Number.POSITIVE_INFINITY);
    while (waiting === RAN);
    return waiting;
  }

  /** Hands over events that are due, a few at a time, for as long as `goOn` says so. Whether some may be left. */
  drainWhile(goOn: () => boolean): boolean {
    while (this.#advance(SLICE) === RAN) if (!goOn()) return true;
    return false;
  }

  /** Hands over the oldest events, of one CPU and of `span` nanoseconds at most. Otherwise as drain(). */
  #advance(span: number): number | undefined | typeof RAN {
    let best: Cursor | undefined;
    let bestTime = Number.POSITIVE_INFINITY;
    let limit = Number.POSITIVE_INFINITY;
    let limitCpu = Number.POSITIVE_INFINITY;
    let bestIsThere = false;
    for (const cursor of this.cursors) {
      let time: number;
      let there = true;
      if (cursor.held) {
        if (!cursor.ready) cursor.next();
        time = cursor.heldTime;
        there = cursor.ready || cursor.ended || cursor.waived;
      } else if (cursor.ready || cursor.next()) {
        time = cursor.time;
      } else if (cursor.ended) {
        continue;
      } else {
        time = cursor.horizon;
        there = false;
      }
      if (time < bestTime || best === undefined) {
        limit = bestTime;
        limitCpu = best === undefined ? limitCpu : best.cpu;
        best = cursor;
        bestTime = time;
        bestIsThere = there;
      } else if (time < limit) {
        limit = time;
        limitCpu = cursor.cpu;
      }
    }
    if (best === undefined) return undefined;
    if (!bestIsThere) return best.cpu;
    if (bestTime + span < limit) this.#consumer.run(best, bestTime + span, true);
    else this.#consumer.run(best, limit, best.cpu < limitCpu);
    return RAN;
  }

  /** No more pages of any CPU: hands over all that is left. */
  finish(): void {
    for (const cursor of this.cursors) cursor.ended = true;
    this.drain();
    for (const cursor of this.cursors) this.#consumer.finish(cursor);
  }

  #cursor(cpu: number): Cursor {
    const cursor = this.#byCpu.get(cpu);
    if (cursor === undefined) throw new RangeError(`CPU ${cpu} is none of the trace's`);
    return cursor;
  }
}
