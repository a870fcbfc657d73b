import type { Layout } from '../ringbuffer/format.js';
import { tellsLoss } from '../ringbuffer/page.js';
import { Tasks } from '../ringbuffer/tasks.js';
import type { Output } from '../stream/output.js';
import { unpinForked } from './configure.js';
import type { Coverage } from './coverage.js';
import { Drain } from './drain.js';
import { readModules } from './kernel-files.js';
import type { Names } from './names.js';
import { tracedTids } from './place.js';
import type { CoverageReport } from './plan.js';
import type { Reading } from './reading.js';
import { type Finish, named, type Recorder, type Recording } from './recording.js';
import { cpusIn, Ring, RingCounts } from './ring.js';
import type { Settings } from './settings.js';

/** The kernel is not asked more often which threads it traces. */
const FOLLOW_MS = 200;
/** How long a round works, at least, where so much waits that it would not fit the memory. */
const PRESSED_MS = 5;
/** So many bytes of one CPU are read before the next one's turn comes. */
const TURN = 1 << 18;

/** The buffers of all CPUs; none is open where one cannot be opened. */
function openRings(directory: string, cpus: readonly number[], layout: Layout): Ring[] {
  const rings: Ring[] = [];
  try {
    for (const cpu of cpus) rings.push(new Ring(directory, cpu, layout));
    return rings;
  } catch (error) {
    for (const ring of rings) ring.close();
    throw error;
  }
}

/** What a recorder of pages is given beside its trace. */
export interface Means {
  readonly reading: Reading;
  /** Where functions are taken out. */
  readonly coverage: Coverage | undefined;
  readonly names: Names;
  readonly output: Output;
  readonly settings: Settings;
  /** The buffers do not fill any more: nothing is in a hurry. */
  calm(): void;
}

/** Records from the binary buffers. */
export class PagesRecorder implements Recorder {
  private readonly counts: readonly RingCounts[];
  private readonly rings: readonly Ring[];
  private readonly drain: Drain;
  private readonly discovery: [number, number][] = [];
  private lossSeen = false;
  private lastLoss: number | null = null;
  /** Threads may have been born while the tracer was started, and a lost event may have told of one. */
  private unsure = true;
  private followedAt = Number.NEGATIVE_INFINITY;
  /** What the kernel told of. Whose children they are, a page that waits may still tell. */
  private readonly followed = new Set<number>();

  constructor(
    private readonly recording: Recording,
    private readonly means: Means,
  ) {
    const { directory } = recording;
    const { backlog, layout } = means.reading;
    const cpus = cpusIn(directory);
    this.counts = cpus.map((cpu) => new RingCounts(directory, cpu));
    const ringBytes = recording.bufferKilobytes * 1024;
    this.rings = openRings(directory, cpus, layout);
    this.drain = new Drain(this.rings, layout, ringBytes, TURN, backlog, (page) => {
      this.lossSeen ||= tellsLoss(page);
    });
  }

  close(): void {
    for (const ring of this.rings) ring.close();
  }

  async record(): Promise<Finish> {
    const { drain, means, recording } = this;
    const { backlog, isUrgent } = means.reading;
    recording.begin();
    this.followAnew();
    drain.begin();
    while (recording.stop.reason === undefined) await this.round();
    const seconds = recording.end();
    means.calm();
    await means.coverage?.finish();
    await this.empty();
    if (isUrgent) backlog.lookAhead(Number.POSITIVE_INFINITY);
    this.learn();
    return this.conclude(seconds);
  }

  /** Empties the buffers, and uses the time until that is due again. */
  private async round(): Promise<void> {
    const { drain, means } = this;
    const { backlog, isUrgent, sink } = means.reading;
    const began = performance.now();
    drain.round();
    const spent = performance.now() - began;
    // What is looked at or printed later is not lost; what is not read is.
    const pressed = backlog.isPressed ? PRESSED_MS : 0;
    const isBehind =
      isUrgent && backlog.lookAhead(Math.max(spent, drain.dueAt - performance.now()));
    this.learn();
    means.coverage?.step(performance.now());
    const hasTime = pressed > 0 || (!isBehind && !drain.isBusy && drain.canWait(backlog.stepMs));
    const more = hasTime && backlog.work(Math.max(pressed, drain.dueAt - performance.now()));
    const isIdle = !isBehind && (!more || sink.isBlocked);
    await this.recording.stop.wait(isIdle ? drain.dueAt - performance.now() : 0);
  }

  /** Reads what is left in the buffers when recording is off. */
  private async empty(): Promise<void> {
    const { drain, means } = this;
    const { backlog } = means.reading;
    for (let before = -1; means.output.error === undefined && drain.bytes > before; ) {
      if (backlog.isFull) backlog.work(PRESSED_MS);
      else before = drain.bytes;
      drain.round();
      await new Promise(setImmediate);
    }
  }

  /** Asks the kernel which threads it traces, where events do not tell. */
  private followAnew(): void {
    const { plan, directory } = this.recording;
    const { isUrgent, watch } = this.means.reading;
    const now = performance.now();
    if (!plan.follow || !this.unsure || now < this.followedAt + FOLLOW_MS) return;
    for (const tid of tracedTids(directory)) this.followed.add(tid);
    if (isUrgent) watch.follow(this.followed);
    this.unsure = false;
    this.followedAt = now;
  }

  /** What the last pages have told: names, losses, threads, functions that need not be traced any more. */
  private learn(): void {
    const { drain, means, recording } = this;
    const { sightings } = means.reading;
    if (recording.plan.rawFile === undefined && !drain.isBusy) means.names.learn([]);
    if (this.lossSeen) {
      this.lossSeen = false;
      this.lastLoss = recording.seconds;
      this.unsure = true;
    }
    this.followAnew();
    const known = sightings?.take() ?? [];
    if (known.length === 0) return;
    this.discovery.push([recording.seconds, sightings?.size ?? 0]);
    means.coverage?.add(known);
  }

  /** Asks the kernel for all that it will not know any more when its settings have been put back. */
  private conclude(seconds: number): Finish {
    const { counts, drain, followed, lastLoss, recording } = this;
    const { names, reading, settings } = this.means;
    const { backlog, preparation, queue, sink, watch } = reading;
    const { plan } = recording;
    const traced = tracedTids(recording.directory);
    if (plan.follow && lastLoss !== null) for (const tid of traced) followed.add(tid);
    if (preparation.modules !== readModules()) {
      recording.listener.warn(
        'modules came or went while tracing: their functions may be misnamed',
      );
    }
    // Of those that were born after the end no event tells.
    const missed = named(recording.notFollowed(new Set([...watch.wanted, ...traced])));
    const comms = new Map(named([...traced]).map(({ tid, comm }) => [tid, comm]));
    unpinForked(settings, plan, watch.forked);
    const saved = names.saved();
    // Of those that have ended the kernel may still know the names.
    const known = new Tasks();
    known.read(saved);
    const commOfForked = (tid: number) =>
      comms.get(tid) ?? (known.has(tid) ? known.nameOf(tid) : null);
    const end = { names: saved, stats: counts.map((count) => count.text()) };
    const account = recording.account(counts, seconds);
    const coverage = this.coverageReport();
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
        command: recording.commandEnding,
        coverage,
      };
    };
  }

  private coverageReport(): CoverageReport | null {
    const { discovery, means, recording } = this;
    const { coverage } = means;
    const { sightings } = means.reading;
    if (sightings === undefined) return null;
    return {
      discovery,
      batches: (coverage?.batches ?? []).map(({ start, end, functions }) => [
        recording.secondsAt(start),
        recording.secondsAt(end),
        functions,
      ]),
      takenOut: coverage?.taken ?? 0,
      unnumbered: coverage?.unnumbered ?? 0,
      functions: sightings
        .all()
        .map(({ name, caller, tid }) => ({ name, caller: caller ?? null, tid })),
    };
  }
}
