// Runs a bundled command from V8's code cache, which mk/build.mjs has made: compiling anew costs a small
// filter a third of its time over bare node. A cache of another node, or of other flags, is refused by V8 and
// does no harm. One of another processor's V8 is not, and ends in a segmentation fault: the files' names keep them
// apart.
//
// The flags in the first lines of all its commands, the same ones, for they share the caches of what they require;
// node 18 to 26 know them:
// --no-rehash-snapshot: else V8 looks for new primes to hash strings with, and hashes anew all that it knows, an
// eighth of bare node's start. It does so for servers, whose clients might send strings that collide; a trace with
// such names of tasks would be slow to read, no more.
// --no-verify-snapshot-checksum: as V8 12 does by itself.
// --wasm-tiering-budget: before V8 12, a function of the lane is optimised as soon as 1.8 million bytes of its code
// have run, which costs more than it saves for all but the busiest five.
// --no-wasm-stack-checks, --no-wasm-loop-unrolling: the lane calls no function from within itself, and its loops are
// over in a few rounds, or long. Both together are 3 % of a pipe's work.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

/** What a file that cannot be read is worth: the cache is no more than a help. */
function readCache(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Files that run or have run, by their names. */
const loaded = new Map();

/**
 * Runs dist/NAME.cjs and returns what it exports; files beside it that it requires are run alike. `keep`,
 * if given, gets the path of each file's code cache, and the cache, when the process ends.
 */
module.exports = function launch(name, keep) {
  if (loaded.has(name)) return loaded.get(name).exports;
  const filename = `${__dirname}/${name}.cjs`;
  const wrapped = `(function(require,module,exports,__filename){${readFileSync(filename, 'utf8')}\n})`;
  const cache = `${__dirname}/${name}.${process.arch}.cache`;
  const cachedData = keep === undefined ? readCache(cache) : undefined;
  const script = new Script(wrapped, { filename, cachedData });
  const beside = (id) => (id.startsWith('./') ? launch(id.slice(2, -4), keep) : require(id));
  const module = { exports: {} };
  loaded.set(name, module);
  script.runInThisContext()(beside, module, module.exports, filename);
  if (keep !== undefined) process.on('exit', () => keep(cache, script.createCachedData()));
  return module.exports;
};
