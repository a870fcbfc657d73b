import { byPath, type CallPath } from '../functions/call-paths.js';

/** What is known of a function that a run reached: a row of functions.csv with its score. */
export interface ReachedFunction extends CallPath {
  readonly name: string;
  /** 0 where they are not known. */
  readonly calls: number;
  readonly score: number | undefined;
  readonly file: string;
  readonly line: number | undefined;
  /** '' where it is not known. */
  readonly subsystem: string;
}

/** What is said of a name in all groups. */
export interface About {
  readonly score: number | undefined;
  readonly file: string;
  readonly line: number | undefined;
  readonly subsystem: string;
}

/** One function in one group. */
export interface Sighting {
  /** In how many of the group's runs. */
  runs: number;
  /** In all of them together. */
  calls: number;
  /** The best of the runs' call paths. */
  way: CallPath;
}

/** The runs of one runtime and application, function by function. */
export class ReachGroup {
  readonly functions = new Map<string, Sighting>();
  /** How many runs have been added. */
  runs = 0;

  constructor(
    readonly runtime: string,
    readonly application: string,
  ) {}
}

const UNKNOWN = 'unknown';

/** Which functions the groups of runs reach, and how. */
export class Reach {
  readonly groups: ReachGroup[] = [];
  readonly about = new Map<string, About>();

  /** A new group of no runs. */
  group(runtime: string, application: string): ReachGroup {
    const group = new ReachGroup(runtime, application);
    this.groups.push(group);
    return group;
  }

  /** Adds the functions of one run. */
  add(group: ReachGroup, rows: readonly ReachedFunction[]): void {
    group.runs++;
    for (const row of rows) {
      const { name, calls, path, syscall } = row;
      const known = this.about.get(name);
      if (known === undefined || (known.score === undefined && row.score !== undefined)) {
        const { score, file, line, subsystem } = row;
        this.about.set(name, { score, file, line, subsystem: subsystem || UNKNOWN });
      }
      const seen = group.functions.get(name);
      if (seen === undefined) {
        group.functions.set(name, { runs: 1, calls, way: { path, syscall } });
        continue;
      }
      seen.runs++;
      seen.calls += calls;
      if (byPath(row, seen.way) < 0) seen.way = { path, syscall };
    }
  }

  /** All functions, sorted by code unit. */
  names(): string[] {
    return [...this.about.keys()].sort();
  }

  /** The subsystem of each function of a group. */
  subsystemsOf(group: ReachGroup): string[] {
    return [...group.functions.keys()].map((name) => this.about.get(name)!.subsystem);
  }
}
