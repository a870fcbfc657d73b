import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { RawFile } from '../../src/tracefs/raw-file.js';

const HEAD = {
  headerPage: 'page',
  headerEvent: 'event',
  ftraceEvents: [],
  systems: [],
  kallsyms: new Uint8Array(),
  clock: '[local]',
  uname: 'Linux',
  longSize: 8,
  pageSize: 4096,
} as const;

t.test('nothing is to be seen before it is whole', async (t) => {
  const dir = t.testdir();
  const file = new RawFile(`${dir}/trace.dat`, HEAD, [0, 2]);
  file.page(0, new Uint8Array(100).fill(1));
  file.page(2, new Uint8Array(4096).fill(2));
  t.strictSame(readdirSync(dir), [], 'a kill would leave nothing');
  await file.finish({ names: '', stats: ['', ''] });
  file.close();
  t.strictSame(readdirSync(dir), ['trace.dat']);
  const pages = readFileSync(`${dir}/trace.dat`).subarray(-8192);
  t.ok(pages.subarray(0, 100).every((byte) => byte === 1));
  t.ok(
    pages.subarray(100, 4096).every((byte) => byte === 0),
    'pages keep their size',
  );
  t.ok(pages.subarray(4096).every((byte) => byte === 2));
});
