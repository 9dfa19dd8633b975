import type { View } from '../view.js';
import { sameLengthView } from '../view.js';

/** Letters of Cyrillic, Greek, Armenian and Cherokee, and Latin ones with a stroke, that are drawn like an ASCII letter. Equally long. */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['аеорсухіјѕһԁԛԝӏьвкмнтгпзбԍѵ', 'aeopcyxijshdqwlbbkmhtrn36gv'],
  ['АВЕКМНОРСТУХІЈЅԌԚԜҮЗЬ', 'ABEKMHOPCTYXIJSGQWY3b'],
  ['αβγικνορτυχωεηζ', 'abyikvoptuxwenz'],
  ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ', 'ABEZHIKMNOPTYXC'],
  ['ոսցհօզ', 'nughoq'],
  ['ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃ', 'ABCDEHJKLMPRSTVWZ'],
  ['ıɑɡɩʏɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢøłđħŧ', 'iagiynracdejkmoptuvwzoldht'],
];
const LATIN = new Map(LOOKALIKES.flatMap(([from, to]) => Array.from(from, (char, index): [string, string] => [char, to[index] ?? char])));
const ANY = new RegExp(`[${[...LATIN.keys()].join('')}]`, 'gu');
/** A word of two alphabets. */
const MIXED = /[A-Za-z][\u0131\u0251\u0261\u0269\u028f\u0274\u0280\u0370-\u058f\u13a0-\u13f5\u1d00-\u1d22]|[\u0131\u0251\u0261\u0269\u028f\u0274\u0280\u0370-\u058f\u13a0-\u13f5\u1d00-\u1d22][A-Za-z]/;

/** The text in ASCII letters, when it has words that mix them with those of another alphabet that look the same. */
export function lookalikesView(base: View): View | undefined {
  return MIXED.test(base.text) ? sameLengthView('lookalikes', base, base.text.replace(ANY, (char) => LATIN.get(char) ?? char)) : undefined;
}
