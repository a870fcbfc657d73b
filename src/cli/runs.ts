import { type Group, groupRuns } from '../results/groups.js';
import { describeFunctions, loadRuns } from '../results/load.js';
import { type FunctionRow, type Problem, printable, type Run, RunProblem } from '../results/run.js';
import { parseUnit, runsAsUnits, type Unit, type Units } from '../results/units.js';
import { readWindows } from '../results/windows.js';
import { ToolError, UsageError } from '../stream/errors.js';
import { warn } from '../stream/io.js';

/** Option of the commands that read run directories. */
export const strictOption = {
  strict: { type: 'boolean', describe: 'refuse where a run would be left out, or kernels differ' },
} as const;

/** Options of those that look at a container by units. */
export const unitOptions = {
  unit: {
    type: 'string',
    requiresArg: true,
    describe:
      'what counts as one look at a container: runs, or windows of runs: requests:N, time:SECONDS, windows:N',
  },
  ...strictOption,
} as const;

/** Says what is left out of the runs and why; with --strict refuses instead. */
export class LeavingOut {
  constructor(
    private readonly tool: string,
    private readonly strict: boolean,
  ) {}

  /** Tells of runs that are left out of all, or of what `from` names. */
  tell(problems: readonly Problem[], from = ''): void {
    const [first] = problems;
    if (first === undefined) return;
    if (this.strict) {
      const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
      throw new ToolError(`${first.place}: ${printable(first.reason)}${more}: refused (--strict)`);
    }
    for (const { place, reason } of problems) {
      warn(this.tool, `${place}: left out${from}: ${printable(reason)}`);
    }
  }

  /** Warns of what is not comparable. */
  doubt(text: string): void {
    if (this.strict) throw new ToolError(`${text}: refused (--strict)`);
    warn(this.tool, text);
  }
}

/** The value of --unit, if given. */
export function readUnit(text: string | undefined): Unit | undefined {
  if (text === undefined) return undefined;
  const unit = parseUnit(text);
  if (unit !== undefined) return unit;
  throw new UsageError(
    `--unit ${text}: not one of runs, requests:N, time:SECONDS, windows:N (at most 10000)`,
  );
}

/** The runs in these paths that can be used, at least one, else a usage error; and what is wrong with others. */
export function usableGroups(
  paths: readonly string[],
  leavingOut: LeavingOut,
): { groups: Group[]; problems: Problem[] } {
  const { runs, problems: unusable } = loadRuns(paths);
  const { groups, problems: unlike } = groupRuns(runs);
  const problems = [...unusable, ...unlike];
  leavingOut.tell(problems);
  if (runs.length === 0) throw new UsageError(`${paths.join(' ')}: no run that can be used`);
  return { groups, problems };
}

/** Tells where figures of several kernels are put beside each other. */
export function tellKernels(releases: Iterable<string>, leavingOut: LeavingOut): void {
  const kernels = [...new Set(releases)].filter((release) => release !== '').sort();
  if (kernels.length > 1) leavingOut.doubt(`figures of different kernels: ${kernels.join(', ')}`);
}

export function kernelOf({ runs }: Group): string {
  return runs[0].record.kernel.release;
}

/** The functions of each run; of one whose files cannot be used, no more than their names. */
export function functionsOf(
  runs: readonly Run[],
  leavingOut: LeavingOut,
): { functions: FunctionRow[][]; problems: Problem[] } {
  const described = runs.map(describeFunctions);
  const problems = described.flatMap((run) => run.problems);
  leavingOut.tell(problems, ' of paths and scores');
  return { functions: described.map(({ functions }) => functions), problems };
}

/** The units of some runs, in their order; undefined where none can be had. */
export async function unitsOf(
  runs: readonly Run[],
  unit: Unit,
  leavingOut: LeavingOut,
): Promise<Units | undefined> {
  if (unit.kind === 'runs') return runsAsUnits(runs);
  const cut: Units[] = [];
  const problems: Problem[] = [];
  for (const run of runs) {
    try {
      const windows = await readWindows(run, unit);
      const by = cut[0]?.by ?? windows.by;
      if (windows.by !== by) throw new RunProblem(`windows by ${windows.by}, of others by ${by}`);
      cut.push(windows);
    } catch (error) {
      if (!(error instanceof RunProblem)) throw error;
      problems.push({ place: run.directory, reason: error.message });
    }
  }
  leavingOut.tell(problems, ' of the saturation');
  if (cut.length === 0) return undefined;
  return {
    ...cut[0],
    sets: cut.flatMap(({ sets }) => sets),
    batches: cut.flatMap(({ batches }) => batches),
  };
}
