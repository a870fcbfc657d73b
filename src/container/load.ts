import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Agent, request } from 'undici';
import type { Protocol } from './apps.js';

export interface Target {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** Where a request failed, in words that follow its number: `no answer within 30 s`. */
export class RequestError extends Error {}

/** An answer that came, and is not the expected one. */
export class WrongAnswer extends RequestError {
  constructor(answer: string, expected: string) {
    super(`answered ${quoted(answer)} instead of ${quoted(expected)}`);
  }
}

/** Asks the application once, on a connection of its own, as curl and redis-cli do; gives its answer. */
export type Ask = (label: string) => Promise<string>;

export interface Client {
  readonly ask: Ask;
  close(): Promise<void>;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the container',
  ENETUNREACH: 'no route to the container',
  UND_ERR_SOCKET: 'the connection was closed before the answer was whole',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was closed before the answer was whole',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'the answer is longer than 1 MiB',
};

/** The longest answer that is compared. */
const MAX_ANSWER = 1 << 20;

function quoted(text: string): string {
  const line = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return `'${line.replace(/[^\x20-\x7e]/g, '?')}' (${text.length} bytes)`;
}

function requestError(error: unknown, seconds: number): RequestError {
  if (error instanceof RequestError) return error;
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || /timed out|TIMEOUT/.test(`${message} ${code}`)) {
    return new RequestError(`no answer within ${seconds} s`);
  }
  return new RequestError(REASONS[code ?? ''] ?? message);
}

/** A client that gives up on an answer after so many seconds. */
export function clientOf(target: Target, seconds: number): Client {
  return target.protocol === 'http' ? httpClient(target, seconds) : redisClient(target, seconds);
}

function httpClient({ host, port, path }: Target, seconds: number): Client {
  // Without pipelining each connection is closed after its answer.
  const agent = new Agent({ pipelining: 0, maxResponseSize: MAX_ANSWER });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
  return {
    ask: async () => {
      try {
        const signal = AbortSignal.timeout(seconds * 1000);
        const { statusCode, body } = await request(url, { dispatcher: agent, signal });
        const answer = await body.text();
        if (statusCode !== 200) throw new RequestError(`answered with status ${statusCode}`);
        return answer;
      } catch (error) {
        throw requestError(error, seconds);
      }
    },
    close: () => agent.destroy(),
  };
}

function connect({ host, port }: Target, seconds: number): Redis {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    // Nothing is sent but what is asked: no HELLO, no CLIENT SETINFO, no INFO.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    connectTimeout: seconds * 1000,
    commandTimeout: seconds * 1000,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // The call that fails tells; without a listener the library would print.
  redis.on('error', () => {});
  return redis;
}

/** SET foo7 bar7, which is answered by OK. */
function redisClient(target: Target, seconds: number): Client {
  return {
    ask: async (label) => {
      const redis = connect(target, seconds);
      try {
        await reach(redis);
        return await redis.set(`foo${label}`, `bar${label}`);
      } catch (error) {
        throw requestError(error, seconds);
      } finally {
        redis.disconnect();
      }
    },
    close: async () => {},
  };
}

/** Connects. The library rejects with `Connection is closed`; the reason comes as an event before that. */
async function reach(redis: Redis): Promise<void> {
  let reason: unknown;
  redis.once('error', (error) => {
    reason = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    throw reason ?? error;
  }
}

/** Throws unless each foo<i> from 0 below `count` is bar<i>: what was answered by OK has been stored. */
export async function requireStored(target: Target, count: number, seconds: number): Promise<void> {
  const redis = connect(target, seconds);
  try {
    await reach(redis);
    for (let i = 0; i < count; i++) {
      const value = await redis.get(`foo${i}`);
      if (value !== `bar${i}`) {
        throw new RequestError(`foo${i} holds ${value === null ? 'nothing' : quoted(value)}`);
      }
    }
  } catch (error) {
    throw requestError(error, seconds);
  } finally {
    redis.disconnect();
  }
}

export interface Load {
  readonly requests: number;
  /** Requests per second at most; 0 means one upon the other. */
  readonly rate: number;
  /** How many requests may be unanswered at a time. */
  readonly concurrency: number;
}

/** What came of a load. Times in seconds, latencies in milliseconds. */
export interface LoadResult extends Load {
  readonly answered: number;
  readonly failed: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly latency: { readonly median: number; readonly max: number };
  /** `request 17: no answer within 30 s`: why the first that failed did. */
  readonly failure?: string;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * Offers a load and compares every answer with `expected`. Each request starts at least 1/rate seconds after
 * the one before it, as a loop that sleeps does: after a slow answer there is no burst. It ends at the first
 * request that fails, or when `interrupted` rejects, with which it then rejects too.
 */
export async function offerLoad(
  ask: Ask,
  load: Load,
  {
    expected,
    label = '',
    interrupted,
    onAnswer = () => {},
  }: {
    expected: string;
    label?: string;
    interrupted: Promise<never>;
    onAnswer?: (answered: number) => void;
  },
): Promise<LoadResult> {
  const { requests, rate, concurrency } = load;
  const gap = rate === 0 ? 0 : 1000 / rate;
  const latencies: number[] = [];
  let next = 0;
  let failed = 0;
  let failure: string | undefined;
  let stopped = false;
  const begin = performance.now();
  let due = begin;

  async function work(): Promise<void> {
    while (next < requests && failure === undefined && !stopped) {
      const i = next++;
      const now = performance.now();
      const wait = due - now;
      due = Math.max(due, now) + gap;
      if (wait > 0) await sleep(wait);
      if (failure !== undefined || stopped) return;
      const start = performance.now();
      due = Math.max(due, start + gap);
      try {
        const answer = await ask(`${label}${i}`);
        if (answer !== expected) throw new WrongAnswer(answer, expected);
        latencies.push(performance.now() - start);
        onAnswer(latencies.length);
      } catch (error) {
        failed++;
        failure ??= `request ${i + 1}: ${(error as Error).message}`;
      }
    }
  }

  try {
    const workers = Array.from({ length: Math.min(concurrency, requests) }, work);
    await Promise.race([Promise.all(workers), interrupted]);
  } finally {
    stopped = true;
  }
  const seconds = (performance.now() - begin) / 1000;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    ...load,
    answered: sorted.length,
    failed,
    seconds: rounded(seconds),
    requestsPerSecond: rounded(sorted.length / seconds),
    latency: {
      median: rounded(sorted[sorted.length >> 1] ?? 0),
      max: rounded(sorted[sorted.length - 1] ?? 0),
    },
    ...(failure === undefined ? {} : { failure }),
  };
}
