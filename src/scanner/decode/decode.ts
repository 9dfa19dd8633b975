import { UnitBuffer } from '../regex/units.js';
import type { View, ViewKind } from '../view.js';
import { base32View, base64View } from './base64.js';
import { codesView } from './codes.js';
import { escapesView } from './escapes.js';
import { invisibleView } from './invisible.js';
import { leetView, reversedView, reversedWordsView, shiftedView, spacedView } from './letters.js';
import { lookalikesView } from './lookalikes.js';
import { markupView, mayBeTorn } from './markup.js';
import { morseView } from './morse.js';
import { signsOf } from './signs.js';

/** What was found in a decoded view is reported as hidden too, under the id `enc-<kind>`, with this name. */
export const HIDING: Readonly<Partial<Record<ViewKind, string>>> = {
  base64: 'Threat hidden in base64',
  base32: 'Threat hidden in base32',
  codes: 'Threat hidden in character codes',
  escapes: 'Threat hidden in escapes',
  markup: 'Threat hidden by marks within words',
  invisible: 'Threat hidden in invisible characters',
  shifted: 'Threat hidden by a shifted alphabet',
  reversed: 'Threat hidden by reversed letters',
  leet: 'Threat hidden by digits for letters',
  spaced: 'Threat hidden by letters apart',
  morse: 'Threat hidden in Morse code',
  lookalikes: 'Threat hidden by look-alike letters',
};

const buffer = new UnitBuffer();

/**
 * What else a text says when it is decoded, each way that finds something. Linear: each view is at most as long as the
 * text, and an ASCII text without signs of any costs a few looks at its characters.
 */
export function* decodedViews(base: View, isAscii: boolean): Generator<View> {
  const units = buffer.copy(base.text);
  const signs = signsOf(base.text, units);
  const isTorn = mayBeTorn(units);
  for (const decode of [base64View, base32View, codesView, morseView, escapesView]) {
    const view = decode(base);
    if (view !== undefined) yield view;
  }
  const whole = isTorn ? markupView(base) : undefined;
  if (whole !== undefined) yield whole;
  if (!isAscii) {
    for (const decode of [invisibleView, lookalikesView]) {
      const view = decode(base);
      if (view !== undefined) yield view;
    }
  }
  if (signs.shift > 0) yield shiftedView(base, signs.shift);
  if (signs.reversed) {
    yield reversedView(base);
    yield reversedWordsView(base);
  }
  if (signs.leet) yield leetView(base);
  if (signs.spaced) {
    const view = spacedView(base);
    if (view !== undefined) yield view;
  }
}
