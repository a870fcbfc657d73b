import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from './errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `work` with a directory of its own, which is gone when it ends, also by a signal: `work` has to
 * give up then, and to leave nobody who writes into the directory, as soon as `interrupted` rejects.
 */
export async function withDirectory<T>(
  name: string,
  work: (directory: string, interrupted: Promise<never>) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  let came: NodeJS.Signals | undefined;
  let onSignal: NodeJS.SignalsListener = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    onSignal = (signal) => {
      came ??= signal;
      reject(new ToolError(`ended by ${signal}`));
    };
  });
  interrupted.catch(() => {});
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await work(directory, interrupted);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    for (const signal of SIGNALS) process.off(signal, onSignal);
    // The process ends as one that knows no signals: a shell has to see by what.
    if (came !== undefined) process.kill(process.pid, came);
  }
}
