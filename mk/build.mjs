// Bundles each command into one CommonJS file of dist/: a filter in a pipe starts within milliseconds of
// bare node, which an ES module launcher (+10 ms) or an unbundled yargs (+80 ms) does not.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/** Files of their own, required at the moment they are needed: most calls need none of them. */
const APART = ['yargs', 'csv', 'charts', 'png'];
/**
 * What yargs lays its help out with, in a file of its own, too: it begins with regular expressions of all emoji,
 * which take longer than all the rest of yargs.
 */
const WIDTHS = { cliui: 'cliui', 'string-width': 'stringWidth' };
/** What yargs takes of node's assert: asked for nothing but its errors, for it loads the stream modules. */
const ASSERT = `
  const orElse = (name, holds) => (a, b, message) => holds(a, b) || require('node:assert')[name](a, b, message);
  export const strictEqual = orElse('strictEqual', Object.is);
  export const notStrictEqual = orElse('notStrictEqual', (a, b) => !Object.is(a, b));`;
/** Threads of a command, by the names of their bundles. */
const WORKERS = { 'kernel-complexity-worker': 'src/kernel-source/worker.ts' };
/** Commands of the checkout alone, which the package does not have, by the names of their bundles. */
const TOOLS = { 'build-app': 'src/cli/build-app.ts' };
/** Runs by which V8 gets to know a command; by default one without arguments. */
const WARM_UP = {
  'ftrace-capture': [['--help']],
  'run-container': [['--help']],
  'uniq-funcs': [['--csv', '--tids=479', '--strip'], ['--strip']],
};
/** What they read: a line of each kind that a trace has, so that V8 has seen all that they are used for. */
const TRACE = `# tracer: function_graph
#
# CPU  TASK/PID                      FUNCTION CALLS
# |     |    |                       |   |   |   |
 1)    node-479    | } /* fput */
 1)    node-479    | fput();
 1)    node-479    | fget() {
 1)    node-479    |   irq_enter_rcu();
 1)    node-479    |   __sysvec_apic_timer_interrupt() {
 1)    node-479    |     hrtimer_interrupt();
 1)    node-479    |   }
 1)    node-479    |   irq_exit_rcu();
 1)    node-479    | }
 ------------------------------------------
 1)    node-479    =>    exe-480
 ------------------------------------------

 1)    exe-480     | fput();
 1)    exe-4`;
/** What the pictures and the page are made with. */
const ASSETS = {
  'resvg.wasm': 'node_modules/@resvg/resvg-wasm/index_bg.wasm',
  ...Object.fromEntries(
    [400, 600].map((weight) => {
      const font = `inter-latin-${weight}-normal.woff2`;
      return [font, `node_modules/@fontsource/inter/files/${font}`];
    }),
  ),
  'report.css': 'src/report/report.css',
};
const commands = readdirSync('bin').filter((f) => !f.includes('.'));

const common = {
  write: false,
  metafile: true,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  supported: { 'dynamic-import': false },
};

const built = await Promise.all([
  build({
    ...common,
    entryPoints: {
      ...Object.fromEntries(commands.map((name) => [name, `src/cli/${name}.ts`])),
      ...WORKERS,
      ...TOOLS,
    },
    plugins: [
      {
        name: 'apart',
        setup(b) {
          b.onResolve({ filter: new RegExp(`^\\./(${APART.join('|')})\\.js$`) }, ({ path }) => ({
            path: path.replace(/js$/, 'cjs'),
            external: true,
          }));
        },
      },
    ],
  }),
  build({
    ...common,
    entryPoints: APART.map((name) => `src/cli/${name}.ts`),
    define: {
      // yargs asks where it lies, for its translations,
      'import.meta.url': 'importMetaUrl',
      // and how wide the terminal is, even where no help is asked for: that loads the stream modules.
      'process.stdout.columns': 'undefined',
    },
    banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
    plugins: [
      {
        name: 'widths',
        setup(b) {
          const filter = new RegExp(`^(${Object.keys(WIDTHS).join('|')})$`);
          b.onResolve({ filter }, ({ path, importer }) =>
            importer.includes('/yargs/') ? { path, namespace: 'widths' } : undefined,
          );
          b.onLoad({ filter, namespace: 'widths' }, ({ path }) => ({
            contents: `let it; export default (...args) => (it ??= require('./widths.cjs').${WIDTHS[path]})(...args)`,
            resolveDir: '.',
          }));
          b.onResolve({ filter: /^\.\/widths\.cjs$/ }, ({ path }) => ({ path, external: true }));
        },
      },
      {
        name: 'assert',
        setup(b) {
          b.onResolve({ filter: /^assert$/ }, ({ path }) => ({ path, namespace: 'assert' }));
          b.onLoad({ filter: /^/, namespace: 'assert' }, () => ({ contents: ASSERT }));
        },
      },
    ],
  }),
  build({
    ...common,
    entryPoints: undefined,
    stdin: {
      contents: Object.entries(WIDTHS)
        .map(([path, name]) => `export { default as ${name} } from '${path}'`)
        .join(';'),
      resolveDir: 'node_modules/yargs',
      sourcefile: 'widths.js',
    },
    outfile: 'dist/widths.cjs',
    outdir: undefined,
    outExtension: {},
  }),
  // The script of the report's page.
  build({
    ...common,
    entryPoints: { report: 'src/report/browser/main.ts' },
    outExtension: {},
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    charset: 'ascii',
  }),
]);

// Aside and renamed: a command that starts meanwhile finds the old file or the new one.
function write(path, contents) {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

mkdirSync('dist', { recursive: true });
for (const { path, contents } of built.flatMap(({ outputFiles }) => outputFiles)) {
  write(path, contents);
}
write('dist/launch.cjs', readFileSync('mk/launch.cjs'));
for (const [name, path] of Object.entries(ASSETS)) write(`dist/${name}`, readFileSync(path));

// What is bundled keeps its licence.
const inputs = [
  ...built.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
  ...Object.values(ASSETS),
];
const packages = new Set(
  inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
);
const licences = [...packages].sort().map((folder) => {
  const {
    name,
    version,
    license,
    homepage = '',
  } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? homepage : readFileSync(`${folder}/${file}`, 'utf8').trim();
  return `${name} ${version}: ${license}\n\n${text}\n`;
});
write('dist/licences.txt', licences.join(`\n${'-'.repeat(72)}\n\n`));

// A few runs of each command that uses it, for V8's code cache.
const keep = "require('node:fs').writeFileSync";
for (const name of commands) {
  const launcher = readFileSync(`bin/${name}`, 'utf8');
  if (!launcher.includes('launch.cjs')) continue;
  // A cache is good for the V8 flags that it was made with.
  const [interpreter] = launcher.split('\n', 1);
  const flags = interpreter.split(' ').filter((word) => word.startsWith('--'));
  for (const args of WARM_UP[name] ?? [[]]) {
    const run = `require('./dist/launch.cjs')('${name}', ${keep})`;
    // The first argument stands where a script's name would.
    execFileSync(process.execPath, [...flags, '-e', run, '--', name, ...args], {
      input: TRACE,
      stdio: 'pipe',
    });
  }
}
