import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { ToolError } from '../stream/errors.js';

/** How a command ended: one of the two is not null. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `status 3`, `SIGKILL`. */
export function endOf({ status, signal }: Ended): string {
  return signal ?? `status ${status}`;
}

/** Puts the tids for `{tids}`, and the directory for `{dir}`, wherever they stand in the arguments. */
export function fillIn(
  argv: readonly string[],
  tids: readonly number[],
  directory: string,
): string[] {
  return argv.map((arg) => arg.replaceAll('{tids}', tids.join(',')).replaceAll('{dir}', directory));
}

/** The end of a descriptor 3 may be seen before the end of the process that had it. */
const END_SETTLES_MS = 200;

/**
 * The command that traces while the load is offered. Its standard input is a file with the tids, one to a
 * line. Its descriptor 3 tells when it is ready: a line comes, or it is closed.
 *
 * It has a process group of its own: an interrupt at the terminal comes to it by way of us, in order.
 */
export class Tracing {
  private readonly child: ChildProcess;
  private readonly written: Promise<void>;
  /** Where the output is written to before it is whole. */
  private readonly aside: string | undefined;
  private readonly special: boolean;
  /** Resolves when it has ended and all of its output has been written. */
  readonly ended: Promise<Ended>;
  private readonly said: Promise<void>;

  /**
   * @param trace - file for its standard output, compressed if it ends in .gz; undefined: ours
   * @param scratch - an empty directory that is there as long as the command runs
   */
  constructor(
    argv: readonly string[],
    tids: readonly number[],
    private readonly trace: string | undefined,
    scratch: string,
  ) {
    const input = openSync(join(scratch, 'tids'), 'w+');
    // By position: the command reads from the beginning.
    writeSync(input, tids.map((tid) => `${tid}\n`).join(''), 0);
    this.special = trace?.startsWith('/dev/') === true;
    this.aside = trace === undefined || this.special ? trace : `${trace}.${process.pid}.tmp`;
    const gzip = trace?.endsWith('.gz') === true;
    const output = this.aside === undefined ? 1 : gzip ? 'pipe' : openSync(this.aside, 'w');
    const [command, ...args] = argv;
    this.child = spawn(command, args, { detached: true, stdio: [input, output, 2, 'pipe'] });
    closeSync(input);
    if (typeof output === 'number' && output !== 1) closeSync(output);

    this.written =
      gzip && this.child.stdout !== null
        ? pipeline(this.child.stdout, createGzip({ level: 1 }), createWriteStream(this.aside!))
        : Promise.resolve();
    this.written.catch(() => this.signal('SIGINT'));
    this.ended = new Promise<Ended>((resolve, reject) => {
      this.child.on('error', (error: NodeJS.ErrnoException) =>
        reject(new ToolError(`${command}: cannot be run: ${error.code ?? error.message}`)),
      );
      this.child.on('exit', (status, signal) => resolve({ status, signal }));
    });
    this.ended.catch(() => {});
    const ready = this.child.stdio[3] as Readable | null;
    this.said = new Promise<void>((resolve) => {
      ready?.on('data', (data: Buffer) => {
        if (data.includes(10)) resolve();
      });
      ready?.on('error', () => {});
      ready?.on('close', () => setTimeout(resolve, END_SETTLES_MS));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Waits for its word, or for `after` seconds where it does not give one. False after `timeout` seconds. */
  async ready(after: number | undefined, timeout: number): Promise<boolean> {
    if (after !== undefined) {
      await sleep(after * 1000);
      return true;
    }
    const timer = new AbortController();
    try {
      return await Promise.race([
        this.said.then(() => true),
        sleep(timeout * 1000, false, { signal: timer.signal }),
      ]);
    } finally {
      timer.abort();
    }
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    } catch {
      // It has ended.
    }
  }

  /** Interrupts it and waits for its end; after `timeout` seconds it is killed, and undefined is given. */
  async stop(timeout: number): Promise<Ended | undefined> {
    this.signal('SIGINT');
    const timer = new AbortController();
    const whole = this.ended.then(async (ended) => {
      await this.written;
      return ended;
    });
    try {
      const late = sleep(timeout * 1000, undefined, { signal: timer.signal });
      const ended = await Promise.race([whole, late]);
      if (ended === undefined) this.signal('SIGKILL');
      return ended;
    } catch (error) {
      // The compressor's file could not be written.
      const e = error as NodeJS.ErrnoException & { place?: string };
      if (e.code !== undefined) e.place = this.trace!;
      throw e;
    } finally {
      timer.abort();
      // Whatever it has left behind may hold the other ends: we do not wait for that.
      (this.child.stdio[3] as Readable | null)?.destroy();
      this.child.stdout?.destroy();
    }
  }

  /** The output is whole: it gets its name. */
  keep(): void {
    if (this.aside !== undefined && !this.special) renameSync(this.aside, this.trace!);
  }

  /** Removes an output that has not been kept. */
  discard(): void {
    if (this.aside !== undefined && !this.special) rmSync(this.aside, { force: true });
  }
}
