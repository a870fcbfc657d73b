import type { Page, PageQueue, PageSource } from './page-queue.js';
import type { Sink } from './sinks.js';

/** What a long step still counts for after another one: as V8 optimises, they become shorter. */
const FORGETS = 0.9;
const FINISHING_MS = 20;

/** What has been read of the kernel's buffers and still has to be looked at, and printed or written. */
export class Backlog {
  /** For how long work() may not come back, at most, in milliseconds. */
  stepMs: number;
  private came = 0;
  private done = 0;
  /** So many of those that wait have been looked at, from the oldest on. */
  private looked = 0;
  private marks: { after: number; cpus: readonly number[]; time: bigint }[] = [];

  /** `look`: sees each page before the sink does; `looksAhead`: and soon after it has come. */
  constructor(
    private readonly queue: PageQueue,
    private readonly sink: Sink,
    private readonly look: (page: Page) => void,
    private readonly looksAhead: boolean,
  ) {
    this.stepMs = sink.firstStepMs;
  }

  /** No page can be taken for now. */
  get isFull(): boolean {
    return this.queue.isFull;
  }

  /** So much is waiting that it has to be worked on, whatever else there is to do. */
  get isPressed(): boolean {
    return this.queue.isPressed;
  }

  /** Reads the next page of a CPU. Its bytes, valid until the next call of any kind; undefined when there is none now. */
  take(source: PageSource): Uint8Array | undefined {
    const { queue } = this;
    const bytes = queue.take(source);
    if (bytes === undefined) return undefined;
    this.came++;
    if (this.looksAhead && queue.isPressed) {
      // When the memory is full, all that is there will have been looked at, and what goes to the disk can be.
      if (this.looked === queue.length - 1) {
        this.look({ cpu: source.cpu, bytes });
        this.looked++;
      } else if (this.lookAtNext()) this.lookAtNext();
    }
    return bytes;
  }

  private lookAtNext(): boolean {
    const page = this.queue.peek(this.looked);
    if (page === undefined) return false;
    this.looked++;
    this.look(page);
    return true;
  }

  /** Looks at pages whose turn has not come yet, for about `ms`, at one at least. Whether there are more. */
  lookAhead(ms: number): boolean {
    const until = performance.now() + ms;
    while (this.lookAtNext() && performance.now() < until);
    return this.queue.peek(this.looked) !== undefined;
  }

  /** These CPUs have nothing up to that time, of the trace clock, beside what has come in. */
  idle(cpus: readonly number[], time: bigint): void {
    const last = this.marks.at(-1);
    const mark = { after: this.came, cpus, time };
    if (last?.after === this.came) this.marks[this.marks.length - 1] = mark;
    else this.marks.push(mark);
  }

  /** Does some of the work that waits, at least a little, for about `ms`. Returns whether there is more. */
  work(ms: number): boolean {
    const { sink } = this;
    let last = performance.now();
    const until = last + ms;
    const goOn = () => {
      const now = performance.now();
      this.stepMs = Math.max(now - last, this.stepMs * FORGETS);
      last = now;
      return now < until;
    };
    do {
      this.applyMarks();
      if (sink.isBlocked) return this.queue.length > 0;
      if (sink.proceed(goOn)) return true;
      const page = this.queue.shift();
      if (page === undefined) {
        sink.rest();
        return false;
      }
      if (this.looked > 0) this.looked--;
      else this.look(page);
      sink.page(page.cpu, page.bytes);
      this.done++;
    } while (goOn());
    return true;
  }

  /** No page will come any more: does all that is left. */
  async finish(): Promise<void> {
    const { sink } = this;
    while (!sink.isBroken && this.work(FINISHING_MS)) {
      await (sink.isBlocked ? sink.unblocked() : new Promise(setImmediate));
    }
  }

  /** The latest of the marks that all pages before them have been done. */
  private applyMarks(): void {
    let due = 0;
    while (due < this.marks.length && this.marks[due].after <= this.done) due++;
    for (const { cpus, time } of this.marks.splice(0, due)) {
      for (const cpu of cpus) this.sink.idle(cpu, time);
    }
  }
}
