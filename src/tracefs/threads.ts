import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import os from 'node:os';
import { cpusOf, threadsOf } from './process.js';

/** The numbers in a list as the kernel writes it: `0-3,8`. */
function numbersIn(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
  );
}

/** Of all threads of this process; a command and its children have their own. */
export function setPriorityOfThreads(nice: number): void {
  for (const tid of threadsOf(process.pid)) {
    try {
      os.setPriority(tid, nice);
    } catch {
      // It has ended, or we may not: no more than a help.
    }
  }
}

/** Threads of this process that work on files for it: the first such work starts them all. */
export async function fileThreads(): Promise<number[]> {
  const before = threadsOf(process.pid);
  await stat('/');
  return threadsOf(process.pid).filter((tid) => !before.includes(tid));
}

/**
 * Lets threads run before all that have no real-time priority, in whatever cgroup: a nice value counts among the
 * tasks of one cgroup only. No more than a help: where we may not, all stays as it is.
 */
export function hurry(tids: readonly number[]): void {
  for (const tid of tids) {
    spawnSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(tid)]);
  }
}

/** The end of their hurry. */
export function calm(tids: readonly number[]): void {
  for (const tid of tids) spawnSync('chrt', ['--other', '--pid', '0', String(tid)]);
}

/**
 * Keeps this process' main thread on the last of its CPUs, and all its other threads off that one: the scheduler
 * may leave two busy ones to take turns on a CPU for a third of a second. No more than a help: where it cannot
 * be had, all stays as it is.
 */
export function spreadThreads(): void {
  const cpus = numbersIn(cpusOf(process.pid) ?? '');
  const own = cpus.pop();
  if (own === undefined || cpus.length === 0) return;
  const args = ['-p', '-c', cpus.join(','), String(process.pid)];
  if (spawnSync('taskset', ['-a', ...args]).status !== 0) return;
  spawnSync('taskset', ['-p', '-c', String(own), String(process.pid)]);
}
