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

t.test('a gzip file whose first bytes come one by one', (t) => {
  const got = sh(`{ printf '\\x1f'; sleep 0.2; printf '\\x8b\\x08\\x00'; } | strip-irq`);
  t.same(got, {
    status: 2,
    stdout: '',
    stderr: 'strip-irq: stdin is gzip: pipe it through zcat\n',
  });
  t.end();
});

t.test('more tasks than are listed', (t) => {
  const dir = t.testdir();
  const got = sh(
    `seq 70000 | awk '{printf " 0) %14s | fput();\\n", "node-"$1}' | strip-irq --explain ${dir}/why.json | wc -l`,
  );
  t.equal(got.stdout.trim(), '70000');
  const why = JSON.parse(readFileSync(`${dir}/why.json`, 'utf8'));
  const listed = why.tasks.reduce((sum: number, task: { lines: number }) => sum + task.lines, 0);
  t.equal(why.tasks.length, 65_536);
  t.equal(listed + why.unlistedTaskLines, 70_000);
  t.end();
});

t.test('the function tracer at the end of an interrupt', (t) => {
  const line = (flags: string, name: string, caller: string) =>
    `            node-218   [001] ${flags} 17284.993652: ${name} <-${caller}\n`;
  const softirq = line('d..1.', 'handle_softirqs', 'irq_exit_rcu');
  const text = [
    line('d..1.', 'irq_enter_rcu', 'sysvec_apic_timer_interrupt'),
    line('d.h1.', 'irq_exit_rcu', 'sysvec_apic_timer_interrupt'),
    softirq,
    line('d..1.', 'idle_cpu', 'irq_exit_rcu'),
    line('...1.', 'fput', '__x64_sys_read'),
  ].join('');
  const fput = line('...1.', 'fput', '__x64_sys_read');
  t.equal(sh('strip-irq', text).stdout, fput);
  t.equal(sh('strip-irq --softirq keep', text).stdout, softirq + fput);
  t.end();
});
