import { spawn } from 'node:child_process';
import { EXIT, ToolError } from '../stream/errors.js';

export interface How {
  /** Ends the command when it is aborted. */
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A descriptor for the command's stdout; nothing is returned then. */
  readonly stdout?: number;
}

/** By what tar (in the second form, when a part was still written) and apt say that a disk is full. */
const DISK_FULL = /No space left on device|^tar: .*: Wrote only \d+ of \d+ bytes/m;

/** The line of a failed command's stderr that says why: apt marks it `E:`, npm `npm error`. */
function reasonOf(stderr: string): string {
  if (DISK_FULL.test(stderr)) return 'no space left on device';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const marked = lines.find((line) => /^(E:|npm (error|ERR!) (?!code|errno|syscall))/.test(line));
  return marked ?? lines.at(-1) ?? 'it failed without a word';
}

/**
 * Runs a command to its end and resolves to its stdout. Where it is missing or fails, that is an error of
 * the rig, whose sentence begins with `what`.
 */
export function run(
  what: string,
  command: string,
  args: readonly string[],
  { stdout: fd, ...options }: How,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new ToolError(`${what}: ${reason}`, EXIT.rig));
    const child = spawn(command, args, { ...options, stdio: ['ignore', fd ?? 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    let failure: NodeJS.ErrnoException | undefined;
    child.on('error', (error) => {
      failure = error;
    });
    // Also after an error: by then nobody writes any more.
    child.on('close', (status, signal) => {
      if (failure?.code === 'ENOENT') fail(`${command} cannot be run: it is not installed`);
      else if (failure !== undefined) fail(failure.message);
      else if (status === 0) resolve(Buffer.concat(stdout).toString());
      else
        fail(
          signal === null
            ? reasonOf(Buffer.concat(stderr).toString())
            : `${command} ended by ${signal}`,
        );
    });
  });
}
