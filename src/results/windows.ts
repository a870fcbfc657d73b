import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PublishedJudge } from '../context/published.js';
import { RegionJudge } from '../context/regions.js';
import type { Policy } from '../context/verdict.js';
import { hasClock, Windows } from '../functions/windows.js';
import { type Run, RunProblem, type Stripping } from './run.js';
import { type Unit, type Units, unitText, windowSize } from './units.js';

type WindowUnit = Exclude<Unit, { kind: 'runs' }>;

const CHUNK = 1 << 18;

function judgeOf({ method, softirq, unknown, tids }: Stripping): RegionJudge | PublishedJudge {
  const only = tids.length > 0 ? new Set(tids) : undefined;
  if (method === 'published') return new PublishedJudge(only);
  return new RegionJudge({
    softirq: softirq as Policy['softirq'],
    unknown: unknown as Policy['unknown'],
    tids: only,
  });
}

/** Cuts nothing, and says why. */
function refuse(unit: Unit, reason: string): never {
  throw new RunProblem(`--unit ${unitText(unit)}: ${reason}`);
}

/** Where the windows of a run end: by the clock where the trace has one, else by the number of its lines. */
function windowsOf(run: Run, strip: Stripping, unit: WindowUnit, beginning: Uint8Array) {
  const size = windowSize(unit, run);
  if (size.seconds !== undefined && hasClock(beginning)) {
    const cut = { by: 'clock', length: size.seconds } as const;
    return { cut, windows: new Windows(judgeOf(strip), cut), requests: size.requests };
  }
  if (size.part === undefined) {
    refuse(unit, `run.json does not tell the load's ${unit.kind === 'time' ? 'time' : 'requests'}`);
  }
  if (size.part > 1) refuse(unit, 'more than the whole run');
  const cut = { by: 'lines', length: Math.max(1, strip.lines * size.part) } as const;
  return { cut, windows: new Windows(judgeOf(strip), cut), requests: size.requests };
}

function unitsOf(
  { cut, windows, requests }: ReturnType<typeof windowsOf>,
  unit: WindowUnit,
): Units {
  const sets = windows.end();
  return { unit, by: cut.by, sets, batches: [sets.length], requests };
}

function problemOf(unit: WindowUnit, error: unknown): unknown {
  if (error instanceof RunProblem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const told = (reason: string) => new RunProblem(`--unit ${unitText(unit)}: ${reason}`);
  if (error instanceof RangeError) return told(message);
  if (code?.startsWith('Z_')) return told(`trace.gz is damaged: ${message}`);
  return code === undefined ? error : told(`trace.gz: ${code}`);
}

/**
 * Cuts a run's trace.gz into windows, judged as it was for trace.list. Throws RunProblem where that cannot
 * be done.
 */
export async function readWindows(run: Run, unit: WindowUnit): Promise<Units> {
  const { strip, record } = run;
  if (strip === undefined) refuse(unit, 'no strip.json');
  if (record.command.includes('--once')) {
    refuse(unit, 'recorded with --once, which shows a function only the first time');
  }
  let state: ReturnType<typeof windowsOf> | undefined;
  // What a consumer throws reaches the caller of pipeline() as one or another error of a stream.
  let reason: unknown;
  try {
    await pipeline(
      createReadStream(join(run.directory, 'trace.gz')),
      createGunzip({ chunkSize: CHUNK }),
      async (text: AsyncIterable<Buffer>) => {
        try {
          for await (const chunk of text) {
            state ??= windowsOf(run, strip, unit, chunk);
            state.windows.take(chunk);
          }
        } catch (error) {
          reason = error;
          throw error;
        }
      },
    );
    return unitsOf(state ?? refuse(unit, 'trace.gz is empty'), unit);
  } catch (error) {
    throw problemOf(unit, reason ?? error);
  }
}
