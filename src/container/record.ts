import type { About, EngineName, Image } from './engine.js';
import type { LoadResult } from './load.js';
import type { Task } from './tasks.js';

/** run.json: all that has to be known of a run to trust it and to repeat it. docs/run-json.md explains each. */
export interface RunRecord {
  readonly version: 1;
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly where: string;
  readonly start: string;
  readonly end: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly kernel: {
    readonly release: string;
    readonly architecture: string;
    readonly cpus: number;
    readonly commandLine: string;
  };
  readonly engine: Pick<About, 'version' | 'cgroupVersion' | 'cgroupDriver'> & {
    readonly name: EngineName;
  };
  readonly runtime: {
    readonly name: string;
    readonly path: string | null;
    readonly arguments: readonly string[];
    readonly type: string | null;
    readonly version: string | null;
  };
  readonly image: Omit<Image, 'ports'> & { readonly name: string };
  readonly container: {
    readonly id: string | null;
    readonly pid: number | null;
    readonly address: string | null;
  };
  readonly application: {
    readonly name: string | null;
    readonly protocol: string;
    readonly port: number;
    readonly path: string | null;
  };
  readonly load: (LoadResult & { readonly untraced: LoadResult | null }) | null;
  /** Seconds of CLOCK_MONOTONIC, the trace clock `mono`. */
  readonly phases: Readonly<Record<Phase, number | null>>;
  readonly startup: boolean;
  readonly tasks: {
    readonly start: readonly Task[];
    readonly end: readonly Task[];
    readonly born: readonly number[];
    readonly died: readonly number[];
    readonly forked: readonly number[];
    readonly notFollowed: readonly number[];
  };
  readonly command: { readonly arguments: readonly string[]; readonly ended: string | null } | null;
  /** What the command has written to capture.json. */
  readonly capture: unknown;
}

/** Their order is the run's: create and start the container, it serves, the load, the end of the load. */
export const PHASES = ['create', 'start', 'serve', 'load', 'end'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * The thread ids that were forked while tracing, from capture.json: numbers, or objects with a `tid`. Anything
 * else is passed over: a command may write there what it likes.
 */
export function forkedIn(capture: unknown): number[] | undefined {
  const forked = (capture as { forked?: unknown } | null | undefined)?.forked;
  if (!Array.isArray(forked)) return undefined;
  return forked
    .map((entry: unknown) => (entry as { tid?: unknown } | null)?.tid ?? entry)
    .filter((tid) => Number.isInteger(tid) && (tid as number) > 0) as number[];
}

/**
 * Rows of roles.csv. A task that was forked and has ended between two looks has been seen by the tracer only:
 * its process and name are not known. Where all tasks of the container have one role it has that, too, unless
 * the container's creation was traced.
 */
export function roleRows(
  tasks: readonly Task[],
  forked: readonly number[],
  startup: boolean,
): [tid: number, pid: number | '', role: string, comm: string][] {
  const rows = new Map<number, [number, number | '', string, string]>();
  for (const { tid, pid, role, comm } of tasks) rows.set(tid, [tid, pid, role, comm]);
  const roles = new Set(tasks.map(({ role }) => role));
  const [only] = roles;
  for (const tid of forked) {
    if (!rows.has(tid))
      rows.set(tid, [tid, '', roles.size === 1 && !startup ? only : 'forked', '']);
  }
  return [...rows.values()].sort(([a], [b]) => a - b);
}
