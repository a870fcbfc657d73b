import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

/** The launcher of mk/: V8 takes a command's code cache, with the flags of the command's first line. */

const WATCHED = `
  const vm = require('node:vm');
  vm.Script = class extends vm.Script {
    constructor(code, options) {
      super(code, options);
      process.stderr.write('rejected: ' + this.cachedDataRejected + '\\n');
    }
  };
  require('./dist/launch.cjs')(process.argv[1]);`;

/** Runs a command with --version, and says what became of its code cache. */
function run(name: string, flags: readonly string[]) {
  const args = [...flags, '-e', WATCHED, '--', name, '--version'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, rejected: /^rejected: (\w+)$/m.exec(stderr)?.[1] };
}

const commands = readdirSync('bin').filter((name) =>
  readFileSync(`bin/${name}`, 'utf8').includes('launch.cjs'),
);

t.ok(commands.includes('strip-irq') && commands.includes('uniq-funcs'));
for (const name of commands) {
  const [first] = readFileSync(`bin/${name}`, 'utf8').split('\n', 1);
  const flags = first.split(' ').filter((word) => word.startsWith('--'));
  t.strictSame(run(name, flags), { status: 0, rejected: 'false' }, name);
  t.strictSame(run(name, [...flags, '--stack-size=900']), { status: 0, rejected: 'true' }, name);
}
