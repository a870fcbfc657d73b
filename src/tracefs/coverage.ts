import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';
import { explained, writeToControl } from './control.js';
import type { FunctionNumbers } from './numbers.js';
import type { Settings } from './settings.js';

const openLater = promisify(open);
const closeLater = promisify(close);

/** The first batch waits for what the first requests of a load call: a batch takes as long for few as for many. */
const FIRST_MS = 200;
/** From the end of one batch to the next: as long as a batch takes, within these limits. */
const SHORTEST_MS = 100;
const LONGEST_MS = 1000;
/** So many functions are not kept waiting: their events come in floods. */
const MANY = 64;
/** Numbers written at a stretch. */
const SLICE = 32;

/** All functions are named by set_ftrace_filter, for some to be taken out of it. */
export function nameAll(place: string, settings: Settings): void {
  settings.set(`${place}/set_ftrace_filter`, '*');
}

/**
 * Takes functions out of a running trace, in batches. The filter file does its work at its opening, where it
 * is copied, and at its close; both run in a thread of their own: the buffers are read meanwhile.
 *
 * Not by set_ftrace_notrace: what is added to that while function_graph runs has no effect in Linux 6.12.
 */
export class Coverage {
  /** Functions that are still traced for want of a certain number. */
  unnumbered = 0;
  taken = 0;
  private waiting: bigint[] = [];
  private nextAt: number | undefined;
  private working: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly place: string,
    /** The numbers as they are now: a module that comes or goes changes them. */
    private readonly numbers: () => FunctionNumbers,
  ) {}

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
    for (const address of this.waiting) {
      const number = numbers.numberOf(address);
      if (number === undefined) this.unnumbered++;
      else batch.push(number);
    }
    this.waiting = [];
    if (batch.length === 0) return;
    this.working = this.write(batch, now).catch((error) => {
      this.failure = error;
    });
  }

  private async write(batch: readonly number[], start: number): Promise<void> {
    const path = `${this.place}/set_ftrace_filter`;
    const fd = await openLater(path, constants.O_WRONLY | constants.O_APPEND).catch((error) => {
      throw explained(error, path);
    });
    try {
      for (let at = 0; at < batch.length; at += SLICE) {
        const words = batch.slice(at, at + SLICE).map((number) => `!${number}`);
        writeToControl(fd, path, `${words.join(' ')}\n`);
        // The kernel takes one number at a time: the buffers must not wait for all of them.
        await new Promise(setImmediate);
      }
    } finally {
      await closeLater(fd);
    }
    this.taken += batch.length;
    const end = performance.now();
    this.nextAt = end + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, end - start));
    this.working = undefined;
  }

  /** Waits for the batch that is being written. */
  async settled(): Promise<void> {
    await this.working;
  }

  /** Waits for the last batch, and throws what it has failed with. */
  async finish(): Promise<void> {
    await this.settled();
    if (this.failure !== undefined) throw this.failure;
  }
}
