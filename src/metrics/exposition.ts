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

/** Metrics, written one after another; bytes as they come, since strings of this length cost V8 several times as much. */
export interface Exposition {
  /** What only grows while the process lives; by convention `name` ends with `_total`. */
  counter(name: string, help: string, samples: Samples): void;
  gauge(name: string, help: string, samples: Samples): void;
  /** A gauge for each of `states`: 1 for the one that is, 0 for the others. `of`: whose state it is, as labels. */
  stateSet<State extends string>(name: string, help: string, set: { readonly states: readonly State[]; readonly of: Iterable<readonly [labels: string, state: State]> }): void;
  histogram(name: string, help: string, view: HistogramView): void;
  /** All that was written. */
  bytes(): Buffer;
}

/** So much text is turned into bytes at once. */
const CHUNK_CHARACTERS = 65_536;

export function createExposition(): Exposition {
  const chunks: Buffer[] = [];
  let text = '';

  function write(lines: string): void {
    text += lines;
    if (text.length >= CHUNK_CHARACTERS) turn();
  }

  function turn(): void {
    chunks.push(Buffer.from(text));
    text = '';
  }

  function head(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): void {
    write(`# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`);
  }

  function lines(name: string, samples: Samples): void {
    if (typeof samples === 'number') {
      write(`${name} ${numeral(samples)}\n`);
      return;
    }
    for (const [labelled, value] of samples) write(labelled === '' ? `${name} ${numeral(value)}\n` : `${name}{${labelled}} ${numeral(value)}\n`);
  }

  return {
    counter(name, help, samples) {
      head(name, help, 'counter');
      lines(name, samples);
    },

    gauge(name, help, samples) {
      head(name, help, 'gauge');
      lines(name, samples);
    },

    stateSet(name, help, { states, of }) {
      head(name, help, 'gauge');
      const ends = states.map((state) => ({ state, yes: `${labels({ state })}} 1\n`, no: `${labels({ state })}} 0\n` }));
      for (const [whose, now] of of) {
        const start = `${name}{${whose}${whose === '' ? '' : ','}`;
        for (const { state, yes, no } of ends) write(start + (state === now ? yes : no));
      }
    },

    histogram(name, help, { bounds, counts, sum }) {
      head(name, help, 'histogram');
      let below = 0;
      counts.forEach((count, index) => {
        below += count;
        write(`${name}_bucket{le="${numeral(bounds[index] ?? Infinity)}"} ${below}\n`);
      });
      write(`${name}_sum ${numeral(sum)}\n${name}_count ${below}\n`);
    },

    bytes() {
      turn();
      return Buffer.concat(chunks);
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numeral(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
