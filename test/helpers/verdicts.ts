import { RegionJudge } from '../../src/context/regions.js';
import type { Policy } from '../../src/context/verdict.js';
import { SCAN_PADDING, Scanner } from '../../src/trace/scan.js';

export const DROP_ALL: Policy = { softirq: 'drop', unknown: 'drop', tids: undefined };

export interface Verdicts {
  /** By line, from 0: 1 kept, 0 not. */
  readonly kept: Int8Array;
  readonly judge: RegionJudge;
  readonly lines: string[];
}

/** What a judge says of each line of a whole trace. */
export function judgeText(text: Buffer, policy: Policy = DROP_ALL): Verdicts {
  const bytes = new Uint8Array(text.length + SCAN_PADDING);
  bytes.set(text);
  const judge = new RegionJudge(policy);
  const lines = text.toString('latin1').split('\n');
  const kept = new Int8Array(lines.length);
  let line = 0;
  let at = 0;
  const scanner = new Scanner(judge, {
    run(from, to) {
      for (; at < to; at += lines[line].length + 1, line++) kept[line] = at >= from ? 1 : 0;
    },
    note() {},
  });
  scanner.scan(bytes, new DataView(bytes.buffer), 0, text.lastIndexOf(10) + 1);
  judge.finish();
  return { kept, judge, lines };
}
