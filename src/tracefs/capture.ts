import { UsageError } from '../stream/errors.js';
import type { Output } from '../stream/output.js';
import { TracedCommand } from './command.js';
import { configure, pin } from './configure.js';
import { Coverage, nameAll } from './coverage.js';
import { hideInterrupts } from './interrupts.js';
import { requireTracer } from './locate.js';
import { Names } from './names.js';
import { PagesRecorder } from './pages.js';
import { PipeRecorder } from './pipe.js';
import { claimPlace, foreignFilters } from './place.js';
import type { Listener, Plan } from './plan.js';
import { type Preparation, prepare } from './preparation.js';
import { statOf } from './process.js';
import { Reading } from './reading.js';
import { type Finish, type Recorder, Recording } from './recording.js';
import type { Settings } from './settings.js';
import type { Stop } from './stop.js';
import { cgroupThreads, newborn, relatives } from './tasks.js';
import { calm, fileThreads, hurry, setPriorityOfThreads, spreadThreads } from './threads.js';

/** Buffers overrun while their reader waits for its turn. */
const DRAINING = -10;

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

/** One trace, from the choice of its threads to its report. */
export class Capture {
  private readonly names: Names;
  private command: TracedCommand | undefined;
  /** Of pages; it is there until all is printed. */
  private reading: Reading | undefined;
  private coverage: Coverage | undefined;
  private recorder: Recorder | undefined;
  /** Threads in a hurry while there is a tracer. */
  private readonly urgent: number[] = [];
  private wanted = new Set<number>();

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
    const related = new Set(relatives(this.wanted, this.wanted));
    for (const name of foreignFilters(plan.tracefs)) {
      this.listener.warn(`${plan.tracefs}/${name}: it is in use, and leaves functions out`);
    }
    let configureTracer = () => {};
    const place = claimPlace(plan.tracefs, settings, plan.tracer, this.wanted, {
      make: (directory) => {
        configureTracer = configure(plan, settings, directory);
        if (preparation !== undefined) this.makeReady(directory, preparation);
      },
      undo: () => this.dispose(),
    });
    configureTracer();
    const { wanted, command, stop, listener } = this;
    const recording = new Recording(plan, place, wanted, related, command, stop, listener);
    this.recorder = this.newRecorder(recording);
    return this.recorder.record();
  }

  /** Ends the command, and closes all files by which the kernel's buffers are read. */
  async close(): Promise<void> {
    await this.command?.end();
    await this.coverage?.close();
    this.recorder?.close();
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
  private newRecorder(recording: Recording): Recorder {
    const { coverage, names, output, reading, settings } = this;
    if (reading === undefined) return new PipeRecorder(recording, output);
    const calmDown = () => {
      calm(this.urgent);
      setPriorityOfThreads(0);
    };
    const means = { reading, coverage, names, output, settings, calm: calmDown };
    return new PagesRecorder(recording, means);
  }
}
