/** A call path, from the outermost caller to the function itself, and the system call on it, '' for none. */
export interface CallPath {
  /** `?` stands for callers that are not known; empty where nothing is. */
  readonly path: readonly string[];
  readonly syscall: string;
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * How little a path tells of how a function is reached. One that begins in no system call may have begun in
 * one before its task was traced, and its first caller then only seems to be the outermost.
 */
function vagueness({ path, syscall }: CallPath): number {
  if (path.length === 0) return 3;
  if (path.includes('?')) return 2;
  return syscall === '' ? 1 : 0;
}

/** Orders call paths: whole ones from a system call, whole ones, others; of each kind the shortest first. */
export function byPath(a: CallPath, b: CallPath): number {
  return (
    vagueness(a) - vagueness(b) ||
    a.path.length - b.path.length ||
    byCode(a.path.join(';'), b.path.join(';'))
  );
}
