import { closeSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAll } from '../stream/io.js';

/** A sub-buffer of one CPU, as the kernel handed it out. */
export interface Page {
  readonly cpu: number;
  readonly bytes: Uint8Array;
}

/** Where pages come from: the buffer of one CPU. */
export interface PageSource {
  readonly cpu: number;
  /** Reads a page to `at` of `memory`, where there is room for a whole one. Its length; 0 when there is none now. */
  read(memory: Uint8Array, at: number): number;
}

interface Waiting {
  readonly cpu: number;
  readonly at: number;
  readonly length: number;
}

/** Pages begin at multiples of this: they are read as 32-bit words. */
const ALIGNMENT = 8;
const HEAD_BYTES = 8;
/** What is used before any other. */
const READY_BYTES = 64 << 20;

/**
 * Pages that wait until there is time for them, first in, first out: the kernel's buffers are emptied at their own
 * pace, however long it takes to decode or to write what came. Up to `memoryBytes` wait in memory; beyond
 * that, in a file without a name in `spill`, or, without one, they stay where they are.
 */
export class PageQueue {
  private readonly memory: Uint8Array;
  private readonly waiting: Waiting[] = [];
  private first = 0;
  /** Where the next page may go to: they lie one behind the other, and begin again at the start. */
  private head = 0;
  private file: number | undefined;
  private spilled = 0;
  private fetched = 0;
  /** A page on its way to or from the file, behind its CPU and its length. */
  private readonly record: Uint8Array;
  private readonly view: DataView;
  /** A page that the file had no room for. */
  private stuck: Page | undefined;
  /** Bytes in memory. */
  private held = 0;

  /** `pageBytes`: the longest page there is. */
  constructor(
    private readonly pageBytes: number,
    memoryBytes: number,
    private readonly spill: string | undefined,
  ) {
    this.memory = new Uint8Array(Math.max(memoryBytes, pageBytes));
    // Memory comes when it is first written to, and costs more than the page that is read into it.
    this.memory.fill(0, 0, READY_BYTES);
    this.record = new Uint8Array(HEAD_BYTES + pageBytes);
    this.view = new DataView(this.record.buffer);
  }

  get length(): number {
    const stuck = this.stuck === undefined ? 0 : 1;
    return this.waiting.length - this.first + this.spilled - this.fetched + stuck;
  }

  /** More than half of the memory is taken. */
  get isPressed(): boolean {
    return 2 * this.held > this.memory.length || this.spilled > this.fetched;
  }

  /** No page is taken until some have been taken out. */
  get isFull(): boolean {
    if (this.spill !== undefined) return this.stuck !== undefined;
    return this.place() === undefined;
  }

  /** How many pages have had to go through the file, at most at a time. */
  mostSpilled = 0;

  /**
   * Has the next page of a CPU read to where it is to wait. The bytes, which are valid until the next call of any
   * kind; undefined when there is none. Not to be called while the queue is full.
   */
  take(source: PageSource): Uint8Array | undefined {
    const at = this.spilled === this.fetched ? this.place() : undefined;
    if (at === undefined) {
      const length = source.read(this.record, HEAD_BYTES);
      if (length === 0) return undefined;
      const bytes = this.record.subarray(HEAD_BYTES, HEAD_BYTES + length);
      this.append({ cpu: source.cpu, bytes });
      return bytes;
    }
    const length = source.read(this.memory, at);
    if (length === 0) return undefined;
    this.waiting.push({ cpu: source.cpu, at, length });
    this.head = at + ((length + ALIGNMENT - 1) & -ALIGNMENT);
    this.held += this.head - at;
    return this.memory.subarray(at, at + length);
  }

  /** Where a whole page has room in memory. */
  private place(): number | undefined {
    const { memory, pageBytes, head } = this;
    if (this.first === this.waiting.length) return 0;
    const tail = this.waiting[this.first].at;
    if (head <= tail) return head + pageBytes <= tail ? head : undefined;
    if (head + pageBytes <= memory.length) return head;
    return pageBytes <= tail ? 0 : undefined;
  }

  /** Of a page whose bytes are in `record` already. */
  private append(page: Page): void {
    this.file ??= this.openFile();
    this.view.setUint32(0, page.cpu, true);
    this.view.setUint32(4, page.bytes.length, true);
    try {
      writeAll(this.file, this.record);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      ftruncateSync(this.file, this.spilled * this.record.length);
      this.stuck = { cpu: page.cpu, bytes: page.bytes.slice() };
      return;
    }
    this.spilled++;
    this.mostSpilled = Math.max(this.mostSpilled, this.spilled - this.fetched);
  }

  /** The page that so many others are in front of, as long as it is in memory. Its bytes are valid like shift()'s. */
  peek(others: number): Page | undefined {
    const index = this.first + others;
    if (index >= this.waiting.length) return undefined;
    const { cpu, at, length } = this.waiting[index];
    return { cpu, bytes: this.memory.subarray(at, at + length) };
  }

  /** The oldest page, or undefined when there is none. Its bytes are valid until the next call of any kind. */
  shift(): Page | undefined {
    if (this.first < this.waiting.length) {
      const { cpu, at, length } = this.waiting[this.first++];
      this.held -= (length + ALIGNMENT - 1) & -ALIGNMENT;
      if (this.first === this.waiting.length || this.first === 4096) {
        this.waiting.splice(0, this.first);
        this.first = 0;
      }
      return { cpu, bytes: this.memory.subarray(at, at + length) };
    }
    if (this.spilled > this.fetched) return this.fetch();
    const { stuck } = this;
    this.stuck = undefined;
    return stuck;
  }

  private fetch(): Page {
    const fd = this.file as number;
    const { length } = this.record;
    for (let at = 0; at < length; ) {
      const count = readSync(fd, this.record, at, length - at, this.fetched * length + at);
      if (count === 0) throw new Error('the file of waiting pages has shrunk');
      at += count;
    }
    this.fetched++;
    if (this.fetched === this.spilled) {
      ftruncateSync(fd, 0);
      this.spilled = 0;
      this.fetched = 0;
    }
    const cpu = this.view.getUint32(0, true);
    const end = HEAD_BYTES + this.view.getUint32(4, true);
    return { cpu, bytes: this.record.subarray(HEAD_BYTES, end) };
  }

  /** Opened for appending: what has been truncated away does not come back as a hole. */
  private openFile(): number {
    const path = join(this.spill as string, `ftrace-capture-${process.pid}.pages`);
    const fd = openSync(path, 'ax+', 0o600);
    rmSync(path);
    return fd;
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }
}
