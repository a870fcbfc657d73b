import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PATH = `${process.cwd()}/bin:${process.env.PATH}`;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits a little for dist/: a build that goes on at the same time takes it away for a moment. */
function awaitBuild(): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 50 && !existsSync('dist/yargs.cjs'); i++) Atomics.wait(nap, 0, 0, 100);
}

/** Runs a line of bash with bin/ in PATH, from the root of the repository. */
export function sh(
  line: string,
  input: string | Buffer = '',
  env: Record<string, string> = {},
): Outcome {
  for (let attempt = 0; ; attempt++) {
    awaitBuild();
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
      input,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 1 << 28,
      env: { ...process.env, PATH, ...env },
    });
    if (stderr.includes("Cannot find module '../dist") && attempt < 5) continue;
    return { status, stdout, stderr };
  }
}

/** The SAMPLES of real traces, each with the file of its container's threads. */
export const SAMPLES = [
  'crun-node-express',
  'kata-node-express',
  'runc-node-express',
  'runnc-redis-test',
  'runsc-node-express',
].map((name) => ({
  name,
  trace: `samples/${name}.trace.gz`,
  tids: `samples/${name}.tids`,
}));
