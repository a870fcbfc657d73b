import { posix } from 'node:path';
import { type Makefile, readMakefile, topDirectories } from '../complexity/kbuild.js';
import type { Tree } from './tree.js';

/** What a kernel is built from. */
export interface Built {
  /** C files, relative to the source's root, sorted. */
  readonly files: readonly string[];
  /** Names that the compiler is given with -D somewhere. */
  readonly defines: ReadonlySet<string>;
}

/** Follows the kernel's Makefiles from the top, as its build does. */
export function builtFiles(tree: Tree, config: ReadonlyMap<string, string>, arch: string): Built {
  const files = new Set<string>();
  const defines = new Set<string>();
  const seen = new Set<string>();
  const queue = topDirectories(arch);
  for (let directory = queue.shift(); directory !== undefined; directory = queue.shift()) {
    if (seen.has(directory)) continue;
    seen.add(directory);
    for (const makefile of makefilesOf(tree, directory, config, arch)) {
      for (const object of makefile.objects) {
        const elsewhere = makefile.elsewhere.get(object);
        const path = inTree(directory, `${elsewhere ?? object}.c`);
        if (tree.read(path) !== undefined) files.add(path);
      }
      for (const below of makefile.directories) queue.push(inTree(directory, below));
      for (const name of makefile.defines) defines.add(name);
    }
  }
  return { files: [...files].sort(), defines };
}

/** Kbuild goes before Makefile; but an architecture's Makefile names directories of its own. */
function makefilesOf(
  tree: Tree,
  directory: string,
  config: ReadonlyMap<string, string>,
  arch: string,
): Makefile[] {
  const kbuild = tree.read(`${directory}/Kbuild`);
  const names = kbuild === undefined || directory === `arch/${arch}` ? ['Makefile'] : [];
  const texts = names.map((name) => tree.read(`${directory}/${name}`));
  const variables = {
    SRCARCH: arch,
    ARCH: arch,
    BITS: config.get('CONFIG_64BIT') === 'y' ? '64' : '32',
    srctree: '.',
    objtree: '.',
    src: directory,
    obj: directory,
  };
  const include = (path: string) => tree.read(path) ?? tree.read(inTree(directory, path));
  return [kbuild, ...texts]
    .filter((text) => text !== undefined)
    .map((text) => readMakefile(text, config, variables, include));
}

/** `arch/x86/lib` of arch/x86/Makefile is meant from the root, as is `./fs/xfs`. */
function inTree(directory: string, path: string): string {
  const fromRoot = path.startsWith('arch/') || path.startsWith('./');
  return posix.normalize(
    fromRoot || path.startsWith(`${directory}/`) ? path : `${directory}/${path}`,
  );
}
