import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { sh } from '../helpers/run.js';

// Each folder of test/golden/COMMAND is a case: `cmd` is run by bash with `input` as its stdin and must
// print `expout` and, where there is one, `experr` to stderr. RECORD=1 writes them anew: read the diff.

const GOLDEN = 'test/golden';

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

for (const command of readdirSync(GOLDEN)) {
  t.test(command, (t) => {
    for (const entry of readdirSync(`${GOLDEN}/${command}`, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const folder = `${GOLDEN}/${command}/${entry.name}`;
      const input = existsSync(`${folder}/input`) ? readFileSync(`${folder}/input`) : '';
      const { status, stdout, stderr } = sh(readFileSync(`${folder}/cmd`, 'utf8'), input);
      if (process.env.RECORD !== undefined) {
        writeFileSync(`${folder}/expout`, stdout);
        if (stderr !== '' || existsSync(`${folder}/experr`)) {
          writeFileSync(`${folder}/experr`, stderr);
        }
      }
      t.equal(status, 0, `${entry.name}: ends well`);
      t.equal(stdout, textOf(`${folder}/expout`), `${entry.name}: expout`);
      t.equal(stderr, textOf(`${folder}/experr`), `${entry.name}: experr`);
    }
    t.end();
  });
}
