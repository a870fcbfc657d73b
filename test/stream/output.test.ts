import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { Output } from '../../src/stream/output.js';

t.test('all that is put in comes out, in its order', async (t) => {
  const path = `${t.testdir()}/out`;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 })), async (chunks) => {
      const fd = openSync(path, 'w');
      const output = new Output(fd, () => t.fail('no end'));
      for (const chunk of chunks) output.put(chunk);
      await output.drained();
      t.equal(output.pending, 0);
      closeSync(fd);
      t.ok(readFileSync(path).equals(Buffer.concat(chunks)));
    }),
    { numRuns: 50 },
  );
});

t.test('a failure is told once, and nothing waits for it', async (t) => {
  const fd = openSync('/dev/full', 'w');
  let ends = 0;
  const output = new Output(fd, () => {
    ends++;
  });
  output.put(new Uint8Array(10));
  output.put(new Uint8Array(10));
  await output.drained();
  t.match(output.error, { code: 'ENOSPC', place: 'stdout' });
  output.put(new Uint8Array(10));
  t.equal(output.pending, 0);
  await output.drained();
  t.equal(ends, 1);
  closeSync(fd);
});

t.test('a watch on what is no pipe is none', async (t) => {
  const fd = openSync(`${t.testdir()}/out`, 'w');
  const output = new Output(fd, () => t.fail('no end'));
  output.watch();
  output.close();
  closeSync(fd);
  t.equal(output.error, undefined);
});

t.test('tail(1) ends when nobody reads its output', async (t) => {
  const line = '{ tail --pid=$$ --follow /dev/null; echo $? >&2; } | true';
  t.match(spawnSync('bash', ['-c', line], { encoding: 'utf8', timeout: 20_000 }).stderr, /^141\n/);
});
