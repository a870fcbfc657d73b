/** What a line of trace text is. Judged lines (the work of a task) come first, up to CALL. */
export const Kind = {
  unparsed: 0,
  /** `fn() {`: a function that calls others is entered. */
  open: 1,
  /** `fn();`: entry and return merged. */
  leaf: 2,
  /** `}` or `} /* fn *\/`: a return. */
  close: 3,
  /** Another event inside the graph, or an event of another name in a report. */
  event: 4,
  /** One line of the function tracer: a call without depth or return. */
  call: 5,
  /** ` 0)  a-1  =>  b-2`: another task runs on this CPU from here on. */
  switch: 6,
  /** `CPU:0 [LOST 12 EVENTS]`. */
  lost: 7,
  /** A comment of the tracer's own, from `#` on. */
  header: 8,
  /** Rules, blank lines and interrupt arrows round the lines above. */
  marker: 9,
} as const;

/** The context flag of a line, from the third position of the latency flags. */
export const Context = {
  /** The text carries no flags. */
  none: 0,
  task: 1,
  softirq: 2,
  hardirq: 3,
  nmi: 4,
} as const;

/** CPU or tid that the text does not tell. */
export const UNKNOWN = -1;
