import { spawnSync } from 'node:child_process';
import os from 'node:os';
import t from 'tap';
import { setCpus, spreadThreads } from '../../src/tracefs/affinity.js';
import { cpusOf, threadsOf } from '../../src/tracefs/process.js';

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
