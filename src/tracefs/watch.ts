import { type EventFormat, type Field, type Layout, Record } from '../ringbuffer/format.js';
import { eachRecord } from '../ringbuffer/page.js';

/** A thread that was born while its parent was traced. */
export interface Forked {
  readonly tid: number;
  /** Null where the event that told of it was lost. */
  readonly parent: number | null;
}

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
 * Looks through pages as they come in, long before they are printed: which threads show, and which were
 * born while their parents were traced.
 */
export class Watch {
  readonly forked: Forked[] = [];
  /** The threads that are traced. */
  readonly wanted: Set<number>;
  events = 0;
  private readonly shown = new Set<number>();
  private newlyShown: number[] = [];
  private readonly fork: ForkRecord | undefined;
  private lastTid = -1;
  /** Children of threads that are not traced as far as is known, by parent. */
  private readonly orphans = new Map<number, number[]>();

  /** `fork`: the format of sched_process_fork, where that event is in the trace. */
  constructor(
    private readonly layout: Layout,
    tids: Iterable<number>,
    fork: EventFormat | undefined,
  ) {
    this.wanted = new Set(tids);
    this.fork = forkRecord(fork);
  }

  /** Threads that have shown since this was last asked, traced or not. */
  takeShown(): number[] {
    const { newlyShown } = this;
    this.newlyShown = [];
    return newlyShown;
  }

  /** Threads that the kernel traces: those that are new were born while events were lost. */
  follow(tids: Iterable<number>): void {
    for (const tid of tids) this.adopt(null, tid);
  }

  /** The next page of any CPU. */
  page(page: Uint8Array): void {
    const { kinds } = this.layout;
    const forkId = this.fork?.id;
    eachRecord(this.layout, page, (words, at, until) => {
      const id = words[at] & 0xffff;
      if (id === forkId && kinds[id] === Record.other) {
        this.born(words, at, until);
        return;
      }
      this.events++;
      const tid = words[at + 1];
      if (tid !== this.lastTid) this.show(tid);
    });
  }

  private show(tid: number): void {
    this.lastTid = tid;
    if (this.shown.has(tid)) return;
    this.shown.add(tid);
    this.newlyShown.push(tid);
  }

  private born(words: Int32Array, at: number, until: number): void {
    const fork = this.fork as ForkRecord;
    if (until - at < fork.words) return;
    const parent = words[at + fork.parent];
    const tid = words[at + fork.child];
    if (this.wanted.has(parent)) {
      this.adopt(parent, tid);
      return;
    }
    // Its parent may have been born on a CPU whose page is still to come.
    const siblings = this.orphans.get(parent);
    if (siblings === undefined) this.orphans.set(parent, [tid]);
    else siblings.push(tid);
  }

  /** A traced thread's child, and all that it is known to have started. */
  private adopt(parent: number | null, tid: number): void {
    if (this.wanted.has(tid)) return;
    this.forked.push({ tid, parent });
    this.wanted.add(tid);
    const children = this.orphans.get(tid) ?? [];
    this.orphans.delete(tid);
    for (const child of children) this.adopt(tid, child);
  }
}
