import { mkdirSync, writeFileSync } from 'node:fs';
import { type SAMPLES, sh } from './run.js';

type Sample = (typeof SAMPLES)[number];

/** What a made-up run consists of; a file that is null is not written. */
export interface MadeUp {
  readonly runtime?: string;
  readonly application?: string;
  readonly kernel?: string;
  readonly functions?: readonly string[];
  readonly syscalls?: readonly string[];
  /** Fields of run.json in the place of the usual ones. */
  readonly record?: Record<string, unknown>;
  /** Files in the place of the usual ones. */
  readonly files?: Record<string, string | null>;
}

/** Every function has the score 2. */
export function makeRun(directory: string, made: MadeUp = {}): void {
  const functions = [...(made.functions ?? ['ksys_read', 'vfs_read'])].sort();
  const syscalls = made.syscalls ?? ['read'];
  const lines = (names: readonly string[]) => names.map((name) => `${name}\n`).join('');
  const { length } = functions;
  const record = {
    version: 1,
    valid: true,
    reasons: [],
    warnings: [],
    where: 'lab',
    kernel: { release: made.kernel ?? '6.1.0-56-amd64', architecture: 'x86_64' },
    runtime: { name: made.runtime ?? 'runc', version: 'runc version 1.1.5' },
    application: { name: made.application ?? 'node-express' },
    load: { requests: 300, rate: 10, concurrency: 1, seconds: 30 },
    command: { arguments: ['ftrace-capture', '--tids', '-'], ended: null },
    capture: { lost: 0 },
    ...made.record,
  };
  const strip = {
    method: 'regions',
    policy: { softirq: 'drop', unknown: 'drop', tids: [216] },
    lines: { in: 1000 },
    loss: { marks: 0, events: 0 },
  };
  const row = (name: string) => `${name},1,216,x64_sys_call;__x64_sys_read;${name}\n`;
  const score = (name: string) => `${name},2,2,2,fs/read_write.c,450,exact\n`;
  const files: Record<string, string | null> = {
    'run.json': JSON.stringify(record),
    'strip.json': JSON.stringify(strip),
    'trace.list': lines(functions),
    'syscalls.list': lines(syscalls),
    'functions.csv': `function,calls,tids,path\n${functions.map(row).join('')}`,
    'per-function.csv': `function,score,low,high,file,line,match\n${functions.map(score).join('')}`,
    'complexity.csv': `n,min,max,sum,mean,stddev,unknown,sum_low,sum_high\n${length},2,2,${2 * length},2,0,0,${2 * length},${2 * length}\n`,
    ...made.files,
  };
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    if (text !== null) writeFileSync(`${directory}/${file}`, text);
  }
}

/** `f_0` to below `f_count`. */
export function names(count: number, prefix = 'f_'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** A run made from a sample, as mk/stages.mk makes it. */
export function makeSampleRun(directory: string, { trace, tids }: Sample): void {
  mkdirSync(directory, { recursive: true });
  const { status, stderr } = sh(
    `set -euo pipefail
    cp ${trace} ${directory}/trace.gz
    cp ${trace.replace('.trace.gz', '.run.json')} ${directory}/run.json
    strip='uniq-funcs --strip --tids @${tids}'
    zcat ${trace} | $strip --explain ${directory}/strip.json > ${directory}/trace.list
    zcat ${trace} | $strip --csv > ${directory}/functions.csv
    zcat ${trace} | $strip --syscalls > ${directory}/syscalls.list
    sum='complexity-sum -c complexity/linux-6.1.txt.gz'
    $sum < ${directory}/functions.csv > ${directory}/complexity.csv
    $sum --per-function < ${directory}/functions.csv > ${directory}/per-function.csv`,
  );
  if (status !== 0) throw new Error(stderr);
}
