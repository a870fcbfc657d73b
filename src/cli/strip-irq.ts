import { StripSink } from '../context/strip.js';
import { writeAll } from '../stream/io.js';
import { main } from '../stream/main.js';
import { pumpStdin } from '../stream/pump.js';
import { Feed } from '../trace/feed.js';
import { Scanner } from '../trace/scan.js';
import { Judging, judgingOptions } from './judging.js';
import { type Manual, readOptions } from './options.js';

const manual = {
  name: 'strip-irq',
  summary: 'Keeps the lines of a trace in which a task worked for itself, verbatim.',
  usage: '[OPTIONS] < TRACE',
  options: judgingOptions,
  examples: [
    ['zcat samples/runc-node-express.trace.gz | strip-irq | uniq-funcs', 'functions of all tasks'],
    ['strip-irq --tids 218,255 --explain why.json < trace', 'two tasks, and why lines went'],
  ],
} as const satisfies Manual<typeof judgingOptions>;

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const judging = new Judging(values);
  const sink = new StripSink();
  const scanner = new Scanner(judging.judge, sink);
  const feed = new Feed(scanner, sink);
  pumpStdin(feed, () => writeAll(1, feed.kept()));
  judging.report(manual.name, scanner, sink.tally);
});
