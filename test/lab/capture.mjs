// ftrace-capture and trace-decode on a real kernel, the lab's:
//
//     node capture.mjs [text trace-cmd pages pin refusals]
//
// All of it, or the parts that are named. Prints a line for each thing that was looked at, and ends with 1 if one of them is not as it should be.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

if (process.env.KERNEL_SURFACE_WHERE !== 'lab') throw new Error('not in the lab');
const TRACEFS = '/sys/kernel/tracing';
const DIR = '/run/capture';
rmSync(DIR, { recursive: true, force: true });
mkdirSync(DIR);
process.chdir(DIR);

function check(what, holds, detail = '') {
  console.log(`${holds ? 'ok' : 'NOT OK'}: ${what}${holds ? '' : `\n${detail}`}`);
  if (!holds) process.exitCode = 1;
}

function sh(line) {
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], {
    encoding: 'latin1',
    maxBuffer: 1 << 29,
  });
  return { status, stdout, stderr };
}

const read = (path) => readFileSync(path, 'latin1');
const json = (path) => JSON.parse(read(path));
const set = (file, text) => writeFileSync(`${TRACEFS}/${file}`, text);
const namesOf = (text) => text.trimEnd().split('\n');
const cpusOf = (pid) => /^Cpus_allowed_list:\s*(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1];

/** The first lines that differ. */
function differences(ours, theirs) {
  const shown = [];
  for (let i = 0; i < Math.max(ours.length, theirs.length) && shown.length < 5; i++) {
    if (ours[i] !== theirs[i]) shown.push(`line ${i}\n  ours   ${ours[i]}\n  theirs ${theirs[i]}`);
  }
  return shown.join('\n');
}

/** A command's trace, by every way of recording it. */
function text() {
  const LINE = / \d+\) .* \| {2}[dDbBX.][nNpBLbl.][ZzHhs.][\da-f.][\da-f.]{0,2} \| /;
  // The kernel's own buffers, which --once takes, may overrun before the first functions are taken out.
  const once = '--once --buffer-size 8192';
  for (const way of ['', '--text', once, '--tracer function', `--tracer function ${once}`]) {
    const of = `ls, ${way || 'text from pages'}`;
    const line = `ftrace-capture ${way} --stats stats.json -- ls / > trace`;
    const { status, stderr } = sh(line);
    check(`${of}: exit status 0, none lost`, status === 0 && /none lost/.test(stderr), stderr);
    if (!way.includes('function')) {
      const lines = namesOf(read('trace')).filter(
        (one) => /^ *\d+\)/.test(one) && !one.includes(' => '),
      );
      const odd = lines.filter((one) => !LINE.test(one));
      check(
        `${of}: ${lines.length} lines with flags`,
        lines.length > 100 && odd.length === 0,
        odd[0],
      );
    }
    const functions = namesOf(sh('strip-irq < trace | uniq-funcs').stdout);
    const asked = ['iterate_dir', 'vfs_statx', 'vfs_write'].filter(
      (name) => !functions.includes(name),
    );
    check(
      `${of}: ${functions.length} functions, what ls asks for among them`,
      asked.length === 0,
      asked,
    );
    // The last two are how an interrupt begins on x86 and on arm64.
    const foreign = [
      ...['irq_enter_rcu', 'hrtimer_interrupt', 'update_process_times'],
      ...['__sysvec_apic_timer_interrupt', 'gic_handle_irq'],
    ];
    const seen = foreign.filter((name) => functions.includes(name));
    check(`${of}: nothing of interrupts`, seen.length === 0, seen);
    const { instance } = json('stats.json');
    console.log(`    instance: ${instance}`);
    // 7 KB now, and 1408, in whole pages, when a tracer is first used; never 7 KB for good.
    const size = read(`${TRACEFS}/buffer_size_kb`).trim();
    check(
      `${of}: the buffers for others: ${size}`,
      /^(7 \(expanded: 1408\)|14(08|10))$/.test(size),
    );
  }
}

/** Counted lists of functions, with one name for all that are of one address: trace-cmd takes other ones. */
function aliasesOf(text) {
  const first = new Map();
  const alias = new Map();
  for (const line of namesOf(text)) {
    const [address, type, name] = line.split(/\s/);
    if (!/^[tTwW]$/.test(type)) continue;
    if (!first.has(address)) first.set(address, name);
    if (!alias.has(name)) alias.set(name, first.get(address));
  }
  return (list) => {
    const counts = new Map();
    for (const line of namesOf(list)) {
      const [calls, name] = line.trim().split(' ');
      const one = alias.get(name) ?? name;
      counts.set(one, (counts.get(one) ?? 0) + Number(calls));
    }
    return [...counts].map(([name, calls]) => `${calls} ${name}`).sort();
  };
}

/** Files of ours read by trace-cmd, and its own by us: the same functions as often. */
function traceCmd() {
  const counted = aliasesOf(read('/proc/kallsyms'));
  for (const tracer of ['function_graph', 'function']) {
    for (const [of, line] of [
      [`ours, ${tracer}`, `ftrace-capture --tracer ${tracer} --raw x.dat -- ls /`],
      [`of trace-cmd, ${tracer}`, `trace-cmd record -q -p ${tracer} -F -o x.dat ls /`],
    ]) {
      rmSync('x.dat', { force: true });
      const { status, stderr } = sh(line);
      check(`${of}: recorded`, status === 0, stderr);
      const version = readFileSync('x.dat').subarray(10, 11).toString();
      const report = sh('trace-cmd report -l -O fgraph:tailprint x.dat | uniq-funcs --count');
      const decoded = sh('trace-decode --stats decoded.json x.dat | uniq-funcs --count');
      const { cpus, unknownSymbols } = json('decoded.json');
      const events = cpus.reduce((sum, cpu) => sum + cpu.events, 0);
      const bad = cpus.reduce((sum, cpu) => sum + cpu.unreadableBytes, unknownSymbols);
      const [ours, theirs] = [counted(decoded.stdout), counted(report.stdout)];
      check(
        `${of}, version ${version}: trace-cmd report and trace-decode count ${ours.length} functions ` +
          `of ${events} events alike`,
        events > 1000 && bad === 0 && report.status === 0 && ours.join() === theirs.join(),
        `${report.stderr}${decoded.stderr}${differences(ours, theirs)}`,
      );
    }
  }
  sh('trace-cmd reset -b 1408');
}

/** All pages that a CPU has now. */
function pagesOf(cpu) {
  const path = `${TRACEFS}/per_cpu/${cpu}/trace_pipe_raw`;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pages = [];
  try {
    for (;;) {
      const page = Buffer.alloc(4096);
      if (readSync(fd, page, 0, page.length, null) <= 0) break;
      pages.push(page);
    }
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(pages);
}

/** What the kernel prints of its buffers, and what we print of the same pages. */
function pages() {
  const COLUMNS = {
    function_graph: 'latency-format irq-info funcgraph-proc funcgraph-tail funcgraph-abstime',
    function: 'irq-info',
  };
  for (const [tracer, look] of [
    ['function_graph', '--duration --abstime'],
    ['function', ''],
  ]) {
    set('tracing_on', '0');
    set('buffer_size_kb', '40000');
    const child = spawnSync('sh', [
      '-c',
      `echo $$ > ${TRACEFS}/set_ftrace_pid
      echo 1 > ${TRACEFS}/options/function-fork
      echo ${tracer} > ${TRACEFS}/current_tracer
      for option in ${COLUMNS[tracer]}; do echo $option > ${TRACEFS}/trace_options; done
      echo 1 > ${TRACEFS}/tracing_on
      ls -l / /proc/self /usr/bin > /dev/null; cat /proc/self/maps | wc -l > /dev/null
      echo 0 > ${TRACEFS}/tracing_on`,
    ]);
    const printed = read(`${TRACEFS}/trace`);
    writeFileSync('cmdlines', read(`${TRACEFS}/saved_cmdlines`));
    writeFileSync('kallsyms', read('/proc/kallsyms'));
    rmSync('pages', { recursive: true, force: true });
    mkdirSync('pages');
    for (const cpu of readdirSync(`${TRACEFS}/per_cpu`)) {
      const bytes = pagesOf(cpu);
      if (bytes.length > 0) writeFileSync(`pages/${cpu}.raw`, bytes);
    }
    const lost = sh(`cat ${TRACEFS}/per_cpu/cpu*/stats`).stdout.match(/overrun: [1-9]\d*/g) ?? [];
    const { status, stderr, stdout } = sh(
      `trace-decode ${look} --format ${TRACEFS}/events --kallsyms kallsyms --cmdlines cmdlines pages/*.raw`,
    );
    const lines = (all) => namesOf(all).filter((line) => !line.startsWith('#'));
    const [ours, theirs] = [lines(stdout), lines(printed)];
    while (theirs[0] === '') theirs.shift();
    while (ours[0] === '') ours.shift();
    check(
      `${tracer}: nothing was lost`,
      child.status === 0 && lost.length === 0,
      `${child.stderr}${lost}`,
    );
    check(
      `${tracer}: ${ours.length} lines of trace-decode are those of the kernel`,
      status === 0 && ours.length > 2000 && ours.join('\n') === theirs.join('\n'),
      `${ours.length} and ${theirs.length} lines ${stderr}${differences(ours, theirs)}`,
    );
    set('current_tracer', 'nop');
    set('trace_options', 'nolatency-format');
    set('options/function-fork', '0');
    set('set_ftrace_pid', '');
    set('buffer_size_kb', '1408');
    set('tracing_on', '1');
  }
}

/** --pin moves threads and lets go of them, and of those that they have started. */
async function pin() {
  const busy = 'while :; do cat /proc/self/maps; sleep 0.1; done > /dev/null';
  const target = spawn('sh', ['-c', `sh -c '${busy}' & ${busy}`], { stdio: 'ignore' });
  await sleep(500);
  const [other] = read(`/proc/${target.pid}/task/${target.pid}/children`).split(' ').map(Number);
  const home = cpusOf(target.pid);
  // This one starts another while it is traced, which is to be let go, too.
  const parent = spawn('sh', ['-c', 'until [ -e go ]; do sleep 0.2; done; sleep 600 & wait'], {
    stdio: 'ignore',
  });
  const tids = `${target.pid},${other},${parent.pid}`;
  const line = `ftrace-capture --tids ${tids} --pin 1 --ready ready --stats stats.json > trace`;
  const capture = spawn('bash', ['-c', `exec ${line}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => {
    capture.on('exit', resolve);
  });
  while (!existsSync('ready')) await sleep(50);
  check(
    '--pin: three threads run on CPU 1',
    [target.pid, other, parent.pid].every((pid) => cpusOf(pid) === '1'),
  );
  const childOf = () => {
    const pid = sh(`pgrep -P ${parent.pid} -f 'sleep 600'`).stdout.trim();
    return pid === '' ? undefined : Number(pid);
  };
  writeFileSync('go', '');
  while (childOf() === undefined) await sleep(100);
  const child = childOf();
  check('--pin: what they start does, too', cpusOf(child) === '1');
  await sleep(500);
  capture.kill('SIGINT');
  const status = await ended;
  check(`--pin: exit status ${status}`, status === 0);
  const cpus = new Set(
    read('trace')
      .match(/^ *\d+(?=\))/gm)
      ?.map(Number),
  );
  check('--pin: all events are of CPU 1', cpus.size === 1 && cpus.has(1), [...cpus]);
  for (const [name, pid] of [
    ['target', target.pid],
    ['other', other],
    ['parent', parent.pid],
    ['child', child],
  ]) {
    check(`--pin: ${name} is let go`, cpusOf(pid) === home, `${cpusOf(pid)}, not ${home}`);
  }
  const refused = sh(`ftrace-capture --tids ${target.pid} --pin 99 --duration 0.1`);
  check(
    '--pin 99: says why',
    refused.status === 0 && /cannot run on CPU 99/.test(refused.stderr),
    refused.stderr,
  );
  check('--pin 99: the thread is where it was', cpusOf(target.pid) === home);
  const bound = namesOf(sh('pgrep -x migration/0').stdout)[0];
  const kernel = sh(`ftrace-capture --tids ${bound},${target.pid} --pin 1 --duration 0.1`);
  check(
    '--pin: a thread that is bound is warned of',
    kernel.status === 0 && /thread \d+: cannot run on CPU 1/.test(kernel.stderr),
    kernel.stderr,
  );
  for (const pid of [child, parent.pid, other, target.pid]) process.kill(pid, 'SIGKILL');
}

/** Why nothing can be traced, each in a sentence and with status 69. The last one is for good. */
function refusals() {
  const refuse = (what, line, says) => {
    const { status, stdout, stderr } = sh(line);
    const sentence = /^ftrace-capture: [^\n]*\n$/.test(stderr);
    const holds = status === 69 && stdout === '' && sentence && says.test(stderr);
    check(`${what}: ${stderr.trim()}`, holds, `status ${status}`);
  };
  const capture = 'ftrace-capture --tids 1 --duration 0.1';
  const apart = (before, line = capture) => `unshare --mount bash -c '${before} && exec ${line}'`;
  refuse(
    'no root',
    `setpriv --reuid 65534 --clear-groups ${capture}`,
    /permission denied: tracing needs root/,
  );
  const unmounted = `umount ${TRACEFS} && umount -R /sys/kernel/debug`;
  refuse('no tracefs', apart(unmounted), /no tracefs is mounted: mount -t tracefs/);
  refuse(
    'no tracefs, --check',
    apart(unmounted, 'ftrace-capture --check'),
    /no tracefs is mounted/,
  );
  refuse(
    'tracefs read-only',
    apart(`mount -o remount,bind,ro ${TRACEFS}`),
    /tracefs is mounted read-only/,
  );
  writeFileSync('tracers', 'blk function nop\n');
  refuse(
    'no function_graph',
    apart(`mount --bind ${DIR}/tracers ${TRACEFS}/available_tracers`),
    /this kernel has no function_graph tracer, only blk, function, nop/,
  );
  writeFileSync('/proc/sys/kernel/ftrace_enabled', '0');
  refuse('ftrace switched off', capture, /ftrace is switched off: sysctl kernel.ftrace_enabled=1/);
  writeFileSync('/proc/sys/kernel/ftrace_enabled', '1');
  sh('mount -t securityfs securityfs /sys/kernel/security');
  writeFileSync('/sys/kernel/security/lockdown', 'confidentiality');
  refuse(
    'locked down',
    capture,
    /the kernel is locked down \(confidentiality\), so tracing is refused even to root/,
  );
  refuse('locked down, --check', 'ftrace-capture --check', /locked down \(confidentiality\)/);
  check('nothing is left', !existsSync('/run/kernel-surface/ftrace-capture.json'));
}

const PARTS = { text, 'trace-cmd': traceCmd, pages, pin, refusals };
console.log(
  `Linux ${os.release()}, node ${process.version}, ${sh('trace-cmd --version').stdout.trim().split('\n').pop()}`,
);
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) await PARTS[name]();
