import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parseApp, parseRecipe } from '../../src/image/recipe.js';
import { sh } from '../helpers/run.js';

/**
 * The applications, each built from packages and asked. That needs an archive of Debian and a registry of
 * npm: without them it is skipped, but not where LAB_TEST is set, which promises them.
 */

const APPS = ['node-express', 'python-tornado', 'redis-test'];

/** More than what a load checks: [question, answer]. */
const QUESTIONS: Record<string, readonly (readonly [string, RegExp])[]> = {
  'node-express': [
    ['/', /^200 Nabla!$/],
    ['/none', /^404 /],
  ],
  'python-tornado': [
    ['/', /^200 x{1000}$/],
    ['/?size=7', /^200 x{7}$/],
    ['/?size=0', /^200 $/],
  ],
  'redis-test': [
    ['SET foo1 bar1', /^\+OK$/],
    ['GET foo1', /^\$4 bar1$/],
    ['CONFIG GET dir', /^\*2 \$3 dir \$4 \/tmp$/],
    ['SAVE', /^\+OK$/],
  ],
};

const text = (path: string) => readFileSync(`apps/${path}`, 'utf8');
const json = (path: string) => JSON.parse(text(path));

t.setTimeout(40 * 60_000);

t.test('every directory in apps/ is an application', async (t) => {
  const found = readdirSync('apps', { withFileTypes: true }).filter((e) => e.isDirectory());
  t.strictSame(found.map(({ name }) => name).sort(), APPS);
});

for (const app of APPS) {
  t.test(`${app} is described`, async (t) => {
    const { answer, load, ...rest } = json(`${app}/app.json`);
    t.match(
      rest,
      rest.protocol === 'http' ? { path: '/' } : { protocol: 'redis', path: undefined },
    );
    t.strictSame(rest.environment, {});
    t.equal(rest.name, app);
    t.strictSame(rest.images, {
      legacy: `kernel-surface/${app}-legacy`,
      nabla: `kernel-surface/${app}-nabla`,
    });
    t.strictSame(load, { requests: 300, rate: 10 }, 'the published load');
    const [[, first]] = QUESTIONS[app];
    const whole = answer.text.repeat(answer.times);
    t.match(rest.protocol === 'redis' ? `+${whole}` : `200 ${whole}`, first, 'the answer');

    const { port } = parseApp(text(`${app}/app.json`), app);
    const recipe = parseRecipe(text(`${app}/recipe.json`), app);
    for (const file of Object.keys(recipe.copy)) t.ok(existsSync(`apps/${app}/${file}`), file);
    const dockerfile = text(`${app}/Dockerfile`);
    t.match(dockerfile, `EXPOSE ${port}\n`);
    t.match(dockerfile, `CMD ${JSON.stringify(recipe.command).replaceAll('","', '", "')}\n`);
    for (const setting of ['USER 65534:65534', 'STOPSIGNAL SIGKILL']) t.match(dockerfile, setting);
    for (const name of recipe.packages) t.match(dockerfile, name);
  });
}

t.test('the versions of npm packages are exact', async (t) => {
  const { dependencies } = json('node-express/package.json');
  t.match(dependencies, { express: /^4\.\d+\.\d+$/ });
  const { packages } = json('node-express/package-lock.json');
  t.equal(packages['node_modules/express'].version, dependencies.express);
  for (const [path, { integrity }] of Object.entries<{ integrity?: string }>(packages)) {
    if (path !== '') t.match(integrity, /^sha512-/, path);
  }
});

/** Builds an image; false where it cannot be, with the test skipped if the rig is to blame. */
function build(
  t: Pick<typeof import('tap').default, 'equal' | 'match' | 'pass'>,
  app: string,
  out: string,
  umask = '022',
) {
  const line = `umask ${umask}; apps/build ${app} --out ${out}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
  if (status === 69 && process.env.LAB_TEST === undefined) {
    t.pass(`skipped: ${stderr}`, { skip: stderr.trim() });
    return false;
  }
  t.equal(stderr, '');
  t.equal(status, 0);
  t.match(stdout, new RegExp(`^kernel-surface/${app}-legacy sha256:[0-9a-f]{64} \\d+ MB\n$`));
  return status === 0;
}

/**
 * Runs a line of bash in a network of its own with nothing but a loopback device, as root there: of the machine,
 * or, where this is not root, of a user namespace.
 */
function apart(line: string, args: readonly string[]) {
  const root = process.getuid?.() === 0;
  const flags = [...(root ? [] : ['--map-root-user']), '--net', '--pid', '--fork', '--kill-child'];
  const script = `PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ${line}`;
  const options = { encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' } as const;
  return spawnSync('unshare', [...flags, 'bash', '-c', script, 'bash', ...args], options);
}

const dir = t.testdir(Object.fromEntries(APPS.map((app) => [app, {}])));
const image = (app: string) => `${dir}/${app}.tar`;
const cannot = apart('true', []).status === 0 ? false : 'no network namespaces here';
const skip = process.env.LAB_TEST === undefined ? cannot : false;

for (const app of APPS) {
  t.test(`${app} answers`, { skip, timeout: 600_000 }, async (t) => {
    const file = image(app);
    const root = `${dir}/${app}`;
    if (!build(t, app, file)) return;
    const layer = ['-xOf', file, 'layer.tar'];
    const bytes = execFileSync('tar', layer, { maxBuffer: 1 << 30 });
    execFileSync('tar', ['-xf', '-', '-C', root], { input: bytes });
    const [{ Config }] = JSON.parse(
      execFileSync('tar', ['-xOf', file, 'manifest.json'], { encoding: 'utf8' }),
    );
    const { config } = JSON.parse(
      execFileSync('tar', ['-xOf', file, Config], { encoding: 'utf8' }),
    );
    t.match(config.Labels, {
      'kernel-surface.suite': 'trixie',
      'kernel-surface.packages': /(^|, )libc6 \d[^,]+(, |$)/,
    });

    const { protocol, port } = json(`${app}/app.json`);
    const user = process.getuid?.() === 0 ? [`--userspec=${config.User}`] : [];
    const questions = QUESTIONS[app].map(([question]) => question);
    const command = [...user, root, ...config.Cmd];
    // Nothing of the host but its kernel: no /proc, no /dev, no environment.
    const { stdout, stderr } = apart(
      `env -i "$(command -v chroot)" "\${@:2:$1}" > /dev/null & exec node test/helpers/ask.mjs "\${@:$1+2}"`,
      [String(command.length), ...command, protocol, String(port), ...questions],
    );
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.equal(answers.length, questions.length, stderr);
    for (const [index, [question, answer]] of QUESTIONS[app].entries()) {
      t.match(answers[index], answer, question);
    }
  });
}

t.test('the same packages give the same bytes', { skip, timeout: 600_000 }, async (t) => {
  // The one with code that is compiled on the way.
  const app = 'python-tornado';
  if (!build(t, app, `${dir}/again.tar`, '077')) return;
  t.equal(sh(`cmp ${image(app)} ${dir}/again.tar`).status, 0);
});
