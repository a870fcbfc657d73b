import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { fails } from '../helpers/bad-input.js';
import { type Outcome, sh } from '../helpers/run.js';

/** lab/boot around a machine that is a shell script: everything but the machine itself is real. */

const TOOL = 'lab/boot';

// Descriptor 4 is where the state goes; $PLAY does what the machine would.
const FAKE_QEMU = `#!/bin/bash
if [ "$1" = --version ]; then echo "QEMU emulator version $VERSION (Debian)"; exit; fi
for arg; do
  case $arg in
    file,id=* | pipe,id=*) name=\${arg#*,id=} && declare "\${name%%,*}=\${arg##*path=}" ;;
    file=*/disk.img,*) disk=\${arg#file=} && disk=\${disk%%,*} ;;
  esac
done
eval "$PLAY"
`;
const KEEPS = `echo booted >> "$disk"; echo ready > "$status"; read -r line < "$monitor.in"; echo "$line" >&4
  echo 'Migration status: completed' > "$monitor.out"`;

const dir = t.testdir({ qemu: FAKE_QEMU, 'a b': {} });
chmodSync(`${dir}/qemu`, 0o755);
const image = `${dir}/a b/image`;
const play = (script: string, more: Record<string, string> = {}): Outcome =>
  sh(`${TOOL} '${image}'`, '', {
    LAB_QEMU: `${dir}/qemu`,
    LAB_CACHE: `${dir}/cache`,
    VERSION: '8.2.0',
    PLAY: script,
    ...more,
  });
const kept = () => readdirSync(image).filter((name) => name.startsWith('boot'));

t.beforeEach(() => {
  sh(`rm -rf '${image}'`);
  mkdirSync(image);
  for (const file of ['kernel', 'initrd']) writeFileSync(`${image}/${file}`, '');
  writeFileSync(`${image}/disk.img`, 'disk\n');
});

t.test('a machine is kept, and found again', async (t) => {
  const first = play(KEEPS);
  t.match(first, { status: 0, stderr: 'lab/boot: booting the machine, once\n' });
  const booted = first.stdout.trimEnd();
  t.strictSame(kept(), [booted.slice(image.length + 1)], 'and nothing else is left');
  t.equal(readFileSync(`${booted}/state`, 'utf8'), 'migrate file:/dev/fd/4\n');
  t.equal(readFileSync(`${booted}/disk.img`, 'utf8'), 'disk\nbooted\n');
  t.equal(readFileSync(`${image}/disk.img`, 'utf8'), 'disk\n', 'the image stays as it was');
  t.strictSame(play('exit 1'), { status: 0, stdout: first.stdout, stderr: '' });
});

t.test('another QEMU boots its own', async (t) => {
  play(KEEPS);
  mkdirSync(`${image}/boot-killed`);
  const before = kept();
  const other = play(KEEPS, { VERSION: '9.0.1' });
  t.equal(other.status, 0);
  t.strictSame(kept(), [other.stdout.trimEnd().slice(image.length + 1)], 'in place of the old');
  t.notSame(kept(), before);
});

t.test('a machine that does not boot', async (t) => {
  const failing = (script: string, message: string) => {
    const { status, stdout, stderr } = play(script);
    t.match({ status, stdout }, { status: 69, stdout: '' }, message);
    t.ok(stderr.endsWith(`lab/boot: ${message}\n`), stderr);
    t.strictSame(kept(), [], 'nothing half-made is left');
  };
  const console = `printf 'Kernel panic\\r\\n' > "$console";`;
  failing(
    'echo no such device >&2; exit 1',
    'the machine does not boot: QEMU ended: no such device',
  );
  failing(
    `${console} echo failed docker ended: no > "$status"; sleep 60`,
    'the machine does not boot: docker ended: no',
  );
  t.match(play(`${console} exit 0`).stderr, 'Kernel panic\n', 'what its console said last');
  failing(
    `echo ready > "$status"; read -r line < "$monitor.in"; echo 'Error: no space' > "$monitor.out"`,
    'cannot keep the machine: Error: no space',
  );
});

t.test('wrong arguments', async (t) => {
  fails(t, TOOL, sh(TOOL), 2, 'not one IMAGE', 'none');
  fails(t, TOOL, sh(`${TOOL} ${dir}`), 2, /no image of lab\/build/, 'no image');
  t.match(sh(`${TOOL} --help`), { status: 0, stderr: '', stdout: 'lab/boot IMAGE' });
});
