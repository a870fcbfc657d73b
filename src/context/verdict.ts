import type { Line } from '../trace/line.js';

/** Softirq work: drop it all (as published), keep what a task called for itself, or keep it all. */
export type SoftirqPolicy = 'drop' | 'keep-own' | 'keep';

/** Lines whose context cannot be told. */
export type UnknownPolicy = 'drop' | 'keep';

/** Which lines to keep. */
export interface Policy {
  readonly softirq: SoftirqPolicy;
  readonly unknown: UnknownPolicy;
  /** Only these tasks, by tid; undefined keeps all. */
  readonly tids: ReadonlySet<number> | undefined;
}

/** Judges the lines a scanner finds, in their order: the one question every filter asks of a line. */
export interface Judge {
  /** The lines that follow are of this task on this CPU. */
  head(cpu: number, tid: number): void;
  /** A switch, a loss, a marker: changes what is known of a CPU. */
  note(line: Line): void;
  /** Whether a line shows a task working for itself. */
  keep(
    bytes: Uint8Array,
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): boolean;
  /** The same for a line of the function tracer. */
  keepCall(bytes: Uint8Array, line: Line): boolean;
}
