import { UsageError } from '../stream/errors.js';

/** How an image is made; apps/NAME/recipe.json. Paths are relative to the root of the image. */
export interface Recipe {
  /** Packages of Debian; what they depend on is fetched with them. */
  readonly packages: readonly string[];
  /** What of the packages goes into the image; a star stands for any part of a name. */
  readonly include: readonly string[];
  /** What of that does not. */
  readonly exclude: readonly string[];
  /** Where the files of the application's directory go. */
  readonly copy: Readonly<Record<string, string>>;
  /** The directory that gets the node_modules of the application's package-lock.json. */
  readonly npm?: string;
  /** Directories whose Python modules are compiled, as the packages' scripts would do. */
  readonly compile: readonly string[];
  readonly command: readonly string[];
}

/** What apps/NAME/app.json says that an image needs. */
export interface App {
  readonly image: string;
  readonly port: number;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parse(text: string, place: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${place}: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new UsageError(`${place}: not a JSON object`);
  return value;
}

/** Throws a UsageError that names `place` and the field where the text is no recipe. */
export function parseRecipe(text: string, place: string): Recipe {
  const json = parse(text, place);
  const list = (field: string, optional = false): string[] => {
    const value = json[field] ?? (optional ? [] : undefined);
    if (Array.isArray(value) && value.every(isText) && (optional || value.length > 0)) return value;
    throw new UsageError(`${place}: ${field} is not a list of strings`);
  };
  const { copy = {}, npm } = json;
  if (!isObject(copy) || !Object.values(copy).every(isText)) {
    throw new UsageError(`${place}: copy is not an object of strings`);
  }
  if (npm !== undefined && !isText(npm)) throw new UsageError(`${place}: npm is not a string`);
  return {
    packages: list('packages'),
    include: list('include'),
    exclude: list('exclude', true),
    copy: copy as Record<string, string>,
    ...(npm === undefined ? {} : { npm }),
    compile: list('compile', true),
    command: list('command'),
  };
}

/** Throws a UsageError that names `place` and the field where the text describes no application. */
export function parseApp(text: string, place: string): App {
  const { images, port } = parse(text, place);
  const image = isObject(images) ? images.legacy : undefined;
  if (!isText(image)) throw new UsageError(`${place}: images.legacy is not a string`);
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`${place}: port is not a number from 1 to 65535`);
  }
  return { image, port };
}
