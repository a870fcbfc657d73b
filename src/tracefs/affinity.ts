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
