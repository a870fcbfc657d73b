import type { Look } from './text.js';

/** Columns of the latency flags, as `trace` explains them above the text. */
const LATENCY: readonly string[] = [
  '  _-----=> irqs-off        ',
  ' / _----=> need-resched    ',
  '| / _---=> hardirq/softirq ',
  '|| / _--=> preempt-depth   ',
  '||| /                      ',
];

/** The comment that `trace` begins with. */
export function heading(look: Look): string {
  const { tracer } = look;
  const lines = [`# tracer: ${tracer}`, '#'];
  if (tracer === 'function') {
    const flags = look.flags;
    if (flags) {
      lines.push(
        '#                                _-----=> irqs-off/BH-disabled',
        '#                               / _----=> need-resched',
        '#                              | / _---=> hardirq/softirq',
        '#                              || / _--=> preempt-depth',
        '#                              ||| / _-=> migrate-disable',
        '#                              |||| /     delay',
      );
    }
    lines.push(
      `#           TASK-PID     CPU#  ${flags ? '|||||  ' : ''}TIMESTAMP  FUNCTION`,
      `#              | |         |   ${flags ? '|||||     ' : '   '}|         |`,
    );
    return `${lines.join('\n')}\n`;
  }
  const { abstime, flags, duration } = look;
  if (flags) {
    // CPU and task take 21 columns, the time 16.
    for (const line of LATENCY) lines.push(`#${' '.repeat(21 + (abstime ? 16 : 0))}${line}`);
  }
  lines.push(
    `#${abstime ? '     TIME       ' : ''} CPU  TASK/PID       ${flags ? '||||   ' : ''}` +
      `${duration ? '  DURATION   ' : ''}               FUNCTION CALLS`,
    `#${abstime ? '      |         ' : ''} |     |    |        ${flags ? '||||   ' : ''}` +
      `${duration ? '   |   |      ' : ''}               |   |   |   |`,
  );
  return `${lines.join('\n')}\n`;
}
