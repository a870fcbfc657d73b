import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../stream/errors.js';
import { statOf } from './process.js';

/** How a command ended: one of both is null, as of child_process. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The shell stops before it becomes the command, so that its thread can be traced from there on. */
const STOPPED = 'kill -STOP $$; exec "$@"';
const START_MS = 10_000;
/** How long a command may take to end after SIGTERM. */
const GRACE_MS = 2_000;

/** A command that is started for its trace. */
export class TracedCommand {
  readonly tid: number;
  readonly ended: Promise<Ending>;
  ending: Ending | undefined;

  private constructor(private readonly child: ChildProcess) {
    this.tid = child.pid as number;
    this.ended = new Promise((resolve) => {
      child.on('exit', (status, signal) => {
        this.ending = { status, signal };
        resolve(this.ending);
      });
    });
  }

  /** Starts `words`, stopped before its first instruction. Its standard output goes to `outputFd`. */
  static async start(words: readonly string[], outputFd: number): Promise<TracedCommand> {
    const child = spawn('sh', ['-c', STOPPED, 'sh', ...words], {
      stdio: ['inherit', outputFd, 2],
    });
    const failed = new Promise<never>((_, reject) => child.on('error', reject));
    failed.catch(() => {});
    if (child.pid === undefined) return failed;
    const command = new TracedCommand(child);
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

  /** Lets it run. */
  proceed(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it if it is still there: by SIGTERM, and by SIGKILL when that does not help. */
  async end(): Promise<Ending> {
    if (this.ending !== undefined) return this.ending;
    this.child.kill('SIGTERM');
    // Stopped, it would not see the signal.
    this.child.kill('SIGCONT');
    const killer = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(killer);
    }
  }
}
