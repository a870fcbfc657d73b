import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { JournalFile } from '../../src/tracefs/journal.js';
import { type ProcessStat, statOf } from '../../src/tracefs/process.js';
import { Settings, textToRestore } from '../../src/tracefs/settings.js';
import { contentsOf, fakeTracefs } from '../helpers/fake-tracefs.js';
import { filesOf, SHAPES } from '../helpers/ring-pages.js';

const STATE = 'ftrace-capture.json';
const formats = filesOf(SHAPES[0]);

t.test('what files show, and what brings them back there', (t) => {
  for (const [file, shown, text] of [
    ['trace_clock', 'local [global] counter', 'global'],
    ['trace_clock', '[local] global', 'local'],
    ['buffer_size_kb', '1408', '1408'],
    ['buffer_size_kb', '7 (expanded: 1408)', '1408'],
    ['set_ftrace_pid', 'no pid', ''],
    ['set_ftrace_pid', '1\n22\n333', '1 22 333'],
    ['set_ftrace_filter', '#### all functions enabled ####', ''],
    ['set_ftrace_notrace', '#### no functions disabled ####', ''],
    ['set_ftrace_filter', 'vfs_read\nschedule:traceoff:unlimited', 'vfs_read'],
    ['set_ftrace_notrace', 'vfs_read\nfput [mod]', 'vfs_read fput'],
    ['current_tracer', 'nop', 'nop'],
    ['options/overwrite', '1', '1'],
  ]) {
    t.equal(textToRestore(`/sys/kernel/tracing/${file}`, shown), text, `${file}: ${shown}`);
  }
  t.end();
});

t.test('changes are undone, whatever they were', async (t) => {
  const dir = t.testdir({ state: {} });
  const root = fakeTracefs(`${dir}/tracefs`, formats, [{}, {}]);
  const before = contentsOf(root);
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const files = ['current_tracer', 'tracing_on', 'set_ftrace_pid', 'options/overwrite', 'nothing'];
  const changes = fc.array(
    fc.tuple(fc.constantFrom(...files), fc.constantFrom('0', '1', '7', 'nop', 'function')),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(changes, (list) => {
      const settings = new Settings(journal);
      for (const [file, text] of list) {
        const there = settings.setIfAny(`${root}/${file}`, text);
        t.equal(there, file !== 'nothing');
        if (there) t.equal(readFileSync(`${root}/${file}`, 'utf8').trim(), text);
      }
      t.strictSame(settings.restore(), []);
      t.strictSame(contentsOf(root), before);
    }),
    { numRuns: 40 },
  );
});

t.test('the last change is undone first', async (t) => {
  const dir = t.testdir({ state: {}, fs: { a: '1\n', b: '1\n' } });
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const settings = new Settings(journal);
  settings.set(`${dir}/fs/a`, '2');
  settings.set(`${dir}/fs/b`, '2');
  settings.set(`${dir}/fs/a`, '3');
  const { files } = JSON.parse(readFileSync(`${dir}/state/${STATE}`, 'utf8'));
  t.strictSame(files, [
    [`${dir}/fs/a`, '1'],
    [`${dir}/fs/b`, '1'],
  ]);
});

t.test('on disk before it is changed, for root alone to read', async (t) => {
  const dir = t.testdir({ state: {} });
  const root = fakeTracefs(`${dir}/tracefs`, formats, [{}]);
  const before = contentsOf(root);
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const settings = new Settings(journal);
  settings.save([`${root}/current_tracer`, `${root}/missing`]);
  const path = `${dir}/state/${STATE}`;
  t.strictSame(JSON.parse(readFileSync(path, 'utf8')).files, [[`${root}/current_tracer`, 'nop']]);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.strictSame(contentsOf(root), before, 'nothing is changed by that');
});

t.test('what cannot be put back stays in the journal', async (t) => {
  const dir = t.testdir({ state: {}, fs: { a: '1\n', b: '1\n' } });
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const settings = new Settings(journal);
  settings.set(`${dir}/fs/a`, '2');
  settings.set(`${dir}/fs/b`, '2');
  // A directory cannot be read or written, not even by root.
  rmSync(`${dir}/fs/a`);
  mkdirSync(`${dir}/fs/a`);
  const errors = settings.restore();
  t.equal(errors.length, 1);
  t.equal(readFileSync(`${dir}/fs/b`, 'utf8'), '1\n', 'the others are put back');
  const { files } = JSON.parse(readFileSync(`${dir}/state/${STATE}`, 'utf8'));
  t.strictSame(files, [[`${dir}/fs/a`, '1']]);
  rmSync(`${dir}/fs/a`, { recursive: true });
  writeFileSync(`${dir}/fs/a`, '2\n');
  t.strictSame(settings.restore(), [], 'the next time it works');
  t.equal(readFileSync(`${dir}/fs/a`, 'utf8'), '1\n');
});

t.test('a thread that ends while it is let go is no failure', async (t) => {
  const dir = t.testdir({
    state: {},
    // The thread's last moment is here; its starter has waited for it when /proc does not show it any more.
    taskset: `#!/bin/sh
      kill -9 "$4"
      while [ -e "/proc/$4" ]; do sleep 0.01; done
      echo "taskset: failed to get pid $4's affinity: No such process" >&2
      exit 1`,
  });
  chmodSync(`${dir}/taskset`, 0o755);
  const starter = spawn('sh', ['-c', 'sleep 60 & echo $!; wait; exec sleep 60']);
  const { PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
    starter.kill();
  });
  const [line] = await once(starter.stdout, 'data');
  const tid = Number(line);
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const settings = new Settings(journal);
  const { start } = statOf(tid) as ProcessStat;
  settings.willMove([{ tid, start, cpus: 'elsewhere' }]);
  process.env.PATH = `${dir}:${PATH}`;
  t.strictSame(settings.restore(), []);
  t.equal(statOf(tid), undefined);
});

t.test("an instance takes its settings with it, but for a tracer's options", async (t) => {
  const dir = t.testdir({
    state: {},
    i: { current_tracer: 'nop\n', tracing_on: '1\n', options: { 'funcgraph-irqs': '0\n' } },
  });
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  const settings = new Settings(journal);
  settings.willMake(`${dir}/i`);
  settings.set(`${dir}/i/current_tracer`, 'function');
  settings.set(`${dir}/i/options/funcgraph-irqs`, '1');
  const { files, instance } = JSON.parse(readFileSync(`${dir}/state/${STATE}`, 'utf8'));
  t.strictSame(files, [[`${dir}/i/options/funcgraph-irqs`, '0']]);
  t.equal(instance, `${dir}/i`);
  // An ordinary directory with files cannot be removed: the instance stays in the journal.
  t.equal(settings.restore().length, 1);
  t.equal(readFileSync(`${dir}/i/options/funcgraph-irqs`, 'utf8'), '0\n');
  t.equal(readFileSync(`${dir}/i/current_tracer`, 'utf8'), 'nop\n');
  t.equal(JSON.parse(readFileSync(`${dir}/state/${STATE}`, 'utf8')).instance, `${dir}/i`);
  t.ok(existsSync(`${dir}/i`));
});
