import fc from 'fast-check';
import t from 'tap';
import { fieldsOf, nameReader } from '../../src/complexity/names.js';

/** Reads text as Latin-1 bytes, cut after each `size` of them. */
function read(text: string, size = 65536) {
  const reader = nameReader();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size));
  const { names, garbage, firstGarbage } = reader.end();
  return { names: [...names], garbage, firstGarbage };
}

t.test('lines that are no names', (t) => {
  for (const line of [
    'vfs read',
    'vfs_read()',
    'vfs_read,12',
    ' 0)   node-295    |   vfs_read() {',
    'vfs-read',
    'vfs_\0read',
    'vfs_r\u00e9ad',
    '"vfs_read"',
    '# a comment',
    'kvm_vcpu_ioctl [kvm',
    'x'.repeat(65537),
  ]) {
    t.strictSame(
      read(`ksys_read\n${line}\n${line}\nvfs_read\n`),
      { names: ['ksys_read', 'vfs_read'], garbage: 2, firstGarbage: 2 },
      JSON.stringify(line.slice(0, 40)),
    );
  }
  t.end();
});

t.test('CSV lines without a name in the first field', (t) => {
  for (const line of ['"vfs_read,12', '"vfs_read"x,12', ',12', '"vfs ""read""",12', '"",12']) {
    t.strictSame(
      read(`function,calls\n${line}\nvfs_read,3\n`),
      { names: ['vfs_read'], garbage: 1, firstGarbage: 2 },
      line,
    );
  }
  t.end();
});

t.test('a plain list', (t) => {
  const two = { names: ['vfs_read', 'finish_task_switch.isra.0'], garbage: 0, firstGarbage: 0 };
  t.strictSame(read('vfs_read\nfinish_task_switch.isra.0\n'), two);
  t.strictSame(read('vfs_read\nfinish_task_switch.isra.0'), two, 'no newline at the end');
  t.strictSame(read('vfs_read\r\nfinish_task_switch.isra.0\r\n'), two, 'CRLF');
  t.strictSame(read('\n vfs_read\t\n\n\r\nvfs_read\nfinish_task_switch.isra.0\n\r'), two, 'blanks');
  t.strictSame(
    read('\u00ef\u00bb\u00bfvfs_read\nfinish_task_switch.isra.0\n'),
    two,
    'byte order mark',
  );
  t.strictSame(read('').names, []);
  t.strictSame(read('kvm_vcpu_ioctl [kvm]\nvhost_poll_start\t[vhost]\n').names, [
    'kvm_vcpu_ioctl',
    'vhost_poll_start',
  ]);
  t.strictSame(read('x'.repeat(65536)).names[0].length, 65536, 'the longest line');
  t.end();
});

t.test('CSV of uniq-funcs', (t) => {
  const text = [
    'function,calls,tids,path',
    'ksys_read,12,4711 4712,x64_sys_call;__x64_sys_read;ksys_read',
    '"vfs_read",12,"4711","a,b ""c"""',
    'rw_verify_area',
    '',
  ];
  const three = {
    names: ['ksys_read', 'vfs_read', 'rw_verify_area'],
    garbage: 0,
    firstGarbage: 0,
  };
  t.strictSame(read(text.join('\n')), three);
  t.strictSame(read(text.join('\r\n')), three);
  t.strictSame(read(`\u00ef\u00bb\u00bf"function"${text.join('\n').slice(8)}`), three);
  t.strictSame(read('function\nvfs_read\n').names, ['vfs_read'], 'a header of one column');
  t.strictSame(read('functions\nvfs_read\n').names, ['functions', 'vfs_read'], 'no header');
  t.end();
});

t.test('the fields of a CSV line', (t) => {
  t.strictSame(fieldsOf('vfs_read'), ['vfs_read']);
  t.strictSame(fieldsOf('vfs_read,1'), ['vfs_read', '1']);
  t.strictSame(fieldsOf(''), ['']);
  t.strictSame(fieldsOf('a,,b,'), ['a', '', 'b', '']);
  t.strictSame(fieldsOf('"a,b",1'), ['a,b', '1']);
  t.strictSame(fieldsOf('a,"b,c"'), ['a', 'b,c']);
  t.strictSame(fieldsOf('"a ""b"" c",1'), ['a "b" c', '1']);
  t.strictSame(fieldsOf('""'), ['']);
  t.strictSame(fieldsOf('a"b,c'), ['a"b', 'c'], 'a quote within a field');
  t.equal(fieldsOf('"""'), undefined);
  t.equal(fieldsOf('"a"b'), undefined);
  t.equal(fieldsOf('a,"b'), undefined);
  const fields = fc.array(fc.string({ unit: fc.constantFrom('a', ',', '"', ' ') }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(fields, (fields) => {
      const quoted = fields.map((field) => `"${field.replaceAll('"', '""')}"`);
      t.strictSame(fieldsOf(quoted.join(',')), fields);
    }),
  );
  t.end();
});

t.test('callers of CSV with call paths', (t) => {
  const callersOf = (...lines: string[]) => {
    const reader = nameReader();
    reader.take(Buffer.from(lines.join('\n')));
    return Object.fromEntries(reader.end().callers);
  };
  t.strictSame(
    callersOf(
      'function,calls,tids,path',
      'ksys_read,12,4711 4712,x64_sys_call;__x64_sys_read;ksys_read',
      'x64_sys_call,1,4711,x64_sys_call',
      'vfs_read,1,4711,"ksys_read;vfs_read"',
      'fput,1,4711',
      'fget,1,4711,...;fget',
      'bad,"1,4711,a;bad',
    ),
    { ksys_read: '__x64_sys_read', vfs_read: 'ksys_read', fget: '...' },
  );
  t.strictSame(callersOf('function,path', 'b,a;b', 'b,c;b'), { b: 'c' }, 'the last of several');
  t.strictSame(callersOf('function,calls', 'b,a;b'), {}, 'no column of paths');
  t.strictSame(callersOf('a;b', 'b'), {}, 'no CSV');
  t.end();
});

t.test('the input may be cut anywhere', (t) => {
  const line = fc.oneof(
    fc.constantFrom('vfs_read', 'ksys_read', '', '\r', 'a b', 'x\0', 'function,calls', 'kvm [kvm]'),
    fc.constantFrom('y'.repeat(65535), 'y'.repeat(65536), 'y'.repeat(65537), 'y'.repeat(140000)),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 6 }),
      fc.boolean(),
      fc.constantFrom(1, 2, 3, 7, 4096, 65535, 65536, 65537),
      (lines, ended, size) => {
        const text = lines.join('\n') + (ended ? '\n' : '');
        t.strictSame(read(text, size), read(text, 1 << 20));
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});
