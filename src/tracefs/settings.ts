import { existsSync, rmdirSync } from 'node:fs';
import { setCpus } from './affinity.js';
import { readControl, readControlIfAny, writeControl } from './control.js';
import { type Changes, type JournalFile, type Moved, NO_CHANGES } from './journal.js';
import { statOf } from './process.js';

/**
 * The text that brings a control file back to what it shows: they do not all read as they are written.
 *
 *     trace_clock      local [global] counter
 *     buffer_size_kb   7 (expanded: 1408)
 *     set_ftrace_pid   no pid
 *     set_ftrace_filter  #### all functions enabled ####
 */
export function textToRestore(path: string, shown: string): string {
  switch (path.slice(path.lastIndexOf('/') + 1)) {
    case 'trace_clock':
      return /\[(.*?)\]/.exec(shown)?.[1] ?? shown;
    case 'buffer_size_kb':
      return /expanded: (\d+)/.exec(shown)?.[1] ?? shown;
    case 'set_ftrace_pid':
      return shown === 'no pid' ? '' : shown.split('\n').join(' ');
    case 'set_ftrace_filter':
    case 'set_ftrace_notrace':
    case 'set_graph_notrace':
      return (
        shown
          .split('\n')
          // Commands (`schedule:traceoff:unlimited`) are listed here, but do not go with the functions.
          .filter((line) => line !== '' && !line.startsWith('#') && !line.includes(':'))
          .map((line) => line.replace(/ \[.*/, ''))
          .join(' ')
      );
    default:
      return shown;
  }
}

/** What has been changed, with its journal kept ahead of it. */
export class Settings {
  private files: (readonly [string, string])[];
  private moved: Moved[];
  private instance: string | undefined;
  private readonly touched: Set<string>;

  constructor(
    private readonly journal: JournalFile,
    left: Changes = NO_CHANGES,
  ) {
    this.files = [...left.files];
    this.moved = [...left.moved];
    this.instance = left.instance;
    this.touched = new Set(left.files.map(([path]) => path));
  }

  private record(): void {
    this.journal.record({ files: this.files, moved: this.moved, instance: this.instance });
  }

  /** Announces an instance that is going to be made: it will be removed. */
  willMake(instance: string): void {
    this.instance = instance;
    this.record();
  }

  /** The announced instance is not there any more. */
  unmade(): void {
    this.instance = undefined;
    this.record();
  }

  /** Announces threads that are going to be moved to another CPU. */
  willMove(moved: readonly Moved[]): void {
    this.moved.push(...moved);
    this.record();
  }

  /** Where a thread that has been moved may run by rights. */
  homeOf(tid: number): string | undefined {
    return this.moved.find((moved) => moved.tid === tid)?.cpus;
  }

  private isInInstance(path: string): boolean {
    return this.instance !== undefined && path.startsWith(`${this.instance}/`);
  }

  /** What goes with our instance. A tracer's own options do not: all instances share them (to 6.18). */
  private isOwn(path: string): boolean {
    return this.isInInstance(path) && !/\/options\/func/.test(path);
  }

  /** Keeps the present values of files that are going to be changed, by whatever means. */
  save(paths: readonly string[]): void {
    this.prepare(paths);
    for (const path of paths) this.touched.add(path);
  }

  /** Keeps the present values of files that may be set, by one write of the journal for all of them. */
  prepare(paths: readonly string[]): void {
    const known = new Set(this.files.map(([path]) => path));
    const before = this.files.length;
    for (const path of paths) {
      if (known.has(path) || this.isOwn(path)) continue;
      const shown = readControlIfAny(path);
      if (shown !== undefined) this.files.push([path, textToRestore(path, shown)]);
    }
    if (this.files.length > before) this.record();
  }

  /** Sets a control file, unless it shows that value already. */
  set(path: string, text: string): void {
    if (textToRestore(path, readControl(path)) === text) return;
    this.save([path]);
    writeControl(path, text);
  }

  /** The same; false where this kernel has no such file. */
  setIfAny(path: string, text: string): boolean {
    if (!existsSync(path)) return false;
    this.set(path, text);
    return true;
  }

  /**
   * Puts everything back, the last change first, and returns what could not be: those changes stay in
   * the journal, for the next start or --reset. No file of the trace may be open any more.
   */
  restore(): Error[] {
    const errors: Error[] = [];
    const attempt = (work: () => void): boolean => {
      try {
        work();
        return true;
      } catch (error) {
        errors.push(error as Error);
        return false;
      }
    };
    this.moved = this.moved.filter(({ tid, start, cpus }) => {
      const isGone = () => statOf(tid)?.start !== start;
      return !isGone() && !attempt(() => setCpus(tid, cpus, isGone));
    });
    const touched = this.files.filter(([path]) => this.touched.has(path));
    const inInstance = touched.filter(([path]) => this.isInInstance(path));
    const elsewhere = touched.filter(([path]) => !this.isInInstance(path));
    // Options of a tracer are there only while it is the current one.
    const failed = this.writeBack(inInstance, attempt);
    const { instance } = this;
    if (instance !== undefined) {
      const gone = attempt(() => {
        if (!existsSync(instance)) return;
        writeControl(`${instance}/tracing_on`, '0');
        writeControl(`${instance}/current_tracer`, 'nop');
        rmdirSync(instance);
      });
      if (gone) this.instance = undefined;
    }
    this.files = [...this.writeBack(elsewhere, attempt), ...failed];
    if (errors.length > 0) this.record();
    return errors;
  }

  /** Writes texts back, the last one first, and returns those that could not be, in their order. */
  private writeBack(
    files: readonly (readonly [string, string])[],
    attempt: (work: () => void) => boolean,
  ): (readonly [string, string])[] {
    return [...files]
      .reverse()
      .filter(([path, text]) => {
        const done = attempt(() => {
          const shown = readControlIfAny(path);
          if (shown !== undefined && textToRestore(path, shown) !== text) writeControl(path, text);
        });
        return !done;
      })
      .reverse();
  }
}
