// What the comparisons of recordings have in common.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** What a line of the shell prints; `$1` in it is the directory of a run. */
export function shell(line, run) {
  const args = ['-c', `set -o pipefail; ${line}`, 'bash', run];
  return execFileSync('bash', args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

/** The lines of `uniq-funcs --count`, as in `24 ktime_get`: calls by name. */
export function callsIn(list) {
  return new Map(
    list
      .trimEnd()
      .split('\n')
      .map((entry) => entry.split(' '))
      .map(([calls, name]) => [name, Number(calls)]),
  );
}
