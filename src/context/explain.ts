import type { Scanner, Task } from '../trace/scan.js';
import { PublishedJudge } from './published.js';
import { Cause, type RegionJudge } from './regions.js';
import { ROOTS, type Role } from './roots.js';
import type { Tally } from './tally.js';
import type { Policy } from './verdict.js';

/** Lines by root or other reason. */
export type Counts = Record<string, number>;

/** Lines by what became of them. */
export interface Lines {
  readonly in: number;
  readonly kept: number;
  readonly interrupts: number;
  readonly otherTasks: number;
  readonly unattributed: number;
  readonly unparsed: number;
  readonly headers: number;
  readonly markers: number;
  readonly losses: number;
}

/** What a strip did and why: the contents of `--explain FILE`. All numbers are lines. */
export interface Explanation {
  readonly method: 'regions' | 'published';
  readonly policy: { readonly softirq: string; readonly unknown: string; readonly tids: number[] };
  readonly lines: Lines;
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

/** Lines dropped as interrupts (RegionJudge.dropped), by context and root, sorted by name. */
function droppedByRoot(lines: Float64Array): Record<string, Counts> {
  const dropped: Record<string, Counts> = { hardirq: {}, nmi: {}, softirq: {} };
  const add = (context: string, name: string, count: number) => {
    if (count > 0) dropped[context][name] = (dropped[context][name] ?? 0) + count;
  };
  add('hardirq', '(flags)', lines[Cause.hardirqFlag]);
  add('nmi', '(flags)', lines[Cause.nmiFlag]);
  add('softirq', '(flags)', lines[Cause.softirqFlag]);
  const hit = [...ROOTS.entries()].filter(([root]) => lines[root] > 0);
  hit.sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
  for (const [root, { name, role }] of hit) add(CONTEXT_OF_ROLE[role], name, lines[root]);
  return dropped;
}

function publishedCounts(judge: PublishedJudge): Counts {
  const { start, errors, interrupts } = judge.dropped;
  return { errors, interrupts, start };
}

/** What became of the lines of one finished strip. */
export function countLines(
  scanner: Scanner,
  tally: Tally,
  judge: RegionJudge | PublishedJudge,
): Lines {
  let interrupts = 0;
  let otherTasks: number;
  let unattributed = 0;
  let unattributedDropped = 0;
  if (judge instanceof PublishedJudge) {
    for (const lines of Object.values(publishedCounts(judge))) interrupts += lines;
    otherTasks = judge.dropped.otherTask;
  } else {
    const { dropped } = judge;
    otherTasks = dropped[Cause.otherTask];
    unattributed = judge.unattributed;
    unattributedDropped = dropped[Cause.unattributed];
    for (const lines of dropped) interrupts += lines;
    interrupts -= otherTasks + unattributedDropped;
  }
  return {
    in: scanner.lines,
    kept: scanner.lines - tally.others - interrupts - otherTasks - unattributedDropped,
    interrupts,
    otherTasks,
    unattributed,
    unparsed: tally.unparsed,
    headers: tally.headers,
    markers: tally.markers,
    losses: tally.losses,
  };
}

/** Puts the numbers of one finished strip together; `lines` are those of countLines(). */
export function explain(
  lines: Lines,
  scanner: Scanner,
  tally: Tally,
  judge: RegionJudge | PublishedJudge,
  policy: Policy,
): Explanation {
  const published = judge instanceof PublishedJudge;
  return {
    method: published ? 'published' : 'regions',
    policy: {
      softirq: policy.softirq,
      unknown: policy.unknown,
      tids: [...(policy.tids ?? [])].sort((a, b) => a - b),
    },
    lines,
    dropped: published ? { published: publishedCounts(judge) } : droppedByRoot(judge.dropped),
    unattributed: { lines: lines.unattributed, action: policy.unknown },
    resynchronised: published ? 0 : judge.resynchronised,
    unparsed: {
      lines: tally.unparsed,
      first: tally.unparsed > 0 ? `stdin:${tally.firstUnparsedLine}: ${tally.firstUnparsed}` : '',
    },
    loss: { marks: tally.losses, events: tally.lostEvents },
    tasks: scanner.tasks(),
    unlistedTaskLines: scanner.unlisted.lines,
  };
}
