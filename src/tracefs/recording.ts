import os from 'node:os';
import type { TracedCommand } from './command.js';
import { readControl, writeControl } from './control.js';
import { addTids, type Place } from './place.js';
import type { Listener, Named, Plan, Report } from './plan.js';
import { commOf } from './process.js';
import { cpusIn, lostOf, type RingCounts } from './ring.js';
import { textToRestore } from './settings.js';
import type { Stop } from './stop.js';
import { cgroupThreads, relatives } from './tasks.js';

/** What is left to do when the kernel's buffers have been emptied and its settings put back. */
export type Finish = () => Promise<Report>;

/** A way to get at the events. */
export interface Recorder {
  /** Records until it is told to stop. */
  record(): Promise<Finish>;
  /** Closes the files by which the kernel's buffers are read: before that nothing can be put back. */
  close(): void;
}

/** Threads with their names, as far as they are still there. */
export function named(tids: readonly number[]): Named[] {
  return tids.map((tid) => ({ tid, comm: commOf(tid) ?? null }));
}

/** One trace while it is recorded, however its events are read: its place, its threads and its time. */
export class Recording {
  private startedAt = 0;

  constructor(
    readonly plan: Plan,
    readonly place: Place,
    /** Threads traced from the start. */
    readonly wanted: Set<number>,
    /** Threads of the same processes that were there before, traced or not. */
    private readonly related: ReadonlySet<number>,
    private readonly command: TracedCommand | undefined,
    readonly stop: Stop,
    readonly listener: Listener,
  ) {}

  get directory(): string {
    return this.place.directory;
  }

  /** What the buffer of each CPU holds. */
  get bufferKilobytes(): number {
    const [cpu] = cpusIn(this.directory);
    const path = `${this.directory}/per_cpu/cpu${cpu}/buffer_size_kb`;
    return Number(textToRestore(path, readControl(path)));
  }

  /** Switches recording on, and tells everybody who waits for it. */
  begin(): void {
    const { command, directory, plan, stop } = this;
    writeControl(`${directory}/tracing_on`, '1');
    this.startedAt = performance.now();
    // Threads born since the cgroup was read had parents that were not yet traced.
    for (let more = plan.cgroup !== undefined; more; ) {
      const born = [...cgroupThreads(plan.cgroup as string)].filter((t) => !this.wanted.has(t));
      for (const tid of born) this.wanted.add(tid);
      addTids(directory, born);
      more = born.length > 0;
    }
    this.listener.ready();
    if (plan.duration !== undefined) {
      setTimeout(() => stop.ask('duration'), plan.duration * 1000).unref();
    }
    if (command !== undefined) {
      command.ended.then(() => stop.ask('command'));
      command.proceed();
    }
  }

  /** Switches recording off. Returns for how many seconds it was on. */
  end(): number {
    const { seconds } = this;
    writeControl(`${this.directory}/tracing_on`, '0');
    return seconds;
  }

  /** Since recording is on. */
  get seconds(): number {
    return this.secondsAt(performance.now());
  }

  /** The same of a time by performance.now(). */
  secondsAt(time: number): number {
    return Math.round(time - this.startedAt) / 1000;
  }

  /** Threads that came while tracing and were not traced. */
  notFollowed(traced: ReadonlySet<number>): number[] {
    const found = new Set(relatives(traced, traced));
    if (this.plan.cgroup !== undefined) {
      try {
        for (const tid of cgroupThreads(this.plan.cgroup)) if (!traced.has(tid)) found.add(tid);
      } catch {
        // It went with its last thread.
      }
    }
    return [...found].filter((tid) => !this.related.has(tid)).sort((a, b) => a - b);
  }

  /** How the command has ended; null while there is none, or it goes on. */
  get commandEnding() {
    return this.command?.ending ?? null;
  }

  /** What the kernel itself has counted, and how it was set. `seconds`: how long it was recorded. */
  account(counts: readonly RingCounts[], seconds: number) {
    const { directory, place, plan, stop } = this;
    const clock = `${directory}/trace_clock`;
    const cpus = counts.map((count) => {
      const now = count.now();
      return { cpu: count.cpu, events: now.read, lost: lostOf(now) };
    });
    return {
      kernel: os.release(),
      machine: os.machine(),
      tracer: plan.tracer,
      instance: place.isInstance,
      clock: textToRestore(clock, readControl(clock)),
      bufferKilobytes: this.bufferKilobytes,
      times: plan.times,
      endedBy: stop.reason ?? 'signal',
      seconds,
      lost: cpus.reduce((sum, { lost }) => sum + lost, 0),
      cpus,
      tids: [...this.wanted].sort((a, b) => a - b),
    };
  }
}
