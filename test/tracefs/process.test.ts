import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { TracedCommand } from '../../src/tracefs/command.js';
import { tracefsMounts } from '../../src/tracefs/locate.js';
import {
  childrenOf,
  commOf,
  cpusOf,
  parseStat,
  processOf,
  statOf,
  threadsOf,
} from '../../src/tracefs/process.js';
import { lostOf, parseRingStats } from '../../src/tracefs/ring.js';
import { newborn, relatives } from '../../src/tracefs/tasks.js';

t.test('a line of /proc/PID/stat, whatever the name is', async (t) => {
  const rest = `S 17 ${'1 '.repeat(17)}8512 0 0`;
  for (const name of ['sh', 'a b', ')', ') R 1 (', '(((']) {
    t.strictSame(parseStat(`4711 (${name}) ${rest}`), { state: 'S', ppid: 17, start: 8512 }, name);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseStat(text);
    }),
  );
  t.equal(parseStat(''), undefined);
  t.equal(parseStat('4711 (sh) S'), undefined);
});

t.test('this process', async (t) => {
  t.match(statOf(process.pid), { ppid: process.ppid });
  t.equal(processOf(process.pid), process.pid);
  t.ok(threadsOf(process.pid).includes(process.pid));
  t.ok(commOf(process.pid));
  t.match(cpusOf(process.pid), /^\d/);
  const none = 2 ** 22 + 1;
  t.strictSame(
    [statOf(none), commOf(none), cpusOf(none), processOf(none)],
    [undefined, undefined, undefined, undefined],
  );
  t.strictSame([threadsOf(none), childrenOf(none)], [[], []]);
});

t.test('relatives: threads and what they have started, but not this process', async (t) => {
  const shell = spawn('bash', ['-c', 'sleep 20 & wait'], { stdio: 'ignore' });
  t.teardown(() => shell.kill());
  const pid = shell.pid as number;
  for (let i = 0; i < 100 && childrenOf(pid).length === 0; i++) await sleep(20);
  const [child] = childrenOf(pid);
  t.teardown(() => process.kill(child));
  t.strictSame(relatives([pid], new Set([pid])), [child]);
  t.strictSame(
    relatives([pid], new Set()),
    [pid, child].sort((a, b) => a - b),
  );
  t.strictSame(relatives([2 ** 22 + 1], new Set()), [], 'gone');
  const ours = relatives([process.ppid], new Set());
  t.notOk(ours.includes(process.pid));
});

t.test('newborn: what threads have started since', async (t) => {
  const shell = spawn('bash', ['-c', 'sleep 20 & read; sleep 20 & wait'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  t.teardown(() => shell.kill());
  const pid = shell.pid as number;
  const children = async (count: number) => {
    for (let i = 0; i < 100 && childrenOf(pid).length < count; i++) await sleep(20);
    return childrenOf(pid);
  };
  const [first] = await children(1);
  const wanted = new Set([pid]);
  const before = new Set(relatives(wanted, wanted));
  t.strictSame(newborn(wanted, before), []);
  shell.stdin?.write('\n');
  const second = (await children(2)).filter((tid) => tid !== first);
  t.teardown(() => [first, ...second].map((tid) => process.kill(tid)));
  t.strictSame(newborn(wanted, before), second);
  t.strictSame(newborn(new Set([pid, ...second]), before), [], 'but not those that are known');
  const ours = newborn(new Set([process.ppid, process.pid]), new Set());
  t.notOk(
    threadsOf(process.pid).some((tid) => ours.includes(tid)),
    'not of this process',
  );
});

t.test('newborn threads are those of a process that is traced as a whole', async (t) => {
  const tree = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  t.teardown(() => tree.kill());
  const pid = tree.pid as number;
  for (let i = 0; i < 250 && threadsOf(pid).length < 5; i++) await sleep(20);
  const [main, ...others] = threadsOf(pid).sort((a, b) => a - b);
  t.strictSame(newborn(new Set([main]), new Set()), others, 'all were traced');
  t.strictSame(newborn(new Set([main]), new Set(others.slice(0, 1))), [], 'one was not');
});

t.test('a command is stopped before it begins', async (t) => {
  const dir = t.testdir();
  const command = await TracedCommand.start(['touch', `${dir}/x`], 2);
  await sleep(200);
  t.notOk(existsSync(`${dir}/x`));
  t.equal(statOf(command.tid)?.state, 'T');
  command.proceed();
  t.strictSame(await command.ended, { status: 0, signal: null });
  t.ok(existsSync(`${dir}/x`));
  t.strictSame(await command.end(), { status: 0, signal: null }, 'again');
  const never = await TracedCommand.start(['touch', `${dir}/y`], 2);
  t.strictSame(await never.end(), { status: null, signal: 'SIGTERM' }, 'it need not have begun');
  t.notOk(existsSync(`${dir}/y`));
});

t.test('where tracefs is mounted', async (t) => {
  t.strictSame(
    tracefsMounts(
      'proc /proc proc rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n' +
        'nodev /a\\040b\\011c tracefs rw 0 0\ntracefs /none tmpfs rw 0 0\n\n',
    ),
    ['/sys/kernel/tracing', '/a b\tc'],
  );
});

t.test("what a CPU's buffer has counted", async (t) => {
  const stats = parseRingStats(
    'entries: 12\noverrun: 7\ncommit overrun: 3\nbytes: 4\noldest event ts:  1.5\n' +
      'now ts:  2.5\ndropped events: 2\nread events: 4711\n',
  );
  t.strictSame(stats, { overrun: 7, commitOverrun: 3, dropped: 2, read: 4711 });
  t.equal(lostOf(stats), 12);
  t.equal(lostOf(parseRingStats('garbage')), 0);
});
