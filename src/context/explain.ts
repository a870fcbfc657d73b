import type { Scanner, Task } from '../trace/scan.js';
import type { PublishedJudge } from './published.js';
import { Cause, type RegionJudge } from './regions.js';
import { ROOTS, type Role } from './roots.js';
import type { Tally } from './tally.js';
import type { Policy } from './verdict.js';

/** Lines by root or other reason. */
export type Counts = Record<string, number>;

/** What a strip did and why: the contents of `--explain FILE`. All numbers are lines. */
export interface Explanation {
  readonly method: 'regions' | 'published';
  readonly policy: { readonly softirq: string; readonly unknown: string; readonly tids: number[] };
  readonly lines: {
    readonly in: number;
    readonly kept: number;
    readonly interrupts: number;
    readonly otherTasks: number;
    readonly unattributed: number;
    readonly unparsed: number;
    readonly headers: number;
    readonly markers: number;
    readonly losses: number;
  };
  /** By context, then by the root that opened the region, `(flags)` where only the flags told. */
  readonly dropped: Record<string, Counts>;
  readonly unattributed: { readonly lines: number; readonly action: string };
  /** Regions whose return line never came. */
  readonly resynchronised: number;
  readonly unparsed: { readonly lines: number; readonly first: string };
  readonly loss: { readonly marks: number; readonly events: number };
  readonly tasks: readonly Task[];
  /** Lines of tasks beyond the 65,536 that `tasks` lists. */
  readonly unlistedTaskLines: number;
}

const CONTEXT_OF_ROLE: Record<Role, string> = {
  enter: 'hardirq',
  exit: 'hardirq',
  handler: 'hardirq',
  interrupt: 'hardirq',
  tail: 'hardirq',
  nmi: 'nmi',
  softirq: 'softirq',
  'softirq-body': 'softirq',
  'softirq-call': 'softirq',
  'softirq-stack': 'softirq',
};

/** Lines a region judge dropped as interrupts, by context and root, sorted by name. */
function droppedByRoot(judge: RegionJudge): Record<string, Counts> {
  const dropped: Record<string, Counts> = { hardirq: {}, nmi: {}, softirq: {} };
  const add = (context: string, name: string, lines: number) => {
    if (lines > 0) dropped[context][name] = (dropped[context][name] ?? 0) + lines;
  };
  const order = ROOTS.map((_, index) => index).sort((a, b) =>
    ROOTS[a].name < ROOTS[b].name ? -1 : 1,
  );
  const lines = judge.dropped;
  add('hardirq', '(flags)', lines[Cause.hardirqFlag]);
  add('nmi', '(flags)', lines[Cause.nmiFlag]);
  add('softirq', '(flags)', lines[Cause.softirqFlag]);
  for (const index of order) {
    add(CONTEXT_OF_ROLE[ROOTS[index].role], ROOTS[index].name, lines[index]);
  }
  return dropped;
}

function sum(counts: Record<string, Counts>): number {
  let total = 0;
  for (const context of Object.values(counts)) {
    for (const lines of Object.values(context)) total += lines;
  }
  return total;
}

/** Puts the numbers of one finished strip together. */
export function explain(
  scanner: Scanner,
  tally: Tally,
  judge: RegionJudge | PublishedJudge,
  policy: Policy,
): Explanation {
  const published = 'start' in judge.dropped;
  const dropped = published
    ? { published: publishedCounts(judge as PublishedJudge) }
    : droppedByRoot(judge as RegionJudge);
  const regions = published ? undefined : (judge as RegionJudge);
  const interrupts = sum(dropped);
  const otherTasks = published
    ? (judge as PublishedJudge).dropped.otherTask
    : (judge as RegionJudge).dropped[Cause.otherTask];
  const unattributed = regions?.unattributed ?? 0;
  const unattributedDropped = regions?.dropped[Cause.unattributed] ?? 0;
  return {
    method: published ? 'published' : 'regions',
    policy: {
      softirq: policy.softirq,
      unknown: policy.unknown,
      tids: [...(policy.tids ?? [])].sort((a, b) => a - b),
    },
    lines: {
      in: scanner.lines,
      kept: scanner.lines - tally.others - interrupts - otherTasks - unattributedDropped,
      interrupts,
      otherTasks,
      unattributed,
      unparsed: tally.unparsed,
      headers: tally.headers,
      markers: tally.markers,
      losses: tally.losses,
    },
    dropped,
    unattributed: { lines: unattributed, action: policy.unknown },
    resynchronised: regions?.resynchronised ?? 0,
    unparsed: {
      lines: tally.unparsed,
      first: tally.unparsed > 0 ? `stdin:${tally.firstUnparsedLine}: ${tally.firstUnparsed}` : '',
    },
    loss: { marks: tally.losses, events: tally.lostEvents },
    tasks: scanner.tasks(),
    unlistedTaskLines: scanner.unlisted.lines,
  };
}

function publishedCounts(judge: PublishedJudge): Counts {
  const { start, errors, interrupts } = judge.dropped;
  return { errors, interrupts, start };
}
