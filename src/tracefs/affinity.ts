import { spawnSync } from 'node:child_process';
import { ToolError } from '../stream/errors.js';
import { unavailable } from './control.js';
import { cpusOf, statOf } from './process.js';

/**
 * Lets a thread run on these CPUs only, as `0` or `0-3,8`. Throws when the kernel or taskset refuses, but not if the
 * thread has ended meanwhile.
 */
export function setCpus(
  tid: number,
  cpus: string,
  isGone: () => boolean = () => statOf(tid) === undefined,
): void {
  if (cpusOf(tid) === cpus) return;
  const { error, status, stderr } = spawnSync('taskset', ['-p', '-c', cpus, String(tid)], {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    throw unavailable('taskset: cannot be run: install it (apt-get install util-linux)');
  }
  if (status !== 0 && !isGone()) {
    const why =
      stderr
        .trim()
        .split('\n')
        .pop()
        ?.replace(/^taskset: /, '') ?? '';
    throw new ToolError(`thread ${tid}: cannot run on CPU ${cpus}: ${why}`);
  }
}
