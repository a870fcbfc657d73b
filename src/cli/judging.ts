import { countLines, explain, type Lines } from '../context/explain.js';
import { PublishedJudge } from '../context/published.js';
import { MAX_TIDS, RegionJudge } from '../context/regions.js';
import type { Tally } from '../context/tally.js';
import { parseTids } from '../context/tids.js';
import type { Policy } from '../context/verdict.js';
import { UsageError } from '../stream/errors.js';
import { readText, requireFolder, warn, writeFileWhole } from '../stream/io.js';
import type { Scanner, Task } from '../trace/scan.js';

/** The options by which a command decides whose work a line is: strip-irq's, and uniq-funcs --strip's. */
export const judgingOptions = {
  tids: {
    type: 'string',
    requiresArg: true,
    describe: 'keep these tasks only: thread ids, or @FILE that lists them',
  },
  softirq: {
    choices: ['drop', 'keep-own', 'keep'],
    default: 'drop',
    requiresArg: true,
    describe: 'softirq work: drop it, keep what a task called for itself, or keep it all',
  },
  unknown: {
    choices: ['drop', 'keep'],
    default: 'drop',
    requiresArg: true,
    describe: 'lines whose context cannot be told (start of trace, behind lost events)',
  },
  method: {
    choices: ['regions', 'published'],
    default: 'regions',
    requiresArg: true,
    describe: 'published: the three filters of the 2018 measurements, faults included',
  },
  explain: {
    type: 'string',
    requiresArg: true,
    describe: 'write what was dropped and why to FILE, as JSON',
  },
} as const;

export interface JudgingValues {
  readonly tids: string | undefined;
  readonly softirq: string;
  readonly unknown: string;
  readonly method: string;
  readonly explain: string | undefined;
}

/** Reads `--tids LIST|@FILE`. */
export function readTids(option: string | undefined): ReadonlySet<number> | undefined {
  if (option === undefined) return undefined;
  const file = option.startsWith('@') ? option.slice(1) : undefined;
  if (file === '') throw new UsageError('--tids @: no file is named');
  return requireTids(file === undefined ? option : readText(file), file ?? '--tids');
}

/** The thread ids of a text. Throws a usage error for words that are no tid and for an empty list. */
export function requireTids(text: string, place: string): ReadonlySet<number> {
  const { tids, bad } = parseTids(text);
  if (bad !== undefined) throw new UsageError(`${place}: '${bad.slice(0, 40)}' is no thread id`);
  if (tids.size === 0) throw new UsageError(`${place}: no thread id in it`);
  if (tids.size > MAX_TIDS) throw new UsageError(`${place}: more than ${MAX_TIDS} thread ids`);
  return tids;
}

/** A judge and the account it gives of itself. */
export class Judging {
  readonly judge: RegionJudge | PublishedJudge;
  private readonly policy: Policy;

  constructor(private readonly values: JudgingValues) {
    if (values.explain !== undefined) requireFolder('--explain', values.explain);
    this.policy = {
      softirq: values.softirq as Policy['softirq'],
      unknown: values.unknown as Policy['unknown'],
      tids: readTids(values.tids),
    };
    this.judge =
      values.method === 'published'
        ? new PublishedJudge(this.policy.tids)
        : new RegionJudge(this.policy);
  }

  /** Writes --explain and the warnings; throws a usage error when nothing is left. */
  report(tool: string, scanner: Scanner, tally: Tally): void {
    const lines = countLines(scanner, tally, this.judge);
    if (this.values.explain !== undefined) {
      const explanation = explain(lines, scanner, tally, this.judge, this.policy);
      writeFileWhole(this.values.explain, `${JSON.stringify(explanation, null, 2)}\n`);
    }
    requireTrace(scanner, tally);
    reportTally(tool, tally);
    if (lines.unattributed > 0) {
      const what = this.policy.unknown === 'drop' ? 'dropped' : 'kept';
      warn(tool, `${counted(lines.unattributed, 'line')} of unknown context: ${what}`);
    }
    if (lines.kept === 0) throw new UsageError(nothingLeft(lines, scanner.tasks(), this.policy));
  }
}

function nothingLeft(lines: Lines, tasks: readonly Task[], { tids }: Policy): string {
  if (tids !== undefined && !tasks.some((task) => tids.has(task.tid))) {
    return `stdin: no line of the tasks asked for (${[...tids].slice(0, 8).join(', ')})`;
  }
  return (
    `stdin: no line left: ${lines.interrupts} were interrupts, ${lines.otherTasks} of other tasks, ` +
    `${lines.unattributed} not attributable`
  );
}

/** `1 line`, `2 lines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Throws when there was not one line of trace text. */
export function requireTrace(scanner: Scanner, tally: Tally): void {
  if (scanner.lines > tally.others) return;
  const first =
    tally.unparsed > 0
      ? `; the first that is none: stdin:${tally.firstUnparsedLine}: '${tally.firstUnparsed}'`
      : '';
  throw new UsageError(`stdin: no line of trace text in ${counted(scanner.lines, 'line')}${first}`);
}

/** Says once how many lines could not be parsed, and that events were lost. */
export function reportTally(tool: string, tally: Tally): void {
  if (tally.unparsed > 0) {
    warn(
      tool,
      `stdin:${tally.firstUnparsedLine}: no trace text: '${tally.firstUnparsed}' ` +
        `(${counted(tally.unparsed, 'such line')} passed over)`,
    );
  }
  if (tally.losses > 0) {
    const events = tally.lostEvents > 0 ? `, ${counted(tally.lostEvents, 'event')}` : '';
    warn(tool, `events were lost in ${counted(tally.losses, 'place')}${events}: incomplete trace`);
  }
}
