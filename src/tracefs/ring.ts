import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import type { Layout } from '../ringbuffer/format.js';
import { COMMIT_MASK } from '../ringbuffer/page.js';
import { readControl, unavailable } from './control.js';
import type { PageSource } from './page-queue.js';

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
export class Ring implements PageSource {
  private readonly fd: number;

  constructor(
    place: string,
    readonly cpu: number,
    private readonly layout: Layout,
  ) {
    this.fd = openPipe(`${place}/per_cpu/cpu${cpu}/trace_pipe_raw`);
  }

  /** The next sub-buffer, as far as it is filled. */
  read(memory: Uint8Array, at: number): number {
    const { pageSize, dataOffset, longSize } = this.layout;
    let count: number;
    try {
      count = readSync(this.fd, memory, at, pageSize, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
    if (count < dataOffset) return count;
    const commit = new DataView(memory.buffer, memory.byteOffset + at).getUint32(8, true);
    // The count of lost events stands behind the events.
    return Math.min(count, dataOffset + (commit & COMMIT_MASK) + longSize);
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
