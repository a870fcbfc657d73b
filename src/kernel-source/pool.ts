import { Worker } from 'node:worker_threads';
import { ToolError } from '../stream/errors.js';
import type { Answer, Row, WorkerData } from './worker.js';

/** What a thread keeps is little: without a bound its garbage would grow instead. */
const LIMITS = { maxOldGenerationSizeMb: 256 };

/** Files that a worker is given at once: few enough that none is long busy when the others have ended. */
const BATCH = 64;

/**
 * Reads and scores `files`, and what belongs to them, with `jobs` threads that run `script`. Gives each
 * function once, in no order. Throws a ToolError when a thread fails, and what `interrupted` rejects with.
 */
export async function scoreFiles(
  script: string,
  data: WorkerData,
  files: readonly string[],
  {
    jobs,
    onProgress,
    interrupted,
  }: {
    jobs: number;
    onProgress: (done: number, all: number) => void;
    interrupted: Promise<never>;
  },
): Promise<Row[]> {
  const queue = [...files];
  const rows = new Map<string, Row>();
  let done = 0;
  const workers: Worker[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      interrupted.catch(reject);
      const idle: Worker[] = [];
      const next = () => {
        for (let worker = idle.pop(); worker !== undefined; worker = idle.pop()) {
          if (queue.length === 0) {
            idle.push(worker);
            break;
          }
          worker.postMessage(queue.splice(0, BATCH));
        }
        if (idle.length === workers.length && queue.length === 0) resolve();
      };
      for (let i = 0; i < Math.min(jobs, Math.ceil(files.length / BATCH)); i++) {
        const worker = new Worker(script, { workerData: data, resourceLimits: LIMITS });
        workers.push(worker);
        idle.push(worker);
        worker.on('error', reject);
        worker.on('message', ({ rows: more, read, failure }: Answer) => {
          if (failure !== undefined) {
            reject(new ToolError(failure));
            return;
          }
          for (const row of more) rows.set(`${row.file}:${row.line}:${row.name}`, row);
          done += read;
          onProgress(done, files.length);
          idle.push(worker);
          next();
        });
      }
      next();
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return [...rows.values()];
}
