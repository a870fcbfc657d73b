/**
 * The functions of all groups for the script of the page, as short as JSON can say it: names are numbers,
 * call paths are nodes of one tree, which most paths share the greater part of.
 */
export interface PageData {
  /** Names of functions, those of `functions` first, then those that occur in call paths only. */
  readonly names: readonly string[];
  readonly subsystems: readonly string[];
  readonly files: readonly string[];
  readonly syscalls: readonly string[];
  /** How many of the names are functions of the table; the columns below are as long. */
  readonly functions: number;
  /** -1 where it is not known. */
  readonly score: readonly number[];
  readonly line: readonly number[];
  /** Places in `subsystems` and `files`. */
  readonly subsystem: readonly number[];
  readonly file: readonly number[];
  /**
   * Nodes of the tree of call paths: the caller's node, -1 for an outermost one, and the place of its name.
   * Both as differences from the one before, which are short: neighbours have one caller.
   */
  readonly parent: readonly number[];
  readonly name: readonly number[];
  /** Names that are system calls: the place of a name, then that of its call in `syscalls`, and so on. */
  readonly callOf: readonly number[];
  readonly groups: readonly PageGroup[];
}

export interface PageGroup {
  readonly runtime: string;
  readonly application: string;
  readonly runs: number;
  /** Of each function: in how many runs it was seen. */
  readonly seen: readonly number[];
  /** Of those seen: calls, and nodes as differences. */
  readonly calls: readonly number[];
  readonly path: readonly number[];
}

/** Numbers as the differences of neighbours, and back. */
export function differences(numbers: readonly number[]): number[] {
  return numbers.map((n, i) => n - (i === 0 ? 0 : numbers[i - 1]));
}

export function sums(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => {
    sum += difference;
    return sum;
  });
}

/** A value for each function, from those of the functions that were seen. */
export function spread(group: PageGroup, values: readonly number[], none: number): number[] {
  let next = 0;
  return group.seen.map((runs) => (runs > 0 ? values[next++] : none));
}
