import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { type ImageSettings, imageConfig, writeArchive } from '../../src/image/archive.js';

const SETTINGS: ImageSettings = {
  architecture: 'amd64',
  port: 8080,
  command: ['/usr/bin/tool', '--all'],
  labels: { suite: 'trixie' },
  createdBy: 'a test',
};
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const member = (file: string, name: string) =>
  execFileSync('tar', ['-xOf', file, name], { maxBuffer: 1 << 26 });

/** An archive of a few files that were made in this order, at this time. */
async function archive(scratch: string, names: readonly string[], time: number) {
  mkdirSync(`${scratch}/stage/etc`, { recursive: true });
  for (const name of names) {
    const path = `${scratch}/stage/etc/${name}`;
    writeFileSync(path, name);
    chmodSync(path, 0o644);
    utimesSync(path, time, time);
  }
  chmodSync(`${scratch}/stage/etc`, 0o755);
  symlinkSync('etc', `${scratch}/stage/link`);
  const { signal } = new AbortController();
  const id = await writeArchive(scratch, `${scratch}/out.tar`, 'some/image', SETTINGS, signal);
  return { id, file: `${scratch}/out.tar` };
}

t.test('the configuration', (t) => {
  const { config, rootfs, created, ...rest } = JSON.parse(imageConfig('abc', SETTINGS));
  t.match(rest, { architecture: 'amd64', os: 'linux' });
  t.equal(created, '1970-01-01T00:00:00Z');
  t.strictSame(rootfs, { type: 'layers', diff_ids: ['sha256:abc'] });
  t.match(config, {
    User: '65534:65534',
    ExposedPorts: { '8080/tcp': {} },
    Cmd: SETTINGS.command,
    Labels: SETTINGS.labels,
  });
  t.end();
});

t.test('an archive holds what its manifest names, by their digests', async (t) => {
  const { id, file } = await archive(t.testdir(), ['a', 'b'], 1);
  const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
  t.strictSame(names, [`${id}.json`, 'layer.tar', 'manifest.json']);
  t.strictSame(JSON.parse(member(file, 'manifest.json').toString()), [
    { Config: `${id}.json`, RepoTags: ['some/image:latest'], Layers: ['layer.tar'] },
  ]);
  const config = member(file, `${id}.json`);
  t.equal(sha256(config), id);
  const layer = member(file, 'layer.tar');
  t.strictSame(JSON.parse(config.toString()).rootfs.diff_ids, [`sha256:${sha256(layer)}`]);
  const list = execFileSync('tar', ['-tv', '--utc', '--full-time'], {
    input: layer,
    encoding: 'utf8',
  });
  t.strictSame(
    list
      .trim()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ')),
    [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00:00 etc/a',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00:00 etc/b',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 link -> etc',
    ],
  );
});

t.test('the same files give the same bytes', async (t) => {
  const first = await archive(t.testdir({ x: {} }), ['a', 'b', 'c'], 1);
  const bytes = readFileSync(first.file);
  const again = await archive(`${t.testdir({ y: {} })}/y`, ['c', 'a', 'b'], 2_000_000);
  t.equal(again.id, first.id);
  t.ok(readFileSync(again.file).equals(bytes), 'another order, another time');
  const other = await archive(`${t.testdir({ z: {} })}/z`, ['a', 'b', 'd'], 1);
  t.not(other.id, first.id, 'another file is another image');
});

t.test('a file that cannot be written', async (t) => {
  const scratch = t.testdir({ stage: { a: '' } });
  const { signal } = new AbortController();
  await t.rejects(writeArchive(scratch, '/dev/full', 'some/image', SETTINGS, signal), {
    message: '/dev/full: no space left on device',
    exitCode: 69,
  });
});
