import t from 'tap';
import { callsByRole, parseRoles } from '../../src/functions/roles.js';

t.test('a table of roles', (t) => {
  const { roles, bad } = parseRoles(
    'tid,pid,role,comm\n7,7,vmm,qemu\n8,7,vcpu,"a,b"\r\n9,,forked,\n\n',
  );
  t.strictSame(
    [...roles],
    [
      [7, 'vmm'],
      [8, 'vcpu'],
      [9, 'forked'],
    ],
  );
  t.equal(bad, undefined);
  t.strictSame([...parseRoles('tid,role,comm\n7,vmm,x').roles], [[7, 'vmm']], 'columns elsewhere');
  t.strictSame(parseRoles('tid,role\n7,vmm\nx,vmm\n8\n').bad, { line: 3, text: 'x,vmm' });
  t.strictSame([...parseRoles('tid,role\n7,\n8,"a"\n12345678901,x').roles], []);
  for (const none of ['', 'tid,pid', 'role\n', '7,vmm']) {
    t.throws(() => parseRoles(none), { name: 'RangeError', message: /no columns tid and role/ });
  }
  t.end();
});

t.test('calls by role', (t) => {
  const detail = (name: string, calls: number, by: [number, number][]) => ({
    ...{ name, calls, callsOf: new Map(by), tids: by.map(([tid]) => tid), path: [name] },
  });
  const roles = new Map([
    [7, 'vmm'],
    [8, 'vcpu'],
    [9, 'vmm'],
  ]);
  const functions = [
    detail('fput', 12, [
      [7, 3],
      [8, 4],
      [9, 5],
    ]),
    detail('fget', 6, [
      [7, 1],
      [1, 2],
    ]),
    detail('dput', 2, []),
  ];
  t.strictSame(callsByRole(functions, roles), [
    { name: 'dput', role: '?', calls: 2 },
    { name: 'fget', role: '?', calls: 5 },
    { name: 'fget', role: 'vmm', calls: 1 },
    { name: 'fput', role: 'vcpu', calls: 4 },
    { name: 'fput', role: 'vmm', calls: 8 },
  ]);
  t.end();
});
