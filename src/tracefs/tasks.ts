import { readdirSync, readFileSync } from 'node:fs';
import { parseTids } from '../context/tids.js';
import { UsageError } from '../stream/errors.js';
import { childrenOf, processOf, threadsOf } from './process.js';

/** cgroup.threads (v2) or tasks (v1). Such files are always "size 0": only reading them tells. */
const LISTS = ['cgroup.threads', 'tasks'];

function threadsIn(directory: string): ReadonlySet<number> | undefined {
  for (const list of LISTS) {
    try {
      return parseTids(readFileSync(`${directory}/${list}`, 'latin1')).tids;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A threaded cgroup's threads are told by the one above it alone.
      if (code === 'EOPNOTSUPP') return new Set();
      if (code !== 'ENOENT') {
        throw Object.assign(error as Error, { place: `${directory}/${list}` });
      }
    }
  }
  return undefined;
}

/** All threads in a cgroup and the cgroups below it. Throws a usage error when there is no cgroup. */
export function cgroupThreads(directory: string): Set<number> {
  const found = threadsIn(directory);
  if (found === undefined) {
    throw new UsageError(`${directory}: no cgroup: neither cgroup.threads nor tasks is in it`);
  }
  const tids = new Set(found);
  const below = [directory];
  for (let at = 0; at < below.length; at++) {
    let names: string[];
    try {
      names = readdirSync(below[at], { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${below[at]}/${name}`);
    } catch {
      continue;
    }
    for (const name of names) {
      // It may have gone since, like its threads.
      for (const tid of threadsIn(name) ?? []) tids.add(tid);
      below.push(name);
    }
  }
  return tids;
}

/**
 * The threads that belong to traced ones now: all of their processes, and what those have started,
 * ascending. `known` are left out: the rest is what a trace does not follow.
 */
export function relatives(tids: Iterable<number>, known: ReadonlySet<number>): number[] {
  const found = new Set<number>();
  // This process is no relative, though its starter may be traced.
  const processes = new Set<number>([process.pid]);
  const waiting: number[] = [];
  for (const tid of tids) {
    const pid = processOf(tid);
    if (pid !== undefined) waiting.push(pid);
  }
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (processes.has(pid)) continue;
    processes.add(pid);
    for (const tid of threadsOf(pid)) {
      if (!known.has(tid)) found.add(tid);
      waiting.push(...childrenOf(tid));
    }
  }
  return [...found].sort((a, b) => a - b);
}

/**
 * What threads have started since they had the relatives `before`, ascending, but for this process and what it has
 * started. A thread that may have been started by another one of its process is not among them.
 */
export function newborn(tids: ReadonlySet<number>, before: ReadonlySet<number>): number[] {
  const found = new Set<number>();
  const add = (tid: number) => {
    if (!tids.has(tid) && !before.has(tid) && tid !== process.pid) found.add(tid);
  };
  const processes = new Set<number>();
  const visit = (tid: number) => {
    const pid = processOf(tid);
    if (pid === undefined || pid === process.pid) return;
    for (const child of childrenOf(tid)) add(child);
    if (processes.has(pid)) return;
    processes.add(pid);
    const threads = threadsOf(pid);
    if (!threads.some((other) => before.has(other))) for (const other of threads) add(other);
  };
  for (const tid of tids) visit(tid);
  // A set that grows is walked to its end.
  for (const tid of found) visit(tid);
  return [...found].sort((a, b) => a - b);
}
