import { Tasks } from '../ringbuffer/tasks.js';
import { readControlIfAny } from './control.js';
import { commOf } from './process.js';

/** How often names of threads are read anew: a program that is started changes its name. */
const NAMES_MS = 1000;

/** What the threads of a trace are called. */
export class Names {
  readonly tasks = new Tasks();
  private nextAt = 0;

  constructor(private readonly tracefs: string) {}

  /** `saved_cmdlines`: what the kernel remembers, of threads that have ended, too. */
  saved(): string {
    return readControlIfAny(`${this.tracefs}/saved_cmdlines`) ?? '';
  }

  /** Learns the names of threads that show, by /proc and by what the kernel remembers of those that have gone. */
  learn(shown: readonly number[]): void {
    const now = performance.now();
    let gone = false;
    for (const tid of shown) {
      const comm = commOf(tid);
      if (comm !== undefined) this.tasks.set(tid, comm);
      else if (tid !== 0) gone = true;
    }
    if (!gone && now < this.nextAt) return;
    this.tasks.read(this.saved());
    this.nextAt = now + NAMES_MS;
  }
}
