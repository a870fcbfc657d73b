import { closeSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, ToolError } from '../stream/errors.js';
import { run } from './run.js';

/** Directories that Debian keeps below usr/; packages of bookworm still have files in lib/. */
const MERGED = ['bin', 'lib', 'lib64', 'sbin'];
const BELOW_USR = new RegExp(`^(?=(${MERGED.join('|')})/)`);

/** Suites without security updates of their own. */
const UNSTABLE = ['sid', 'unstable', 'experimental'];

/** The base of the archive that apt uses here under `label`, Debian or Debian-Security. */
async function archive(label: string, signal: AbortSignal): Promise<string | undefined> {
  const format = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';
  const how = { signal };
  const targets = await run('apt', 'apt-get', ['indextargets', '--format', format], how);
  const fields = targets.split('\n').map((line) => line.split('|'));
  return fields.find(([origin, name]) => origin === 'Debian' && name === label)?.[2];
}

/** The lines of sources.list for a suite: of the archives that apt uses here, or of MIRROR. */
async function sources(suite: string, signal: AbortSignal): Promise<string> {
  const main = process.env.MIRROR || (await archive('Debian', signal));
  if (main === undefined) {
    const reason = 'apt knows no archive of Debian here: name one, MIRROR=http://...';
    throw new ToolError(reason, EXIT.rig);
  }
  const security = UNSTABLE.includes(suite) ? undefined : await archive('Debian-Security', signal);
  return [
    `deb ${main} ${suite} main\n`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main\n`]),
  ].join('');
}

/** Unpacks one package; the paths in it, those below lib/ and the like as below usr/. */
async function unpack(deb: string, tree: string, signal: AbortSignal): Promise<string[]> {
  const data = `${tree}.tar`;
  const stdout = openSync(data, 'w');
  try {
    await run(basename(deb), 'dpkg-deb', ['--fsys-tarfile', deb], { signal, stdout });
  } finally {
    closeSync(stdout);
  }
  // dpkg-deb's own extraction would put a directory in the place of the link `lib`.
  const args = ['-xvf', data, '--keep-directory-symlink', '--no-same-owner', '-C', tree];
  const listed = await run(basename(deb), 'tar', args, { signal });
  return listed.split('\n').map((path) => path.replace(/^\.\//, '').replace(BELOW_USR, 'usr/'));
}

/**
 * Fetches packages of a Debian suite, and what they depend on, and unpacks them into `scratch`/tree. Nothing
 * is installed and no script of a package is run, so it needs no privileges; the host's apt is asked for its
 * archives and its proxy, and left alone otherwise. Resolves to the package of each file, by its path:
 * `usr/bin/node` to `nodejs 20.19.2+dfsg-1+deb13u3`.
 */
export async function unpackPackages(
  packages: readonly string[],
  suite: string,
  scratch: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const apt = `${scratch}/apt`;
  const options = Object.entries({
    'Dir::Etc::sourcelist': `${apt}/sources.list`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::Etc::trustedparts': '/usr/share/keyrings',
    'Dir::State': apt,
    'Dir::State::lists': `${apt}/lists`,
    'Dir::State::status': `${apt}/status`,
    'Dir::Cache': `${apt}/cache`,
    'APT::Sandbox::User': '',
    'APT::Update::Error-Mode': 'any',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const aptGet = (...args: string[]) =>
    run(`packages of ${suite}`, 'apt-get', [...options, '-qq', ...args], { signal });

  mkdirSync(`${apt}/lists/partial`, { recursive: true });
  mkdirSync(`${apt}/cache/archives/partial`, { recursive: true });
  // What is installed here does not count; apt's locks lie beside this file.
  writeFileSync(`${apt}/status`, '');
  writeFileSync(`${apt}/sources.list`, await sources(suite, signal));
  await aptGet('update');
  await aptGet('install', '--download-only', '--yes', '--no-install-recommends', ...packages);

  const tree = `${scratch}/tree`;
  for (const name of MERGED) {
    mkdirSync(`${tree}/usr/${name}`, { recursive: true });
    symlinkSync(`usr/${name}`, `${tree}/${name}`);
  }
  const owners = new Map<string, string>();
  const archives = `${apt}/cache/archives`;
  for (const name of readdirSync(archives).sort()) {
    if (!name.endsWith('.deb')) continue;
    const deb = `${archives}/${name}`;
    // Package: nodejs
    // Version: 20.19.2+dfsg-1+deb13u3
    const fields = await run(name, 'dpkg-deb', ['--field', deb, 'Package', 'Version'], { signal });
    const owner = fields
      .trim()
      .replace(/^\w+: /gm, '')
      .replace('\n', ' ');
    for (const path of await unpack(deb, tree, signal)) owners.set(path, owner);
  }
  return owners;
}
