import { closeSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { type TraceDatParts, traceDatHeader } from '../ringbuffer/tracedat-write.js';
import { writeAll } from '../stream/io.js';
import type { EndOfTrace, Faults, Sink } from './sinks.js';

const COPY_BYTES = 1 << 20;

/**
 * Keeps pages as they are: each CPU's in a file on the disk of the one that is put together at the end. It has
 * no name, so that nothing of it is left, whatever the end is.
 */
export class RawFile implements Sink {
  readonly firstStepMs = 0;
  readonly isBlocked = false;
  readonly isBroken = false;
  private readonly parts = new Map<number, { fd: number; bytes: number }>();
  private readonly padding: Uint8Array;

  constructor(
    private readonly path: string,
    private readonly head: Omit<TraceDatParts, 'sizes' | 'cmdlines' | 'cpuStats'>,
    cpus: readonly number[],
  ) {
    this.padding = new Uint8Array(head.pageSize);
    for (const cpu of cpus) {
      const part = `${path}.${process.pid}.cpu${cpu}`;
      this.parts.set(cpu, { fd: openSync(part, 'wx+', 0o600), bytes: 0 });
      rmSync(part);
    }
  }

  page(cpu: number, bytes: Uint8Array): void {
    const part = this.parts.get(cpu);
    if (part === undefined) return;
    writeAll(part.fd, bytes);
    if (bytes.length < this.head.pageSize) writeAll(part.fd, this.padding.subarray(bytes.length));
    part.bytes += this.head.pageSize;
  }

  idle(): void {}

  proceed(): boolean {
    return false;
  }

  rest(): void {}

  async unblocked(): Promise<void> {}

  /** Writes the trace.dat: aside, and renamed when it is whole. */
  async finish({ names, stats }: EndOfTrace): Promise<Faults> {
    const last = Math.max(...this.parts.keys());
    const sizes = Array.from({ length: last + 1 }, (_, cpu) => this.parts.get(cpu)?.bytes ?? 0);
    const aside = `${this.path}.${process.pid}.tmp`;
    try {
      const fd = openSync(aside, 'w');
      try {
        writeAll(fd, traceDatHeader({ ...this.head, cmdlines: names, cpuStats: stats, sizes }));
        for (let cpu = 0; cpu <= last; cpu++) this.copy(cpu, fd);
      } finally {
        closeSync(fd);
      }
      renameSync(aside, this.path);
    } catch (error) {
      rmSync(aside, { force: true });
      throw Object.assign(error as Error, { place: this.path });
    }
    return { unreadableBytes: 0, unknownSymbols: 0 };
  }

  private copy(cpu: number, to: number): void {
    const part = this.parts.get(cpu);
    if (part === undefined) return;
    const buffer = new Uint8Array(COPY_BYTES);
    for (let at = 0; at < part.bytes; ) {
      const count = readSync(part.fd, buffer, 0, buffer.length, at);
      if (count === 0) throw new Error('a file of pages has shrunk');
      writeAll(to, buffer.subarray(0, count));
      at += count;
    }
  }

  close(): void {
    for (const { fd } of this.parts.values()) closeSync(fd);
    this.parts.clear();
  }
}
