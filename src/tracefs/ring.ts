import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import type { Layout } from '../ringbuffer/format.js';
import { readControl, unavailable } from './control.js';

/** What `per_cpu/cpuN/stats` counts, in events. */
export interface RingStats {
  readonly overrun: number;
  readonly commitOverrun: number;
  readonly dropped: number;
  readonly read: number;
}

/**
 * Parses per_cpu/cpuN/stats:
 *
 *     entries: 0
 *     overrun: 123
 *     commit overrun: 0
 *     bytes: 0
 *     oldest event ts:    18.123456
 *     now ts:    20.123456
 *     dropped events: 0
 *     read events: 4711
 */
export function parseRingStats(text: string): RingStats {
  const count = (name: string) => Number(new RegExp(`^${name}: *(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    overrun: count('overrun'),
    commitOverrun: count('commit overrun'),
    dropped: count('dropped events'),
    read: count('read events'),
  };
}

/** Events that a buffer has not kept, by either of the ways it has. */
export function lostOf(stats: RingStats): number {
  return stats.overrun + stats.commitOverrun + stats.dropped;
}

/** The numbers of the CPUs that have a buffer, ascending. */
export function cpusIn(place: string): number[] {
  return readdirSync(`${place}/per_cpu`)
    .flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

const SLAB_BYTES = 1 << 20;
const COMMIT_MASK = (1 << 27) - 1;

/** Memory for pages: each takes as much as it holds, from slabs that go with their last page. */
export class PageStore {
  private slab = new Uint8Array(SLAB_BYTES);
  private view = new DataView(this.slab.buffer);
  private at = 0;

  constructor(private readonly layout: Layout) {}

  /** Reads one sub-buffer without waiting. Undefined when the CPU has none now. */
  read(fd: number): Uint8Array | undefined {
    const { pageSize, dataOffset, longSize } = this.layout;
    if (this.at + pageSize > this.slab.length) {
      this.slab = new Uint8Array(Math.max(SLAB_BYTES, pageSize));
      this.view = new DataView(this.slab.buffer);
      this.at = 0;
    }
    let count: number;
    try {
      count = readSync(fd, this.slab, this.at, pageSize, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
    if (count === 0) return undefined;
    const start = this.at;
    // The count of lost events stands behind the events.
    const used =
      count < dataOffset
        ? count
        : dataOffset + (this.view.getUint32(start + 8, true) & COMMIT_MASK) + longSize;
    const length = Math.min(count, used);
    this.at += (length + 7) & ~7;
    return this.slab.subarray(start, start + length);
  }
}

/** What a CPU's buffer has counted since this was made. */
export class RingCounts {
  private readonly path: string;
  private readonly before: RingStats;

  constructor(
    place: string,
    readonly cpu: number,
  ) {
    this.path = `${place}/per_cpu/cpu${cpu}/stats`;
    this.before = parseRingStats(this.text());
  }

  text(): string {
    return readControl(this.path);
  }

  now(): RingStats {
    const { before } = this;
    const now = parseRingStats(this.text());
    // A buffer that was cleared in between counts from 0 again.
    const since = (then: number, after: number) => (after >= then ? after - then : after);
    return {
      overrun: since(before.overrun, now.overrun),
      commitOverrun: since(before.commitOverrun, now.commitOverrun),
      dropped: since(before.dropped, now.dropped),
      read: since(before.read, now.read),
    };
  }
}

/** The buffer of one CPU, read without waiting. Its tracer cannot be changed while it is open. */
export class Ring {
  private readonly fd: number;

  constructor(
    place: string,
    readonly cpu: number,
    private readonly store: PageStore,
  ) {
    this.fd = openPipe(`${place}/per_cpu/cpu${cpu}/trace_pipe_raw`);
  }

  /** The next page, or undefined when there is none now. It stays as it is. */
  read(): Uint8Array | undefined {
    return this.store.read(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Opens trace_pipe or a trace_pipe_raw, without waiting for events. */
export function openPipe(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') {
      throw unavailable(`${path}: another program is reading it`);
    }
    throw error;
  }
}
