import fc from 'fast-check';
import t from 'tap';
import { parseApp, parseRecipe } from '../../src/image/recipe.js';

const RECIPE = {
  packages: ['nodejs'],
  include: ['usr/bin/node'],
  exclude: ['usr/share/doc'],
  copy: { 'server.js': 'srv/server.js' },
  npm: 'srv',
  compile: ['usr/lib/python3*'],
  command: ['/usr/bin/node'],
};
const APP = { images: { legacy: 'some/app-legacy' }, port: 8080 };

t.test('a recipe', (t) => {
  t.strictSame(parseRecipe(JSON.stringify(RECIPE), 'r'), RECIPE);
  const { packages, include, command } = RECIPE;
  const least = { packages, include, command };
  t.strictSame(
    parseRecipe(JSON.stringify(least), 'r'),
    { ...least, exclude: [], copy: {}, compile: [] },
    'the rest may be left out',
  );
  t.end();
});

t.test('what is no recipe', (t) => {
  const bad = (change: object, message: string) =>
    t.throws(() => parseRecipe(JSON.stringify({ ...RECIPE, ...change }), 'r'), {
      message: `r: ${message}`,
      exitCode: 2,
    });
  for (const field of ['packages', 'include', 'exclude', 'compile', 'command']) {
    for (const value of ['text', 1, [1], [''], {}]) {
      bad({ [field]: value }, `${field} is not a list of strings`);
    }
  }
  for (const field of ['packages', 'include', 'command']) {
    bad({ [field]: [] }, `${field} is not a list of strings`);
    bad({ [field]: undefined }, `${field} is not a list of strings`);
  }
  for (const value of [1, [], { a: 1 }, null])
    bad({ copy: value }, 'copy is not an object of strings');
  for (const value of [1, [], '', null]) bad({ npm: value }, 'npm is not a string');
  t.end();
});

t.test('an application', (t) => {
  t.strictSame(parseApp(JSON.stringify(APP), 'a'), { image: 'some/app-legacy', port: 8080 });
  const bad = (change: object, message: string) =>
    t.throws(() => parseApp(JSON.stringify({ ...APP, ...change }), 'a'), {
      message: `a: ${message}`,
      exitCode: 2,
    });
  for (const images of [undefined, null, 'x', {}, { legacy: '' }, { nabla: 'x' }]) {
    bad({ images }, 'images.legacy is not a string');
  }
  for (const port of [undefined, '80', 0, 65_536, 1.5]) {
    bad({ port }, 'port is not a number from 1 to 65535');
  }
  t.end();
});

t.test('any text is taken or refused by a UsageError', (t) => {
  const place = 'apps/x/recipe.json';
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => json.slice(0, -1)),
  );
  fc.assert(
    fc.property(text, (text) => {
      for (const parse of [parseRecipe, parseApp]) {
        try {
          parse(text, place);
        } catch (error) {
          const { message, exitCode } = error as Error & { exitCode?: number };
          if (exitCode !== 2 || !message.startsWith(`${place}: `)) throw error;
        }
      }
    }),
  );
  t.end();
});
