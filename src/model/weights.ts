import { RaxedError } from '../errors.js';
import { MODEL_FAMILIES } from './family.js';
import type { ModelChannel } from './family.js';
import { FEATURES } from './features.js';

/**
 * The weights file, little endian:
 *
 *     0  "RXM1"
 *     4  twice, for `direct` and for `embedded`: f64 step · f64 bias · f64 slope · f64 intercept · f64 threshold
 *    84  for each family of attacks: f64 step · f64 bias
 *   212  for `direct`, for `embedded`, for each family of attacks: FEATURES × i8
 *
 * A weight is its byte times the step. The probability of a margin is 1 / (1 + exp(-(slope × margin + intercept))).
 */
export interface LinearHead {
  readonly weights: Int8Array;
  readonly step: number;
  readonly bias: number;
}

export interface ChannelHead extends LinearHead {
  readonly slope: number;
  readonly intercept: number;
  /** A probability. */
  readonly threshold: number;
}

export interface Weights {
  readonly channels: Readonly<Record<ModelChannel, ChannelHead>>;
  /** In the order of MODEL_FAMILIES, without `benign`. */
  readonly families: readonly LinearHead[];
}

const MAGIC = [0x52, 0x58, 0x4d, 0x31] as const;
const CHANNELS = ['direct', 'embedded'] as const;
const CHANNEL_NUMBERS = 5;
const FAMILY_NUMBERS = 2;
const FAMILIES = MODEL_FAMILIES.length - 1;
const FAMILIES_AT = CHANNELS.length * CHANNEL_NUMBERS;
const WEIGHTS_AT = MAGIC.length + 8 * (FAMILIES_AT + FAMILIES * FAMILY_NUMBERS);
const LENGTH = WEIGHTS_AT + (CHANNELS.length + FAMILIES) * FEATURES;

export function encodeWeights({ channels, families }: Weights): Uint8Array {
  const heads = CHANNELS.map((channel) => channels[channel]);
  const numbers = [
    ...heads.flatMap(({ step, bias, slope, intercept, threshold }) => [step, bias, slope, intercept, threshold]),
    ...families.flatMap(({ step, bias }) => [step, bias]),
  ];
  const bytes = new Uint8Array(LENGTH);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setFloat64(MAGIC.length + index * 8, number, true);
  for (const [index, { weights }] of [...heads, ...families].entries()) {
    bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, FEATURES), WEIGHTS_AT + index * FEATURES);
  }
  return bytes;
}

/** The weights are views of `bytes`. Throws `INTERNAL` when they are no weights file of this version. */
export function decodeWeights(bytes: Uint8Array): Weights {
  if (bytes.length !== LENGTH || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new RaxedError('INTERNAL', 'the weights file of the on-device model is damaged or of another version');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const number = (index: number): number => view.getFloat64(MAGIC.length + index * 8, true);
  const head = (order: number, numbersAt: number): LinearHead => ({
    weights: new Int8Array(bytes.buffer, bytes.byteOffset + WEIGHTS_AT + order * FEATURES, FEATURES),
    step: number(numbersAt),
    bias: number(numbersAt + 1),
  });
  const channel = (order: number): ChannelHead => {
    const at = order * CHANNEL_NUMBERS;
    return { ...head(order, at), slope: number(at + 2), intercept: number(at + 3), threshold: number(at + 4) };
  };
  return {
    channels: { direct: channel(0), embedded: channel(1) },
    families: Array.from({ length: FAMILIES }, (_, family) => head(CHANNELS.length + family, FAMILIES_AT + family * FAMILY_NUMBERS)),
  };
}
