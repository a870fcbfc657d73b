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

/** A thread that was forked while tracing: nothing but its tid need be known. */
export interface Forked {
  readonly tid: number;
  readonly parent?: number;
  readonly comm?: string;
}

/**
 * The threads that were forked while tracing, from capture.json: numbers, or objects with a `tid` and perhaps
 * `parent` and `comm`. Anything else is passed over: a command may write there what it likes.
 */
export function forkedIn(capture: unknown): Forked[] | undefined {
  const list = (capture as { forked?: unknown } | null | undefined)?.forked;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((entry: unknown) => {
    const { tid, parent, comm } =
      typeof entry === 'object' && entry !== null
        ? (entry as Record<string, unknown>)
        : { tid: entry };
    if (!isTid(tid)) return [];
    return {
      tid,
      ...(isTid(parent) ? { parent } : {}),
      ...(typeof comm === 'string' ? { comm } : {}),
    };
  });
}

function isTid(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

type RoleRow = [tid: number, pid: number | '', role: string, comm: string];

/**
 * Rows of roles.csv. A task that was forked and has ended between two looks has been seen by the tracer only.
 * It has the role of its parent, if that is known; or else, where all tasks of the container have one role,
 * that, unless the container's creation was traced; or else `forked`.
 */
export function roleRows(
  tasks: readonly Task[],
  forked: readonly Forked[],
  startup: boolean,
): RoleRow[] {
  const rows = new Map<number, RoleRow>();
  for (const { tid, pid, role, comm } of tasks) rows.set(tid, [tid, pid, role, comm]);
  const [only, ...others] = new Set(tasks.map(({ role }) => role));
  const fallback = only === undefined || others.length > 0 || startup ? 'forked' : only;
  // Parents come before their children.
  for (const { tid, parent, comm = '' } of forked) {
    if (rows.has(tid)) continue;
    const inherited = parent === undefined ? undefined : rows.get(parent)?.[2];
    // A virtual machine's new thread is a worker, whichever of its threads has made it.
    const role = inherited === 'vmm' || inherited === 'vcpu' ? 'vmm-worker' : inherited;
    rows.set(tid, [tid, '', role ?? fallback, comm]);
  }
  return [...rows.values()].sort(([a], [b]) => a - b);
}
