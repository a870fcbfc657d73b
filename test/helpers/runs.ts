import { writeFileSync } from 'node:fs';
import { makeRun, names } from './results.js';
import { sh } from './run.js';

/** A name that is markup to whom it is not text; run.json may say so of anything but the names that are checked. */
export const HOSTILE = `</script><img src=x onerror=alert(1)>"'&`;

/**
 * Two runtimes with three runs each and one with a single run of another application, one run that is not
 * valid, and call paths. kata's functions are f_20 to f_59, runc's f_0 to f_49; f_49 is in one of its runs only.
 */
export function makeResults(root: string): void {
  const rows = (list: readonly string[], caller: string) =>
    `function,calls,tids,path\n${list.map((name) => `${name},3,216,x64_sys_call;${caller};${name}\n`).join('')}`;
  const scores = (list: readonly string[]) =>
    `function,score,low,high,file,line,match\n${list
      .map(
        (name, i) =>
          `${name},${i},${i},${i},${i % 2 ? 'mm/memory.c' : 'fs/read_write.c'},${i + 1},exact\n`,
      )
      .join('')}`;
  const run = (place: string, runtime: string, application: string, list: string[], extra = {}) => {
    const functions = list.sort();
    makeRun(`${root}/${place}`, {
      runtime,
      application,
      functions,
      files: {
        'functions.csv': rows(functions, runtime === 'runc' ? '__x64_sys_read' : '__x64_sys_write'),
        'per-function.csv': scores(functions),
        'strip.json': JSON.stringify({
          method: 'regions',
          policy: { softirq: 'drop', unknown: 'drop', tids: [216] },
          lines: {
            in: 1000,
            kept: 700,
            interrupts: 290,
            otherTasks: 10,
            unattributed: 0,
            unparsed: 0,
          },
          dropped: {
            hardirq: { sysvec_apic_timer_interrupt: 250, [HOSTILE]: 40 },
            nmi: {},
            softirq: {},
          },
          loss: { marks: 0, events: 0 },
        }),
      },
      ...extra,
    });
  };
  for (let i = 1; i <= 3; i++) {
    run(`runc-node-express/run-${i}`, 'runc', 'node-express', names(i === 1 ? 50 : 49));
    run(`kata-node-express/run-${i}`, 'kata', 'node-express', names(60).slice(20));
  }
  run('runc-redis-test/run-1', 'runc', 'redis-test', ['redis_only', ...names(10)], {
    record: {
      warnings: [HOSTILE],
      load: { requests: 300, answered: 300 },
      image: { digest: HOSTILE },
    },
  });
  run('runsc-node-express/invalid', 'runsc', 'node-express', names(5), {
    record: { valid: false, reasons: ['request 17: no answer within 30 s'] },
  });
}

/** results/, summary.csv and curves.csv in `root`. */
export function makeTables(root: string): void {
  makeResults(`${root}/results`);
  const { stdout } = sh(`summarize-runs --curves ${root}/curves.csv ${root}/results`);
  writeFileSync(`${root}/summary.csv`, stdout);
}

/**
 * 100 runs of 1,500 functions each, with paths of nine steps, under so many runtimes. Each runtime has
 * system calls and callers of its own, and functions that others do not reach: no two share a path.
 */
export function makeHundredRuns(root: string, runtimes: number): void {
  for (let i = 0; i < 100; i++) {
    const r = i % runtimes;
    const functions = names(3000).slice(r * 7, r * 7 + 1500);
    const path = `do_syscall_64;x64_sys_call;__x64_sys_${r};ksys_${r};vfs_${r};a_${r};b_${r};c_${r}`;
    const rows = functions.map((name, n) => `${name},${n * 37},216,${path};${name}\n`);
    makeRun(`${root}/r${r}-app/run-${i}`, {
      runtime: `r${r}`,
      application: 'app',
      functions,
      files: { 'functions.csv': `function,calls,tids,path\n${rows.join('')}` },
    });
  }
}
