import t from 'tap';
import { run } from '../../src/image/run.js';

const { signal } = new AbortController();
const shell = (line: string) => run('what', 'sh', ['-c', line], { signal });

t.test('a command that succeeds', async (t) => {
  t.equal(await shell('echo out; echo err >&2'), 'out\n');
  t.match(await run('env', 'env', [], { signal, env: { A: 'b' } }), /^A=b$/m);
});

t.test('why a command failed', async (t) => {
  const says = (stderr: string) => `printf '%s' '${stderr}' >&2; exit 1`;
  for (const [line, reason] of [
    [says('first\nlast\n'), 'last'],
    ['exit 3', 'it failed without a word'],
    [
      says('W: old lists\nE: Unable to locate package x\nE: more\n'),
      'E: Unable to locate package x',
    ],
    [
      says('npm error code E404\nnpm error 404 Not Found\nnpm error a log\n'),
      'npm error 404 Not Found',
    ],
    [
      says('tar: -: Wrote only 2048 of 10240 bytes\ntar: Error is not recoverable\n'),
      'no space left on device',
    ],
    [
      says('E: not signed\nWrite error - write (28: No space left on device)\n'),
      'no space left on device',
    ],
    ['kill -9 $$', 'sh ended by SIGKILL'],
  ]) {
    await t.rejects(shell(line), { message: `what: ${reason}`, exitCode: 69 }, reason);
  }
  await t.rejects(run('what', 'no-such-command', [], { signal }), {
    message: 'what: no-such-command cannot be run: it is not installed',
    exitCode: 69,
  });
});

t.test('a command is ended by its signal', async (t) => {
  const abort = new AbortController();
  const ended = run('what', 'sleep', ['60'], { signal: abort.signal });
  abort.abort();
  await t.rejects(ended, { message: /abort/, exitCode: 69 });
});
