import { type EventFormat, type Field, type Layout, Record } from '../ringbuffer/format.js';
import { Cursor, longEnough, TimeBase } from '../ringbuffer/page.js';
import { addressKey } from './numbers.js';

/** A thread that was born while its parent was traced. */
export interface Forked {
  readonly tid: number;
  readonly parent: number;
}

/** Context bits of common_flags: hardirq, softirq, NMI. */
const INTERRUPT = 0x08 | 0x10 | 0x40;

/** Where sched_process_fork has the two tids, in words from the start of the record. */
interface ForkRecord {
  readonly id: number;
  readonly words: number;
  readonly parent: number;
  readonly child: number;
}

function forkRecord(format: EventFormat | undefined): ForkRecord | undefined {
  const place = (name: string): Field | undefined =>
    format?.fields.find((f) => f.name === name && f.size === 4 && f.offset % 4 === 0);
  const parent = place('parent_pid');
  const child = place('child_pid');
  if (format === undefined || parent === undefined || child === undefined) return undefined;
  const words = Math.max(parent.offset, child.offset) / 4 + 1;
  return { id: format.id, words, parent: parent.offset / 4, child: child.offset / 4 };
}

/**
 * Looks through pages as they come in, long before they are printed: which threads were born, which
 * threads show, and, for coverage, which functions have been seen `times` times in task context of the
 * traced threads.
 */
export class Watch {
  readonly forked: Forked[] = [];
  /** Threads that have an event, wanted or not. */
  readonly shown = new Set<number>();
  /** Threads whose events count. */
  readonly wanted: Set<number>;
  events = 0;
  private newlyShown: number[] = [];
  private known: number[] = [];
  /** Sightings of a function by its address. */
  private readonly sightings = new Map<number, number>();
  private readonly cursors = new Map<number, Cursor>();
  private readonly fork: ForkRecord | undefined;
  private lastTid = -1;
  private lastIsWanted = false;

  /** `times` 0: functions are not looked at. */
  constructor(
    private readonly layout: Layout,
    tids: Iterable<number>,
    fork: EventFormat | undefined,
    private readonly times: number,
  ) {
    this.wanted = new Set(tids);
    this.fork = forkRecord(fork);
  }

  /** Takes further threads in. */
  want(tids: Iterable<number>): void {
    for (const tid of tids) this.wanted.add(tid);
    this.lastTid = -1;
  }

  /** Functions that have become known since this was last asked, by their addresses' keys. */
  takeKnown(): number[] {
    const { known } = this;
    this.known = [];
    return known;
  }

  /** Threads that have shown since this was last asked. */
  takeShown(): number[] {
    const { newlyShown } = this;
    this.newlyShown = [];
    return newlyShown;
  }

  /** The next page of a CPU. */
  page(cpu: number, page: Uint8Array): void {
    let cursor = this.cursors.get(cpu);
    if (cursor === undefined) {
      cursor = new Cursor(cpu, this.layout, new TimeBase());
      this.cursors.set(cpu, cursor);
    }
    cursor.feed(page);
    const { kinds } = this.layout;
    while (cursor.next()) {
      const { words, at } = cursor;
      const head = words[at];
      const id = head & 0xffff;
      const kind = kinds[id];
      this.events++;
      if (kind === Record.other) {
        if (id === this.fork?.id) this.born(words, at, cursor.until);
        continue;
      }
      const tid = words[at + 1];
      if (tid !== this.lastTid) this.turnTo(tid);
      if (this.times === 0 || kind === Record.exit || !this.lastIsWanted) continue;
      if (((head >>> 16) & INTERRUPT) !== 0) continue;
      if (!longEnough(this.layout, kind, cursor.until - at)) continue;
      this.seen(words, at + (kind === Record.call ? this.layout.call!.ip : this.layout.entry!.func));
    }
  }

  private turnTo(tid: number): void {
    this.lastTid = tid;
    this.lastIsWanted = this.wanted.has(tid);
    if (this.shown.has(tid)) return;
    this.shown.add(tid);
    this.newlyShown.push(tid);
  }

  private seen(words: Int32Array, at: number): void {
    const key = addressKey(this.layout.longSize === 8 ? words[at + 1] : 0, words[at]);
    const count = (this.sightings.get(key) ?? 0) + 1;
    if (count > this.times) return;
    this.sightings.set(key, count);
    if (count === this.times) this.known.push(key);
  }

  private born(words: Int32Array, at: number, until: number): void {
    const fork = this.fork as ForkRecord;
    if (until - at < fork.words) return;
    const parent = words[at + fork.parent];
    const tid = words[at + fork.child];
    if (!this.wanted.has(parent) || this.wanted.has(tid)) return;
    this.forked.push({ tid, parent });
    this.want([tid]);
  }

  /** How many functions are known by now. */
  get functions(): number {
    return this.sightings.size;
  }
}
