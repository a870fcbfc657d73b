import { EXIT, isToolError } from './errors.js';
import { warn } from './io.js';

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory, not a file',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOSPC: 'no space left on device',
  EBADF: 'is not open',
  EIO: 'input/output error',
  EMFILE: 'too many open files',
};

/** Errors that say the input named by the user is not there to be read: usage, exit 2. */
const INPUT_ERRORS = new Set(['ENOENT', 'EISDIR', 'EACCES']);

/** The reader of our output has gone (`| head -1`): nobody is left to be told, and nothing went wrong. */
function isClosedReader(error: unknown): boolean {
  return (error as NodeJS.ErrnoException)?.code === 'EPIPE';
}

function describe(error: unknown): { text: string; exitCode: number } {
  if (isToolError(error)) return { text: error.message, exitCode: error.exitCode };
  const e = error as NodeJS.ErrnoException & { place?: string };
  if (e?.code !== undefined && e.syscall !== undefined) {
    const place = e.place ?? e.path ?? e.syscall;
    const input = INPUT_ERRORS.has(e.code) && e.syscall !== 'write';
    return {
      text: `${place}: ${REASONS[e.code] ?? e.code}`,
      exitCode: input ? EXIT.usage : EXIT.failure,
    };
  }
  return { text: `internal error: ${String(e?.message ?? e)}`, exitCode: EXIT.failure };
}

/**
 * Runs one command and sets the process's exit status. The only exit point of every command:
 * `process.exitCode` is set, never `process.exit()` called, so that pipes drain.
 */
export async function main(tool: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isClosedReader(error)) return;
    const { text, exitCode } = describe(error);
    warn(tool, text);
    process.exitCode = exitCode;
  }
}
