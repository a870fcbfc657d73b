import t from 'tap';
import { parseComplexity, parseList, parseRecord, parseStripping } from '../../src/results/run.js';
import { lacking, readTable } from '../../src/results/table.js';

const LEAST = {
  valid: true,
  kernel: { release: '6.1.0-56-amd64' },
  runtime: { name: 'runc' },
  application: { name: 'node-express' },
};

const record = (changes: Record<string, unknown> = {}) =>
  parseRecord(JSON.stringify({ ...LEAST, ...changes }));

t.test('the least that run.json can tell', (t) => {
  t.match(record(), {
    kernel: { release: '6.1.0-56-amd64', architecture: undefined },
    runtime: { name: 'runc', version: undefined },
    application: { name: 'node-express' },
    load: { requests: undefined, seconds: undefined },
    startup: false,
    command: [],
    lost: undefined,
  });
  t.equal(
    record({ application: { name: null }, image: { name: 'redis:7' } }).application.name,
    'redis:7',
    'an image without an application',
  );
  t.end();
});

t.test('all that matters in it', (t) => {
  const { load, command, lost, startup } = record({
    load: { requests: 300, rate: 10, concurrency: 2, seconds: 30.5, failed: 0 },
    command: { arguments: ['ftrace-capture', '--once'] },
    capture: { lost: 7 },
    startup: true,
  });
  t.same(load, { requests: 300, rate: 10, concurrency: 2, seconds: 30.5 });
  t.same(command, ['ftrace-capture', '--once']);
  t.equal(lost, 7);
  t.equal(startup, true);
  t.same(
    record({ load: null, command: null, capture: 'x' }).load.requests,
    undefined,
    'what is null is not told',
  );
  t.equal(record({ load: { requests: -1 } }).load.requests, undefined);
  t.equal(record({ load: { requests: '300' } }).load.requests, undefined);
  t.end();
});

t.test('run.json that is none, or of a run that is not valid', (t) => {
  const bad = (text: string, reason: string) =>
    t.throws(() => parseRecord(text), { message: reason }, reason);
  bad('', 'run.json: not JSON');
  bad('{', 'run.json: not JSON');
  bad('[]', 'run.json: not a JSON object');
  bad('null', 'run.json: not a JSON object');
  bad('7', 'run.json: not a JSON object');
  bad('{}', "run.json: no 'valid' in it");
  bad('{"valid": "yes"}', "run.json: no 'valid' in it");
  bad('{"valid": false}', 'not valid');
  bad('{"valid": false, "reasons": "x"}', 'not valid');
  bad(
    '{"valid": false, "reasons": ["request 17: no answer", 8, "\\u001b[31m died\\n"]}',
    'not valid: request 17: no answer; ?[31m died?',
  );
  const without = (field: string, value: unknown) => JSON.stringify({ ...LEAST, [field]: value });
  bad(without('kernel', null), 'run.json: no kernel.release in it');
  bad(without('kernel', { release: '6.1\n,=1' }), 'run.json: no kernel.release in it');
  bad(without('runtime', {}), 'run.json: no runtime.name in it');
  bad(without('runtime', { name: '' }), 'run.json: no runtime.name in it');
  bad(without('application', []), 'run.json: no application.name in it');
  t.end();
});

t.test('strip.json', (t) => {
  const strip = {
    method: 'regions',
    policy: { softirq: 'drop', unknown: 'keep', tids: [1, 'x', 2] },
    lines: { in: 70 },
    loss: { marks: 3, events: 0 },
  };
  t.same(parseStripping(JSON.stringify(strip)), {
    method: 'regions',
    softirq: 'drop',
    unknown: 'keep',
    tids: [1, 2],
    lines: 70,
    lost: 3,
  });
  t.equal(parseStripping(JSON.stringify({ ...strip, loss: { marks: 1, events: 9 } })).lost, 9);
  for (const field of ['method', 'policy', 'lines']) {
    t.throws(() => parseStripping(JSON.stringify({ ...strip, [field]: undefined })), {
      message: 'strip.json: not what uniq-funcs --explain writes',
    });
  }
  t.throws(() => parseStripping('x'), { message: 'strip.json: not JSON' });
  t.end();
});

t.test('lists', (t) => {
  t.same(parseList('', 'trace.list'), []);
  t.same(parseList('b\na.part.0\nb\n', 'trace.list'), ['a.part.0', 'b']);
  t.same(parseList('a\nb', 'trace.list'), ['a', 'b']);
  for (const [text, line] of [
    ['a\n\nb\n', 2],
    ['\0\n', 1],
    ['a\nb c\n', 2],
    ['<script>\n', 1],
  ] as const) {
    t.throws(() => parseList(text, 'trace.list'), { message: `trace.list:${line}: not a name` });
  }
  t.end();
});

t.test('complexity.csv', (t) => {
  const header = 'n,min,max,sum,mean,stddev,unknown,sum_low,sum_high\n';
  const parse = (text: string) => parseComplexity(readTable(text));
  t.same(parse(`${header}3,0,2,4,1.333333,0.942809,1,3,5\n`), {
    n: 3,
    sum: 4,
    max: 2,
    unknown: 1,
    sumLow: 3,
    sumHigh: 5,
  });
  t.equal(parse(`${header}0,,,0,,,5,0,0\n`).max, 0, 'no name has a score');
  t.throws(() => parse(header), { message: 'complexity.csv: not one row under a header' });
  t.throws(() => parse(`${header}0,,,,,,5,0,0\n`), { message: 'complexity.csv: sum: no number' });
  t.throws(() => parse('a,b\n1,2\n'), { message: 'complexity.csv: n: no number' });
  t.end();
});

t.test('tables', (t) => {
  t.same(readTable(''), []);
  t.same(readTable('a,b\n'), []);
  const plain = (text: string) => readTable(text).map((row) => ({ ...row }));
  t.same(plain('\ufeffa,b\r\n1,"x, ""y"""\r\n\r\n'), [{ a: '1', b: 'x, "y"' }]);
  t.throws(() => readTable('a,b\n1,2\n3\n'), {
    message: "line 3: 1 fields instead of the header's 2",
  });
  t.throws(() => readTable('a,b\n1,"2\n'), { message: 'line 2: a quote is not closed' });
  t.equal(Object.hasOwn(readTable('__proto__\nx\n')[0], '__proto__'), true, 'a name is a name');
  t.equal(lacking(readTable('a,b\n1,2\n'), ['b', 'c']), 'c');
  t.equal(lacking(readTable('a,b\n1,2\n'), ['b']), undefined);
  t.equal(lacking([], ['b']), undefined);
  t.end();
});
