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
  ['ıɑɡɩʏɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢøłđħŧʙɢʜɪʟꜰꜱ', 'iagiynracdejkmoptuvwzoldhtbghilfs'],
];
const LATIN = new Map(LOOKALIKES.flatMap(([from, to]) => Array.from(from, (char, index): [string, string] => [char, to[index] ?? char])));
const ANY = new RegExp(`[${[...LATIN.keys()].join('')}]`, 'gu');
/** A word of two alphabets. */
const MIXED = /[A-Za-z][\u0131\u0251\u0261\u0269\u028f\u0274\u0280\u0370-\u058f\u13a0-\u13f5\u1d00-\u1d22]|[\u0131\u0251\u0261\u0269\u028f\u0274\u0280\u0370-\u058f\u13a0-\u13f5\u1d00-\u1d22][A-Za-z]|[\u1d00-\u1d22]{3}/;
const ACCENTED = /[\u00c0-\u024f\u1e00-\u1eff]/g;
/** Of Vietnamese, the one language that has accents on so many of its letters. */
const TONES = /[\u1ea0-\u1ef9]/;
const MIN_ACCENTED_SHARE = 0.25;
const MIN_ACCENTED = 8;

/** The text in ASCII letters, when it has words that mix them with those of another alphabet that look the same, or accents all over. */
export function lookalikesView(base: View): View | undefined {
  const { text } = base;
  const accented = isStrewn(text);
  if (!accented && !MIXED.test(text)) return undefined;
  const plain = text.replace(ANY, (char) => LATIN.get(char) ?? char);
  return sameLengthView('lookalikes', base, accented ? plain.replace(ACCENTED, (char) => char.normalize('NFD').charAt(0)) : plain);
}

function isStrewn(text: string): boolean {
  let accented = 0;
  let plain = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const letter = (code | 0x20) - 0x60;
    if (code < 0x80) plain += Number(letter >= 1 && letter <= 26);
    else if ((code >= 0xc0 && code <= 0x24f) || (code >= 0x1e00 && code <= 0x1eff)) accented++;
  }
  return accented >= MIN_ACCENTED && accented >= MIN_ACCENTED_SHARE * (accented + plain) && !TONES.test(text);
}
