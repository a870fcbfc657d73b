import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { SAMPLES, sh } from '../helpers/run.js';
import { skipWithoutTraces, TRACES } from '../helpers/traces.js';

/**
 * What real traces list is found in the table: of each recording at hand (the large ones, or else the
 * samples) the functions that strip-irq leaves, with call paths, and all that ran, as plain names.
 */
const TABLE = 'complexity/linux-6.1.txt.gz';

const traces =
  skipWithoutTraces === false && existsSync(TRACES)
    ? readdirSync(TRACES)
        .filter((name) => name.endsWith('.trace.gz') && name.includes('linux-6.1'))
        .map((name) => ({ name, trace: `${TRACES}/${name}` }))
    : SAMPLES;

/** Why a name has no score, as far as its row tells. */
function reasonOf(name: string, file: string, line: string): string {
  if (file !== '') return `${name}: no score from GNU complexity: ${file}:${line}`;
  return `${name}: not in the table`;
}

t.ok(traces.length > 0);
for (const { name, trace } of traces) {
  t.test(name, (t) => {
    for (const [what, command] of [
      ['stripped, with call paths', 'uniq-funcs --strip --csv'],
      ['all, plain names', 'uniq-funcs'],
    ]) {
      const run = `set -o pipefail; zcat '${trace}' | ${command} 2> /dev/null | complexity-sum -c ${TABLE} --per-function`;
      const { status, stdout } = sh(run);
      t.equal(status, 0, what);
      const rows = stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((row) => row.split(','));
      const count = (match: string) => rows.filter((row) => row[6] === match).length;
      const [unknown, ambiguous] = [count('unknown'), count('ambiguous')];
      t.ok(rows.length > 100, `${what}: ${rows.length} names`);
      t.ok(unknown <= rows.length * 0.01, `${what}: ${unknown} unknown: at most 1 %`);
      t.ok(ambiguous <= rows.length * 0.02, `${what}: ${ambiguous} ambiguous: at most 2 %`);
      for (const [name, , , , file, line, match] of rows) {
        if (match === 'unknown') t.comment(reasonOf(name, file, line));
        if (match === 'ambiguous') t.comment(`${name}: ambiguous`);
      }
    }
    t.end();
  });
}
