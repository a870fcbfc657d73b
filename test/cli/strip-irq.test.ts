import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { testBadInput, testJudging, testOptions, testOutput } from '../helpers/bad-input.js';
import { SAMPLES, sh } from '../helpers/run.js';

testBadInput('strip-irq');
testOutput('strip-irq', '');
testOptions('strip-irq');
testJudging('strip-irq', 'strip-irq');

t.test('kept lines are lines of the input, verbatim and in order', (t) => {
  for (const { name, trace } of SAMPLES) {
    const input = gunzipSync(readFileSync(trace)).toString('latin1').split('\n');
    const { status, stdout, stderr } = sh(`zcat ${trace} | strip-irq`);
    t.equal(status, 0, name);
    t.notMatch(stderr, /^ +at /m);
    let at = 0;
    const strange = stdout
      .split('\n')
      .slice(0, -1)
      .find((line) => {
        at = input.indexOf(line, at) + 1;
        return at === 0;
      });
    t.equal(strange, undefined, name);
  }
  t.end();
});

t.test('stripping what is stripped changes nothing more than the start', (t) => {
  for (const { name, trace } of SAMPLES.filter(({ name }) => /kata|runc|runnc/.test(name))) {
    const once = sh(`zcat ${trace} | strip-irq`).stdout;
    t.ok(sh('strip-irq', once).stdout === once, name);
  }
  t.end();
});

t.test('the examples of --help work', (t) => {
  const { status, stdout } = sh('zcat samples/runc-node-express.trace.gz | strip-irq | uniq-funcs');
  t.equal(status, 0);
  t.match(stdout, /^vfs_read$/m);
  const dir = t.testdir();
  const why = sh(
    `zcat samples/crun-node-express.trace.gz | strip-irq --tids 479,497 --explain ${dir}/why.json | wc -l`,
  );
  t.equal(why.status, 0);
  t.ok(Number(why.stdout) > 1_000);
  t.same(JSON.parse(readFileSync(`${dir}/why.json`, 'utf8')).policy.tids, [479, 497]);
  t.end();
});

t.test('a pipe that trickles', (t) => {
  const want = sh(`zcat ${SAMPLES[0].trace} | head -300 | strip-irq`);
  const got = sh(
    `zcat ${SAMPLES[0].trace} | head -300 | while IFS= read -r line; do printf '%s\\n' "$line"; done | strip-irq`,
  );
  t.same(got, want);
  const slow = sh(
    `{ printf ' 0)    node-218'; sleep 0.2; printf '    | fput'; sleep 0.2; printf '();'; } | strip-irq`,
  );
  t.same(slow, { status: 0, stdout: ' 0)    node-218    | fput();', stderr: '' });
  t.end();
});
