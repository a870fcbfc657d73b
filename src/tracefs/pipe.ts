import { closeSync, readSync } from 'node:fs';
import type { Output } from '../stream/output.js';
import { tracedTids } from './place.js';
import { type Finish, named, type Recorder, type Recording } from './recording.js';
import { cpusIn, openPipe, RingCounts } from './ring.js';

/** trace_pipe is read in pieces of this many bytes, every so often, while its reader keeps up. */
const PIPE_BYTES = 1 << 16;
const PIPE_MS = 5;
const PIPE_PENDING = 8 << 20;

/** Records the text that the kernel makes itself. */
export class PipeRecorder implements Recorder {
  private readonly counts: readonly RingCounts[];
  private readonly fd: number;
  private bytes = 0;

  constructor(
    private readonly recording: Recording,
    private readonly output: Output,
  ) {
    const { directory } = recording;
    this.counts = cpusIn(directory).map((cpu) => new RingCounts(directory, cpu));
    this.fd = openPipe(`${directory}/trace_pipe`);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Reads the next piece. False when there is no more text now. */
  private take(): boolean {
    const piece = new Uint8Array(PIPE_BYTES);
    try {
      const count = readSync(this.fd, piece, 0, piece.length, null);
      this.bytes += count;
      this.output.put(piece.subarray(0, count));
      return count > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
  }

  async record(): Promise<Finish> {
    const { output, recording } = this;
    const { stop, wanted } = recording;
    recording.begin();
    while (stop.reason === undefined) {
      let more = true;
      while (more && output.pending < PIPE_PENDING) {
        more = this.take();
        await stop.wait(0);
        if (stop.reason !== undefined) break;
      }
      await stop.wait(PIPE_MS);
    }
    const seconds = recording.end();
    while (output.error === undefined && this.take()) {
      if (output.pending >= PIPE_PENDING) await output.drained();
    }
    const traced = new Set(wanted);
    for (const tid of tracedTids(recording.directory)) traced.add(tid);
    const forked = [...traced].filter((tid) => !wanted.has(tid)).sort((a, b) => a - b);
    const notFollowed = named(recording.notFollowed(traced));
    const account = recording.account(this.counts, seconds);
    return async () => {
      await output.drained();
      return {
        ...account,
        unreadableBytes: 0,
        unknownSymbols: 0,
        spilledPages: 0,
        longestPause: 0,
        lastLoss: null,
        events: account.cpus.reduce((sum, { events }) => sum + events, 0),
        bytes: this.bytes,
        forked: named(forked).map((one) => ({ ...one, parent: null })),
        notFollowed,
        command: recording.commandEnding,
        coverage: null,
      };
    };
  }
}
