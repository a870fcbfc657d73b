import type { Knowledge } from '../complexity/c/conditions.js';
import { type Header, readHeader } from '../complexity/c/definitions.js';
import type { Macro } from '../complexity/c/macros.js';
import type { Tree } from './tree.js';

/** What is known before a C file is read; plain data, so that it can go to a worker. */
export interface Background {
  readonly config: ReadonlyMap<string, string> | undefined;
  readonly defined: ReadonlyMap<string, string>;
  /** Names that some header defines. Without a configuration nothing is ruled out, and this is undefined. */
  readonly names: ReadonlySet<string> | undefined;
  readonly macros: ReadonlyMap<string, readonly Macro[]>;
}

/** Macros that the compiler, or the kernel's own build, defines for a kernel of 64 or of 32 bits. */
function builtin(config: ReadonlyMap<string, string>): Map<string, string> {
  const wide = config.get('CONFIG_64BIT') === 'y';
  const defined = new Map([
    ['__KERNEL__', '1'],
    ['__GNUC__', '12'],
    ['__linux__', '1'],
    ['BITS_PER_LONG', wide ? '64' : '32'],
    ['__BITS_PER_LONG', wide ? '64' : '32'],
    ['__SIZEOF_INT128__', '16'],
  ]);
  const arch: readonly (readonly [string, string])[] = [
    ['CONFIG_X86_64', '__x86_64__'],
    ['CONFIG_X86_32', '__i386__'],
    ['CONFIG_ARM64', '__aarch64__'],
  ];
  for (const [option, macro] of arch) if (config.get(option) === 'y') defined.set(macro, '1');
  return defined;
}

/** Macros of the compiler that may or may not be there. */
const UNTOLD = [
  'MODULE',
  'DEBUG',
  '__clang__',
  '__OPTIMIZE__',
  '__CHECKER__',
  '__SANITIZE_ADDRESS__',
];

const DEFINE = /^[ \t]*#[ \t]*define[ \t]+(\w+)/gm;

/** Reads the headers that all of the kernel may include, those of `arch` if that is one. */
export function readBackground(
  tree: Tree,
  config: ReadonlyMap<string, string> | undefined,
  arch: string,
  defines: ReadonlySet<string>,
): Background {
  const isHeader = (path: string) => path.endsWith('.h');
  const own = arch === 'all' ? [] : tree.files(`arch/${arch}/include`, isHeader);
  const shared = tree.files('include', isHeader);
  const texts = new Map([...own, ...shared].map((path) => [path, tree.read(path) ?? '']));

  const names = new Set<string>([...defines, ...UNTOLD]);
  for (const text of texts.values()) for (const [, name] of text.matchAll(DEFINE)) names.add(name);

  const defined = config === undefined ? new Map<string, string>() : builtin(config);
  const macros = new Map<string, Macro[]>();
  const knowledge: Knowledge = {
    config,
    defined,
    possible: (name) => config === undefined || (names.has(name) && !defined.has(name)),
  };
  const take = (path: string, isOwn: boolean) => {
    const header: Header = readHeader({ path, text: texts.get(path) ?? '' }, knowledge);
    for (const macro of header.macros) {
      const known = macros.get(macro.name);
      if (known === undefined) macros.set(macro.name, [macro]);
      else if (known.every(({ body }) => body !== macro.body)) known.push(macro);
    }
    // What only the architecture defines tells `#ifdef __HAVE_ARCH_MEMCPY` for sure.
    if (isOwn && config !== undefined) {
      for (const [name, text] of header.defined) if (!defined.has(name)) defined.set(name, text);
    }
  };
  for (const path of own) take(path, true);
  for (const path of shared) take(path, false);
  return { config, defined, names: config === undefined ? undefined : names, macros };
}
