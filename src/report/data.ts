import { syscallOf } from '../functions/syscalls.js';
import { differences, type PageData } from './packed.js';
import type { Reach } from './reach.js';

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

/** Puts what the page's script needs together. */
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
    const seen = sightings.filter((sighting) => sighting !== undefined);
    return {
      runtime: group.runtime,
      application: group.application,
      runs: group.runs,
      seen: sightings.map((sighting) => sighting?.runs ?? 0),
      calls: seen.map(({ calls }) => calls),
      path: differences(seen.map(({ way }) => nodeOf(way.path))),
    };
  });
  const syscalls = new Places();
  const callOf = names.list.flatMap((text, place) => {
    const call = syscallOf(text)?.call;
    return call === undefined ? [] : [place, syscalls.of(call)];
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
    parent: differences(parent),
    name: differences(name),
    callOf,
    groups,
  };
}
