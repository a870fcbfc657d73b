import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import t, { type Test } from 'tap';
import { JournalFile } from '../../src/tracefs/journal.js';
import { claimPlace } from '../../src/tracefs/place.js';
import { Settings } from '../../src/tracefs/settings.js';
import { contentsOf, fakeTracefs } from '../helpers/fake-tracefs.js';
import { filesOf, SHAPES } from '../helpers/ring-pages.js';

async function machine(t: Test) {
  const dir = t.testdir({ state: {} });
  const root = fakeTracefs(`${dir}/tracefs`, filesOf(SHAPES[0]), [{}, {}], {
    buffer_size_kb: '7 (expanded: 1408)\n',
    set_ftrace_filter: 'vfs_read\n',
  });
  // The kernel fills a new instance with files; here it has none, as if no tracer could run in it.
  mkdirSync(`${root}/instances`);
  const journal = new JournalFile(`${dir}/state`);
  await journal.acquire();
  return { root, settings: new Settings(journal), before: contentsOf(root) };
}

const shown = (root: string, file: string) => readFileSync(`${root}/${file}`, 'utf8');

t.test('all is set, and made ready, before the tracer is started', async (t) => {
  const { root, settings } = await machine(t);
  const made: string[] = [];
  const place = claimPlace(root, settings, 'function_graph', [218, 255], {
    make(directory) {
      made.push(directory);
      t.equal(shown(root, 'current_tracer'), 'nop\n');
      t.equal(shown(root, 'tracing_on'), '0\n');
      t.equal(shown(root, 'set_ftrace_pid'), '218 255\n');
      t.equal(shown(root, 'set_ftrace_filter'), '', 'that of others is put aside');
      t.equal(shown(root, 'buffer_size_kb'), '1408\n', 'as large as they will be');
    },
    undo: () => t.fail('the tracer was started'),
  });
  t.strictSame(made, [root]);
  t.strictSame(place, { directory: root, isInstance: false });
  t.equal(shown(root, 'current_tracer'), 'function_graph\n');
  t.strictSame(readdirSync(`${root}/instances`), []);
  t.strictSame(settings.restore(), []);
  t.equal(shown(root, 'current_tracer'), 'nop\n');
  t.equal(shown(root, 'set_ftrace_filter'), 'vfs_read\n');
});

t.test('where the kernel refuses the tracer, nothing is left of what was made ready', async (t) => {
  const { root, settings, before } = await machine(t);
  const done: string[] = [];
  const readiness = {
    make() {
      done.push('make');
      // What is not there cannot be written to.
      rmSync(`${root}/current_tracer`);
    },
    undo: () => done.push('undo'),
  };
  t.throws(
    () => claimPlace(root, settings, 'function', [218], readiness),
    /current_tracer: this kernel does not have it/,
  );
  t.strictSame(done, ['make', 'undo']);
  t.strictSame(settings.restore(), []);
  const { current_tracer: _, ...others } = before;
  t.strictSame(contentsOf(root), { ...others, buffer_size_kb: '1408\n' });
});
