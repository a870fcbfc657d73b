import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { EXIT, ToolError } from '../stream/errors.js';
import { type Registered, RUNTIMES } from './runtimes.js';

export type EngineName = 'docker' | 'podman';

/** How long a call of the engine's command may take: starting a virtual machine is one call. */
export const CALL_SECONDS = 180;

/** Every container of ours bears it; its value is the process id of its run-container. */
export const LABEL = 'kernel-surface';

export interface About {
  readonly name: EngineName;
  readonly version: string;
  /** `1` or `2`. */
  readonly cgroupVersion: string;
  /** `cgroupfs` or `systemd`. */
  readonly cgroupDriver: string;
  readonly registered: ReadonlyMap<string, Registered>;
}

export interface Image {
  readonly id: string;
  /** `name@sha256:...` for each registry it came from or went to; none for one that was built here. */
  readonly digests: readonly string[];
  /** TCP ports that it says it listens on, ascending. */
  readonly ports: readonly number[];
}

export interface State {
  readonly id: string;
  readonly running: boolean;
  /** Of the container's first process, as the host sees it; 0 when there is none. */
  readonly pid: number;
  readonly exitCode: number;
  readonly startedAt: string;
  /** Undefined without a network of its own. */
  readonly address: string | undefined;
  readonly hostNetwork: boolean;
}

/** What the commands say when their daemon is not there, or is not for us. */
const SILENT = /Cannot connect to the Docker daemon|docker\.sock|Cannot connect to Podman/;

interface Called {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The last line that says something. */
function lastLine(printed: string): string {
  return printed.trim().split('\n').at(-1)?.trim() ?? '';
}

/** Is this a command, by its path or its name in PATH? Device files count as what is there. */
export function isThere(file: string): boolean {
  const places = file.includes('/')
    ? [file]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, file));
  const mode = file.startsWith('/dev/') ? constants.F_OK : constants.X_OK;
  return places.some((place) => {
    try {
      accessSync(place, mode);
      return true;
    } catch {
      return false;
    }
  });
}

/** docker or podman, by its command. Every error of it is a ToolError with the exit code of the rig. */
export class Engine {
  /** `callSeconds`: how long each call of the command may take. */
  constructor(
    readonly name: EngineName,
    private readonly callSeconds = CALL_SECONDS,
  ) {}

  /**
   * Runs the engine's command. It has a process group of its own: an interrupt at the terminal is for us, and
   * must not stop a removal half-way.
   */
  private async call(args: readonly string[]): Promise<Called> {
    const child = spawn(this.name, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, this.callSeconds * 1000);
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve(status ?? 1));
    });
    try {
      const [status, stdout, stderr] = await Promise.all([
        ended,
        text(child.stdout),
        text(child.stderr),
      ]);
      if (late) throw this.error(args, `no answer within ${this.callSeconds} s`);
      if (status !== 0 && SILENT.test(stderr)) {
        throw new ToolError(`${this.name}: does not answer: ${lastLine(stderr)}`, EXIT.rig);
      }
      return { status, stdout, stderr };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      const hint = 'install it, or see --engine';
      throw new ToolError(`${this.name}: not found in PATH: ${hint}`, EXIT.rig);
    } finally {
      clearTimeout(timer);
    }
  }

  private error(args: readonly string[], reason: string): ToolError {
    return new ToolError(`${this.name} ${args[0]}: ${reason}`, EXIT.rig);
  }

  private async demand(args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.call(args);
    if (status === 0) return stdout;
    // Error response from daemon: OCI runtime create failed: ...
    // Error: failed to start containers: ...
    const line = /^.*Error response from daemon: (.*)$/m.exec(stderr)?.[1] ?? lastLine(stderr);
    const reason = line.replace(/^(docker: |Error: )/, '');
    throw this.error(args, reason || `status ${status}`);
  }

  /** What an engine prints as JSON. */
  private parse<T>(args: readonly string[], printed: string): T {
    try {
      return JSON.parse(printed) as T;
    } catch {
      throw this.error(args, `printed no JSON: '${printed.slice(0, 40)}'`);
    }
  }

  async about(): Promise<About> {
    return this.name === 'docker' ? this.aboutDocker() : this.aboutPodman();
  }

  private async aboutDocker(): Promise<About> {
    const args = ['info', '--format', '{{json .}}'];
    const info = this.parse<{
      ServerVersion?: string;
      ServerErrors?: string[];
      CgroupVersion?: string;
      CgroupDriver?: string;
      Runtimes?: Record<string, Registered>;
    }>(args, await this.demand(args));
    const [problem] = info.ServerErrors ?? [];
    if (problem !== undefined) throw new ToolError(`docker: does not answer: ${problem}`, EXIT.rig);
    return {
      name: 'docker',
      version: info.ServerVersion ?? '',
      cgroupVersion: info.CgroupVersion ?? '',
      cgroupDriver: info.CgroupDriver ?? '',
      registered: new Map(
        Object.entries(info.Runtimes ?? {}).filter(([name]) => !name.startsWith('io.containerd.')),
      ),
    };
  }

  /** podman registers nothing: what is installed can be named by its path. */
  private async aboutPodman(): Promise<About> {
    const args = ['info', '--format', 'json'];
    const info = this.parse<{
      host?: {
        cgroupVersion?: string;
        cgroupManager?: string;
        ociRuntime?: { name?: string; path?: string };
      };
      version?: { Version?: string };
    }>(args, await this.demand(args));
    const { cgroupVersion = '', cgroupManager = '', ociRuntime } = info.host ?? {};
    const registered = new Map<string, Registered>();
    for (const { name, registration } of RUNTIMES) {
      const found = registration ?? { path: name };
      if ('path' in found && isThere(found.path)) registered.set(name, found);
    }
    if (ociRuntime?.name !== undefined && !registered.has(ociRuntime.name)) {
      registered.set(ociRuntime.name, { path: ociRuntime.path ?? ociRuntime.name });
    }
    return {
      name: 'podman',
      version: info.version?.Version ?? '',
      cgroupVersion: cgroupVersion.replace(/^v/, ''),
      cgroupDriver: cgroupManager,
      registered,
    };
  }

  /** Undefined if the engine has no such image. */
  async image(name: string): Promise<Image | undefined> {
    const args = ['image', 'inspect', name];
    const { status, stdout, stderr } = await this.call(args);
    if (status !== 0) {
      if (/no such image|not known|not found/i.test(stderr)) return undefined;
      throw this.error(args, lastLine(stderr));
    }
    const [found] = this.parse<
      {
        Id: string;
        RepoDigests?: string[] | null;
        Config?: { ExposedPorts?: Record<string, unknown> | null } | null;
      }[]
    >(args, stdout);
    if (found === undefined) return undefined;
    const ports = Object.keys(found.Config?.ExposedPorts ?? {})
      .map((port) => /^(\d+)\/tcp$/.exec(port)?.[1])
      .filter((port) => port !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    // podman leaves the algorithm out.
    const id = found.Id.includes(':') ? found.Id : `sha256:${found.Id}`;
    return { id, digests: found.RepoDigests ?? [], ports };
  }

  /** Creates a container, which does not run yet; gives its id. */
  async create({
    name,
    image,
    runtime,
    registered,
    environment,
    network,
  }: {
    name: string;
    image: string;
    runtime: string;
    registered: Registered;
    environment: Readonly<Record<string, string>>;
    network: string | undefined;
  }): Promise<string> {
    const options = [
      ...['--name', name, '--label', `${LABEL}=${process.pid}`],
      ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...(network === undefined ? [] : ['--network', network]),
    ];
    const stdout = await this.demand([
      ...(this.name === 'podman' ? podmanRuntime(registered) : []),
      'create',
      ...(this.name === 'docker' ? ['--runtime', runtime] : []),
      ...options,
      image,
    ]);
    return lastLine(stdout);
  }

  async start(name: string): Promise<void> {
    await this.demand(['start', name]);
  }

  /** Undefined if there is no such container. */
  async inspect(name: string): Promise<State | undefined> {
    const args = ['inspect', '--type', 'container', name];
    const { status, stdout, stderr } = await this.call(args);
    if (status !== 0) {
      if (/no such/i.test(stderr)) return undefined;
      throw this.error(args, lastLine(stderr));
    }
    const [found] = this.parse<
      {
        Id: string;
        State: { Running: boolean; Pid: number; ExitCode: number; StartedAt: string };
        NetworkSettings?: {
          IPAddress?: string;
          Networks?: Record<string, { IPAddress?: string }> | null;
        };
        HostConfig?: { NetworkMode?: string };
      }[]
    >(args, stdout);
    if (found === undefined) return undefined;
    const { Running, Pid, ExitCode, StartedAt } = found.State;
    const networks = Object.values(found.NetworkSettings?.Networks ?? {});
    const addresses = [...networks.map((n) => n.IPAddress), found.NetworkSettings?.IPAddress];
    return {
      id: found.Id,
      running: Running,
      pid: Pid,
      exitCode: ExitCode,
      startedAt: StartedAt,
      address: addresses.find((address) => address !== undefined && address !== ''),
      hostNetwork: found.HostConfig?.NetworkMode === 'host',
    };
  }

  /** The last line that the container has printed. */
  async lastWords(name: string): Promise<string> {
    const { stdout, stderr } = await this.call(['logs', '--tail', '5', name]);
    return lastLine(stderr) || lastLine(stdout);
  }

  /** `exited` resolves with its status when the container has ended; `stop` gives up on it. */
  watch(name: string): { exited: Promise<number>; stop: () => void } {
    const child = spawn(this.name, ['wait', name], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString('latin1');
    });
    let stopped = false;
    const exited = new Promise<number>((resolve) => {
      // Otherwise it is the engine that has gone.
      child.on('close', (code) => {
        if (!stopped && code === 0) resolve(Number.parseInt(out, 10) || 0);
      });
      child.on('error', () => {});
    });
    return {
      exited,
      stop: () => {
        stopped = true;
        child.kill('SIGKILL');
      },
    };
  }

  /** Ends a container, if it runs, and removes it with its volumes; one that is gone already is no error. */
  async remove(name: string): Promise<void> {
    const args = ['rm', '--force', '--volumes', name];
    const { status, stderr } = await this.call(args);
    if (status !== 0 && !/no such container|no container with/i.test(stderr)) {
      throw this.error(args, lastLine(stderr));
    }
  }

  /** Is it containerd, which forks the containers' shims? podman has no such daemon. */
  isDaemon(argv: readonly string[]): boolean {
    const [command = ''] = argv;
    return this.name === 'docker' && /(^|\/)containerd$/.test(command);
  }
}

/** podman --runtime /usr/bin/runsc --runtime-flag platform=ptrace: flags without their dashes. */
function podmanRuntime({ path = '', runtimeArgs = [] }: Registered): string[] {
  const flags = runtimeArgs.flatMap((arg) => ['--runtime-flag', arg.replace(/^--/, '')]);
  return ['--runtime', path, ...flags];
}

/** The first line of `runc --version`; undefined where there is no such command, or none that tells. */
export function runtimeVersion({ path }: Registered): Promise<string | undefined> {
  if (path === undefined || path === '') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 10_000 }, (error, stdout) => {
      const line = stdout.split('\n')[0].trim();
      resolve(error !== null || line === '' ? undefined : line);
    });
  });
}
