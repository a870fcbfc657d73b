import { close, closeSync, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import { explained, openControl, writeToControl } from './control.js';
import type { FunctionNumbers } from './numbers.js';
import type { Settings } from './settings.js';

const openLater = promisify(open);
const closeLater = promisify(close);

/** The first batch waits for what the first request of a load calls. */
const FIRST_MS = 50;
/** From the end of one batch to the next: as long as a batch takes, within these limits. */
const SHORTEST_MS = 100;
const LONGEST_MS = 1000;
/** So many functions are not kept waiting: their events come in floods. */
const MANY = 64;
/** As many batches follow one another without a wait for the file's opening. */
const FILES = 4;
/** Numbers written at a stretch: the kernel takes one at a time, and the buffers must not wait for all of them. */
const SLICE = 1024;
/** The same for the copies of later batches, which have time. */
const SPARE_SLICE = 64;

/** All functions are named by set_ftrace_filter, for some to be taken out of it. */
export function nameAll(place: string, settings: Settings): void {
  settings.set(`${place}/set_ftrace_filter`, '*');
}

/** A batch of functions that were taken out together: milliseconds by performance.now(). */
export interface Batch {
  readonly start: number;
  readonly end: number;
  readonly functions: number;
}

/**
 * Takes functions out of a running trace, in batches. The filter file does its work at its opening, where its
 * list of all functions is copied, and at its close, where that copy becomes the list. Both run in a thread of
 * their own, for the buffers are read meanwhile. It is opened several times before there is a tracer, for while most
 * functions are still to be taken out events come in floods: what goes into one copy goes into all of them.
 *
 * Not by set_ftrace_notrace: what is added to that while function_graph runs has no effect in Linux 6.12.
 */
export class Coverage {
  /** Functions that are still traced for want of a certain number. */
  unnumbered = 0;
  taken = 0;
  readonly batches: Batch[] = [];
  private readonly path: string;
  private readonly waiting: bigint[] = [];
  /** Open, each with its copy; the first one is for the next batch. */
  private readonly files: number[] = [];
  private nextAt: number | undefined;
  private working: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    place: string,
    /** The numbers as they are now: a module that comes or goes changes them. */
    private readonly numbers: () => FunctionNumbers,
  ) {
    this.path = `${place}/set_ftrace_filter`;
  }

  /** Makes ready for the first batches, before there is a tracer. */
  prepare(): void {
    while (this.files.length < FILES) this.files.push(openControl(this.path, true));
  }

  private async open(): Promise<void> {
    const file = await openLater(this.path, constants.O_WRONLY | constants.O_APPEND).catch(
      (error) => {
        throw explained(error, this.path);
      },
    );
    this.files.push(file);
  }

  /** A batch is being written, or the file opened for the next one. */
  get isWorking(): boolean {
    return this.working !== undefined;
  }

  /** Functions that need not be traced any more, by their addresses. */
  add(addresses: readonly bigint[]): void {
    this.waiting.push(...addresses);
  }

  /** Begins the next batch if one is due. Throws what the last one has failed with. */
  step(now: number): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.working !== undefined || this.waiting.length === 0) return;
    this.nextAt ??= now + FIRST_MS;
    if (now < this.nextAt && (this.taken === 0 || this.waiting.length < MANY)) return;
    const numbers = this.numbers();
    const batch: number[] = [];
    for (const address of this.waiting.splice(0)) {
      const number = numbers.numberOf(address);
      if (number === undefined) this.unnumbered++;
      else batch.push(number);
    }
    if (batch.length === 0) return;
    this.working = this.write(batch, now)
      .catch((error) => {
        this.failure = error;
      })
      .finally(() => {
        this.working = undefined;
      });
  }

  private async write(batch: readonly number[], start: number): Promise<void> {
    if (this.files.length === 0) await this.open();
    const file = this.files.shift() as number;
    try {
      await this.take(batch, file, SLICE);
    } finally {
      await closeLater(file);
    }
    this.taken += batch.length;
    const end = performance.now();
    this.batches.push({ start, end, functions: batch.length });
    this.nextAt = end + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, end - start));
    for (const spare of this.files) await this.take(batch, spare, SPARE_SLICE);
    if (this.files.length === 0) await this.open();
  }

  /** Takes functions out of a copy. While the list is being changed, this would wait for it. */
  private async take(batch: readonly number[], file: number, slice: number): Promise<void> {
    for (let at = 0; at < batch.length; at += slice) {
      const words = batch.slice(at, at + slice).map((number) => `!${number}`);
      writeToControl(file, this.path, `${words.join(' ')}\n`);
      if (at + slice < batch.length) await new Promise(setImmediate);
    }
  }

  /** Waits for the last batch, and throws what it has failed with. */
  async finish(): Promise<void> {
    await this.close();
    if (this.failure !== undefined) throw this.failure;
  }

  /** Takes nothing out. */
  abandon(): void {
    for (const file of this.files.splice(0)) closeSync(file);
  }

  /** Waits for the batch that is being written, and leaves the filter file alone from then on. */
  async close(): Promise<void> {
    await this.working;
    for (const file of this.files.splice(0)) await closeLater(file);
  }
}
