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

t.test('as many pages as come, of any length, from memory that is used again', async (t) => {
  const dir = t.testdir();
  const file = new RawFile(`${dir}/trace.dat`, HEAD, [0, 1]);
  const memory = new Uint8Array(4096);
  const want = [0, 1].map((cpu) => {
    const pages = Buffer.alloc((cpu === 0 ? 64 : 101) * 4096);
    for (let at = 0, i = 1; at < pages.length; at += 4096, i++) {
      const page = memory.subarray(0, (i * 613 + cpu) % 4097);
      page.fill(i + cpu);
      file.page(cpu, page);
      pages.fill(i + cpu, at, at + page.length);
      memory.fill(0xff);
    }
    return pages;
  });
  await file.finish({ names: '', stats: ['', ''] });
  file.close();
  const bytes = Buffer.concat(want);
  t.ok(readFileSync(`${dir}/trace.dat`).subarray(-bytes.length).equals(bytes));
});
