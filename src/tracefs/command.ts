import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../stream/errors.js';
import { statOf } from './process.js';

/** How a command ended: one of both is null, as of child_process. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The shell stops before it becomes the command, so that its thread can be traced from there on. Before it
 * stops it waits for a word on descriptor 3: until somebody watches over it. Without one it ends.
 */
const STOPPED = 'read -r _ <&3 || exit; exec 3<&-; kill -STOP $$; exec "$@"';
/** What is stopped does not notice that its capture was killed. This does, as its standard input ends. */
const WATCHER = 'read -r _ || kill -KILL "$1"';
const START_MS = 10_000;
/** How long a command may take to end after SIGTERM. */
const GRACE_MS = 2_000;

/** The end of a pipe that a child reads; if it has ended, it needs no word. */
function wordTo(pipe: unknown): Writable {
  return (pipe as Writable).on('error', () => {});
}

/** A command that is started for its trace. */
export class TracedCommand {
  readonly tid: number;
  readonly ended: Promise<Ending>;
  ending: Ending | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly watcher: Writable,
  ) {
    this.tid = child.pid as number;
    this.ended = new Promise((resolve) => {
      child.on('exit', (status, signal) => {
        this.ending = { status, signal };
        this.release();
        resolve(this.ending);
      });
    });
  }

  /** Starts `words`, stopped before its first instruction. Its standard output goes to `outputFd`. */
  static async start(words: readonly string[], outputFd: number): Promise<TracedCommand> {
    const child = spawn('sh', ['-c', STOPPED, 'sh', ...words], {
      stdio: ['inherit', outputFd, 2, 'pipe'],
    });
    const failed = new Promise<never>((_, reject) => child.on('error', reject));
    failed.catch(() => {});
    if (child.pid === undefined) return failed;
    const watcher = spawn('sh', ['-c', WATCHER, 'sh', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watcher.on('error', () => child.kill('SIGKILL'));
    const command = new TracedCommand(child, wordTo(watcher.stdin));
    wordTo(child.stdio[3]).end('\n');
    const until = Date.now() + START_MS;
    while (statOf(command.tid)?.state !== 'T') {
      if (command.ending !== undefined || Date.now() > until) {
        child.kill('SIGKILL');
        throw new ToolError(`${words[0]}: could not be started`);
      }
      await sleep(2);
    }
    return command;
  }

  /** Lets it run, also without us. */
  proceed(): void {
    this.child.kill('SIGCONT');
    this.release();
  }

  /** From here on our own end is nothing to it. */
  private release(): void {
    if (!this.watcher.writableEnded) this.watcher.end('\n');
  }

  /** Ends it if it is still there: by SIGTERM, and by SIGKILL when that does not help. */
  async end(): Promise<Ending> {
    if (this.ending !== undefined) return this.ending;
    this.child.kill('SIGTERM');
    // Stopped, it would not see the signal.
    this.proceed();
    const killer = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(killer);
    }
  }
}
