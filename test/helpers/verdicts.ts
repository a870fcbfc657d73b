import { RegionJudge } from '../../src/context/regions.js';
import type { Policy } from '../../src/context/verdict.js';
import { Kind } from '../../src/trace/kinds.js';
import type { Line } from '../../src/trace/line.js';
import { SCAN_PADDING, Scanner } from '../../src/trace/scan.js';

export const DROP_ALL: Policy = { softirq: 'drop', unknown: 'drop', tids: undefined };

export interface Verdicts {
  /** By line, from 0: 1 kept, 0 dropped, -1 no function line. */
  readonly kept: Int8Array;
  readonly judge: RegionJudge;
  readonly lines: string[];
}

/** What a judge says of each line of a whole trace. */
export function judgeText(text: Buffer, policy: Policy = DROP_ALL): Verdicts {
  const bytes = new Uint8Array(text.length + SCAN_PADDING);
  bytes.set(text);
  const view = new DataView(bytes.buffer);
  const judge = new RegionJudge(policy);
  const lines = text.toString('latin1').split('\n');
  const kept = new Int8Array(lines.length).fill(-1);
  let index = 0;
  const scanner = new Scanner({
    head: (cpu, tid) => judge.head(cpu, tid),
    line(kind, context, depth, nameFrom, nameTo) {
      kept[index++] = judge.keep(bytes, view, kind, context, depth, nameFrom, nameTo) ? 1 : 0;
    },
    other(line: Line) {
      if (line.kind === Kind.call) kept[index] = judge.keepCall(bytes, line) ? 1 : 0;
      else judge.note(line);
      index++;
    },
  });
  scanner.scan(bytes, view, 0, text.lastIndexOf(10) + 1);
  return { kept, judge, lines };
}
