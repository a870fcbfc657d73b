import type { CFunction } from './c/definitions.js';
import { withoutSuffixes } from './join.js';
import { inKernel } from './source.js';

/** A function of the kernel's source, and where it stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** Gives way to another definition of its name. */
  readonly weak: boolean;
  /** Known only inside its file. */
  readonly local: boolean;
}

/** Code that is gone when the kernel runs: before any trace begins. */
const INIT = /^(?:__init|__exit|__initdata|__devinit|__cpuinit|__init_or_cpufeature|__head)$/;

/** Code that the kernel does not let itself trace. */
const NOT_TRACED =
  /^(?:notrace|noinstr|__no_instrument_function|__entry_text|__noinstr_section|__always_inline|NOTRACE_BPF_CALL_\d)$/;

/** Whether a function may show up in a trace by its own name. */
export function isTraceable({ words }: CFunction): boolean {
  for (const word of words) if (INIT.test(word) || NOT_TRACED.test(word)) return false;
  return true;
}

/** Whether the compiler is asked to put a function into its callers. */
export function isInline({ words }: CFunction): boolean {
  return words.has('inline') || words.has('__inline') || words.has('__inline__');
}

/** The names that a list of traceable functions allows: each as it stands and without suffixes. */
export function allowedNames(names: Iterable<string>): Set<string> {
  const allowed = new Set<string>();
  for (const name of names) {
    allowed.add(name);
    const bare = withoutSuffixes(name);
    allowed.add(bare);
    const body = bodyOf(bare);
    if (body !== undefined) allowed.add(body);
  }
  return allowed;
}

/** Whether a file of the source can be part of a kernel of architecture `arch` (`all`: of any). */
export function isKernelSource(path: string, arch: string): boolean {
  return /\.[ch]$/.test(path) && inKernel(path, arch);
}

/** `__do_sys_read` for a wrapper of it, `__x64_sys_read`; undefined for any other name. */
function bodyOf(name: string): string | undefined {
  const call = /^__[a-z0-9]+_(compat_)?sys_(\w+)$/.exec(name);
  return call === null ? undefined : `__do_${call[1] ?? ''}sys_${call[2]}`;
}

/**
 * Leaves out weak definitions whose name another file defines for all to see; as are those of
 * kernel/sys_ni.c where the system call is there.
 */
export function withoutWeak<P extends Place>(places: readonly P[]): P[] {
  const strong = new Set<string>();
  for (const { name, weak, local } of places) if (!weak && !local) strong.add(name);
  return places.filter(
    ({ name, weak }) => !weak || !(strong.has(name) || strong.has(bodyOf(name) ?? name)),
  );
}

/** By file, line and name, by code unit. */
export function inOrder(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** The version of a kernel's source by its top Makefile: `6.12.117`; undefined when it is none. */
export function versionOf(makefile: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name} *= *(.*)$`, 'm').exec(makefile)?.[1].trim();
  const version = field('VERSION');
  const patchlevel = field('PATCHLEVEL');
  if (version === undefined || patchlevel === undefined) return undefined;
  const sublevel = field('SUBLEVEL');
  const tail = sublevel === undefined || sublevel === '' ? '' : `.${sublevel}`;
  return `${version}.${patchlevel}${tail}${field('EXTRAVERSION') ?? ''}`;
}

/** The architecture of a configuration, as its directory under arch/ is called. */
export function archOfConfig(config: ReadonlyMap<string, string>): string | undefined {
  const options: readonly (readonly [string, string])[] = [
    ['CONFIG_X86', 'x86'],
    ['CONFIG_ARM64', 'arm64'],
    ['CONFIG_ARM', 'arm'],
    ['CONFIG_RISCV', 'riscv'],
    ['CONFIG_S390', 's390'],
    ['CONFIG_PPC', 'powerpc'],
    ['CONFIG_LOONGARCH', 'loongarch'],
    ['CONFIG_MIPS', 'mips'],
    ['CONFIG_SPARC', 'sparc'],
    ['CONFIG_PARISC', 'parisc'],
    ['CONFIG_M68K', 'm68k'],
    ['CONFIG_ALPHA', 'alpha'],
  ];
  return options.find(([option]) => config.get(option) === 'y')?.[1];
}

/** One line of the table, in GNU complexity's own form. */
export function tableRow(
  place: Place,
  { score, lines, codeLines }: { score: number; lines: number; codeLines: number },
): string {
  const number = (n: number, width: number) => String(n).padStart(width);
  return `${number(score, 5)}  ${number(lines, 6)}  ${number(codeLines, 6)}   ./${place.file}(${place.line}): ${place.name}\n`;
}
