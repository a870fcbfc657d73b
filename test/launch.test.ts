import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

/** The launcher of mk/: V8 takes a command's code cache, with the flags of the command's first line. */

const WATCHED = `
  const vm = require('node:vm');
  vm.Script = class extends vm.Script {
    constructor(code, options) {
      super(code, options);
      process.stderr.write(options.filename + ' rejected: ' + this.cachedDataRejected + '\\n');
    }
  };
  require('./dist/launch.cjs')(process.argv[1]);`;

/**
 * Runs a command with --help, and says what became of the code caches of its files: undefined where there was
 * none.
 */
function run(name: string, flags: readonly string[], before = '') {
  const args = [...flags, '-e', before + WATCHED, '--', name, '--help'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const rejected = stderr.matchAll(/(\w[\w-]*)\.cjs rejected: (\w+)$/gm);
  return { status, rejected: Object.fromEntries([...rejected].map(([, file, is]) => [file, is])) };
}

const commands = readdirSync('bin').filter((name) =>
  readFileSync(`bin/${name}`, 'utf8').includes('launch.cjs'),
);

t.ok(commands.includes('strip-irq') && commands.includes('uniq-funcs'));
for (const name of commands) {
  const [first] = readFileSync(`bin/${name}`, 'utf8').split('\n', 1);
  const flags = first.split(' ').filter((word) => word.startsWith('--'));
  const all = (is: string) => ({ status: 0, rejected: { [name]: is, yargs: is, widths: is } });
  t.strictSame(run(name, flags), all('false'), name);
  t.strictSame(run(name, [...flags, '--stack-size=900']), all('true'), name);
  const elsewhere = `Object.defineProperty(process, 'arch', { value: 'another' });`;
  t.strictSame(run(name, flags, elsewhere), all('undefined'), `${name} on another processor`);
}
