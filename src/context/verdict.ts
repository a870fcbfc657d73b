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
