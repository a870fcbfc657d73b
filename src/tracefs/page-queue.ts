import { closeSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAll } from '../stream/io.js';

/** A sub-buffer of one CPU, as the kernel handed it out. */
export interface Page {
  readonly cpu: number;
  readonly bytes: Uint8Array;
}

/**
 * Pages that wait for whoever decodes them, first in, first out. Up to `memoryBytes` of them are in
 * memory, the rest in a file without a name: the kernel's buffers are emptied at their own pace however
 * slow the reader of the output is. All pages are of one size.
 */
export class PageQueue {
  private readonly inMemory: Page[] = [];
  private first = 0;
  private spill: number | undefined;
  private spilled = 0;
  private fetched = 0;
  /** A page that the file had no room for. */
  private stuck: Page | undefined;
  private readonly record: Uint8Array;
  private readonly view: DataView;

  constructor(
    private readonly pageBytes: number,
    private readonly memoryBytes: number,
    private readonly directory: string = tmpdir(),
  ) {
    this.record = new Uint8Array(8 + pageBytes);
    this.view = new DataView(this.record.buffer);
  }

  get length(): number {
    const stuck = this.stuck === undefined ? 0 : 1;
    return this.inMemory.length - this.first + this.spilled - this.fetched + stuck;
  }

  /** There is no room left, in memory or on disk: nothing may be pushed until all has been taken out. */
  get isFull(): boolean {
    return this.stuck !== undefined;
  }

  /** How many pages have had to go through the file, at most at a time. */
  mostSpilled = 0;

  /** Takes a page in; its bytes belong to the queue from now on. */
  push(page: Page): void {
    const room = (this.inMemory.length - this.first + 1) * this.pageBytes <= this.memoryBytes;
    if (this.spilled === this.fetched && room) {
      this.inMemory.push(page);
      return;
    }
    try {
      this.append(page);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      if (this.spill !== undefined) ftruncateSync(this.spill, this.spilled * this.record.length);
      this.stuck = page;
    }
  }

  private append(page: Page): void {
    this.spill ??= this.openSpill();
    this.view.setUint32(0, page.cpu, true);
    this.view.setUint32(4, page.bytes.length, true);
    this.record.fill(0, 8);
    this.record.set(page.bytes, 8);
    writeAll(this.spill, this.record);
    this.spilled++;
    this.mostSpilled = Math.max(this.mostSpilled, this.spilled - this.fetched);
  }

  /** The oldest page, or undefined when there is none. */
  shift(): Page | undefined {
    if (this.first < this.inMemory.length) {
      const page = this.inMemory[this.first];
      this.inMemory[this.first++] = undefined as unknown as Page;
      if (this.first === this.inMemory.length || this.first === 4096) {
        this.inMemory.splice(0, this.first);
        this.first = 0;
      }
      return page;
    }
    if (this.spilled > this.fetched) return this.fetch();
    const { stuck } = this;
    this.stuck = undefined;
    return stuck;
  }

  private fetch(): Page {
    const fd = this.spill as number;
    const { length } = this.record;
    for (let at = 0; at < length; ) {
      const count = readSync(fd, this.record, at, length - at, this.fetched * length + at);
      if (count === 0) throw new Error('the file of waiting pages has shrunk');
      at += count;
    }
    const cpu = this.view.getUint32(0, true);
    const bytes = this.record.slice(8, 8 + this.view.getUint32(4, true));
    this.fetched++;
    if (this.fetched === this.spilled) {
      ftruncateSync(fd, 0);
      this.spilled = 0;
      this.fetched = 0;
    }
    return { cpu, bytes };
  }

  /** Opened for appending: what has been truncated away does not come back as a hole. */
  private openSpill(): number {
    const path = join(this.directory, `ftrace-capture-${process.pid}.pages`);
    const fd = openSync(path, 'ax+', 0o600);
    rmSync(path);
    return fd;
  }

  close(): void {
    if (this.spill !== undefined) closeSync(this.spill);
    this.spill = undefined;
  }
}
