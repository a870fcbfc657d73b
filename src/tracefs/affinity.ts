import { spawnSync } from 'node:child_process';
import { ToolError } from '../stream/errors.js';
import { unavailable } from './control.js';
import { cpusOf } from './process.js';

/** Lets a thread run on these CPUs only, as `0` or `0-3,8`. Throws when the kernel or taskset refuses. */
export function setCpus(tid: number, cpus: string): void {
  if (cpusOf(tid) === cpus) return;
  const { error, status, stderr } = spawnSync('taskset', ['-p', '-c', cpus, String(tid)], {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    throw unavailable('taskset: cannot be run: install it (apt-get install util-linux)');
  }
  if (status !== 0) {
    const why =
      stderr
        .trim()
        .split('\n')
        .pop()
        ?.replace(/^taskset: /, '') ?? '';
    throw new ToolError(`thread ${tid}: cannot run on CPU ${cpus}: ${why}`);
  }
}

/** The numbers in a list as the kernel writes it: `0-3,8`. */
function numbersIn(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
  );
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
