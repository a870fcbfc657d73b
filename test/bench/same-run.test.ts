import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { addressOf, event, kernelOf } from '../helpers/ring-events.js';
import { filesOf, type RingEvent, SHAPES, writePages } from '../helpers/ring-pages.js';
import { sh } from '../helpers/run.js';
import { traceDat7 } from '../helpers/trace-dat.js';

// bench/capture/same-run.mjs says that no function is missing: it has to see one that is.

const [SHAPE] = SHAPES;
const KERNEL = kernelOf(SHAPE);
const HOW = { pageSize: 4096, far: 'extend', wordLengths: false, padding: false } as const;

/** Two calls of vfs_read, in which x64_sys_call ran: 1.5 and 3.5 s after the boot. */
const EVENTS = [1e9, 3e9].flatMap((time) => [
  event('entry', time, 0),
  event('entry', time + 5e8, 2, { depth: 1 }),
  event('exit', time + 6e8, 2, { depth: 1 }),
  event('exit', time + 9e8, 0),
]);

/** What trace-cmd leaves of these events, in an instance. */
function recorded(events: readonly RingEvent[]): Buffer {
  const pages = Buffer.concat(writePages(SHAPE, events, HOW));
  return traceDat7({
    files: filesOf(SHAPE),
    kallsyms: KERNEL.kallsyms,
    cmdlines: '218 node\n',
    cpuCount: 1,
    pageSize: 4096,
    buffers: [
      { name: '', clock: 'local', cpus: new Map() },
      { name: 'beside', clock: 'mono', cpus: new Map([[0, pages]]) },
    ],
    algorithm: 'none',
  });
}

interface Given {
  readonly ours?: readonly RingEvent[];
  readonly theirs?: readonly RingEvent[];
  readonly lost?: number;
  readonly answered?: number;
}

t.test('two recorders on the same run', (t) => {
  /** What it says of a run whose recordings are these. */
  const said = ({ ours = EVENTS, theirs = EVENTS, lost = 0, answered = 60 }: Given) => {
    const dir = t.testdir();
    const run = `${dir}/raw+trace-cmd`;
    mkdirSync(run);
    writeFileSync(`${dir}/all.dat`, recorded(ours));
    writeFileSync(`${run}/trace-cmd.dat`, recorded(theirs));
    writeFileSync(`${run}/tids`, '218\n');
    writeFileSync(`${run}/capture.json`, JSON.stringify({ lost }));
    const load = answered === 0 ? undefined : { answered, failed: 0 };
    writeFileSync(`${run}/run.json`, JSON.stringify({ load, reasons: ['no answer'] }));
    const decode = 'trace-decode --abstime --instance beside';
    return sh(`${decode} ${dir}/all.dat > ${run}/stdout && node bench/capture/same-run.mjs ${dir}`);
  };

  const same = said({});
  t.equal(same.status, 0, same.stderr);
  t.match(same.stdout, '| raw+trace-cmd | 2 | 2 | 4 | 4 | 0 |');
  t.match(same.stdout, /^holds: raw\+trace-cmd/m);
  t.notMatch(same.stdout, /^ {2}/m, 'nothing else to tell');

  const blind = said({ ours: EVENTS.filter((one) => one.func !== addressOf(SHAPE, 2)) });
  t.equal(blind.status, 1);
  t.match(blind.stdout, /^FAILS: raw\+trace-cmd/m);
  t.match(blind.stdout, '  not in ours: x64_sys_call (2)');

  const lossy = said({ lost: 5 });
  t.equal(lossy.status, 1);
  t.match(lossy.stdout, '  lost by ours, by trace-cmd: 5, 0');

  const short = said({ theirs: EVENTS.slice(4) });
  t.equal(short.status, 0, 'what ran before trace-cmd began');
  t.match(short.stdout, '| raw+trace-cmd | 2 | 2 | 2 | 2 | 0 |');

  const more = said({ theirs: EVENTS.filter((one) => one.func !== addressOf(SHAPE, 2)) });
  t.equal(more.status, 0, 'what trace-cmd has not is not ours to answer for');
  // A leaf is a line of its entry's time: theirs ends at 3 s.
  t.match(more.stdout, "  meanwhile in ours, not in trace-cmd's: x64_sys_call (1)");

  const never = said({ answered: 0 });
  t.equal(never.status, 1);
  t.match(never.stdout, 'FAILS: raw+trace-cmd: not recorded (no answer)');

  const none = sh(`node bench/capture/same-run.mjs ${t.testdir()}`);
  t.equal(none.status, 1, 'no recording at all');
  t.end();
});
