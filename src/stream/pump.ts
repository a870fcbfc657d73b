import type { Feed } from '../trace/feed.js';
import { UsageError } from './errors.js';
import { readSome } from './io.js';

/** Beginnings of files that are no text, and what their reader wants instead. */
const FOREIGN: readonly (readonly [number[], string])[] = [
  [[0x1f, 0x8b], 'is gzip: pipe it through zcat'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'is xz: pipe it through xzcat'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'is zstd: pipe it through zstdcat'],
  [[0x17, 0x08, 0x44, 0x74], 'is a trace.dat: pipe it through trace-decode'],
];

const CHUNK = 1 << 18;
const MAGIC_LENGTH = Math.max(...FOREIGN.map(([magic]) => magic.length));

/** Says so when the first bytes of an input are those of a compressed or binary file. */
export function refuseForeign(bytes: Uint8Array, length: number, place: string): void {
  for (const [magic, says] of FOREIGN) {
    if (length >= magic.length && magic.every((byte, i) => bytes[i] === byte)) {
      throw new UsageError(`${place} ${says}`);
    }
  }
}

/** What one read of a pipe yields at most. */
const PIPE_FULL = 65_536;
/** What is read at a stretch still fits a processor's second cache, and the room of a feed. */
const STRETCH = 5 * PIPE_FULL;

/**
 * Reads what comes next, at most STRETCH bytes; 0 means the end. As long as the pipe is full its writer is
 * ahead of us, and it is cheaper to go on reading than to work on each piece by itself.
 */
function readStretch({ bytes, offset, room }: Feed): number {
  const end = offset + room;
  const enough = offset + STRETCH;
  let to = offset;
  // No more than needed stands in this loop: V8 would take it for worth optimising, which costs more.
  for (;;) {
    const more = readSome(0, bytes, to, end - to);
    to += more;
    if (more !== PIPE_FULL || to >= enough) return to - offset;
  }
}

/** Feeds all of standard input; `onChunk` runs after each piece, while what was kept is in the buffer. */
export function pumpStdin(feed: Feed, onChunk: () => void): void {
  const start = feed.offset;
  for (;;) {
    const count = readStretch(feed);
    if (count === 0) break;
    // The first bytes may come one by one.
    if (feed.total < MAGIC_LENGTH) {
      refuseForeign(feed.bytes.subarray(start), feed.total + count, 'stdin');
    }
    take(feed, count);
    onChunk();
    feed.shift();
  }
  feed.finish();
  onChunk();
  if (feed.total === 0) throw new UsageError('stdin is empty: expected trace text');
}

/** Hands on all of standard input, piece by piece. A piece is only good until `take` returns. */
export function eachOfStdin(take: (bytes: Uint8Array) => void): void {
  const buffer = new Uint8Array(CHUNK);
  // The first bytes may come one by one.
  const first = new Uint8Array(MAGIC_LENGTH);
  let total = 0;
  for (;;) {
    const count = readSome(0, buffer, 0, buffer.length);
    if (count === 0) break;
    const bytes = buffer.subarray(0, count);
    if (total < MAGIC_LENGTH) {
      first.set(bytes.subarray(0, MAGIC_LENGTH - total), total);
      refuseForeign(first, Math.min(MAGIC_LENGTH, total + count), 'stdin');
    }
    total += count;
    take(bytes);
  }
  if (total === 0) throw new UsageError('stdin is empty: expected trace text');
}

function take(feed: Feed, count: number): void {
  try {
    feed.take(count);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`stdin: ${error.message}`);
    throw error;
  }
}
