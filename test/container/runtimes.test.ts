import t from 'tap';
import { listRuntimes, RUNTIMES, runtimeOf, stanza } from '../../src/container/runtimes.js';

t.test('the table', (t) => {
  const names = RUNTIMES.map(({ name }) => name);
  t.strictSame(names, ['runc', 'crun', 'runsc', 'runsck', 'runscs', 'runnc', 'kata', 'katafc']);
  t.equal(runtimeOf('runnc').variant, 'nabla');
  for (const name of names.filter((name) => name !== 'runnc')) {
    t.equal(runtimeOf(name).variant, 'legacy');
  }
  t.match(runtimeOf('mine'), { name: 'mine', needs: [], variant: 'legacy' });
  const json = JSON.parse(`{${RUNTIMES.slice(1).map(stanza).join(',')}}`);
  t.strictSame(json.runsck, { path: '/usr/bin/runsc', runtimeArgs: ['--platform=kvm'] });
  t.strictSame(json.kata, { runtimeType: 'io.containerd.kata.v2' });
  t.end();
});

t.test('what is registered and what is missing', (t) => {
  const registered = new Map([
    ['runc', { path: 'runc' }],
    ['runsck', { path: '/usr/bin/runsc' }],
    ['mine', { runtimeType: 'io.containerd.mine.v1' }],
  ]);
  const there = new Set(['runc', '/usr/bin/runsc', '/usr/bin/crun', 'containerd-shim-mine-v1']);
  const list = listRuntimes(registered, (path) => there.has(path));
  const find = (name: string) => list.find(({ runtime }) => runtime.name === name);
  t.strictSame(
    list.map(({ runtime }) => runtime.name),
    ['crun', 'kata', 'katafc', 'mine', 'runc', 'runnc', 'runsc', 'runsck', 'runscs'],
  );
  t.match(find('runc'), { registered: true, missing: undefined });
  t.match(find('mine'), { registered: true, missing: undefined });
  t.match(find('runsck'), { registered: true, missing: '/dev/kvm is missing' });
  t.match(find('crun'), { registered: false, missing: undefined });
  t.match(find('kata'), { registered: false, missing: 'containerd-shim-kata-v2 is missing' });
  t.match(find('runnc'), { registered: false, missing: '/usr/local/bin/runnc is missing' });
  t.end();
});
