import type { Layout } from '../ringbuffer/format.js';
import type { Merger } from '../ringbuffer/merge.js';
import { mergedText } from '../ringbuffer/printing.js';
import { rehearsalPage } from '../ringbuffer/rehearsal.js';
import type { Symbols } from '../ringbuffer/symbols.js';
import { Tasks } from '../ringbuffer/tasks.js';
import type { Look, TextPrinter } from '../ringbuffer/text.js';
import type { Output } from '../stream/output.js';

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
}

/** Where pages go to. */
export interface Sink {
  /** How long the first page may take, in milliseconds. */
  readonly firstStepMs: number;
  /** Its reader is slow, or has gone: it takes no page for now. */
  readonly isBlocked: boolean;
  /** It never will again. */
  readonly isBroken: boolean;
  /** Resolves when it is no longer blocked, or broken. */
  unblocked(): Promise<void>;
  /** The next page of a CPU. Its bytes may change after this call. */
  page(cpu: number, bytes: Uint8Array): void;
  /** This CPU has nothing up to that time, of the trace clock, beside what has come in. */
  idle(cpu: number, time: bigint): void;
  /** Does what these have made possible, for as long as `goOn` says so. Whether some of it is left. */
  proceed(goOn: () => boolean): boolean;
  /** Nothing waits any more, for now. */
  rest(): void;
  /** No page will come any more. */
  finish(end: EndOfTrace): Promise<Faults>;
  /** Gives its files back. */
  close(): void;
}

/** Text that waits for its reader; beyond that pages are not decoded. */
const TEXT_BYTES = 8 << 20;

const REHEARSALS = 10;

/**
 * Shows V8 how pages are printed: the first ones take it far longer than all others, on a slow machine longer than
 * a buffer takes to fill. Returns how many milliseconds a byte of pages takes then.
 */
export function rehearsePrinting(layout: Layout, symbols: Symbols, look: Look): number {
  const page = rehearsalPage(layout, symbols);
  let ms = 0;
  for (let i = 0; i < REHEARSALS; i++) {
    const { merger, printer } = mergedText(layout, [0], symbols, new Tasks(), look, () => {});
    const began = performance.now();
    merger.feed(0, page);
    merger.finish();
    printer.flush();
    ms = performance.now() - began;
  }
  return ms / page.length;
}

/** Decodes pages and prints them, all CPUs merged. */
export class TextSink implements Sink {
  readonly firstStepMs: number;
  private readonly merger: Merger;
  private readonly printer: TextPrinter;

  constructor(
    layout: Layout,
    cpus: readonly number[],
    symbols: Symbols,
    tasks: Tasks,
    look: Look,
    private readonly output: Output,
    /** Milliseconds that a byte of pages takes. */
    printingMs: number,
  ) {
    this.firstStepMs = printingMs * layout.pageSize;
    const { merger, printer } = mergedText(layout, cpus, symbols, tasks, look, (bytes) =>
      output.put(bytes.slice()),
    );
    this.merger = merger;
    this.printer = printer;
    this.printer.header();
  }

  get isBlocked(): boolean {
    return this.output.pending >= TEXT_BYTES || this.isBroken;
  }

  get isBroken(): boolean {
    return this.output.error !== undefined;
  }

  unblocked(): Promise<void> {
    return this.output.drained();
  }

  page(cpu: number, bytes: Uint8Array): void {
    // It waits for those of other CPUs.
    this.merger.feed(cpu, bytes.slice());
  }

  idle(cpu: number, time: bigint): void {
    this.merger.idle(cpu, time);
  }

  proceed(goOn: () => boolean): boolean {
    return this.merger.drainWhile(goOn);
  }

  rest(): void {
    // Its reader waits for this.
    if (this.output.pending === 0) this.printer.flush();
  }

  async finish(): Promise<Faults> {
    this.merger.finish();
    this.printer.flush();
    await this.output.drained();
    let unreadableBytes = 0;
    for (const cursor of this.merger.cursors) unreadableBytes += cursor.unreadable;
    return { unreadableBytes, unknownSymbols: this.printer.unknownSymbols };
  }

  close(): void {}
}
