import { StripSink } from '../../src/context/strip.js';
import { Feed } from '../../src/trace/feed.js';
import { type Judge, Scanner, type Sink } from '../../src/trace/scan.js';

/** Cuts the next chunk: a size above 0. */
export type Cutter = () => number;

export const WHOLE: Cutter = () => Number.MAX_SAFE_INTEGER;

/** Chunk sizes from a list, over and over. */
export function cutter(sizes: readonly number[]): Cutter {
  let i = 0;
  return () => sizes[i++ % sizes.length];
}

/** Feeds a text, in chunks, as the commands do; returns the scanner and the bytes that were kept. */
export function drive(
  text: Buffer,
  judge: Judge,
  sink: Sink & ConstructorParameters<typeof Feed>[1],
  cut: Cutter = WHOLE,
): { scanner: Scanner; out: Buffer } {
  const scanner = new Scanner(judge, sink);
  const feed = new Feed(scanner, sink);
  const parts: Buffer[] = [];
  const use = () => {
    if (sink instanceof StripSink) parts.push(Buffer.from(feed.kept()));
  };
  for (let done = 0; done < text.length; ) {
    const count = Math.min(cut(), feed.room, text.length - done);
    text.copy(feed.bytes, feed.offset, done, done + count);
    feed.take(count);
    use();
    feed.shift();
    done += count;
  }
  feed.finish();
  use();
  return { scanner, out: Buffer.concat(parts) };
}
