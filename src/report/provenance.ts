/** JSON of a file that this program did not write, or wrote in another version: nothing is taken for granted. */
export type Json = unknown;

/** What is at `path` in nested objects; undefined where there is no such thing. */
export function at(json: Json, ...path: string[]): Json {
  let value = json;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, Json>)[step];
  }
  return value;
}

export function numberAt(json: Json, ...path: string[]): number | undefined {
  const value = at(json, ...path);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function textAt(json: Json, ...path: string[]): string | undefined {
  const value = at(json, ...path);
  return typeof value === 'string' ? value : undefined;
}

export function textsAt(json: Json, ...path: string[]): string[] {
  const value = at(json, ...path);
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

/** The numbers of an object by their names, the largest first. */
export function countsAt(json: Json, ...path: string[]): [name: string, count: number][] {
  const value = at(json, ...path);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

const LONGEST = 240;

/** `a.b: 1` of `{"a": {"b": 1}}`: all leaves with their paths, lists of more than plain values by their length. */
export function leaves(json: Json, path = ''): [path: string, value: string][] {
  if (Array.isArray(json)) {
    const plain = json.every((value) => typeof value !== 'object' || value === null);
    const text = plain ? json.map(String).join(' ') : `${json.length} entries`;
    return json.length === 0 ? [] : [[path, shortened(text)]];
  }
  if (typeof json === 'object' && json !== null) {
    return Object.entries(json).flatMap(([key, value]) =>
      leaves(value, path === '' ? key : `${path}.${key}`),
    );
  }
  return json === null || json === undefined ? [] : [[path, shortened(String(json))]];
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** A line of provenance: a path of run.json, and the values that runs have there. */
export interface Fact {
  readonly path: string;
  /** One value for all runs, or each value with the runs that have it. */
  readonly values: readonly { readonly value: string; readonly runs: readonly string[] }[];
}

/** What the records of some runs say, alike or each for itself. */
export function facts(records: readonly { readonly run: string; readonly json: Json }[]): Fact[] {
  const found = new Map<string, Map<string, string[]>>();
  for (const { run, json } of records) {
    for (const [path, value] of leaves(json)) {
      const values = found.get(path) ?? new Map<string, string[]>();
      found.set(path, values);
      const runs = values.get(value) ?? [];
      values.set(value, [...runs, run]);
    }
  }
  return [...found].map(([path, values]) => ({
    path,
    values: [...values].map(([value, runs]) => ({
      value,
      runs: values.size === 1 && runs.length === records.length ? [] : runs,
    })),
  }));
}
