import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';

/** What is published, installed as a user would, works outside the checkout. */

const { name, version, bin, man } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Files and folders that a checkout does not have, or that the package is made without. */
const APART = ['build', 'dist', 'node_modules', 'results', 'samples', 'test'];

/** A copy of the checkout to pack: `npm pack` builds, and other tests are using dist/. */
function copyCheckout(to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync('.')) {
    if (APART.includes(entry) || (entry.startsWith('.') && entry !== '.npmrc')) continue;
    if (!entry.endsWith('.tgz')) cpSync(entry, `${to}/${entry}`, { recursive: true });
  }
  symlinkSync(resolve('node_modules'), `${to}/node_modules`);
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

t.test('npm pack, npm install -g', { timeout: 120_000 }, (t) => {
  const dir = t.testdir({ elsewhere: {} });
  const before = readdirSync('.');
  copyCheckout(`${dir}/checkout`);
  npm(`${dir}/checkout`, 'pack', '--silent', '--pack-destination', dir);
  const tarball = `${dir}/${name}-${version}.tgz`;
  t.ok(existsSync(tarball), 'npm pack makes the tarball');

  const prefix = `${dir}/prefix`;
  npm(dir, 'install', '-g', '--prefix', prefix, '--prefer-offline', '--no-audit', tarball);
  const elsewhere = `${dir}/elsewhere`;
  cpSync('samples/runnc-redis-test.trace.gz', `${elsewhere}/trace.gz`);
  const sh = (line: string) => {
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', line],
      {
        cwd: elsewhere,
        encoding: 'utf8',
        env: { PATH: `${prefix}/bin:${process.env.PATH}`, HOME: process.env.HOME },
      },
    );
    return { status, stdout, stderr };
  };

  for (const command of Object.keys(bin)) {
    t.strictSame(sh(`command -v ${command}`).stdout, `${prefix}/bin/${command}\n`);
    t.strictSame(sh(`${command} --version`), { status: 0, stdout: `${version}\n`, stderr: '' });
    t.match(sh(`${command} --help`).stdout, `man ${command}`);
  }
  const table = `${prefix}/lib/node_modules/${name}/complexity/linux-6.1.txt.gz`;
  const functions = sh('zcat trace.gz | strip-irq --tids 1074 | uniq-funcs | wc -l');
  t.strictSame(functions, { status: 0, stdout: '222\n', stderr: '' });
  const sum = sh(`zcat trace.gz | uniq-funcs --strip --tids 1074 | complexity-sum -c ${table}`);
  t.match(sum, { status: 0, stdout: /^n,min,max,sum,.*\n\d+,\d+,\d+,\d+,.*\n$/, stderr: '' });

  const row = 'runtime,application,functions_mean\\nrunc,node-express,809\\n';
  const drawn = sh(`printf '${row}' > summary.csv; plot-results --published summary.csv`);
  t.strictSame(drawn, {
    status: 0,
    stdout: 'charts/functions.svg\ncharts/functions.png\n',
    stderr: '',
  });

  t.equal(man.length, Object.keys(bin).length, 'a manual for each command');
  for (const page of man.map((path: string) => path.replace(/^.*\//, ''))) {
    const file = `${prefix}/share/man/man1/${page}`;
    const text = readFileSync(file, 'utf8');
    t.match(text, /^\.TH "[A-Z\\-]+" "1" "" /m, `${page} is a manual without a date`);
    const { error, status, stdout, stderr } = spawnSync('man', ['-l', '--warnings', file], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C' },
    });
    if (error !== undefined) continue;
    t.strictSame({ status, stderr }, { status: 0, stderr: '' }, `man reads ${page}`);
    t.match(stdout, /^EXAMPLES$/m);
  }
  t.strictSame(readdirSync('.'), before, 'nothing has been left in the checkout');
  t.end();
});
