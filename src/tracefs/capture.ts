import { closeSync, readSync } from 'node:fs';
import os from 'node:os';
import type { Layout } from '../ringbuffer/format.js';
import { tellsLoss } from '../ringbuffer/page.js';
import { Tasks } from '../ringbuffer/tasks.js';
import { UsageError } from '../stream/errors.js';
import type { Output } from '../stream/output.js';
import { TracedCommand } from './command.js';
import { configure, pin, unpinForked } from './configure.js';
import { readControl, writeControl } from './control.js';
import { Coverage, nameAll } from './coverage.js';
import { Drain } from './drain.js';
import { hideInterrupts } from './interrupts.js';
import { readModules } from './kernel-files.js';
import { requireTracer } from './locate.js';
import { Names } from './names.js';
import { addTids, claimPlace, foreignFilters, type Place, tracedTids } from './place.js';
import type { CoverageReport, Listener, Named, Plan, Report } from './plan.js';
import { type Preparation, prepare } from './preparation.js';
import { commOf, statOf } from './process.js';
import { Reading } from './reading.js';
import { cpusIn, lostOf, openPipe, Ring, RingCounts } from './ring.js';
import { type Settings, textToRestore } from './settings.js';
import type { Faults } from './sinks.js';
import type { Stop } from './stop.js';
import { cgroupThreads, newborn, relatives } from './tasks.js';
import { calm, fileThreads, hurry, setPriorityOfThreads, spreadThreads } from './threads.js';

/** The kernel is not asked more often which threads it traces. */
const FOLLOW_MS = 200;
/** How long a round works, at least, where so much waits that it would not fit the memory. */
const PRESSED_MS = 5;
/** trace_pipe is read in pieces of this many bytes, every so often, while its reader keeps up. */
const PIPE_BYTES = 1 << 16;
const PIPE_MS = 5;
const PIPE_PENDING = 8 << 20;

/** So many bytes of one CPU are read before the next one's turn comes. */
const TURN = 1 << 18;

/** Buffers overrun while their reader waits for its turn. */
const DRAINING = -10;

const NO_FAULTS: Faults = { unreadableBytes: 0, unknownSymbols: 0 };

/** Threads to trace that are there now; a usage error for a list or a cgroup that has none. */
function tidsOf(plan: Plan): Set<number> {
  const tids = new Set([...plan.tids].filter((tid) => statOf(tid) !== undefined));
  if (plan.tids.size > 0 && tids.size === 0) {
    throw new UsageError(`--tids: no such thread: ${[...plan.tids].slice(0, 8).join(', ')}`);
  }
  if (plan.cgroup !== undefined) {
    const members = cgroupThreads(plan.cgroup);
    if (members.size === 0) throw new UsageError(`${plan.cgroup}: no thread is in this cgroup`);
    for (const tid of members) tids.add(tid);
  }
  return tids;
}

function named(tids: readonly number[]): Named[] {
  return tids.map((tid) => ({ tid, comm: commOf(tid) ?? null }));
}

/** What is left to do when the kernel's buffers have been emptied and its settings put back. */
export type Finish = () => Promise<Report>;

/** One trace, from the choice of its threads to its report. */
export class Capture {
  private readonly names: Names;
  private command: TracedCommand | undefined;
  private place!: Place;
  /** What has to be closed before the kernel's settings can be put back. */
  private readonly files: { close(): void }[] = [];
  /** Of pages; it is there until all is printed. */
  private reading: Reading | undefined;
  private coverage: Coverage | undefined;
  /** Threads in a hurry while there is a tracer. */
  private readonly urgent: number[] = [];
  private wanted = new Set<number>();
  private related = new Set<number>();
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly settings: Settings,
    private readonly stop: Stop,
    private readonly output: Output,
    private readonly listener: Listener,
  ) {
    this.names = new Names(plan.tracefs);
  }

  /** Records until it is told to stop. What it returns is to be called after `close`. */
  async run(): Promise<Finish> {
    const { plan, settings } = this;
    requireTracer(plan.tracefs, plan.tracer);
    this.wanted = tidsOf(plan);
    if (plan.command.length > 0) {
      this.command = await TracedCommand.start(plan.command, plan.commandFd);
      this.wanted.add(this.command.tid);
    }
    // To the kernel an empty set means all threads of the machine.
    if (this.wanted.size === 0) throw new UsageError('no thread to trace');
    const before = new Set(relatives(this.wanted, this.wanted));
    const preparation = plan.kernelText ? undefined : prepare(plan);
    if (preparation !== undefined) setPriorityOfThreads(DRAINING);
    if (plan.times > 0) {
      // What takes functions out are threads of their own, and need a CPU while the buffers are read.
      this.urgent.push(process.pid, ...(await fileThreads()));
      spreadThreads();
      hurry(this.urgent);
    }
    this.pin(this.wanted);
    // What is born from now on is where its parent is.
    const born = plan.follow ? newborn(this.wanted, before) : [];
    this.pin(born);
    for (const tid of born) this.wanted.add(tid);
    this.related = new Set(relatives(this.wanted, this.wanted));
    for (const name of foreignFilters(plan.tracefs)) {
      this.listener.warn(`${plan.tracefs}/${name}: it is in use, and leaves functions out`);
    }
    let configureTracer = () => {};
    this.place = claimPlace(plan.tracefs, settings, plan.tracer, this.wanted, {
      make: (directory) => {
        configureTracer = configure(plan, settings, directory);
        if (preparation !== undefined) this.makeReady(directory, preparation);
      },
      undo: () => this.dispose(),
    });
    configureTracer();
    return this.reading === undefined ? this.runPipe() : this.runPages(this.reading);
  }

  /** Ends the command, and closes all files by which the kernel's buffers are read. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.command?.end();
    await this.coverage?.close();
    for (const file of this.files.splice(0)) file.close();
  }

  /** Gives back what waited for its printing. */
  dispose(): void {
    this.coverage?.abandon();
    this.coverage = undefined;
    this.reading?.close();
    this.reading = undefined;
  }

  private pin(tids: Iterable<number>): void {
    const { listener, plan, settings } = this;
    if (plan.pin !== undefined) pin(settings, tids, plan.pin, listener.warn);
  }

  /** What can be done in the place of a trace before its tracer is started: until then nobody is slowed down. */
  private makeReady(directory: string, preparation: Preparation): void {
    const { plan, settings, names, output } = this;
    const { numbers } = preparation;
    if (numbers !== undefined) {
      if (plan.tracer === 'function_graph') hideInterrupts(plan.tracefs, settings);
      nameAll(directory, settings);
      this.coverage = new Coverage(directory, numbers);
      this.coverage.prepare();
    }
    this.reading = new Reading(plan, directory, preparation, this.wanted, names, output);
  }

  /** Switches recording on, and tells everybody who waits for it. */
  private begin(): void {
    const { plan, stop } = this;
    const { directory } = this.place;
    writeControl(`${directory}/tracing_on`, '1');
    this.startedAt = performance.now();
    // Threads born since the cgroup was read had parents that were not yet traced.
    for (let more = plan.cgroup !== undefined; more; ) {
      const born = [...cgroupThreads(plan.cgroup as string)].filter((t) => !this.wanted.has(t));
      for (const tid of born) this.wanted.add(tid);
      addTids(directory, born);
      more = born.length > 0;
    }
    this.listener.ready();
    if (plan.duration !== undefined) {
      this.timer = setTimeout(() => stop.ask('duration'), plan.duration * 1000);
    }
    if (this.command !== undefined) {
      this.command.ended.then(() => stop.ask('command'));
      this.command.proceed();
    }
  }

  private get seconds(): number {
    return this.secondsAt(performance.now());
  }

  private secondsAt(time: number): number {
    return Math.round(time - this.startedAt) / 1000;
  }

  /** Threads that came while tracing and were not traced. */
  private notFollowed(traced: ReadonlySet<number>): number[] {
    const found = new Set(relatives(traced, traced));
    if (this.plan.cgroup !== undefined) {
      try {
        for (const tid of cgroupThreads(this.plan.cgroup)) if (!traced.has(tid)) found.add(tid);
      } catch {
        // It went with its last thread.
      }
    }
    return [...found].filter((tid) => !this.related.has(tid)).sort((a, b) => a - b);
  }

  private openRings(cpus: readonly number[], layout: Layout): Ring[] {
    return cpus.map((cpu) => {
      const ring = new Ring(this.place.directory, cpu, layout);
      this.files.push(ring);
      return ring;
    });
  }

  /** Records from the binary buffers. */
  private async runPages(reading: Reading): Promise<Finish> {
    const { names, plan, stop } = this;
    const { backlog, isUrgent, layout, queue, sightings, sink, watch } = reading;
    const { directory } = this.place;
    const isText = plan.rawFile === undefined;
    const cpus = cpusIn(directory);
    const counts = cpus.map((cpu) => new RingCounts(directory, cpu));
    const rings = this.openRings(cpus, layout);
    const ringBytes = this.bufferKilobytes() * 1024;
    let lossSeen = false;
    const drain = new Drain(rings, layout, ringBytes, TURN, backlog, (page) => {
      lossSeen ||= tellsLoss(page);
    });
    const discovery: [number, number][] = [];
    let lastLoss: number | null = null;
    /** Threads may have been born while the tracer was started, and a lost event may have told of one. */
    let unsure = true;
    let followedAt = Number.NEGATIVE_INFINITY;
    /** What the kernel told of. Whose children they are, a page that waits may still tell. */
    const followed = new Set<number>();
    const followAnew = () => {
      const now = performance.now();
      if (!plan.follow || !unsure || now < followedAt + FOLLOW_MS) return;
      for (const tid of tracedTids(directory)) followed.add(tid);
      if (isUrgent) watch.follow(followed);
      unsure = false;
      followedAt = now;
    };
    const learn = () => {
      if (isText && !drain.isBusy) names.learn([]);
      if (lossSeen) {
        lossSeen = false;
        lastLoss = this.seconds;
        unsure = true;
      }
      followAnew();
      const known = sightings?.take() ?? [];
      if (known.length === 0) return;
      discovery.push([this.seconds, sightings?.size ?? 0]);
      this.coverage?.add(known);
    };

    this.begin();
    followAnew();
    drain.begin();
    while (stop.reason === undefined) {
      const began = performance.now();
      drain.round();
      const spent = performance.now() - began;
      // What is looked at or printed later is not lost; what is not read is.
      const pressed = backlog.isPressed ? PRESSED_MS : 0;
      const isBehind =
        isUrgent && backlog.lookAhead(Math.max(spent, drain.dueAt - performance.now()));
      learn();
      this.coverage?.step(performance.now());
      const hasTime = pressed > 0 || (!isBehind && !drain.isBusy && drain.canWait(backlog.stepMs));
      const more = hasTime && backlog.work(Math.max(pressed, drain.dueAt - performance.now()));
      const isIdle = !isBehind && (!more || sink.isBlocked);
      await stop.wait(isIdle ? drain.dueAt - performance.now() : 0);
    }
    const seconds = this.seconds;
    writeControl(`${directory}/tracing_on`, '0');
    calm(this.urgent);
    setPriorityOfThreads(0);
    await this.coverage?.finish();
    for (let before = -1; this.output.error === undefined && drain.bytes > before; ) {
      if (backlog.isFull) backlog.work(PRESSED_MS);
      else before = drain.bytes;
      drain.round();
      await new Promise(setImmediate);
    }
    if (isUrgent) backlog.lookAhead(Number.POSITIVE_INFINITY);
    learn();
    const traced = tracedTids(directory);
    if (plan.follow && lastLoss !== null) for (const tid of traced) followed.add(tid);
    if (reading.preparation.modules !== readModules()) {
      this.listener.warn('modules came or went while tracing: their functions may be misnamed');
    }
    // Of those that were born after the end no event tells.
    const missed = named(this.notFollowed(new Set([...watch.wanted, ...traced])));
    const comms = new Map(named([...traced]).map(({ tid, comm }) => [tid, comm]));
    unpinForked(this.settings, plan, watch.forked);
    const saved = names.saved();
    // Of those that have ended the kernel may still know the names.
    const known = new Tasks();
    known.read(saved);
    const commOfForked = (tid: number) =>
      comms.get(tid) ?? (known.has(tid) ? known.nameOf(tid) : null);
    const end = { names: saved, stats: counts.map((count) => count.text()) };
    const account = this.account(counts, seconds);
    const coverage: CoverageReport | undefined =
      sightings === undefined
        ? undefined
        : {
            discovery,
            batches: (this.coverage?.batches ?? []).map(({ start, end, functions }) => [
              this.secondsAt(start),
              this.secondsAt(end),
              functions,
            ]),
            takenOut: this.coverage?.taken ?? 0,
            unnumbered: this.coverage?.unnumbered ?? 0,
            functions: sightings.all().map(({ name, caller, tid }) => ({
              name,
              caller: caller ?? null,
              tid,
            })),
          };
    return async () => {
      await backlog.finish();
      const faults = await sink.finish(end);
      if (plan.follow) watch.follow(followed);
      return {
        ...account,
        ...faults,
        spilledPages: queue.mostSpilled,
        events: watch.events,
        bytes: drain.bytes,
        longestPause: Math.round(drain.longestPause),
        // What was lost before the end may be read after it.
        lastLoss: lastLoss === null ? null : Math.min(lastLoss, seconds),
        forked: watch.forked.map((one) => ({ ...one, comm: commOfForked(one.tid) })),
        notFollowed: missed.filter(({ tid }) => !watch.wanted.has(tid)),
        command: this.command?.ending ?? null,
        coverage: coverage ?? null,
      };
    };
  }

  /** Records the text that the kernel makes itself. */
  private async runPipe(): Promise<Finish> {
    const { stop, output } = this;
    const { directory } = this.place;
    const counts = cpusIn(directory).map((cpu) => new RingCounts(directory, cpu));
    const fd = openPipe(`${directory}/trace_pipe`);
    this.files.push({ close: () => closeSync(fd) });
    let bytes = 0;
    /** False when there is no more text now. */
    const take = (): boolean => {
      const piece = new Uint8Array(PIPE_BYTES);
      try {
        const count = readSync(fd, piece, 0, piece.length, null);
        bytes += count;
        output.put(piece.subarray(0, count));
        return count > 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        throw error;
      }
    };
    this.begin();
    while (stop.reason === undefined) {
      let more = true;
      while (more && output.pending < PIPE_PENDING) {
        more = take();
        await stop.wait(0);
        if (stop.reason !== undefined) break;
      }
      await stop.wait(PIPE_MS);
    }
    const seconds = this.seconds;
    writeControl(`${directory}/tracing_on`, '0');
    while (output.error === undefined && take()) {
      if (output.pending >= PIPE_PENDING) await output.drained();
    }
    const traced = new Set(this.wanted);
    for (const tid of tracedTids(directory)) traced.add(tid);
    const forked = [...traced].filter((tid) => !this.wanted.has(tid)).sort((a, b) => a - b);
    const notFollowed = named(this.notFollowed(traced));
    const account = this.account(counts, seconds);
    return async () => {
      await output.drained();
      return {
        ...account,
        ...NO_FAULTS,
        spilledPages: 0,
        longestPause: 0,
        lastLoss: null,
        events: account.cpus.reduce((sum, { events }) => sum + events, 0),
        bytes,
        forked: named(forked).map((one) => ({ ...one, parent: null })),
        notFollowed,
        command: this.command?.ending ?? null,
        coverage: null,
      };
    };
  }

  private bufferKilobytes(): number {
    const [cpu] = cpusIn(this.place.directory);
    const path = `${this.place.directory}/per_cpu/cpu${cpu}/buffer_size_kb`;
    return Number(textToRestore(path, readControl(path)));
  }

  /** What the kernel itself has counted, and how it was set. */
  private account(counts: readonly RingCounts[], seconds: number) {
    const { plan, place, stop } = this;
    const clock = `${place.directory}/trace_clock`;
    const cpus = counts.map((count) => {
      const now = count.now();
      return { cpu: count.cpu, events: now.read, lost: lostOf(now) };
    });
    return {
      kernel: os.release(),
      machine: os.machine(),
      tracer: plan.tracer,
      instance: place.isInstance,
      clock: textToRestore(clock, readControl(clock)),
      bufferKilobytes: this.bufferKilobytes(),
      times: plan.times,
      endedBy: stop.reason ?? 'signal',
      seconds,
      lost: cpus.reduce((sum, { lost }) => sum + lost, 0),
      cpus,
      tids: [...this.wanted].sort((a, b) => a - b),
    };
  }
}
