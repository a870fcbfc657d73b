import { readdirSync } from 'node:fs';
import t from 'tap';
import { appNames, isPort, readApp } from '../../src/container/apps.js';

const GOOD = {
  name: 'app',
  images: { legacy: 'a-legacy', nabla: 'a-nabla' },
  protocol: 'http',
  port: 5000,
  path: '/?size=3',
  answer: { text: 'x', times: 1000 },
  environment: { SIZE: '3' },
  load: { requests: 300, rate: 10 },
};

t.test('an application', (t) => {
  const folder = t.testdir({
    app: { 'app.json': JSON.stringify(GOOD) },
    other: { 'README.md': '' },
    'package.json': '{}',
  });
  t.strictSame(appNames(folder), ['app']);
  t.strictSame(appNames(`${folder}/none`), []);
  t.strictSame(readApp(folder, 'app'), {
    name: 'app',
    images: GOOD.images,
    protocol: 'http',
    port: 5000,
    path: '/?size=3',
    answer: 'x'.repeat(1000),
    environment: { SIZE: '3' },
    requests: 300,
    rate: 10,
  });
  t.end();
});

t.test('those of this package', (t) => {
  t.strictSame(appNames('apps'), ['node-express', 'python-tornado', 'redis-test']);
  for (const name of readdirSync('apps').filter((name) => appNames('apps').includes(name))) {
    const app = readApp('apps', name);
    t.equal(app.images.legacy, `kernel-surface/${name}-legacy`);
    t.equal(app.images.nabla, `kernel-surface/${name}-nabla`);
  }
  t.equal(readApp('apps', 'node-express').answer, 'Nabla!');
  t.end();
});

t.test('what is none', (t) => {
  const cases: [content: string, message: RegExp][] = [
    ['', /no JSON/],
    ['{"name": ', /no JSON/],
    ['[]', /not an object/],
    ['null', /not an object/],
    [JSON.stringify({ ...GOOD, images: { legacy: 'x' } }), /images: /],
    [JSON.stringify({ ...GOOD, protocol: 'ftp' }), /protocol: neither http nor redis/],
    [JSON.stringify({ ...GOOD, port: '80' }), /port: not a number from 1 to 65535/],
    [JSON.stringify({ ...GOOD, path: 'x' }), /path: /],
    [JSON.stringify({ ...GOOD, answer: 'x' }), /answer: /],
    [JSON.stringify({ ...GOOD, answer: { text: 'x', times: 0 } }), /answer: /],
    [JSON.stringify({ ...GOOD, environment: { A: 1 } }), /environment: /],
    [JSON.stringify({ ...GOOD, load: { requests: 0, rate: 1 } }), /load: /],
    [JSON.stringify({ ...GOOD, load: { requests: 1 } }), /load: /],
  ];
  for (const [i, [content, message]] of cases.entries()) {
    const folder = t.testdir({ [`a${i}`]: { 'app.json': content } });
    t.throws(() => readApp(folder, `a${i}`), { message, exitCode: 2 }, content);
    t.throws(() => readApp(folder, `a${i}`), { message: /app\.json: / });
  }
  for (const port of [0, 65536, 1.5, Number.NaN, '80', undefined]) t.notOk(isPort(port));
  t.ok(isPort(1) && isPort(65535));
  t.end();
});
