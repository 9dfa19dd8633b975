import type { HistogramView } from './histogram.js';

/**
 * Metrics as Prometheus reads them, in version 0.0.4 of the text exposition format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/):
 *
 *   # HELP name what it says          `\` and line feeds escaped
 *   # TYPE name counter               before the first sample
 *   name{label="value",…} 1           in values `"` is escaped, too
 *
 * Every line ends with a line feed, also the last one.
 */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A number for a metric without labels, else labels (as `labels` makes them) with their numbers. */
export type Samples = number | Iterable<readonly [labels: string, value: number]>;

/** Ids have none of these. */
const NEEDS_ESCAPES = /[\\"\n]/;

/** What stands between the braces; an empty string for no labels. Names must be fit for labels, values may be anything. */
export function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values).map(([name, value]) => `${name}="${NEEDS_ESCAPES.test(value) ? escaped(value).replaceAll('"', '\\"') : value}"`).join();
}

/** What only grows while the process lives; by convention `name` ends with `_total`. */
export function counter(name: string, help: string, samples: Samples): string {
  return head(name, help, 'counter') + lines(name, samples);
}

export function gauge(name: string, help: string, samples: Samples): string {
  return head(name, help, 'gauge') + lines(name, samples);
}

/** A gauge for each of `states`: 1 for the one that is, 0 for the others. `of`: whose state it is, as labels. */
export function stateSet<State extends string>(name: string, help: string, { states, of }: { readonly states: readonly State[]; readonly of: Iterable<readonly [labels: string, state: State]> }): string {
  const ends = states.map((state) => ({ state, yes: `${labels({ state })}} 1\n`, no: `${labels({ state })}} 0\n` }));
  let text = head(name, help, 'gauge');
  for (const [whose, now] of of) {
    const start = [name, '{', whose, whose === '' ? '' : ','].join('');
    for (const { state, yes, no } of ends) text += start + (state === now ? yes : no);
  }
  return text;
}

export function histogram(name: string, help: string, { bounds, counts, sum }: HistogramView): string {
  let text = head(name, help, 'histogram');
  let below = 0;
  counts.forEach((count, index) => {
    below += count;
    text += `${name}_bucket{le="${numeral(bounds[index] ?? Infinity)}"} ${below}\n`;
  });
  return `${text}${name}_sum ${numeral(sum)}\n${name}_count ${below}\n`;
}

function head(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): string {
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
}

function lines(name: string, samples: Samples): string {
  if (typeof samples === 'number') return `${name} ${numeral(samples)}\n`;
  const start = `${name}{`;
  let text = '';
  for (const [labelled, value] of samples) text += labelled === '' ? `${name} ${numeral(value)}\n` : start + labelled + `} ${numeral(value)}\n`;
  return text;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numeral(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
