import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, machine, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, ToolError } from '../stream/errors.js';
import type { Protocol } from './apps.js';
import { type Ended, endOf, fillIn, Tracing } from './command.js';
import { type About, type Engine, type Image, runtimeVersion, type State } from './engine.js';
import {
  type Client,
  clientOf,
  type Load,
  type LoadResult,
  offerLoad,
  RequestError,
  requireStored,
  type Target,
  WrongAnswer,
} from './load.js';
import { forkedIn, type Phase, type RunRecord } from './record.js';
import type { Registered } from './runtimes.js';
import { takeSnapshot, threadsOf } from './snapshot.js';
import { changeOf, type Found, findTasks, type Snapshot, type Task } from './tasks.js';

/** All that is decided before a container is created. */
export interface Plan {
  readonly engine: Engine;
  readonly about: About;
  readonly runtime: string;
  readonly registered: Registered;
  readonly image: Image & { readonly name: string };
  /** The application's name; undefined for an image that is none of ours. */
  readonly app: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
  readonly path: string;
  /** Undefined: whatever it answers first. */
  readonly expected: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly network: string | undefined;
  readonly load: Load;
  /** Requests of the untraced warm-up. */
  readonly warmUp: number;
  readonly withShim: boolean;
  readonly startup: boolean;
  /** The command that traces; undefined: only the tasks are wanted. */
  readonly command: readonly string[] | undefined;
  readonly trace: string | undefined;
  readonly directory: string | undefined;
  /** In seconds. */
  readonly limits: {
    readonly ready: number;
    readonly request: number;
    /** How long after its start the command is taken to be ready; undefined: when it says so. */
    readonly commandReady: number | undefined;
    readonly stop: number;
  };
}

export interface Surroundings {
  readonly tool: { readonly name: string; readonly version: string };
  /** An empty directory of this run alone. */
  readonly scratch: string;
  /** Rejects when the run is to be given up. */
  readonly interrupted: Promise<never>;
  readonly progress: (text: string) => void;
}

export interface Outcome {
  readonly record: RunRecord;
  /** System calls that the tasks were in at the start and the end, one to a line. */
  readonly inFlight: readonly string[];
  /** The exit code that says what made the run invalid. */
  readonly exitCode: number;
}

/** Why a run does not count. */
class Invalid extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failure,
  ) {
    super(message);
  }
}

/** How often a container is asked that does not serve yet. */
const ASK_AGAIN_MS = 100;
/** How long after a failed request the container's end may become known. */
const END_SETTLES_MS = 2000;

/** Seconds of CLOCK_MONOTONIC. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** A limit in words, for messages. */
function within(seconds: number): string {
  return `within ${seconds} s`;
}

/** One experiment: what is known of it so far, and how its steps follow upon each other. */
class Run {
  private readonly name = `kernel-surface-${process.pid}-${Date.now().toString(36)}`;
  private readonly reasons: string[] = [];
  private readonly warnings: string[] = [];
  private readonly phases: Record<Phase, number | null> = {
    create: null,
    start: null,
    serve: null,
    load: null,
    end: null,
  };
  private id: string | undefined;
  private state: State | undefined;
  private target: Target | undefined;
  private first: readonly Task[] = [];
  private last: readonly Task[] = [];
  private result: LoadResult | undefined;
  private untraced: LoadResult | undefined;
  private tracing: Tracing | undefined;
  private ended: Ended | undefined;
  private argv: readonly string[] = [];
  private exitCode: number = EXIT.ok;
  private watch: { exited: Promise<number>; stop: () => void } | undefined;
  private readonly inFlight: string[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly around: Surroundings,
  ) {}

  async run(): Promise<Outcome> {
    const { directory, registered } = this.plan;
    const start = new Date().toISOString();
    if (directory !== undefined) {
      mkdirSync(directory, { recursive: true });
      // What an earlier run has left there would look like this one's.
      for (const file of ['run.json', 'tids', 'roles.csv', 'in-flight', 'capture.json']) {
        rmSync(join(directory, file), { force: true });
      }
    }
    let client: Client | undefined;
    try {
      if (this.plan.startup) await this.trace(this.daemonTids());
      await this.launch();
      const expected = await this.serve();
      client = clientOf(this.target!, this.plan.limits.request);
      if (!this.plan.startup) await this.warmUp(client, expected);
      this.first = this.look().tasks;
      if (this.first.length === 0) throw new Invalid('no task of the container was found');
      if (this.plan.command !== undefined) {
        if (!this.plan.startup) await this.trace(this.first.map(({ tid }) => tid));
        await this.measure(client, expected);
      }
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      this.refuse(error);
    } finally {
      await client?.close();
      await this.cleanUp();
    }
    const version = await runtimeVersion(registered);
    const record = this.record(start, version);
    return { record, inFlight: this.inFlight, exitCode: this.exitCode };
  }

  private refuse({ message, exitCode }: Invalid): void {
    this.reasons.push(message);
    if (this.exitCode === EXIT.ok || exitCode === EXIT.lost) this.exitCode = exitCode;
  }

  /** Gives up waiting when the run is to be ended, even if nothing is to be waited for any more. */
  private or<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.around.interrupted, promise]);
  }

  /** The container's state. The engine's command is waited for in any case: it must not outlive us. */
  private async inspect(): Promise<State | undefined> {
    const state = await this.plan.engine.inspect(this.name);
    return this.or(Promise.resolve(state));
  }

  private async launch(): Promise<void> {
    const { engine, image, runtime, registered, environment, network, protocol } = this.plan;
    this.around.progress('creating the container');
    this.phases.create = monotonic();
    const spec = { name: this.name, image: image.name, runtime, registered, environment, network };
    // Waited for even when interrupted: what is created half cannot be removed.
    this.id = await engine.create(spec);
    this.phases.start = monotonic();
    this.around.progress('starting the container');
    await engine.start(this.name);
    const state = await this.inspect();
    if (state === undefined) throw new Invalid('the container has vanished');
    if (!state.running || state.pid === 0) {
      throw new Invalid(await this.died(state.exitCode, 'at once'));
    }
    this.state = state;
    this.watch = engine.watch(this.name);
    const host = state.hostNetwork ? '127.0.0.1' : state.address;
    if (host === undefined)
      throw new Invalid('the container has no network address: see --network');
    const { port, path } = this.plan;
    this.target = { protocol, host, port, path };
  }

  /** `the container ended at once (status 1); it printed last: Error: Cannot find module '/server.js'` */
  private async died(status: number, when: string): Promise<string> {
    const words = await this.plan.engine.lastWords(this.name);
    return `the container ended ${when} (status ${status})${words === '' ? '' : `; it printed last: ${words}`}`;
  }

  /** Waits for the first correct answer, and gives it. */
  private async serve(): Promise<string> {
    const { limits, expected, port } = this.plan;
    this.around.progress('waiting for the first answer');
    const client = clientOf(this.target!, Math.min(limits.request, limits.ready));
    const deadline = monotonic() + limits.ready;
    let status: number | undefined;
    this.watch!.exited.then((code) => {
      status = code;
    });
    let problem = '';
    try {
      while (monotonic() < deadline) {
        if (status !== undefined) throw new Invalid(await this.died(status, 'before it answered'));
        const answer = await this.or(client.ask('-ready')).catch((error: unknown) => {
          if (!(error instanceof RequestError)) throw error;
          problem = error.message;
        });
        if (answer !== undefined && answer !== (expected ?? answer)) {
          throw new Invalid(`port ${port}: ${new WrongAnswer(answer, expected!).message}`);
        }
        if (answer !== undefined) {
          this.phases.serve = monotonic();
          return answer;
        }
        await this.or(sleep(ASK_AGAIN_MS));
      }
    } finally {
      await client.close();
    }
    throw new Invalid(`port ${port}: no correct answer ${within(limits.ready)}: ${problem}`);
  }

  /** The same load without tracing, in smaller number: what tracing costs is seen against it. */
  private async warmUp(client: Client, expected: string): Promise<void> {
    const { load, warmUp } = this.plan;
    if (warmUp === 0) return;
    const some = { ...load, requests: warmUp };
    this.untraced = await this.offer(client, some, expected, '-warm-', 'warm-up');
  }

  private async offer(
    client: Client,
    load: Load,
    expected: string,
    label: string,
    title: string,
  ): Promise<LoadResult> {
    const { interrupted, progress } = this.around;
    const onAnswer = (n: number) => progress(`${title}: ${n} of ${load.requests} answers`);
    const result = await offerLoad(client.ask, load, { expected, label, interrupted, onAnswer });
    if (result.failure === undefined) return result;
    this.result ??= title === 'load' ? result : undefined;
    const status = await this.or(
      Promise.race([this.watch!.exited, sleep(END_SETTLES_MS, undefined)]),
    );
    if (status === undefined) throw new Invalid(`${title}: ${result.failure}`);
    const answers = `${result.answered} answer${result.answered === 1 ? '' : 's'}`;
    throw new Invalid(await this.died(status, `after ${answers} of the ${title}`));
  }

  private look(): Found {
    const { pid } = this.state!;
    const snapshot = takeSnapshot(this.id!);
    const found = findTasks(snapshot, { id: this.id!, pid, withShim: this.plan.withShim });
    for (const warning of found.warnings) {
      if (!this.warnings.includes(warning)) this.warnings.push(warning);
    }
    this.inFlight.push(...syscallLines(snapshot, found.tasks));
    return found;
  }

  private daemonTids(): number[] {
    const { engine } = this.plan;
    const tids = [...takeSnapshot('').processes.values()]
      .filter(({ argv }) => engine.isDaemon(argv))
      .flatMap(({ pid }) => threadsOf(pid));
    if (tids.length === 0) throw new ToolError('--startup: no containerd is running', EXIT.rig);
    return tids;
  }

  private async trace(tids: readonly number[]): Promise<void> {
    const { command, trace, limits, directory } = this.plan;
    if (command === undefined) return;
    this.around.progress(`waiting for ${command[0]} to be ready`);
    this.argv = fillIn(command, tids, directory ?? this.around.scratch);
    const tracing = new Tracing(this.argv, tids, trace, this.around.scratch);
    this.tracing = tracing;
    const early = tracing.ended.then((ended) => {
      this.ended = ended;
      throw this.endedEarly(ended, 'before it was ready');
    });
    early.catch(() => {});
    if (!(await this.or(Promise.race([tracing.ready(limits.commandReady, limits.ready), early])))) {
      throw new Invalid(
        `${command[0]}: nothing on its descriptor 3 ${within(limits.ready)}: see --ready-after`,
      );
    }
  }

  private endedEarly(ended: Ended, when: string): Invalid {
    const lost = ended.status === EXIT.lost;
    return new Invalid(
      `${this.plan.command![0]} ended ${when}${lost ? ': events were lost' : ''} (${endOf(ended)})`,
      lost ? EXIT.lost : EXIT.failure,
    );
  }

  private async measure(client: Client, expected: string): Promise<void> {
    const { load, limits, protocol } = this.plan;
    const tracing = this.tracing!;
    this.phases.load = monotonic();
    const early = tracing.ended.then((ended) => {
      this.ended = ended;
      throw this.endedEarly(ended, 'before the load did');
    });
    early.catch(() => {});
    this.result = await Promise.race([this.offer(client, load, expected, '', 'load'), early]);
    this.phases.end = monotonic();
    // While it is still traced: what is there now was there until the end.
    this.last = this.look().tasks;
    await this.stop();
    this.requireSame(await this.inspect());
    if (protocol === 'redis') {
      try {
        await this.or(requireStored(this.target!, load.requests, limits.request));
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        throw new Invalid(`after the load: ${error.message}`);
      }
    }
  }

  private requireSame(now: State | undefined): void {
    const { pid, startedAt } = this.state!;
    if (now?.running !== true) throw new Invalid('the container ended with the load');
    if (now.pid !== pid || now.startedAt !== startedAt) {
      throw new Invalid(`the container was restarted: its first process was ${pid}, is ${now.pid}`);
    }
  }

  /** Ends the command; what it says of its end decides whether the run counts. */
  private async stop(): Promise<void> {
    const { command, limits } = this.plan;
    this.around.progress(`waiting for the end of ${command![0]}`);
    let ended: Ended | undefined;
    try {
      ended = await this.or(this.tracing!.stop(limits.stop));
      if (ended !== undefined) this.tracing!.keep();
    } catch (error) {
      const { place, code } = error as NodeJS.ErrnoException & { place?: string };
      if (place === undefined) throw error;
      const reason = code === 'ENOSPC' ? 'no space left on device' : code;
      throw new Invalid(`${place}: ${reason}`);
    }
    if (ended === undefined) {
      throw new Invalid(`${command![0]} did not end ${within(limits.stop)} and was killed`);
    }
    this.ended = ended;
    const { status, signal } = ended;
    // A command that knows nothing of this protocol dies of the interrupt.
    if (status === EXIT.ok || status === 130 || signal === 'SIGINT') return;
    if (status === EXIT.lost) {
      throw new Invalid(`${command![0]}: events were lost`, EXIT.lost);
    }
    throw new Invalid(`${command![0]} failed (${endOf(ended)})`);
  }

  /** Nothing is left running, whatever has happened. */
  private async cleanUp(): Promise<void> {
    if (this.tracing !== undefined && this.ended === undefined) {
      // It may have the kernel's tracing to restore.
      this.ended = await this.tracing.stop(this.plan.limits.stop).catch(() => undefined);
    }
    this.tracing?.discard();
    this.watch?.stop();
    this.around.progress('removing the container');
    if (this.phases.create !== null) await this.plan.engine.remove(this.name);
    this.around.progress('');
  }

  private capture(): unknown {
    const file = join(this.plan.directory ?? this.around.scratch, 'capture.json');
    if (!existsSync(file)) return null;
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      this.warnings.push('capture.json is no JSON');
      return null;
    }
  }

  private record(start: string, version: string | undefined): RunRecord {
    const { plan } = this;
    const { about, registered, image } = plan;
    const capture = this.capture();
    const known = forkedIn(capture);
    const { born, died } = changeOf(this.first, this.last.length > 0 ? this.last : this.first);
    const followed = new Set(tidsOf(known ?? []));
    // No fork is traced of a kernel thread that works for the container.
    const missed = born.filter(({ tid, role }) =>
      known === undefined ? role === 'vhost' || role === 'kvm-helper' : !followed.has(tid),
    );
    if (missed.length > 0 && !plan.startup) {
      const what = missed.map(({ tid, comm }) => `${tid} (${comm})`).join(', ');
      this.warnings.push(`born under the load and not traced: ${what}`);
    }
    return {
      version: 1,
      valid: this.reasons.length === 0,
      reasons: this.reasons,
      warnings: this.warnings,
      where: process.env.KERNEL_SURFACE_WHERE ?? 'host',
      start,
      end: new Date().toISOString(),
      tool: this.around.tool,
      kernel: {
        release: release(),
        architecture: machine(),
        cpus: availableParallelism(),
        commandLine: readFileSync('/proc/cmdline', 'utf8').trim(),
      },
      engine: {
        name: about.name,
        version: about.version,
        cgroupVersion: about.cgroupVersion,
        cgroupDriver: about.cgroupDriver,
      },
      runtime: {
        name: plan.runtime,
        path: registered.path ?? null,
        arguments: registered.runtimeArgs ?? [],
        type: registered.runtimeType ?? null,
        version: version ?? null,
      },
      image: { name: image.name, id: image.id, digests: image.digests },
      container: {
        id: this.id ?? null,
        pid: this.state?.pid ?? null,
        address: this.target?.host ?? null,
      },
      application: {
        name: plan.app ?? null,
        protocol: plan.protocol,
        port: plan.port,
        path: plan.protocol === 'http' ? plan.path : null,
      },
      load: this.result === undefined ? null : { ...this.result, untraced: this.untraced ?? null },
      phases: this.phases,
      startup: plan.startup,
      tasks: {
        start: this.first,
        end: this.last,
        born: tidsOf(born),
        died: tidsOf(died),
        forked: tidsOf(known ?? []),
        notFollowed: tidsOf(missed),
      },
      command:
        plan.command === undefined
          ? null
          : { arguments: this.argv, ended: this.ended === undefined ? null : endOf(this.ended) },
      capture,
    };
  }
}

function tidsOf(tasks: readonly { readonly tid: number }[]): number[] {
  return tasks.map(({ tid }) => tid);
}

/**
 * Lines as `grep . /proc/PID/task/TID/syscall` prints them. Kernel threads are left out: theirs reads as if
 * they were in read().
 */
function syscallLines({ processes }: Snapshot, tasks: readonly Task[]): string[] {
  const lines: string[] = [];
  for (const { tid, pid, role } of tasks) {
    if (role === 'vhost' || role === 'kvm-helper') continue;
    const thread = processes.get(pid)?.threads.find((t) => t.tid === tid);
    if (thread === undefined || thread.syscall === '') continue;
    lines.push(`/proc/${pid}/task/${tid}/syscall:${thread.syscall}\n`);
  }
  return lines;
}

/**
 * Runs one experiment. An invalid run is an outcome, too; an engine that fails, or an interrupt, is an error.
 * In each case the command has been ended and the container has been removed.
 */
export function runExperiment(plan: Plan, around: Surroundings): Promise<Outcome> {
  return new Run(plan, around).run();
}
