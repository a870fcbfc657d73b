import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../stream/errors.js';
import { readText } from '../stream/io.js';

export type Protocol = 'http' | 'redis';

/** An application: how to start it, how to ask it, what it has to answer. From apps/NAME/app.json. */
export interface App {
  readonly name: string;
  /** Image names by the variant a runtime wants. */
  readonly images: { readonly legacy: string; readonly nabla: string };
  readonly protocol: Protocol;
  readonly port: number;
  /** What is asked for by HTTP: `/`. */
  readonly path: string;
  /** The body to answer over HTTP; of redis, the reply to SET. */
  readonly answer: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
}

/** Names of the applications in a folder, sorted. */
export function appNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'app.json')))
    .sort();
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads apps/NAME/app.json. Throws a usage error that names the file and the field that is wrong. */
export function readApp(folder: string, name: string): App {
  const file = join(folder, name, 'app.json');
  const wrong = (reason: string) => new UsageError(`${file}: ${reason}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong(`no JSON: ${error.message}`);
    throw error;
  }
  if (!isFields(parsed)) throw wrong('not an object');
  const { images, protocol, port, path = '/', answer, environment = {}, load } = parsed;
  if (!isFields(images) || typeof images.legacy !== 'string' || typeof images.nabla !== 'string') {
    throw wrong('images: expected the names of legacy and nabla');
  }
  if (protocol !== 'http' && protocol !== 'redis') throw wrong('protocol: neither http nor redis');
  if (!isPort(port)) throw wrong('port: not a number from 1 to 65535');
  if (typeof path !== 'string' || !path.startsWith('/')) throw wrong('path: no path');
  const { text, times = 1 } = isFields(answer) ? answer : {};
  if (typeof text !== 'string' || !Number.isInteger(times) || (times as number) < 1) {
    throw wrong('answer: expected a text, and how many times');
  }
  if (!isFields(environment) || Object.values(environment).some((v) => typeof v !== 'string')) {
    throw wrong('environment: not names and texts');
  }
  const { requests, rate } = isFields(load) ? load : {};
  if (!Number.isInteger(requests) || (requests as number) < 1 || !((rate as number) >= 0)) {
    throw wrong('load: expected a number of requests and a rate');
  }
  return {
    name,
    images: { legacy: images.legacy, nabla: images.nabla },
    protocol,
    port,
    path,
    answer: text.repeat(times as number),
    environment: environment as Record<string, string>,
    requests: requests as number,
    rate: rate as number,
  };
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}
