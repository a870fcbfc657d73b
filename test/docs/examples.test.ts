import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';

/**
 * The examples of README.md and docs/*.md are run, and have to print what is written there:
 *
 *     ```sh
 *     $ printf 'vfs_read\n' | complexity-sum -c complexity/linux-6.1.txt.gz
 *     n,min,max,sum,mean,stddev,unknown,sum_low,sum_high
 *     1,2,2,2,2,0,0,2,2
 *     ```
 *
 * Each `$ ` line is a command of its own; the lines below it, up to the next, are all of its standard
 * output. A command without output that needs a network, privileges or minutes is shown and not run; so is
 * every block of another kind (`console`), and a `sh` block without any `$ `.
 *
 * The commands of one file run one after the other in a folder that looks like the root of the repository
 * but is not: files they write are there for the next command, and gone with the test.
 */
interface Example {
  readonly place: string;
  readonly command: string;
  readonly output: string;
}

const NOT_RUN = /\b(?:make|npm|git|sudo|docker)\b/;

/** A pipe's writer whose reader had enough, as in `zcat trace.gz | head -1`, fails with SIGPIPE. */
const READER_GONE = 141;

/** A command's word that a program it calls is not installed here. */
const RIG_MISSING = 69;

function examplesOf(file: string): Example[] {
  const examples: { place: string; command: string; output: string }[] = [];
  let fence = '';
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.startsWith('```')) {
      fence = fence === '' ? line : '';
      if (fence === '```sh') examples.push({ place: '', command: '', output: '' });
    } else if (fence === '```sh') {
      if (line.startsWith('$ ')) {
        examples.push({ place: `${file}:${index + 1}`, command: line.slice(2), output: '' });
      } else {
        const last = examples[examples.length - 1];
        last.output += `${line}\n`;
      }
    }
  }
  return examples.filter(({ command }) => command !== '');
}

/** A folder with a link to everything in the repository's root. */
function likeTheRoot(folder: string): string {
  for (const name of readdirSync('.')) {
    if (!name.startsWith('.')) symlinkSync(resolve(name), `${folder}/${name}`);
  }
  return folder;
}

const files = [
  ...readdirSync('.').filter((name) => name === 'README.md'),
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

for (const file of files) {
  t.test(file, (t) => {
    const cwd = likeTheRoot(t.testdir());
    const env = { ...process.env, LC_ALL: 'C', PATH: `${resolve('bin')}:${process.env.PATH}` };
    for (const { place, command, output } of examplesOf(file)) {
      if (NOT_RUN.test(command)) {
        t.equal(output, '', `${place}: shown, not run: its output belongs into a console block`);
        continue;
      }
      const { status, stdout, stderr } = spawnSync(
        'bash',
        ['--norc', '-euo', 'pipefail', '-c', command],
        {
          cwd,
          env,
          encoding: 'utf8',
          timeout: 60_000,
          maxBuffer: 1 << 26,
        },
      );
      if (stderr !== '') t.comment(`${place}: ${stderr.trim()}`);
      if (status === RIG_MISSING && process.env.CI === undefined) {
        t.pass(`${place}: status ${status}`, { skip: stderr.trim() });
        continue;
      }
      t.ok(status === 0 || status === READER_GONE, `${place}: status ${status}: ${command}`);
      t.equal(stdout, output, `${place}: output`);
    }
    t.end();
  });
}
