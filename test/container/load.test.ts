import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { clientOf, offerLoad, requireStored, type Target } from '../../src/container/load.js';

const never = new Promise<never>(() => {});

async function listen(t: Test, server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function httpTarget(t: Test, listener: RequestListener): Promise<Target> {
  const port = await listen(t, createHttpServer(listener));
  return { protocol: 'http', host: '127.0.0.1', port, path: '/hello' };
}

/** A server that sends `reply` to whatever comes, and keeps what came. */
async function redisTarget(t: Test, reply: string, came: string[] = []): Promise<Target> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      came.push(data.toString());
      socket.write(reply);
    });
  });
  return { protocol: 'redis', host: '127.0.0.1', port: await listen(t, server), path: '/' };
}

t.test('HTTP: the answer, each over a connection of its own', async (t) => {
  let connections = 0;
  const server = createHttpServer((request, response) => response.end(`${request.url} `.repeat(3)));
  server.on('connection', () => connections++);
  const port = await listen(t, server);
  const client = clientOf({ protocol: 'http', host: '127.0.0.1', port, path: '/hello' }, 5);
  t.equal(await client.ask('1'), '/hello /hello /hello ');
  await client.ask('2');
  t.equal(connections, 2);
  await client.close();
});

t.test('HTTP: what can go wrong', async (t) => {
  const ask = async (listener: RequestListener, seconds = 5) => {
    const client = clientOf(await httpTarget(t, listener), seconds);
    t.teardown(() => client.close());
    return client.ask('');
  };
  await t.rejects(
    ask((_, response) => response.writeHead(500).end('Nabla!')),
    { message: 'answered with status 500' },
  );
  await t.rejects(
    ask(() => {}, 0.2),
    { message: 'no answer within 0.2 s' },
  );
  const half: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
  };
  await t.rejects(ask(half, 0.2), { message: 'no answer within 0.2 s' });
  const cut: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setTimeout(() => response.destroy(), 20);
  };
  await t.rejects(ask(cut), { message: /closed before the answer/ });
  await t.rejects(
    ask((request) => request.socket.destroy()),
    { message: /closed before the answer|connection reset/ },
  );
  await t.rejects(
    ask((_, response) => response.end('x'.repeat(3 << 20))),
    { message: 'the answer is longer than 1 MiB' },
    'an answer without end',
  );
  const free = await listen(t, createServer());
  const client = clientOf({ protocol: 'http', host: '127.0.0.2', port: free, path: '/' }, 1);
  await t.rejects(client.ask(''), { message: 'connection refused' });
  await client.close();
});

t.test('redis: nothing is sent but SET', async (t) => {
  const came: string[] = [];
  const target = await redisTarget(t, '+OK\r\n', came);
  const client = clientOf(target, 5);
  t.equal(await client.ask('7'), 'OK');
  t.strictSame(came, ['*3\r\n$3\r\nset\r\n$4\r\nfoo7\r\n$4\r\nbar7\r\n']);
  await client.close();
});

t.test('redis: what can go wrong', async (t) => {
  const ask = async (reply: string) => clientOf(await redisTarget(t, reply), 0.3).ask('');
  await t.rejects(ask('-LOADING wait\r\n'), { message: 'LOADING wait' });
  await t.rejects(ask(''), { message: 'no answer within 0.3 s' });
  await t.rejects(ask('garbage\r\n'));
  const none: Target = { protocol: 'redis', host: '127.0.0.2', port: 1, path: '/' };
  await t.rejects(clientOf(none, 1).ask(''), { message: 'connection refused' });
  await t.rejects(requireStored(none, 1, 1), { message: 'connection refused' });
  const target = await redisTarget(t, '$4\r\nbar0\r\n');
  await requireStored(target, 1, 1);
  await t.rejects(requireStored(target, 2, 1), { message: "foo1 holds 'bar0' (4 bytes)" });
  await requireStored(none, 0, 1).then(
    () => t.fail('nobody is there'),
    () => t.pass(),
  );
});

t.test('a load: every answer is compared, at the rate', async (t) => {
  const labels: string[] = [];
  const starts: number[] = [];
  let counted = 0;
  const result = await offerLoad(
    async (label) => {
      labels.push(label);
      starts.push(performance.now());
      return 'yes';
    },
    { requests: 5, rate: 50, concurrency: 1 },
    { expected: 'yes', label: 'x', interrupted: never, onAnswer: () => counted++ },
  );
  t.strictSame(labels, ['x0', 'x1', 'x2', 'x3', 'x4']);
  t.equal(counted, 5);
  t.match(result, { requests: 5, rate: 50, concurrency: 1, answered: 5, failed: 0 });
  t.notOk('failure' in result);
  for (let i = 1; i < 5; i++) t.ok(starts[i] - starts[i - 1] > 15, 'a pause before each');
  t.ok(result.seconds >= 0.075);
  t.ok(Math.abs(result.requestsPerSecond - 5 / result.seconds) < 1);
});

t.test('a load: after a slow answer there is no burst', async (t) => {
  const starts: number[] = [];
  await offerLoad(
    async (label) => {
      starts.push(performance.now());
      if (label === '1') await sleep(150);
      return '';
    },
    { requests: 6, rate: 40, concurrency: 1 },
    { expected: '', interrupted: never },
  );
  for (let i = 3; i < 6; i++) t.ok(starts[i] - starts[i - 1] > 18, `request ${i}`);
});

t.test('a load: no more at a time than allowed', async (t) => {
  let open = 0;
  let most = 0;
  const result = await offerLoad(
    async () => {
      most = Math.max(most, ++open);
      await sleep(5);
      open--;
      return '';
    },
    { requests: 20, rate: 0, concurrency: 4 },
    { expected: '', interrupted: never },
  );
  t.equal(most, 4);
  t.equal(result.answered, 20);
  t.ok(result.latency.median >= 4 && result.latency.max >= result.latency.median);
});

t.test('a load: ends at the first failure, or by an interrupt', async (t) => {
  let asked = 0;
  const wrong = await offerLoad(
    async () => (++asked === 3 ? 'no\n' : 'yes'),
    { requests: 9, rate: 0, concurrency: 1 },
    { expected: 'yes', interrupted: never },
  );
  t.match(wrong, { answered: 2, failed: 1 });
  t.equal(wrong.failure, "request 3: answered 'no?' (3 bytes) instead of 'yes' (3 bytes)");
  t.equal(asked, 3);

  let after = 0;
  let interrupt: (reason: Error) => void = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  const load = offerLoad(
    async () => {
      after++;
      if (after === 2) interrupt(new Error('enough'));
      return '';
    },
    { requests: 1000, rate: 100, concurrency: 1 },
    { expected: '', interrupted },
  );
  await t.rejects(load, { message: 'enough' });
  await sleep(50);
  t.ok(after <= 3, 'no request after that');
});
