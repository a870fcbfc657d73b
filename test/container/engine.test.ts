import { chmodSync } from 'node:fs';
import t from 'tap';
import { Engine } from '../../src/container/engine.js';

t.test('an engine that does not answer in time', async (t) => {
  const bin = t.testdir({ docker: '#!/bin/sh\nexec sleep 60\n' });
  chmodSync(`${bin}/docker`, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${bin}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  const started = performance.now();
  await t.rejects(new Engine('docker', 0.2).start('c'), {
    message: 'docker start: no answer within 0.2 s',
    exitCode: 69,
  });
  t.ok(performance.now() - started < 30_000, 'and it is ended');
});
