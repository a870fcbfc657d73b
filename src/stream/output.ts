import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync, write } from 'node:fs';

const RETRY_MS = 2;

/**
 * Writes to a descriptor while its process goes on with other work: a reader that is slow keeps nobody
 * waiting. What has been handed over is written in that order; its bytes must not change any more.
 */
export class Output {
  private readonly waiting: Uint8Array[] = [];
  private writing: Uint8Array | undefined;
  private at = 0;
  private idle: (() => void)[] = [];
  private watchdog: ChildProcess | undefined;
  /** Bytes not yet taken by the reader. */
  pending = 0;
  /** What ended the writing: EPIPE when the reader has gone. */
  error: NodeJS.ErrnoException | undefined;

  /** `onEnd` is called once, when the reader has gone or the output has failed: `error` tells. */
  constructor(
    private readonly fd: number,
    private readonly onEnd: () => void,
  ) {}

  /**
   * Notices a reader that goes while there is nothing to write. No call of node's does that for a pipe,
   * but tail(1) does: it ends when nobody reads its output any more, and writes nothing. Without such a
   * tail a reader's going is noticed with the next write.
   */
  watch(): void {
    const stat = fstatSync(this.fd);
    if (!stat.isFIFO() && !stat.isSocket()) return;
    const args = [`--pid=${process.pid}`, '--sleep-interval=0.5', '--follow', '/dev/null'];
    const watchdog = spawn('tail', args, { stdio: ['ignore', this.fd, 'ignore'], detached: true });
    watchdog.on('error', () => {});
    watchdog.on('exit', (_status, signal) => {
      if (signal === 'SIGPIPE') this.fail(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
    });
    watchdog.unref();
    this.watchdog = watchdog;
  }

  put(bytes: Uint8Array): void {
    if (this.error !== undefined || bytes.length === 0) return;
    this.pending += bytes.length;
    this.waiting.push(bytes);
    if (this.writing === undefined) this.next();
  }

  /** Resolves when everything has been written, or nothing more can be. */
  async drained(): Promise<void> {
    if (this.writing === undefined) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** No longer watches the reader. To be called at the end, or it never sees the end of its input. */
  close(): void {
    this.watchdog?.removeAllListeners('exit');
    this.watchdog?.kill();
  }

  private next(): void {
    this.writing = this.waiting.shift();
    this.at = 0;
    if (this.writing !== undefined) {
      this.step();
      return;
    }
    const resolved = this.idle;
    this.idle = [];
    for (const resolve of resolved) resolve();
  }

  private step(): void {
    const bytes = this.writing as Uint8Array;
    write(this.fd, bytes, this.at, bytes.length - this.at, null, (error, count) => {
      if (this.error !== undefined) return;
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.step(), RETRY_MS);
        return;
      }
      if (error) {
        this.fail(error);
        return;
      }
      this.at += count;
      this.pending -= count;
      if (this.at < bytes.length) this.step();
      else this.next();
    });
  }

  private fail(error: NodeJS.ErrnoException): void {
    if (this.error !== undefined) return;
    this.error = Object.assign(error, { place: 'stdout', syscall: 'write' });
    this.waiting.length = 0;
    this.pending = 0;
    this.next();
    this.onEnd();
  }
}
