import type { Ending } from './command.js';
import type { Tracer } from './place.js';
import type { StopReason } from './stop.js';

/** What is to be recorded, and how. */
export interface Plan {
  readonly tracefs: string;
  readonly tracer: Tracer;
  readonly tids: ReadonlySet<number>;
  /** A directory whose threads are traced, too. */
  readonly cgroup: string | undefined;
  readonly command: readonly string[];
  /** Where the command's standard output goes. */
  readonly commandFd: number;
  readonly follow: boolean;
  /** Per CPU; undefined: as the kernel has it. */
  readonly bufferKilobytes: number | undefined;
  readonly clock: string | undefined;
  /** 0: no limit. */
  readonly depth: number;
  /** CPUs that the threads are moved to, as `0` or `0-3`. */
  readonly pin: string | undefined;
  /** Seconds. */
  readonly duration: number | undefined;
  /** Coverage: after so many sightings a function leaves the trace. 0: never. */
  readonly times: number;
  /** trace_pipe instead of the binary buffers. */
  readonly kernelText: boolean;
  readonly abstime: boolean;
  /** A trace.dat instead of text. */
  readonly rawFile: string | undefined;
  /** The file of the functions' addresses. */
  readonly kallsyms: string;
}

/** What the caller hears of while a trace goes on. */
export interface Listener {
  /** Recording is on. */
  ready(): void;
  warn(text: string): void;
}

/** A thread and its name; null when it has gone. */
export interface Named {
  readonly tid: number;
  readonly comm: string | null;
}

/** What --once has found. */
export interface CoverageReport {
  /** How many functions were known in task context by when: seconds since the start, number. */
  readonly discovery: readonly (readonly [number, number])[];
  /** When a batch was begun and done, in seconds, and how many functions it has taken out. */
  readonly batches: readonly (readonly [number, number, number])[];
  /** Functions taken out of the trace. */
  readonly takenOut: number;
  /** Known functions that stayed in the trace, for want of a certain number. */
  readonly unnumbered: number;
  /** Each function with its caller when it was seen first; null where the trace does not tell. */
  readonly functions: readonly {
    readonly name: string;
    readonly caller: string | null;
    readonly tid: number;
  }[];
}

/** What has been recorded: the content of --stats. */
export interface Report {
  readonly kernel: string;
  readonly machine: string;
  readonly tracer: Tracer;
  readonly instance: boolean;
  readonly clock: string;
  readonly bufferKilobytes: number;
  readonly times: number;
  readonly endedBy: StopReason;
  readonly seconds: number;
  readonly events: number;
  readonly lost: number;
  /** What each CPU's buffer counted: events handed out, and events lost. */
  readonly cpus: readonly {
    readonly cpu: number;
    readonly events: number;
    readonly lost: number;
  }[];
  /** Bytes read from the buffers. */
  readonly bytes: number;
  /** Milliseconds in which the buffers were not looked at, at most. */
  readonly longestPause: number;
  /** When the buffers last told of lost events, in seconds; null: never, or with --text. */
  readonly lastLoss: number | null;
  readonly unreadableBytes: number;
  readonly unknownSymbols: number;
  /** Pages that had to wait on disk, at most at a time. */
  readonly spilledPages: number;
  /** Threads traced from the start. */
  readonly tids: readonly number[];
  /** Threads born to traced ones, and traced. */
  readonly forked: readonly (Named & { readonly parent: number | null })[];
  /** Threads of the same processes or cgroup that came later and were not traced. */
  readonly notFollowed: readonly Named[];
  readonly command: Ending | null;
  readonly coverage: CoverageReport | null;
}
