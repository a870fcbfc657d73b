import type { Layout } from '../ringbuffer/format.js';
import type { Merger } from '../ringbuffer/merge.js';
import { mergedText } from '../ringbuffer/printing.js';
import { rehearsalPage } from '../ringbuffer/rehearsal.js';
import type { Symbols } from '../ringbuffer/symbols.js';
import type { Tasks } from '../ringbuffer/tasks.js';
import type { Look, TextPrinter } from '../ringbuffer/text.js';
import type { Output } from '../stream/output.js';
import { PageQueue } from './page-queue.js';

/** What is known when the buffers have been emptied. */
export interface EndOfTrace {
  /** `saved_cmdlines` */
  readonly names: string;
  /** `per_cpu/cpuN/stats` of each CPU. */
  readonly stats: readonly string[];
}

/** What a sink could not make sense of. */
export interface Faults {
  readonly unreadableBytes: number;
  readonly unknownSymbols: number;
  /** Pages that had to wait on disk, at most at a time. */
  readonly spilledPages: number;
}

/** Where pages go to. */
export interface Sink {
  /** Takes no page for now. */
  readonly isFull: boolean;
  page(cpu: number, bytes: Uint8Array): void;
  /** These CPUs have nothing up to that time, of the trace clock, beside what has come in. */
  idle(cpus: readonly number[], time: bigint): void;
  /** So much is waiting that it has to be worked on, whatever else there is to do. */
  readonly isPressed: boolean;
  /** For how long work() may not come back, at most, in milliseconds. */
  readonly stepMs: number;
  /** Does some of the work that waits, at least a little, for about `ms`. Returns whether there is more. */
  work(ms: number): boolean;
  /** No page will come any more: does all that is left. */
  finish(end: EndOfTrace): Promise<Faults>;
  /** Gives back what it holds, finished or not. */
  close(): void;
}

const MEMORY_BYTES = 256 << 20;
/** Text that waits for its reader; beyond that pages are not decoded. */
const TEXT_BYTES = 8 << 20;
/** What a long step still counts for after another full page: as V8 optimises, steps become shorter. */
const FORGETS = 0.9;

/** Decodes pages and prints them, all CPUs merged. */
export class TextSink implements Sink {
  private readonly pageBytes: number;
  private readonly queue: PageQueue;
  private readonly merger: Merger;
  private readonly printer: TextPrinter;
  private came = 0;
  private fed = 0;
  stepMs = 0;
  private marks: { after: number; cpus: readonly number[]; time: bigint }[] = [];

  constructor(
    layout: Layout,
    cpus: readonly number[],
    symbols: Symbols,
    tasks: Tasks,
    look: Look,
    private readonly output: Output,
  ) {
    this.pageBytes = layout.pageSize;
    this.queue = new PageQueue(layout.pageSize, MEMORY_BYTES);
    const start = (write: (bytes: Uint8Array) => void) =>
      mergedText(layout, cpus, symbols, tasks, look, write);
    // The first page takes V8 far longer than all others: on a slow machine, longer than a buffer takes to fill.
    const trial = start(() => {});
    const page = rehearsalPage(layout);
    const began = performance.now();
    trial.merger.feed(cpus[0], page);
    trial.merger.finish();
    trial.printer.flush();
    this.stepMs = ((performance.now() - began) * layout.pageSize) / page.length;
    const { merger, printer } = start((bytes) => output.put(bytes.slice()));
    this.merger = merger;
    this.printer = printer;
    this.printer.header();
  }

  get isFull(): boolean {
    return this.queue.isFull;
  }

  get isPressed(): boolean {
    return this.queue.length * this.pageBytes > MEMORY_BYTES / 2;
  }

  page(cpu: number, bytes: Uint8Array): void {
    this.queue.push({ cpu, bytes });
    this.came++;
  }

  idle(cpus: readonly number[], time: bigint): void {
    const last = this.marks.at(-1);
    const mark = { after: this.came, cpus, time };
    if (last?.after === this.came) this.marks[this.marks.length - 1] = mark;
    else this.marks.push(mark);
  }

  private get canPrint(): boolean {
    return this.output.pending < TEXT_BYTES && this.output.error === undefined;
  }

  work(ms: number): boolean {
    let now = performance.now();
    const until = now + ms;
    while (this.canPrint) {
      const page = this.queue.shift();
      if (page === undefined) break;
      this.merger.feed(page.cpu, page.bytes);
      this.fed++;
      this.applyMarks();
      this.merger.drain();
      const began = now;
      now = performance.now();
      const share = page.bytes.length / this.pageBytes;
      this.stepMs = Math.max(now - began, this.stepMs * FORGETS ** share);
      if (now >= until) break;
    }
    if (this.queue.length === 0) {
      this.applyMarks();
      this.merger.drain();
      // Its reader waits for this.
      if (this.output.pending === 0) this.printer.flush();
    }
    return this.queue.length > 0;
  }

  /** The latest of the marks that all pages before them have been fed for. */
  private applyMarks(): void {
    let due = 0;
    while (due < this.marks.length && this.marks[due].after <= this.fed) due++;
    for (const { cpus, time } of this.marks.splice(0, due)) {
      for (const cpu of cpus) this.merger.idle(cpu, time);
    }
  }

  async finish(): Promise<Faults> {
    while (this.output.error === undefined && this.work(20)) {
      await (this.canPrint ? new Promise(setImmediate) : this.output.drained());
    }
    this.merger.finish();
    this.printer.flush();
    await this.output.drained();
    let unreadableBytes = 0;
    for (const cursor of this.merger.cursors) unreadableBytes += cursor.unreadable;
    return {
      unreadableBytes,
      unknownSymbols: this.printer.unknownSymbols,
      spilledPages: this.queue.mostSpilled,
    };
  }

  close(): void {
    this.queue.close();
  }
}
