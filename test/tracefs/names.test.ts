import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Names } from '../../src/tracefs/names.js';
import { commOf } from '../../src/tracefs/process.js';

/** No thread has it: the kernel's highest is 4194304. */
const GONE = 4194305;
const LATER = 4194306;

t.test('threads that live have the names they have now, others those the kernel remembers', (t) => {
  const tracefs = mkdtempSync(join(tmpdir(), 'names-'));
  t.teardown(() => rmSync(tracefs, { recursive: true }));
  const names = new Names(tracefs);

  names.learn([process.pid, GONE]);
  t.equal(names.tasks.nameOf(process.pid), commOf(process.pid));
  t.equal(names.tasks.nameOf(GONE), '<...>', 'this kernel has no saved_cmdlines');
  t.equal(names.saved(), '');

  writeFileSync(`${tracefs}/saved_cmdlines`, `${GONE} sh\n${LATER} ls -l\n`);
  names.learn([]);
  t.equal(names.tasks.nameOf(GONE), '<...>', 'nothing has shown, and it was read just before');
  names.learn([LATER]);
  t.equal(names.tasks.nameOf(LATER), 'ls -l', 'at once for what has gone');
  t.equal(names.tasks.nameOf(GONE), 'sh');
  t.equal(names.tasks.nameOf(0), '<idle>');
  t.end();
});
