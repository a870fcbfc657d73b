// Prints docker's daemon.json for the runtimes that lie in a root directory:
//
//   node lab/runtimes.mjs ROOT > ROOT/etc/docker/daemon.json
//
// What is in etc/docker/runtimes.d/NAME.json there is registered under NAME, whatever the rows below say.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [root] = process.argv.slice(2);
/** The first of the paths, as seen from within the root, that is there. */
const find = (...paths) => paths.find((path) => existsSync(join(root, path)));
const command = (name) =>
  find(`/usr/local/bin/${name}`, `/usr/bin/${name}`, `/opt/kata/bin/${name}`);
const KATA = '/opt/kata/share/defaults/kata-containers';

const runsc = command('runsc');
/** Debian 12's gVisor does not know the platform. */
const systrap = runsc !== undefined && readFileSync(join(root, runsc)).includes('systrap');
const gvisor = (platform) => ({ path: '/lab/runsc', runtimeArgs: [`--platform=${platform}`] });
/** From 2.0 on a shim of containerd's second kind, before that a command like runc. */
const shim = command('containerd-shim-kata-v2');
const kata = command('kata-runtime');
const firecracker = find(`${KATA}/configuration-fc.toml`);

/** By its name, each runtime's entry in daemon.json, or undefined where it is not. */
const runtimes = {
  crun: command('crun') && { path: command('crun') },
  runsc: runsc && gvisor('ptrace'),
  runsck: runsc && gvisor('kvm'),
  runscs: systrap ? gvisor('systrap') : undefined,
  runnc: command('runnc') && { path: command('runnc') },
  kata: shim ? { runtimeType: 'io.containerd.kata.v2' } : kata && { path: kata },
  katafc:
    shim && firecracker
      ? { runtimeType: 'io.containerd.kata.v2', options: { ConfigPath: firecracker } }
      : undefined,
};

const own = join(root, 'etc/docker/runtimes.d');
for (const file of existsSync(own) ? readdirSync(own).sort() : []) {
  try {
    runtimes[basename(file, '.json')] = JSON.parse(readFileSync(join(own, file), 'utf8'));
  } catch (error) {
    console.error(`etc/docker/runtimes.d/${file}: ${error.message}`);
    process.exitCode = 1;
  }
}

console.log(
  JSON.stringify(
    { iptables: false, ip6tables: false, 'storage-driver': 'overlay2', runtimes },
    null,
    2,
  ),
);
