import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { EXIT, ToolError } from '../stream/errors.js';

/** What cannot be done on this machine as it is: no ftrace, no root, a kernel that is locked down. */
export function unavailable(message: string): ToolError {
  return new ToolError(message, EXIT.rig);
}

/** `[none] integrity confidentiality`: the mode in brackets, or undefined where it cannot be read. */
function lockdownMode(): string | undefined {
  try {
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Says in words why a tracefs file cannot be used; other errors are passed on with their place. */
export function explained(error: unknown, path: string): Error {
  const e = error as NodeJS.ErrnoException & { place?: string };
  switch (e.code) {
    case 'EPERM': {
      const mode = lockdownMode();
      const why =
        mode === undefined || mode === 'none'
          ? 'the kernel refuses it even to root (locked down, or a container without privileges)'
          : `the kernel is locked down (${mode}), so tracing is refused even to root`;
      return unavailable(`${path}: ${why}`);
    }
    case 'EACCES':
      return unavailable(`${path}: permission denied: tracing needs root`);
    case 'EROFS':
      return unavailable(`${path}: tracefs is mounted read-only`);
    case 'ENOENT':
      return unavailable(`${path}: this kernel does not have it`);
    case 'EBUSY':
      return new ToolError(`${path}: in use by another program`);
    case 'EINVAL':
      return new ToolError(`${path}: the kernel does not accept that value`);
    default:
      e.place = path;
      return e;
  }
}

/** A control file's text without the newline at its end. Errors are sentences. */
export function readControl(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch (error) {
    throw explained(error, path);
  }
}

/** The same, or undefined where this kernel has no such file. */
export function readControlIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explained(error, path);
  }
}

/** Makes a directory of tracefs, which the kernel fills with files. */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    throw explained(error, path);
  }
}

/** Opens a control file to write: what it held is dropped, unless `append`. It is never created. */
export function openControl(path: string, append = false): number {
  const { O_WRONLY, O_TRUNC, O_APPEND } = constants;
  try {
    return openSync(path, O_WRONLY | (append ? O_APPEND : O_TRUNC));
  } catch (error) {
    throw explained(error, path);
  }
}

/** Writes all of `text`; the filter files take one word of it at a time. */
export function writeToControl(fd: number, path: string, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (error) {
    throw explained(error, path);
  }
}

/** Writes a control file. An empty text empties a list: opening it to write does that. */
export function writeControl(path: string, text: string, append = false): void {
  const fd = openControl(path, append);
  try {
    if (text !== '') writeToControl(fd, path, `${text}\n`);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  try {
    // The filter files do their work now.
    closeSync(fd);
  } catch (error) {
    throw explained(error, path);
  }
}
