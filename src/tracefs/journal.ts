import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../stream/errors.js';
import { bootId, statOf } from './process.js';

/** A thread that was moved to another CPU, and where it may run by rights. */
export interface Moved {
  readonly tid: number;
  readonly start: number;
  readonly cpus: string;
}

/** All that has to be put back. It is on disk before anything is changed. */
export interface Changes {
  /** Control files and the text to write back, in the order in which they were changed. */
  readonly files: readonly (readonly [path: string, text: string])[];
  /** An instance of our own: taken away, it takes its settings with it. */
  readonly instance?: string | undefined;
  readonly moved: readonly Moved[];
}

interface Journal extends Changes {
  readonly pid: number;
  readonly start: number;
  readonly boot: string;
}

export const NO_CHANGES: Changes = { files: [], moved: [] };

const NAME = 'ftrace-capture.json';
/** How long a capture that takes over a dead one's journal waits for another that does the same. */
const TAKE_OVER_MS = 50;

/** Where journals are kept: /run is gone after a boot, and so are the settings. */
export function journalDirectory(given?: string): string {
  const own = process.env.XDG_RUNTIME_DIR;
  const candidates = ['/run/kernel-surface', ...(own ? [`${own}/kernel-surface`] : [])];
  let failure: unknown;
  for (const directory of given === undefined ? candidates : [given]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(`${directory}/.${process.pid}`, '');
      rmSync(`${directory}/.${process.pid}`);
      return directory;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function parse(text: string): Journal | undefined {
  try {
    const journal = JSON.parse(text) as Journal;
    const whole =
      typeof journal.pid === 'number' &&
      Array.isArray(journal.files) &&
      Array.isArray(journal.moved);
    return whole ? journal : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(journal: Journal): boolean {
  if (journal.boot !== bootId()) return false;
  const stat = statOf(journal.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.start === journal.start;
}

/**
 * The lock of a machine's tracer and the record of what its owner has changed, in one file: there is
 * never one without the other. Written aside and renamed, so that it is whole after a kill -9 too.
 */
export class JournalFile {
  private readonly path: string;
  private readonly owner = {
    pid: process.pid,
    start: statOf(process.pid)?.start ?? 0,
    boot: bootId(),
  };

  constructor(private readonly directory: string) {
    this.path = `${directory}/${NAME}`;
  }

  /** Removes what captures have left that were killed while they wrote. */
  private sweep(): void {
    for (const file of readdirSync(this.directory)) {
      // ftrace-capture.json.4711, and .4711 by which the directory was tried.
      const behind = file.startsWith(NAME) ? file.slice(NAME.length) : file;
      const pid = /^\.(\d+)$/.exec(behind)?.[1];
      if (pid !== undefined && statOf(Number(pid)) === undefined) {
        rmSync(`${this.directory}/${file}`, { force: true });
      }
    }
  }

  private write(changes: Changes, place: (aside: string) => void): void {
    const aside = `${this.path}.${process.pid}`;
    const { files, instance, moved } = changes;
    const journal: Journal = { ...this.owner, instance, files, moved };
    writeFileSync(aside, `${JSON.stringify(journal)}\n`, { mode: 0o600 });
    try {
      place(aside);
    } finally {
      rmSync(aside, { force: true });
    }
  }

  private read(): Journal | undefined {
    try {
      const text = readFileSync(this.path, 'utf8');
      const journal = parse(text);
      if (journal !== undefined) return journal;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    throw new ToolError(`${this.path}: no journal of ftrace-capture: remove it by hand`);
  }

  private refuse({ pid }: Journal): never {
    throw new ToolError(`another capture is running: ftrace-capture with pid ${pid}`);
  }

  /**
   * Takes the lock. Returns what a capture that was killed has left to put back: the caller puts it
   * back, then calls `record`. Throws when another capture is alive. Changes of an earlier boot went
   * with it, and are forgotten.
   */
  async acquire(): Promise<Changes> {
    this.sweep();
    for (;;) {
      const stale = this.read();
      if (stale === undefined) {
        try {
          this.write(NO_CHANGES, (aside) => linkSync(aside, this.path));
          return NO_CHANGES;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
          throw error;
        }
      }
      if (isAlive(stale)) this.refuse(stale);
      const left = stale.boot === this.owner.boot ? stale : NO_CHANGES;
      this.write(left, (aside) => renameSync(aside, this.path));
      await sleep(TAKE_OVER_MS);
      const now = this.read();
      if (now === undefined || now.pid !== process.pid) continue;
      return left;
    }
  }

  /** Puts the changes on disk. To be called before the first of them is made. */
  record(changes: Changes): void {
    this.write(changes, (aside) => renameSync(aside, this.path));
  }

  /** Gives the lock back: everything is as it was. */
  release(): void {
    rmSync(this.path, { force: true });
  }
}
