/** How a runtime is made known to docker, in the words of daemon.json. */
export type Registration =
  /** A command that is called as runc is: the engine's own shim starts it. */
  | { readonly path: string; readonly runtimeArgs?: readonly string[] }
  /** A shim of its own, by containerd's naming: io.containerd.kata.v2 is containerd-shim-kata-v2. */
  | { readonly runtimeType: string; readonly options?: Readonly<Record<string, string>> };

export interface Runtime {
  readonly name: string;
  readonly title: string;
  /** Device files without which no container of it starts. */
  readonly needs: readonly string[];
  /** Which of an application's two images it runs: Nabla wants a unikernel, the others an ordinary one. */
  readonly variant: 'legacy' | 'nabla';
  /** The entry under "runtimes" in daemon.json; undefined for what docker knows by itself. */
  readonly registration: Registration | undefined;
}

const KATA_CONFIG = '/opt/kata/share/defaults/kata-containers';

/** The runtimes whose measurements were published, and two that have come since. A runtime is one row. */
export const RUNTIMES: readonly Runtime[] = [
  {
    name: 'runc',
    title: "docker's own",
    needs: [],
    variant: 'legacy',
    registration: undefined,
  },
  {
    name: 'crun',
    title: 'runc in C',
    needs: [],
    variant: 'legacy',
    registration: { path: '/usr/bin/crun' },
  },
  {
    name: 'runsc',
    title: 'gVisor, ptrace',
    needs: [],
    variant: 'legacy',
    registration: { path: '/usr/bin/runsc', runtimeArgs: ['--platform=ptrace'] },
  },
  {
    name: 'runsck',
    title: 'gVisor, KVM',
    needs: ['/dev/kvm'],
    variant: 'legacy',
    registration: { path: '/usr/bin/runsc', runtimeArgs: ['--platform=kvm'] },
  },
  {
    name: 'runscs',
    title: 'gVisor, systrap',
    needs: [],
    variant: 'legacy',
    registration: { path: '/usr/bin/runsc', runtimeArgs: ['--platform=systrap'] },
  },
  {
    name: 'runnc',
    title: 'Nabla',
    needs: [],
    variant: 'nabla',
    registration: { path: '/usr/local/bin/runnc' },
  },
  {
    name: 'kata',
    title: 'Kata, QEMU',
    needs: ['/dev/kvm', '/dev/vhost-net'],
    variant: 'legacy',
    registration: { runtimeType: 'io.containerd.kata.v2' },
  },
  {
    name: 'katafc',
    title: 'Kata, Firecracker',
    needs: ['/dev/kvm', '/dev/vhost-vsock'],
    variant: 'legacy',
    registration: {
      runtimeType: 'io.containerd.kata.v2',
      options: { ConfigPath: `${KATA_CONFIG}/configuration-fc.toml` },
    },
  },
];

/** The row of a runtime; for a name that is in none, one that asks for nothing. */
export function runtimeOf(name: string): Runtime {
  const known = RUNTIMES.find((runtime) => runtime.name === name);
  return known ?? { name, title: name, needs: [], variant: 'legacy', registration: undefined };
}

/** `"kata": {"runtimeType":"io.containerd.kata.v2"}`: what to put under "runtimes" in daemon.json. */
export function stanza({ name, registration }: Runtime): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(registration ?? { path: name })}`;
}

/**
 * The registration of an engine, from `docker info`: `{"path":"/usr/bin/crun"}` or, for a shim,
 * `{"runtimeType":"io.containerd.kata.v2"}`. Engines differ in what else they put there.
 */
export interface Registered {
  readonly path?: string;
  readonly runtimeArgs?: readonly string[];
  readonly runtimeType?: string;
}

export interface Listed {
  readonly runtime: Runtime;
  readonly registered: boolean;
  /** What is missing here, in words; undefined if nothing is. */
  readonly missing: string | undefined;
}

/**
 * Known and registered runtimes, by name: which of them could run here. `exists` tells whether a command (by
 * path, or by name in PATH) or a device file is there.
 */
export function listRuntimes(
  registered: ReadonlyMap<string, Registered>,
  exists: (path: string) => boolean,
): Listed[] {
  const names = new Set([...RUNTIMES.map(({ name }) => name), ...registered.keys()]);
  return [...names].sort().map((name) => {
    const runtime = runtimeOf(name);
    const command = commandOf(registered.get(name) ?? runtime.registration ?? {});
    const missing = [...(command === undefined ? [] : [command]), ...runtime.needs].find(
      (file) => !exists(file),
    );
    return {
      runtime,
      registered: registered.has(name),
      missing: missing === undefined ? undefined : `${missing} is missing`,
    };
  });
}

/** The command of a runtime, or that of its shim: io.containerd.kata.v2 is containerd-shim-kata-v2. */
function commandOf({ path, runtimeType }: Registered): string | undefined {
  if (path) return path;
  const [, name, number] = /^io\.containerd\.(.+)\.(v\d+)$/.exec(runtimeType ?? '') ?? [];
  return name === undefined ? runtimeType : `containerd-shim-${name}-${number}`;
}
