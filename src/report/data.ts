import type { Reach } from './reach.js';

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
  /** Nodes of the tree of call paths: the caller's node, -1 for an outermost one, and the place of its name. */
  readonly parent: readonly number[];
  readonly name: readonly number[];
  readonly groups: readonly PageGroup[];
}

export interface PageGroup {
  readonly runtime: string;
  readonly application: string;
  readonly runs: number;
  /** Of each function: in how many runs it was seen, its calls, the place of its system call, its node. */
  readonly seen: readonly number[];
  readonly calls: readonly number[];
  readonly syscall: readonly number[];
  readonly path: readonly number[];
}

/** Places of texts in a list that grows. */
class Places {
  readonly list: string[] = [];
  private readonly places = new Map<string, number>();

  of(text: string): number {
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}

/** Paths are cut to their last steps: a longer one is no path that somebody reads. */
const LONGEST_PATH = 64;

export function pageData(reach: Reach): PageData {
  const functions = reach.names();
  const names = new Places();
  for (const name of functions) names.of(name);
  const about = functions.map((name) => reach.about.get(name)!);
  const subsystems = new Places();
  for (const name of [...new Set(about.map(({ subsystem }) => subsystem))].sort()) {
    subsystems.of(name);
  }
  const files = new Places();
  const syscalls = new Places();
  syscalls.of('');
  const parent: number[] = [];
  const name: number[] = [];
  const nodes = new Map<string, number>();
  const nodeOf = (path: readonly string[]) => {
    let node = -1;
    for (const step of path.slice(-LONGEST_PATH)) {
      const place = names.of(step);
      const key = `${node} ${place}`;
      const known = nodes.get(key);
      if (known === undefined) {
        parent.push(node);
        node = name.push(place) - 1;
        nodes.set(key, node);
      } else node = known;
    }
    return node;
  };
  const groups = reach.groups.map((group) => {
    const sightings = functions.map((text) => group.functions.get(text));
    return {
      runtime: group.runtime,
      application: group.application,
      runs: group.runs,
      seen: sightings.map((sighting) => sighting?.runs ?? 0),
      calls: sightings.map((sighting) => sighting?.calls ?? 0),
      syscall: sightings.map((sighting) => syscalls.of(sighting?.syscall ?? '')),
      path: sightings.map((sighting) => (sighting === undefined ? -1 : nodeOf(sighting.path))),
    };
  });
  return {
    names: names.list,
    subsystems: subsystems.list,
    files: files.list,
    syscalls: syscalls.list,
    functions: functions.length,
    score: about.map(({ score }) => score ?? -1),
    line: about.map(({ line }) => line ?? -1),
    subsystem: about.map(({ subsystem }) => subsystems.of(subsystem)),
    file: about.map(({ file }) => files.of(file)),
    parent,
    name,
    groups,
  };
}
