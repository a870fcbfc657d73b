import type { Merger } from './merge.js';

/** A file, or what stands for one. */
export interface Blob {
  readonly size: number;
  /** Bytes from `offset` on, fewer than `length` at the end; nobody else writes into them. */
  read(offset: number, length: number): Uint8Array;
}

/** The pages of one CPU, in their order. */
export interface PageSource {
  readonly cpu: number;
  /** The next page, in bytes of its own, or undefined at the end. */
  next(): Uint8Array | undefined;
  /** Bytes of it in the file. */
  readonly size: number;
  /** Why the end is not where it should be. */
  readonly fault: string | undefined;
}

/** Pages are read about this many bytes at a time. */
const READ_AHEAD = 1 << 18;

/** Pages that lie in a file as they are, one behind the other. */
export class PlainPages implements PageSource {
  readonly fault: string | undefined;
  #at: number;
  readonly #end: number;
  #ahead: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** `size` bytes from `offset` on. The last page may be cut short. */
  constructor(
    private readonly blob: Blob,
    readonly cpu: number,
    offset: number,
    readonly size: number,
    private readonly pageSize: number,
  ) {
    this.#at = offset;
    this.#end = Math.min(offset + size, Math.max(offset, blob.size));
    const missing = offset + size - this.#end;
    this.fault = missing > 0 ? `cut short: ${missing} bytes are missing` : undefined;
  }

  next(): Uint8Array | undefined {
    if (this.#used >= this.#ahead.length) {
      const pages = Math.max(1, Math.floor(READ_AHEAD / this.pageSize));
      const length = Math.min(pages * this.pageSize, this.#end - this.#at);
      if (length <= 0) return undefined;
      this.#ahead = this.blob.read(this.#at, length);
      if (this.#ahead.length === 0) return undefined;
      this.#at += this.#ahead.length;
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = Math.min(start + this.pageSize, this.#ahead.length);
    return this.#ahead.subarray(start, this.#used);
  }
}

/** A source whose pages can be looked at before they are due. */
export class Peekable implements PageSource {
  readonly #ahead: Uint8Array[] = [];

  constructor(private readonly source: PageSource) {}

  get cpu(): number {
    return this.source.cpu;
  }

  get size(): number {
    return this.source.size;
  }

  get fault(): string | undefined {
    return this.source.fault;
  }

  /** The first page that was neither given nor looked at yet. */
  peek(): Uint8Array | undefined {
    const page = this.source.next();
    if (page !== undefined) this.#ahead.push(page);
    return page;
  }

  next(): Uint8Array | undefined {
    return this.#ahead.shift() ?? this.source.next();
  }
}

/** Feeds a merger from the sources of its CPUs, a page at a time, to their ends. */
export function mergeAll(merger: Merger, sources: readonly PageSource[]): void {
  const byCpu = new Map(sources.map((source) => [source.cpu, source]));
  for (;;) {
    const cpu = merger.drain();
    if (cpu === undefined) break;
    const page = byCpu.get(cpu)?.next();
    if (page === undefined) merger.end(cpu);
    else merger.feed(cpu, page);
  }
  merger.finish();
}
