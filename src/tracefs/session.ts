import { readdirSync, rmdirSync } from 'node:fs';
import { ToolError } from '../stream/errors.js';
import { writeControl } from './control.js';
import { JournalFile } from './journal.js';
import { statOf } from './process.js';
import { Settings } from './settings.js';

const INSTANCE = /^kernel-surface-(\d+)$/;

/** Removes instances of captures that are not there any more, by their names. Returns how many. */
function removeOrphans(tracefs: string): number {
  let names: string[];
  try {
    names = readdirSync(`${tracefs}/instances`);
  } catch {
    return 0;
  }
  let removed = 0;
  for (const name of names) {
    const pid = INSTANCE.exec(name)?.[1];
    if (pid === undefined || statOf(Number(pid)) !== undefined) continue;
    const instance = `${tracefs}/instances/${name}`;
    writeControl(`${instance}/tracing_on`, '0');
    writeControl(`${instance}/current_tracer`, 'nop');
    rmdirSync(instance);
    removed++;
  }
  return removed;
}

/** The right to trace on this machine, and the duty to leave it as it was. */
export class Session {
  private constructor(
    private readonly journal: JournalFile,
    readonly settings: Settings,
    /** How many settings of a killed capture have been put back. */
    readonly repaired: number,
  ) {}

  /** Takes the lock, and puts back what a capture that was killed has left. */
  static async begin(tracefs: string, journalDirectory: string): Promise<Session> {
    const journal = new JournalFile(journalDirectory);
    const left = await journal.acquire();
    const count = left.files.length + left.moved.length + (left.instance === undefined ? 0 : 1);
    const errors = new Settings(journal, left).restore();
    if (errors.length > 0) {
      throw new ToolError(`cannot put back what a killed capture has left: ${errors[0].message}`);
    }
    const orphans = removeOrphans(tracefs);
    return new Session(journal, new Settings(journal), count + orphans);
  }

  /** Puts everything back and gives the lock up. Throws the first of the failures; --reset tries again. */
  end(): void {
    const errors = this.settings.restore();
    if (errors.length > 0) {
      throw new ToolError(`cannot put all settings back (see --reset): ${errors[0].message}`);
    }
    this.journal.release();
  }
}
