import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { type Outcome, SAMPLES, sh } from './run.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const HEAD = ' 0)    node-218    | ';
const GOOD = `${HEAD}ksys_read() {\n${HEAD}  fput();\n${HEAD}}\n`;
const BIG = SAMPLES[2].trace;

/** A failure is one line on stderr that names the tool, and nothing on stdout. */
export function fails(
  t: Pick<typeof import('tap').default, 'equal' | 'match' | 'ok'>,
  tool: string,
  outcome: Outcome,
  status: number,
  message: string | RegExp,
  what: string,
): void {
  t.equal(outcome.status, status, `${what}: exit ${status}`);
  t.equal(outcome.stdout, '', `${what}: nothing on stdout`);
  t.match(outcome.stderr, message, `${what}: the reason`);
  t.ok(outcome.stderr.startsWith(`${tool}: `), `${what}: the tool is named`);
  t.match(outcome.stderr, /^[^\n]+\n$/, `${what}: one line`);
}

/** What every filter must make of input that is no trace, and of output that cannot be written. */
export function testBadInput(tool: string): void {
  t.test('input that is no trace', (t) => {
    const none = /stdin: no line of trace text in \d+ lines?; the first that is none: stdin:\d+: '/;
    fails(t, tool, sh(tool), 2, /stdin is empty/, 'empty');
    fails(t, tool, sh(`${tool} < /dev/null`), 2, /stdin is empty/, '/dev/null');
    fails(t, tool, sh(`${tool} <&-`), 2, /stdin/, 'closed');
    fails(t, tool, sh(`${tool} < samples`), 2, /stdin: is a directory/, 'a directory');
    fails(t, tool, sh(tool, 'garbage\nmore garbage\n'), 2, none, 'garbage');
    fails(t, tool, sh(tool, 'garbage'), 2, /stdin:1: 'garbage'/, 'half a line');
    fails(t, tool, sh(`${tool} < samples/README.md`), 2, none, 'a text');
    fails(t, tool, sh(`head -c 300000 /dev/zero | ${tool}`), 2, none, 'NULs');
    fails(t, tool, sh(tool, '\n'.repeat(100)), 2, /no line of trace text/, 'blank lines');
    fails(t, tool, sh(tool, '# tracer: nop\n#\n'), 2, /no line of trace text/, 'an empty trace');
    let seed = 1;
    const junk = Buffer.from(
      Array.from({ length: 200_000 }, () => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
        return seed >>> 24;
      }),
    );
    fails(t, tool, sh(tool, junk), 2, none, 'binary junk');
    t.end();
  });

  t.test('source code', (t) => {
    const none = /no line of trace text/;
    fails(t, tool, sh(`${tool} < src/trace/scan.ts`), 2, none, 'TypeScript');
    fails(t, tool, sh(`${tool} < biome.json`), 2, none, 'JSON');
    t.end();
  });

  t.test('files of another form', (t) => {
    for (const [what, bytes, message] of [
      ['gzip', gzipSync(GOOD), /stdin is gzip: pipe it through zcat/],
      ['xz', Buffer.from('fd377a585a000004', 'hex'), /stdin is xz: pipe it through xzcat/],
      ['zstd', Buffer.from('28b52ffd04580000', 'hex'), /stdin is zstd: pipe it through zstdcat/],
      [
        'trace.dat',
        Buffer.from('17084474726163696e67', 'hex'),
        /stdin is a trace.dat: .*trace-decode/,
      ],
    ] as const) {
      const { status, stdout, stderr } = sh(tool, bytes);
      t.equal(status, 2, what);
      t.equal(stdout, '', what);
      t.match(stderr, message, what);
    }
    const real = sh(`${tool} < ${BIG}`);
    t.equal(real.status, 2);
    t.match(real.stderr, /^\S+: stdin is gzip: pipe it through zcat\n$/, 'a real one');
    t.end();
  });

  t.test('a trace with faults: the rest is kept, the fault is told once', (t) => {
    const clean = sh(tool, GOOD);
    t.equal(clean.status, 0);
    t.equal(clean.stderr, '');
    const warning = (line: number) =>
      new RegExp(`^${tool}: stdin:${line}: [^\\n]*1 such line[^\\n]*\\n$`);
    for (const [what, text, at] of [
      ['a truncated last line', `${GOOD}${HEAD}half_a_na`, 4],
      ['a truncated last line, cut in its head', `${GOOD} 0)    node-2`, 4],
      ['a line of junk', `${GOOD}\u0001\u0002 junk\n`, 4],
      ['a line of NULs', `${'\0'.repeat(5_000)}\n${GOOD}`, 1],
      ['a very long line', `${'x'.repeat(500_000)}\n${GOOD}`, 1],
      ['a function without columns amid columns', `${GOOD}bare();\n`, 4],
    ] as const) {
      const got = sh(tool, text);
      t.equal(got.status, 0, what);
      t.equal(got.stdout, clean.stdout, what);
      t.match(got.stderr, warning(at), what);
    }
    const many = sh(tool, `${GOOD}${'junk\n'.repeat(1_000)}`);
    t.equal(many.status, 0);
    t.match(
      many.stderr,
      /^[^\n]*stdin:4: [^\n]*1000 such lines[^\n]*\n$/,
      'a thousand are told once',
    );
    t.end();
  });

  t.test('CRLF', (t) => {
    const real = gunzipSync(readFileSync(BIG)).toString('latin1').split('\n').slice(0, 5_000);
    const unix = sh(tool, real.join('\n'));
    const dos = sh(tool, Buffer.from(real.join('\r\n'), 'latin1'));
    t.equal(dos.status, 0);
    t.equal(dos.stdout.replace(/\r/g, ''), unix.stdout.replace(/\r/g, ''), 'the same is kept');
    t.equal(dos.stderr, unix.stderr);
    t.end();
  });

  t.test('lost events are told', (t) => {
    const { status, stderr } = sh(
      tool,
      `${GOOD}CPU:0 [LOST 12 EVENTS]\n${GOOD}CPU:1 [LOST EVENTS]\n`,
    );
    t.equal(status, 0);
    t.match(stderr, new RegExp(`^${tool}: [^\\n]*2 places, 12 events[^\\n]*\\n`));
    t.end();
  });

  t.test('memory stays below 100 MB', (t) => {
    const dir = t.testdir();
    const probe = join(dir, 'probe.cjs');
    writeFileSync(
      probe,
      `process.on('exit', () => require('fs').writeFileSync(process.env.PEAK,
         String(process.resourceUsage().maxRSS / 1024)));`,
    );
    const peak = join(dir, 'peak');
    const megabytes = process.env.BIG === undefined ? 300 : 1_000;
    const run = (source: string) => {
      const started = Date.now();
      const outcome = sh(`${source} | NODE_OPTIONS='--require ${probe}' PEAK=${peak} ${tool}`);
      return {
        ...outcome,
        seconds: (Date.now() - started) / 1000,
        peak: Number(readFileSync(peak)),
      };
    };
    const good = GOOD.replace(/\n/g, '\\n');
    const long = run(
      `{ printf '${good}'; head -c ${megabytes}000000 /dev/zero | tr '\\0' x; printf '\\n${good}'; }`,
    );
    t.equal(long.status, 0, `a line of ${megabytes} MB`);
    t.match(long.stderr, /^[^\n]*stdin:4: [^\n]*1 such line[^\n]*\n$/);
    t.match(long.stdout, /fput/);
    t.ok(long.peak < 100, `at most ${long.peak.toFixed(0)} MB`);
    t.ok(long.seconds < 20, `${long.seconds.toFixed(1)} s`);

    const endless = run(`head -c ${megabytes}000000 /dev/zero`);
    t.equal(endless.status, 2, `${megabytes} MB of NULs without one line`);
    t.ok(endless.peak < 100, `at most ${endless.peak.toFixed(0)} MB`);

    const trace = run(`for i in 1 2 3 4 5 6; do zcat ${BIG}; done`);
    t.equal(trace.status, 0, 'a long trace');
    t.ok(trace.peak < 100, `at most ${trace.peak.toFixed(0)} MB`);
    t.end();
  });
}

/** Output that nobody reads, or that cannot be written. `options` make a long output. */
export function testOutput(tool: string, options: string): void {
  const source = `zcat ${BIG} | ${tool}${options}`;

  t.test('a reader that has gone', (t) => {
    const statuses = `; echo "\${PIPESTATUS[1]}"`;
    for (const reader of [
      'head -1 > /dev/null',
      'head -c 100 > /dev/null',
      'true',
      'sh -c "exec 0<&-; sleep 0.1"',
      "{ bash -c 'head -c 1000 > /dev/null; kill -9 $$'; true; } 2> /dev/null",
    ]) {
      const { stdout, stderr } = sh(`${source} | ${reader}${statuses}`);
      t.equal(stdout, '0\n', `| ${reader}: exit 0`);
      t.equal(stderr, '', `| ${reader}: nothing is said`);
    }
    const help = sh(`${tool} --help | true; echo "\${PIPESTATUS[0]}"`);
    t.same(help, { status: 0, stdout: '0\n', stderr: '' }, '--help');
    t.end();
  });

  t.test('a full disk', (t) => {
    fails(t, tool, sh(`${source} > /dev/full`), 1, /stdout: no space left on device/, '/dev/full');
    fails(t, tool, sh(`${tool} --help > /dev/full`), 1, /stdout: no space left/, '--help');
    fails(t, tool, sh(`${tool} --version > /dev/full`), 1, /stdout: no space left/, '--version');
    t.end();
  });

  t.test('a closed stdout or stderr', (t) => {
    const { status, stderr } = sh(`${source} >&-`);
    t.not(status, null, 'it ends');
    t.notMatch(stderr, /^ +at /m, 'and shows no stack');
    t.equal(sh(`${source} 2>&- | wc -l`).status, 0);
    t.end();
  });
}

/** Options that every filter has, and that none has. */
export function testOptions(tool: string): void {
  t.test('--help and --version', (t) => {
    const help = sh(`${tool} --help`);
    t.equal(help.status, 0);
    t.equal(help.stderr, '');
    t.match(help.stdout, `${tool} [OPTIONS] < TRACE`);
    t.match(help.stdout, 'Examples:');
    t.match(help.stdout, `man ${tool}`);
    const example = /^ {2}(zcat samples.*)$/m.exec(sh(`COLUMNS=300 ${tool} --help`).stdout)?.[1];
    t.match(example, /^zcat samples\/\S+ \|/, 'an example on a file that is here');
    t.same(sh(`${tool} --version`), { status: 0, stdout: `${version}\n`, stderr: '' });
    t.end();
  });

  t.test('wrong options', (t) => {
    for (const options of [
      '--nope',
      '--nope=1',
      '-x',
      '--softirqs drop',
      '--softirq maybe',
      '--unknown maybe',
      '--method maybe',
      '--tids',
      'extra',
      'extra more',
      '-',
      '--tids 1 extra',
    ]) {
      fails(t, tool, sh(`${tool} ${options}`, GOOD), 2, `see ${tool} --help`, options);
    }
    for (const option of ['--softirq', '--unknown', '--method']) {
      t.equal(sh(`${tool} ${option}`, GOOD).status, 2, `${option} without a value`);
    }
    t.end();
  });
}

/** --tids and --explain of a command that strips; `command` is its beginning. */
export function testJudging(tool: string, command: string): void {
  t.test('--tids that are none', (t) => {
    const dir = t.testdir({
      words: 'node-218\n',
      empty: '',
      blank: ' \n\r\n,\n',
      half: '218\n12x\n',
      many: Array.from({ length: 65_537 }, (_, tid) => `${tid}\n`).join(''),
    });
    const bad = (option: string, message: string | RegExp) =>
      fails(t, tool, sh(`${command} --tids ${option}`, GOOD), 2, message, option);
    bad('node', "--tids: 'node' is no thread id");
    bad('218,node', "--tids: 'node' is no thread id");
    bad('-1', /thread id|see .* --help/);
    bad('21.8', "'21.8' is no thread id");
    bad('0x12', "'0x12' is no thread id");
    bad("''", '--tids: no thread id in it');
    bad(',', '--tids: no thread id in it');
    bad(`@${dir}/words`, `${dir}/words: 'node-218' is no thread id`);
    bad(`@${dir}/half`, `${dir}/half: '12x' is no thread id`);
    bad(`@${dir}/empty`, `${dir}/empty: no thread id in it`);
    bad(`@${dir}/blank`, `${dir}/blank: no thread id in it`);
    bad(`@${dir}/many`, `${dir}/many: more than 65536 thread ids`);
    bad(`@${dir}/missing`, `${dir}/missing: no such file or directory`);
    bad('4711', /no line of the tasks asked for \(4711\)/);
    bad('21', /no line of the tasks asked for \(21\)/);
    bad('2180,2,8', /no line of the tasks asked for \(2180, 2, 8\)/);
    for (const [option, place] of [
      [`@${dir}`, dir],
      ['@', '--tids'],
    ]) {
      const { status, stderr } = sh(`${command} --tids ${option}`, GOOD);
      t.equal(status, 2, option);
      t.match(stderr, place, `${option}: the place is named`);
    }
    t.end();
  });

  t.test('--tids from a file', (t) => {
    const dir = t.testdir({
      crlf: '1\r\n218\r\n',
      commas: '1,218,\n 99\t7\n',
      unended: '218',
      zeros: '0000218',
    });
    const want = sh(command, GOOD).stdout;
    for (const name of ['crlf', 'commas', 'unended', 'zeros']) {
      t.same(
        sh(`${command} --tids @${dir}/${name}`, GOOD),
        { status: 0, stdout: want, stderr: '' },
        name,
      );
    }
    t.end();
  });

  t.test('--explain FILE', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'explain-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'why.json');
    for (const { name, trace, tids } of SAMPLES.slice(0, 3)) {
      const text = gunzipSync(readFileSync(trace)).toString('latin1');
      const damaged = `${text}junk\n${'CPU:0 [LOST 3 EVENTS]\n'.repeat(2)}`;
      for (const options of [
        '',
        `--tids @${tids}`,
        '--softirq keep --unknown keep',
        '--method published',
      ]) {
        rmSync(file, { force: true });
        const run = `${command} ${options} --explain ${file}`;
        const { status } = sh(`${run} > /dev/null`, Buffer.from(damaged, 'latin1'));
        if (status !== 0 && options === '--method published') continue;
        t.equal(status, 0, `${name} ${options}`);
        const why = JSON.parse(readFileSync(file, 'utf8'));
        const { lines } = why;
        t.equal(lines.in, damaged.split('\n').length - 1, 'lines in');
        const unattributed = why.unattributed.action === 'drop' ? lines.unattributed : 0;
        t.equal(
          lines.in,
          lines.kept +
            lines.interrupts +
            lines.otherTasks +
            unattributed +
            lines.unparsed +
            lines.headers +
            lines.markers +
            lines.losses,
          'they add up',
        );
        let byRoot = 0;
        for (const roots of Object.values<Record<string, number>>(why.dropped)) {
          for (const count of Object.values(roots)) byRoot += count;
        }
        t.equal(byRoot, lines.interrupts, 'so do the roots');
        t.equal(lines.unparsed, 1);
        t.match(why.unparsed.first, /^stdin:\d+: junk$/);
        t.same(why.loss, { marks: 2, events: 6 });
        let ofTasks = 0;
        for (const task of why.tasks) ofTasks += task.lines;
        const others = lines.unparsed + lines.headers + lines.markers + lines.losses;
        t.equal(ofTasks, lines.in - others, 'and the tasks');
        if (tool === 'strip-irq') {
          const kept = sh(`${command} ${options} | wc -l`, Buffer.from(damaged, 'latin1')).stdout;
          t.equal(Number(kept), lines.kept, 'as many lines are written');
        }
      }
    }
    t.end();
  });

  t.test('--explain: written whole or not at all', (t) => {
    const dir = t.testdir({ 'old.json': 'x'.repeat(100_000) });
    fails(
      t,
      tool,
      sh(`${command} --explain ${dir}/missing/why.json`, GOOD),
      2,
      `${dir}/missing`,
      'a folder that is not there',
    );
    const run = sh(`${command} --explain ${dir}/old.json > /dev/null; ls ${dir}`, GOOD);
    t.equal(run.stdout, 'old.json\n', 'nothing is left beside it');
    t.equal(JSON.parse(readFileSync(`${dir}/old.json`, 'utf8')).lines.in, 3, 'the old one is gone');
    const late = sh(`${command} --explain ${dir}/late.json --tids 4711`, GOOD);
    t.equal(late.status, 2, 'nothing kept');
    t.equal(
      JSON.parse(readFileSync(`${dir}/late.json`, 'utf8')).lines.otherTasks,
      3,
      'but told why',
    );
    t.notOk(sh(`${command} --explain /dev/full`, GOOD).status === 0, '/dev/full');
    t.end();
  });
}
