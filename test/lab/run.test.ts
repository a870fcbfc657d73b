import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { type Outcome, sh } from '../helpers/run.js';

/** lab/run around a machine that is a shell script: everything but the machine itself is real. */

const TOOL = 'lab/run';

// What QEMU would be told of ports and console; $PLAY then does what the machine would.
const FAKE_QEMU = `#!/bin/bash
if [ "$1" = --version ]; then echo "QEMU emulator version $VERSION (Debian)"; exit; fi
printf '%s\\n' "$@" > "$ARGS"
for arg; do
  case $arg in
    file,id=*) name=\${arg#file,id=} && declare "\${name%%,*}=\${arg##*path=}" ;;
    file=*/job.tar,*) job=\${arg#file=} && job=\${job%%,*} ;;
  esac
done
eval "$PLAY"
`;

const dir = t.testdir({
  qemu: FAKE_QEMU,
  image: { 'disk.img': '', kernel: '', initrd: '' },
  tmp: {},
  in: { file: 'content\n' },
});
chmodSync(`${dir}/qemu`, 0o755);
const env = {
  LAB_QEMU: `${dir}/qemu`,
  LAB_WRITE: `${dir}/image`,
  LAB_ACCEL: 'tcg',
  LAB_CACHE: `${dir}/cache`,
  TMPDIR: `${dir}/tmp`,
  ARGS: `${dir}/args`,
  VERSION: '8.2.0',
};
const play = (script: string, args = '-- true', more: Record<string, string> = {}): Outcome =>
  sh(`${TOOL} ${args}`, '', { ...env, PLAY: script, ...more });

/** Nothing may be left where scratch files go. */
function tidy(t: Pick<typeof import('tap').default, 'strictSame'>): void {
  t.strictSame(readdirSync(`${dir}/tmp`), [], 'nothing is left');
}

t.test('wrong arguments', async (t) => {
  const bad = (args: string, message: string | RegExp, more: Record<string, string> = {}) =>
    fails(t, TOOL, play('exit 1', args, more), 2, message, args || 'none');
  bad('', 'no COMMAND (see lab/run --help)');
  bad('--', 'no COMMAND');
  bad('uname', `unexpected argument 'uname'`);
  bad('--nope -- true', `unexpected argument '--nope'`);
  for (const option of ['--memory', '--cpus', '--time-limit']) {
    for (const value of ['0', '-1', '1.5', 'many', '', '99999999']) {
      bad(`${option} '${value}' -- true`, `${option} ${value}: not a whole number above 0`);
    }
  }
  for (const option of '--suite --arch --in --out --memory --cpus --time-limit'.split(' ')) {
    bad(option, `${option} needs a value`);
  }
  bad(`--in ${dir}/nowhere -- true`, /--in .*nowhere: no such file or directory/);
  bad(`--out ${dir}/qemu -- true`, /--out .*: not a directory that can be written/);
  bad('--shell', '--shell: stdin is not a terminal');
  bad('--arch riscv64 -- true', '--arch riscv64: not one of amd64, arm64');
  bad('--arch arm64 -- true', /^lab\/run: --arch arm64 needs --no-docker: /);
  bad('--arch arm64 --no-docker -- true', 'LAB_ACCEL=kvm: arm64 is only emulated', {
    LAB_ACCEL: 'kvm',
  });
  bad('-- true', 'LAB_ACCEL=fast: not one of auto, tcg, kvm', { LAB_ACCEL: 'fast' });
  for (const more of [{ VERSION: '7.2.19' }, { LAB_QEMU: '/nowhere/qemu' }]) {
    const message = /LAB_QEMU=.*: not a QEMU of version 8.2 or newer/;
    fails(t, 'lab/qemu', play('exit 1', '-- true', more), 2, message, 'QEMU');
  }
  tidy(t);
});

t.test('--help', async (t) => {
  const { status, stdout, stderr } = sh(`${TOOL} --help`);
  t.equal(status, 0);
  t.equal(stderr, '');
  t.match(stdout, 'lab/run -- uname -a');
  t.match(stdout, '--time-limit S');
});

t.test('a suite that nobody has', async (t) => {
  const { LAB_WRITE: _, ...rest } = env;
  const message = '--suite buzz: not one of bookworm, trixie, forky, sid';
  fails(t, 'lab/build', sh(`${TOOL} --suite buzz -- true`, '', rest), 2, message, TOOL);
  fails(t, 'lab/build', sh('lab/build --suite buzz', '', rest), 2, message, 'lab/build');
  fails(t, 'lab/build', sh('SUITE=buzz lab/build', '', rest), 2, message, 'SUITE');
});

t.test('an architecture that nobody has', async (t) => {
  const bad = (args: string, message: string) =>
    fails(t, 'lab/build', sh(`lab/build ${args}`, '', env), 2, message, args);
  bad('--arch riscv64', '--arch riscv64: not one of amd64, arm64');
  bad('--arch', '--arch needs a value');
  bad('--arch arm64 --suite bookworm', '--suite bookworm: its node for arm64 is older than 20');
  fails(t, 'lab/qemu', sh('lab/qemu --arch mips', '', env), 2, '--arch mips: not arm64', 'mips');
});

t.test('nothing to lay over the root', async (t) => {
  const nowhere = { ...env, LAB_ADD: `${dir}/nowhere` };
  fails(t, 'lab/build', sh('lab/build', '', nowhere), 2, /LAB_ADD=.*: no such file/, 'LAB_ADD');
  const text = { ...env, LAB_ADD: `${dir}/in/file` };
  const message = /LAB_ADD=.*: neither a directory nor an archive/;
  fails(t, 'lab/build', sh('lab/build', '', text), 2, message, 'LAB_ADD');
});

t.test('what the host lacks', async (t) => {
  const { LAB_WRITE: _, LAB_QEMU: __, ...rest } = env;
  // A PATH with what any system has, and what is written here.
  const path = (own: Record<string, string>) => {
    const bin = t.testdir(own);
    for (const name of Object.keys(own)) chmodSync(`${bin}/${name}`, 0o755);
    const plain =
      'bash awk cat chroot cp cut date df dirname basename flock grep head id mkdir mktemp mv node rm ' +
      'paste sed sha256sum sort stat sync tail tar touch tr unshare xz zstd mkfs.ext4 newuidmap true';
    for (const found of sh(`PATH=$PATH:/usr/sbin:/sbin type -P ${plain}`)
      .stdout.trim()
      .split('\n')) {
      if (!(basename(found) in own)) symlinkSync(found, `${bin}/${basename(found)}`);
    }
    return { ...rest, PATH: bin };
  };
  const build = (own: Record<string, string>, message: RegExp) =>
    fails(t, 'lab/build', sh('lab/build', '', path(own)), 69, message, String(message));
  const stub = (script = '') => `#!/bin/sh\n${script}\n`;
  build({}, /missing here: mmdebstrap; as root: apt-get install -y mmdebstrap/);
  const arm64 = sh('lab/build --arch arm64', '', path({ mmdebstrap: stub() }));
  const tools = /missing here: kmod cpio; as root: apt-get install -y kmod cpio/;
  fails(t, 'lab/build', arm64, 69, tools, 'arm64');
  const here = { mmdebstrap: stub('echo E: no such suite; exit 1') };
  const none = { 'apt-get': stub() };
  build({ ...here, df: stub('echo Avail; echo 12M') }, /cache: 12 MB free, 3000 MB are needed/);
  build(here, /no apt-get here: name an archive of Debian, MIRROR=/);
  build({ ...here, ...none }, /apt knows no archive of Debian here: name one, MIRROR=/);
  const broken = path({ ...here, 'apt-get': stub('echo "Debian|Debian|file:/nowhere"') });
  const { status, stderr } = sh('lab/build', '', broken);
  t.equal(status, 69);
  t.match(stderr, 'lab/build: cannot build Debian trixie: E: no such suite\n');
  t.strictSame(readdirSync(`${dir}/cache`), ['lock'], 'nothing half-made is left');
});

t.test('the outcome is the command’s', async (t) => {
  for (const status of [0, 1, 3, 69, 137]) {
    const outcome = play(`echo out > $stdout; echo err > $stderr; echo exit ${status} > $status`);
    t.strictSame(outcome, { status, stdout: 'out\n', stderr: 'err\n' });
  }
  tidy(t);
});

t.test('the arguments arrive as they are', async (t) => {
  const outcome = play(
    'tar -xOf $job ./command > $stdout; echo exit 0 > $status',
    `-- 'a b' '' '*' "it's" $'two\\nlines'`,
  );
  t.equal(outcome.stdout, "a b\0\0*\0it's\0two\nlines\0");
});

t.test('the machine is as asked', async (t) => {
  play('echo exit 0 > $status', '--memory 123 --cpus 7 --no-docker -- true');
  const args = readFileSync(env.ARGS, 'utf8');
  t.match(args, '-smp\n7\n-m\n123\n');
  t.match(args, 'lab.docker=0');
  t.match(args, 'tcg,thread=single', 'one thread: several and the tracer do not go together');
  t.match(args, 'shift=0,sleep=on', 'its time is that of its instructions');
  t.match(args, 'console=ttyS0 ');
});

t.test('the machine is of another architecture', async (t) => {
  const outcome = play('echo exit 3 > $status', '--arch arm64 --no-docker -- true');
  t.strictSame(outcome, { status: 3, stdout: '', stderr: '' });
  const args = readFileSync(env.ARGS, 'utf8');
  t.match(args, /^-machine\nvirt\n/, 'and QEMU is not told of it in words of lab/qemu');
  t.match(args, 'tcg,thread=single');
  t.match(args, 'shift=0,sleep=on');
  t.match(args, 'console=ttyAMA0 ');
  t.notMatch(args, 'vmgenid', 'which that board does not have');
});

t.test('files go in', async (t) => {
  const outcome = play(
    'tar -xOf $job ./work/in/file > $stdout; tar -tf $job | grep -c /bin/uniq-funcs >> $stdout; echo exit 0 > $status',
    `--in ${dir}/in/ -- true`,
  );
  t.equal(outcome.stdout, 'content\n1\n');
  symlinkSync(`${dir}/in/file`, `${dir}/link`);
  const link = play(
    'tar -xOf $job ./work/link > $stdout; echo exit 0 > $status',
    `--in ${dir}/link -- true`,
  );
  t.equal(link.stdout, 'content\n', 'what a link leads to, under its name');
  const twice = play('exit 1', `--in ${dir}/in --in ${dir}/in -- true`);
  fails(t, TOOL, twice, 2, /--in .*: there is another in/, 'twice');
  tidy(t);
});

t.test('files come out', async (t) => {
  const out = relative('.', `${dir}/new/out`);
  const leave = (status: number) =>
    `cd "$TMPDIR"; mkdir left; echo 1 > left/one; mkdir left/sub; echo 2 > left/sub/two;
     tar -C left -cf $files one sub; rm -r left; echo exit ${status} > $status`;
  t.equal(play(leave(3), `--out ${out} -- true`).status, 3, 'also when the command failed');
  t.equal(readFileSync(`${out}/one`, 'utf8'), '1\n');
  t.equal(readFileSync(`${out}/sub/two`, 'utf8'), '2\n');
  writeFileSync(`${out}/one`, 'old');
  writeFileSync(`${out}/other`, 'kept');
  t.equal(play(leave(0), `--out ${out} -- true`).status, 0, 'into a directory that has them');
  t.equal(readFileSync(`${out}/one`, 'utf8'), '1\n');
  t.equal(readFileSync(`${out}/other`, 'utf8'), 'kept');
  const half = play(
    `cd "$TMPDIR"; head -c 99999 /dev/zero > z; tar -cf - z | head -c 50000 > $files; echo exit 0 > $status`,
    `--out ${dir}/half -- true`,
  );
  t.equal(half.status, 69);
  t.match(half.stderr, 'lab/run: the files did not come back whole');
  t.strictSame(readdirSync(`${dir}/half`), [], 'no half a file is left');
  mkdirSync(`${dir}/taken`);
  writeFileSync(`${dir}/taken/sub`, 'good');
  const taken = play(leave(0), `--out ${dir}/taken -- true`);
  t.equal(taken.status, 69, 'a file where a directory should be');
  t.match(taken.stderr, /lab\/run: the files cannot be written to .*taken\n$/);
  t.strictSame(readdirSync(`${dir}/taken`), ['sub']);
  t.equal(readFileSync(`${dir}/taken/sub`, 'utf8'), 'good');
  tidy(t);
});

t.test('the machine fails', async (t) => {
  const console = `printf 'line %s\\r\\n' {1..20} > $console;`;
  const last = Array.from({ length: 10 }, (_, i) => `line ${i + 11}\n`).join('');
  const failing = (script: string, message: string, args?: string) => {
    const { status, stdout, stderr } = play(console + script, args);
    t.equal(status, 69, message);
    t.equal(stdout, '');
    t.equal(stderr, `${last}lab/run: ${message}\n`);
  };
  failing('exit 0', 'the machine ended before the command did');
  const panic = 'Kernel panic - not syncing: Fatal exception';
  failing(
    `{ echo "[ 8.8] ${panic}"; cat $console; } > $console.new; mv $console.new $console`,
    `the machine ended before the command did: ${panic}`,
  );
  failing('echo failed docker ended: no > $status', 'docker ended: no');
  failing('echo no such device >&2; exit 1', 'QEMU failed: no such device');
  failing(
    'sleep 9',
    'the command had not ended after 1 s (--time-limit)',
    '--time-limit 1 -- true',
  );
  const { status, stderr } = play(
    `echo 'I/O error, dev vda, sector 8 op 0x1:(WRITE) flags 0x0' > $console; echo exit 0 > $status`,
  );
  t.equal(status, 69);
  t.match(stderr, /^I\/O error.*\nlab\/run: no space left in .*\/tmp\n$/);
  tidy(t);
});

t.test('the console can be kept', async (t) => {
  const console = `${dir}/console`;
  play('echo booting > $console; echo exit 0 > $status', '-- true', { LAB_CONSOLE: console });
  t.equal(readFileSync(console, 'utf8'), 'booting\n');
});

t.test('output comes as it is written', async (t) => {
  const child = spawn(TOOL, ['--', 'true'], {
    env: { ...process.env, ...env, PLAY: 'echo now > $stdout; sleep 5; echo exit 0 > $status' },
  });
  const started = Date.now();
  const [first] = await new Promise<Buffer[]>((resolve) =>
    child.stdout.once('data', (d) => resolve([d])),
  );
  t.equal(String(first), 'now\n');
  t.ok(Date.now() - started < 4_000, 'long before the machine ends');
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
});

t.test('a reader that goes', async (t) => {
  const started = Date.now();
  const { status, stdout, stderr } = sh(`${TOOL} -- true | head -n 1`, '', {
    ...env,
    PLAY: 'while sleep 0.1; do echo more; done >> $stdout',
  });
  t.strictSame({ status, stdout, stderr }, { status: 0, stdout: 'more\n', stderr: '' });
  t.ok(Date.now() - started < 10_000, 'ends the machine');
  tidy(t);
});

t.test('a reader that goes, but files to come', async (t) => {
  const { status } = sh(
    `${TOOL} --out ${dir}/kept -- true | head -n 1; exit \${PIPESTATUS[0]}`,
    '',
    {
      ...env,
      PLAY: `for i in {1..20}; do echo more; sleep 0.1; done >> $stdout
      tar -C ${dir}/in -cf $files file; echo exit 4 > $status`,
    },
  );
  t.equal(status, 4);
  t.strictSame(readdirSync(`${dir}/kept`), ['file']);
});

t.test('output that cannot be written', async (t) => {
  for (const wait of ['', 'sleep 20 8>&-;']) {
    const outcome = sh(`${TOOL} -- true > /dev/full`, '', {
      ...env,
      PLAY: `echo more >> $stdout; ${wait} echo exit 0 > $status`,
    });
    fails(t, TOOL, outcome, 1, 'lab/run: stdout: cannot be written', wait);
  }
  tidy(t);
});

t.test('a comma in a path', async (t) => {
  mkdirSync(`${dir}/tmp/a,b`);
  const console = `${dir}/tmp/a,b/console`;
  play('echo exit 0 > $status', '-- true', { TMPDIR: `${dir}/tmp/a,b`, LAB_CONSOLE: console });
  const args = readFileSync(env.ARGS, 'utf8');
  t.match(args, /file,id=console,path=.*\/a,,b\/console\n/);
  t.match(args, /file=.*\/a,,b\/[^,]*\/job.tar,format=raw/);
  t.match(args, /file,id=stdout,path=.*\/a,,b\//);
  rmSync(`${dir}/tmp/a,b`, { recursive: true });
});

t.test('a signal ends the machine and leaves nothing', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    const pidFile = `${dir}/pid`;
    const child = spawn(TOOL, ['--', 'true'], {
      env: {
        ...process.env,
        ...env,
        PLAY: `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`,
      },
      stdio: 'ignore',
    });
    for (let i = 0; i < 100 && !existsSync(pidFile); i++) await setTimeout(100);
    const pid = readFileSync(pidFile, 'utf8').trim();
    t.ok(existsSync(`/proc/${pid}`), 'the machine runs');
    child.kill(signal);
    const by = await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    t.equal(by, signal, 'ends by the signal');
    for (let i = 0; i < 50 && existsSync(`/proc/${pid}`); i++) await setTimeout(100);
    t.notOk(existsSync(`/proc/${pid}`), `${signal}: the machine is gone`);
    spawnSync('rm', [pidFile]);
    if (signal === 'SIGKILL') spawnSync('sh', ['-c', `rm -r ${dir}/tmp/*`]);
    tidy(t);
  }
});
