import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { type Changes, JournalFile, journalDirectory } from '../../src/tracefs/journal.js';
import { bootId, statOf } from '../../src/tracefs/process.js';

const STATE = 'ftrace-capture.json';
const LEFT: Changes = { files: [['/a', '1']], instance: '/i', moved: [] };

/** A process that lives until the test ends. */
function sleeper(t: Pick<typeof import('tap').default, 'teardown'>): number {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill());
  return child.pid as number;
}

const journalOf = (pid: number, changes = {}) =>
  JSON.stringify({ pid, start: statOf(pid)?.start ?? 1, boot: bootId(), ...LEFT, ...changes });

t.test('taken and given back', async (t) => {
  const dir = t.testdir();
  const journal = new JournalFile(dir);
  t.strictSame(await journal.acquire(), { files: [], moved: [] });
  t.equal(JSON.parse(readFileSync(`${dir}/${STATE}`, 'utf8')).pid, process.pid);
  journal.record(LEFT);
  t.strictSame(JSON.parse(readFileSync(`${dir}/${STATE}`, 'utf8')).files, LEFT.files);
  t.strictSame(readdirSync(dir), [STATE], 'nothing is left beside it');
  journal.release();
  t.notOk(existsSync(`${dir}/${STATE}`));
});

t.test('refused while its owner lives', async (t) => {
  const pid = sleeper(t);
  const dir = t.testdir({ [STATE]: journalOf(pid) });
  await t.rejects(new JournalFile(dir).acquire(), {
    message: `another capture is running: ftrace-capture with pid ${pid}`,
    exitCode: 1,
  });
  t.equal(readFileSync(`${dir}/${STATE}`, 'utf8'), journalOf(pid), 'untouched');
});

t.test('taken over from an owner that is dead, with what is to be put back', async (t) => {
  const pid = sleeper(t);
  for (const [what, text] of [
    ['no such process', journalOf(2 ** 22 + 1)],
    ['a later process of the same number', journalOf(pid, { start: 1 })],
  ]) {
    const dir = t.testdir({ [STATE]: text });
    const left = await new JournalFile(dir).acquire();
    t.match(left, { files: LEFT.files, instance: '/i' }, what);
    const now = JSON.parse(readFileSync(`${dir}/${STATE}`, 'utf8'));
    t.equal(now.pid, process.pid);
    t.strictSame(now.files, LEFT.files, 'not forgotten before it has been done');
  }
  const dir = t.testdir({ [STATE]: journalOf(pid, { boot: 'another' }) });
  t.strictSame(
    await new JournalFile(dir).acquire(),
    { files: [], moved: [] },
    'settings went with their boot',
  );
});

t.test('what was being written when its owner was killed is removed', async (t) => {
  const dead = 2 ** 22 + 1;
  const living = sleeper(t);
  const dir = t.testdir({
    [`${STATE}.${dead}`]: '{"pid":',
    [`.${dead}`]: '',
    [`${STATE}.${living}`]: '',
    'other.1': '',
  });
  await new JournalFile(dir).acquire();
  t.strictSame(readdirSync(dir).sort(), [STATE, `${STATE}.${living}`, 'other.1']);
});

t.test('of two that take it over one gets it', async (t) => {
  const dir = t.testdir({ [STATE]: journalOf(2 ** 22 + 1) });
  const taking = new JournalFile(dir).acquire();
  // The other one comes between the taking and the look whether it has been taken.
  const pid = sleeper(t);
  writeFileSync(`${dir}/${STATE}`, journalOf(pid));
  await t.rejects(taking, { message: /another capture is running/ });
});

t.test('a file that is no journal', async (t) => {
  for (const text of ['', 'garbage', '[]', '{"pid":1}', 'null']) {
    const dir = t.testdir({ [STATE]: text });
    await t.rejects(new JournalFile(dir).acquire(), { message: /no journal .* remove it by hand/ });
  }
});

t.test('where it is kept', async (t) => {
  const dir = t.testdir({ file: '' });
  t.equal(journalDirectory(`${dir}/a/b`), `${dir}/a/b`);
  t.strictSame(readdirSync(`${dir}/a/b`), []);
  t.throws(() => journalDirectory(`${dir}/file/a`), { code: 'ENOTDIR' });
});
