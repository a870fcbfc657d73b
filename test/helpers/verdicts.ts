import { RegionJudge } from '../../src/context/regions.js';
import type { Policy } from '../../src/context/verdict.js';
import { Feed } from '../../src/trace/feed.js';
import { Scanner } from '../../src/trace/scan.js';

export const DROP_ALL: Policy = { softirq: 'drop', unknown: 'drop', tids: undefined };

export interface Verdicts {
  /** By line, from 0: 1 kept, 0 not. */
  readonly kept: Int8Array;
  readonly judge: RegionJudge;
  readonly lines: string[];
}

/** What a judge says of each line of a whole trace. */
export function judgeText(text: Buffer, policy: Policy = DROP_ALL): Verdicts {
  const judge = new RegionJudge(policy);
  const lines = text.toString('latin1').split('\n');
  const kept = new Int8Array(lines.length);
  let line = 0;
  // Where line `line` begins, in the scanner's buffer.
  let at = 0;
  const pass = (to: number, verdict: number) => {
    for (; at < to; at += lines[line].length + 1, line++) kept[line] = verdict;
  };
  const scanner = new Scanner(judge, {
    run(from, to) {
      pass(from, 0);
      pass(to, 1);
    },
    note() {},
    markers() {},
  });
  const feed = new Feed(scanner, {
    begin(_bytes, from) {
      at = from;
    },
  });
  for (let done = 0; done < text.length; ) {
    const count = text.copy(feed.bytes, feed.offset, done, done + Math.min(feed.room, 65_536));
    feed.take(count);
    pass(feed.restFrom, 0);
    feed.shift();
    done += count;
  }
  feed.finish();
  return { kept, judge, lines };
}
