// Turns docs/NAME.1.md into dist/man/NAME.1 for man(1). The same bytes every time: the date, which
// marked-man insists on, is taken out of the title line.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const title = /^(\.TH "[^"]+" "1") "January 1970"/m;

mkdirSync('dist/man', { recursive: true });
for (const file of readdirSync('docs').filter((f) => f.endsWith('.1.md'))) {
  const args = ['--date', '0', '--manual', name, '--man-version', version, `docs/${file}`];
  const page = execFileSync('node_modules/.bin/marked-man', args, { encoding: 'utf8' });
  if (!title.test(page)) throw new Error(`docs/${file}: no title line as in 'name(1) -- summary'`);
  writeFileSync(`dist/man/${file.slice(0, -'.md'.length)}`, page.replace(title, '$1 ""'));
}
