import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type ImageSettings, writeArchive } from '../image/archive.js';
import { Contents, placeFile } from '../image/contents.js';
import { unpackPackages } from '../image/packages.js';
import { parseApp, parseRecipe, type Recipe } from '../image/recipe.js';
import { run } from '../image/run.js';
import { UsageError } from '../stream/errors.js';
import { printOut, readText, warn } from '../stream/io.js';
import { main } from '../stream/main.js';
import { withDirectory } from '../stream/temporary.js';
import { type Manual, readOptions } from './options.js';

// Output, when the archive is written: image, its id, and the size of its files.
//
//   kernel-surface/redis-test-legacy sha256:6f3c... 20 MB
const options = {
  suite: {
    type: 'string',
    default: 'trixie',
    requiresArg: true,
    describe: 'the suite of Debian whose packages go into the image',
  },
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'write the archive to FILE (default: build/apps/SUITE/APP.tar)',
  },
} as const;

const manual = {
  name: 'apps/build',
  summary: 'Makes the image of an application from Debian and npm packages, for docker load.',
  usage: 'APP [--suite SUITE] [--out FILE]',
  options,
  positionals: ['APP'],
  manual: 'docs/apps.md',
  examples: [
    ['apps/build redis-test', 'build/apps/trixie/redis-test.tar'],
    ['apps/build node-express --suite bookworm --out node.tar', 'with the node of Debian 12'],
    ['docker load -i build/apps/trixie/redis-test.tar', 'gives it to docker'],
  ],
} as const satisfies Manual<typeof options>;

const APPS = join(__dirname, '../apps');

/** What a suite may be called: it becomes part of apt's sources and of a path. */
const SUITE = /^[a-z][a-z0-9-]*$/;

function applications(): string[] {
  return readdirSync(APPS).filter((name) => existsSync(join(APPS, name, 'recipe.json')));
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');

function progress(step: string): void {
  if (process.stderr.isTTY) warn(manual.name, step);
}

/** The node_modules of the application's package-lock.json, in a directory of their own. */
async function installModules(app: string, scratch: string, signal: AbortSignal): Promise<string> {
  const directory = `${scratch}/npm`;
  mkdirSync(directory);
  for (const file of ['package.json', 'package-lock.json']) {
    placeFile(join(APPS, app, file), directory, file);
  }
  const args = [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--no-bin-links',
    '--no-audit',
    '--no-fund',
  ];
  await run('npm packages', 'npm', args, { signal, cwd: directory });
  // npm's own record, in the words of its version.
  rmSync(`${directory}/node_modules/.package-lock.json`, { force: true });
  return `${directory}/node_modules`;
}

/** All files below a directory, relative to it. Links are left out. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

/** Makes the root directory of the image in `scratch`/stage; the packages that files of it are from. */
async function makeStage(
  app: string,
  recipe: Recipe,
  suite: string,
  scratch: string,
  signal: AbortSignal,
): Promise<string[]> {
  const stage = `${scratch}/stage`;
  progress(`fetching packages of ${suite}`);
  const owners = await unpackPackages(recipe.packages, suite, scratch, signal);
  const contents = new Contents(`${scratch}/tree`, recipe.exclude);
  for (const pattern of recipe.include) contents.include(pattern);
  await contents.includeLibraries(signal);
  contents.copyTo(stage);

  if (recipe.compile.length > 0) {
    progress('compiling Python modules');
    const directories = recipe.compile.flatMap((pattern) => contents.expand(pattern));
    const args = ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash'];
    const paths = ['-s', stage, '-p', '/', ...directories.map((path) => `${stage}/${path}`)];
    // A fixed seed: sets in the compiled code are written in the order of their hashes.
    const env = { PYTHONHOME: `${scratch}/tree/usr`, PYTHONHASHSEED: '0' };
    await contents.runProgram('usr/bin/python3', [...args, ...paths], { signal, env });
  }
  for (const [from, to] of Object.entries(recipe.copy)) placeFile(join(APPS, app, from), stage, to);
  if (recipe.npm !== undefined) {
    progress('fetching npm packages');
    const modules = await installModules(app, scratch, signal);
    for (const file of filesBelow(modules)) {
      placeFile(`${modules}/${file}`, stage, `${recipe.npm}/node_modules/${file}`);
    }
  }
  mkdirSync(`${stage}/tmp`);
  chmodSync(`${stage}/tmp`, 0o1777);
  return [...new Set(contents.paths.flatMap((path) => owners.get(path) ?? []))].sort();
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const [app] = values._;
  const { suite, out = `build/apps/${suite}/${app}.tar` } = values;
  const known = applications();
  if (app === undefined || !known.includes(app)) {
    const what = app === undefined ? 'no APP' : `${oneLine(app)}: no such application`;
    throw new UsageError(`${what}: one of ${known.join(', ')}`);
  }
  if (!SUITE.test(suite))
    throw new UsageError(`--suite ${oneLine(suite)}: not the name of a suite`);
  const read = (file: string) => [readText(join(APPS, app, file)), `apps/${app}/${file}`] as const;
  const recipe = parseRecipe(...read('recipe.json'));
  const { image, port } = parseApp(...read('app.json'));

  const there = statSync(out, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) throw new UsageError(`${out}: not a regular file`);
  if (values.out === undefined) mkdirSync(dirname(out), { recursive: true });
  // Told now, not in a minute.
  accessSync(dirname(out), constants.W_OK);

  // Modes are in the archive: they must not depend on who builds it.
  process.umask(0o022);
  await withDirectory('kernel-surface-app', async (scratch, interrupted) => {
    const abort = new AbortController();
    interrupted.catch(() => abort.abort());
    const { signal } = abort;
    const architecture = await run('dpkg', 'dpkg', ['--print-architecture'], { signal });
    const packages = await makeStage(app, recipe, suite, scratch, signal);
    const settings: ImageSettings = {
      architecture: architecture.trim(),
      port,
      command: recipe.command,
      labels: { 'kernel-surface.suite': suite, 'kernel-surface.packages': packages.join(', ') },
      createdBy: `apps/build ${app} --suite ${suite}`,
    };
    progress('writing the archive');
    const aside = `${out}.${process.pid}.tmp`;
    try {
      const id = await writeArchive(scratch, aside, image, settings, signal);
      renameSync(aside, out);
      printOut(`${image} sha256:${id} ${Math.round(statSync(out).size / 1e6)} MB\n`);
    } finally {
      rmSync(aside, { force: true });
    }
  });
});
