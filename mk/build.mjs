// Bundles each command of src/cli into one CommonJS file of dist/: a filter in a pipe starts within
// milliseconds of bare node, which an ES module launcher (+10 ms) or an unbundled yargs (+80 ms) does not.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const commands = readdirSync('bin').filter((f) => !f.includes('.'));

const { outputFiles } = await build({
  write: false,
  entryPoints: [...commands, 'yargs'].map((name) => `src/cli/${name}.ts`),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  // yargs.ts is loaded only when there are options: a file of its own, required at that moment.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  plugins: [
    {
      name: 'yargs-apart',
      setup(b) {
        b.onResolve({ filter: /^\.\/yargs\.js$/ }, () => ({ path: './yargs.cjs', external: true }));
      },
    },
  ],
});

// Aside and renamed: a command that starts meanwhile finds the old file or the new one.
mkdirSync('dist', { recursive: true });
for (const { path, contents } of outputFiles) {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}
