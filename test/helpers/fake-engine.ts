import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Test } from 'tap';
import type { RunRecord } from '../../src/container/record.js';
import { sh } from './run.js';

/** What a fake engine's container does, and what it is asked. Modes: see fake-server.cjs. */
export interface Fake {
  readonly mode?: string;
  readonly protocol?: 'http' | 'redis';
  readonly exposed?: readonly number[];
}

let made = 0;

/** Of the loops in fake-docker and TRACER: the loops themselves are processes of their own. */
const NAP = /^sleep 0\.0\d $/;

/**
 * A folder with `bin/docker` and `bin/podman` that need no daemon, `apps/` with one application, `app`, whose
 * image is there, and one, `unbuilt`, whose image is not.
 */
export class FakeEngine {
  readonly folder: string;
  readonly env: Record<string, string>;

  constructor(t: Test, { mode = 'good', protocol = 'http', exposed = [8080] }: Fake = {}) {
    // Each container listens on an address of its own: tests run side by side.
    const address = `127.${(process.pid >> 8) & 127}.${process.pid & 255}.${++made}`;
    const port = protocol === 'http' ? 8080 : 6379;
    const app = (name: string) => ({
      'app.json': JSON.stringify({
        name,
        images: { legacy: `kernel-surface/${name}-legacy`, nabla: `kernel-surface/${name}-nabla` },
        protocol,
        port,
        path: '/',
        answer: { text: protocol === 'http' ? 'Nabla!' : 'OK' },
        environment: { COLOUR: 'blue' },
        load: { requests: 6, rate: 0 },
      }),
    });
    const images = ['kernel-surface/app-legacy', 'some-image'];
    this.folder = t.testdir({
      apps: { app: app('app'), unbuilt: app('unbuilt') },
      bin: {},
      out: {},
      state: {
        settings: Object.entries({
          ...{ MODE: mode, ADDRESS: address, PORT: port, PROTOCOL: protocol },
          ...{ IMAGES: images.join(' '), EXPOSED: exposed.join(' ') },
        })
          .map(([name, value]) => `${name}='${value}'\n`)
          .join(''),
        calls: '',
        asked: '',
      },
    });
    const script = resolve('test/helpers/fake-docker');
    for (const name of ['docker', 'podman']) symlinkSync(script, `${this.folder}/bin/${name}`);
    const path = `${this.folder}/bin:${resolve('bin')}:${process.env.PATH}`;
    this.env = { PATH: path, FAKE_ENGINE: `${this.folder}/state` };
  }

  /** Lines of the calls of the engine. */
  get calls(): string[] {
    return this.lines('calls');
  }

  /** What the application was asked: `GET / 3` over the third connection, `set foo7`. */
  get asked(): string[] {
    return this.lines('asked');
  }

  private lines(file: string): string[] {
    return readFileSync(`${this.folder}/state/${file}`, 'utf8').split('\n').filter(Boolean);
  }

  /** Containers that have not been removed. */
  get containers(): string[] {
    return readdirSync(`${this.folder}/state`).filter((f) => f.startsWith('kernel-surface-'));
  }

  /**
   * Arguments of this engine's processes that still run: one that is ending has none. Naps end by themselves,
   * also those of loops that are gone.
   */
  get processes(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const environ = readFileSync(`/proc/${pid}/environ`, 'latin1');
          if (!environ.includes(`FAKE_ENGINE=${this.folder}/state\0`)) return [];
          return [readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')];
        } catch {
          return [];
        }
      })
      .filter((args) => args !== '' && !NAP.test(args));
  }
}

/**
 * A command that traces as ftrace-capture does: takes the tids, says that it is ready, prints when it is
 * interrupted, and exits with $1. Its second argument is run before that.
 */
export const TRACER = `-- bash -c '
  cat > "$1/seen"
  trap "echo the trace || exit 1; $3; exit $2" INT
  echo ready >&3
  while :; do sleep 0.02; done' -`;

export function engine(t: Test, fake: Fake = {}) {
  const e = new FakeEngine(t, fake);
  const run = (args: string) => sh(`run-container ${args}`, '', e.env);
  const out = `${e.folder}/out`;
  const apps = `--apps ${e.folder}/apps`;
  const whole = (options = '', status = 0, more = ':') =>
    run(`runc app ${apps} -o ${out} ${options} ${TRACER} {dir} ${status} '${more}'`);
  const record = () => JSON.parse(readFileSync(`${out}/run.json`, 'utf8')) as RunRecord;
  /** Whatever has happened: the container has been removed and nothing runs. */
  const clean = (t: Test) => {
    t.strictSame(e.containers, [], 'the container has been removed');
    t.strictSame(e.processes, [], 'nothing of it runs');
    t.strictSame(
      readdirSync(out).filter((f) => f.endsWith('.tmp')),
      [],
      'nothing half-written',
    );
  };
  return { e, run, out, apps, whole, record, clean };
}
