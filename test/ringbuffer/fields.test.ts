import fc from 'fast-check';
import t from 'tap';
import { renderFields } from '../../src/ringbuffer/fields.js';
import { parseEvent } from '../../src/ringbuffer/format.js';
import { formatText } from '../helpers/ring-pages.js';

const EVENT = parseEvent(
  formatText('odd_event', 400, [
    ['char', 'comm[8]', 8, 8],
    ['unsigned char', 'small', 16, 1],
    ['short', 'negative', 18, 2],
    ['int', 'number', 20, 4],
    ['unsigned long', 'pointer', 24, 8],
    ['__data_loc char[]', 'name', 32, 4],
    ['__rel_loc char[]', 'near', 36, 4],
    ['u8', 'raw[3]', 40, 3],
    ['__data_loc u8[]', 'bytes', 44, 4],
  ]),
);

function record(): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.write('ab\ncd\0zz', 8, 'latin1');
  bytes[16] = 200;
  bytes.writeInt16LE(-2, 18);
  bytes.writeInt32LE(-70_000, 20);
  bytes.writeBigUInt64LE(0xffffffff81000000n, 24);
  bytes.writeUInt32LE((6 << 16) | 48, 32);
  bytes.writeUInt32LE((4 << 16) | 16, 36);
  bytes.set([1, 2, 255], 40);
  bytes.writeUInt32LE((2 << 16) | 41, 44);
  bytes.write('eth0\0', 48);
  bytes.write('lo\0', 56);
  return bytes;
}

t.test('fields by their types', (t) => {
  t.equal(
    renderFields(EVENT, record()),
    'odd_event: comm=ab cd small=200 negative=-2 number=-70000 pointer=18446744071578845184 ' +
      'name=eth0 near=lo raw=0102ff bytes=02ff',
  );
  t.end();
});

t.test("text of the user's", (t) => {
  const print = parseEvent(
    formatText('print', 5, [
      ['unsigned long', 'ip', 8, 8],
      ['char', 'buf[]', 16, 0],
    ]),
  );
  const bytes = Buffer.alloc(28);
  bytes.write('hello\n\0', 16);
  t.equal(renderFields(print, bytes), 'hello');
  t.equal(renderFields(print, bytes.subarray(0, 16)), '', 'none at all');
  t.end();
});

t.test('any bytes', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = renderFields(EVENT, bytes);
      if (!text.startsWith('odd_event: comm=') || text.includes('\n')) throw new Error(text);
    }),
  );
  t.equal(
    renderFields(EVENT, record().subarray(0, 10)).split('?').length,
    10,
    'fields that are cut off',
  );
  t.end();
});
