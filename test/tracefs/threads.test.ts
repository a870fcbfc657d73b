import { spawnSync } from 'node:child_process';
import os from 'node:os';
import t from 'tap';
import { setCpus } from '../../src/tracefs/affinity.js';
import { cpusOf, threadsOf } from '../../src/tracefs/process.js';
import { calm, fileThreads, hurry, spreadThreads } from '../../src/tracefs/threads.js';

const skip = os.availableParallelism() < 2 ? 'one CPU only' : false;

t.test(
  'the main thread has the last CPU to itself, as far as this process goes',
  { skip },
  async (t) => {
    const before = cpusOf(process.pid) as string;
    t.teardown(() => spawnSync('taskset', ['-a', '-p', '-c', before, String(process.pid)]));
    spreadThreads();
    const main = cpusOf(process.pid) as string;
    t.match(main, /^\d+$/);
    t.equal(Number(main), Math.max(...(before.match(/\d+/g) ?? []).map(Number)));
    const others = threadsOf(process.pid).filter((tid) => tid !== process.pid);
    t.ok(others.length > 0);
    for (const tid of others) {
      const cpus = cpusOf(tid);
      t.ok(cpus !== undefined && cpus !== main && !cpus.split(/[,-]/).includes(main), `${cpus}`);
    }
  },
);

t.test('with one CPU all stays as it is', async (t) => {
  const before = cpusOf(process.pid) as string;
  t.teardown(() => spawnSync('taskset', ['-a', '-p', '-c', before, String(process.pid)]));
  const first = (before.match(/\d+/) as RegExpMatchArray)[0];
  setCpus(process.pid, first);
  spreadThreads();
  t.equal(cpusOf(process.pid), first);
});

t.test('in a hurry, threads have a real-time priority, and their children none', async (t) => {
  const policyOf = (tid: number) =>
    spawnSync('chrt', ['--pid', String(tid)], { encoding: 'utf8' }).stdout;
  const [main, other, ...rest] = threadsOf(process.pid);
  t.teardown(() => calm([main, other]));
  hurry([main, other]);
  if (/SCHED_OTHER/.test(policyOf(main))) {
    t.comment('it may not have one here');
    return;
  }
  for (const tid of [main, other]) t.match(policyOf(tid), /SCHED_RR/);
  for (const tid of rest) t.match(policyOf(tid), /SCHED_OTHER/);
  const child = spawnSync('sh', ['-c', 'chrt --pid $$'], { encoding: 'utf8' });
  t.match(child.stdout, /SCHED_OTHER/);
  calm([main, other]);
  for (const tid of [main, other]) t.match(policyOf(tid), /SCHED_OTHER/);
});

t.test('threads for files are there once they have been asked for', async (t) => {
  await fileThreads();
  t.strictSame(await fileThreads(), []);
});
