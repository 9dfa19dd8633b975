import { isLuhn, isNationalNumber, NATIONAL_NUMBERS } from './national-number.js';
import { looksMixed, looksRandom } from './randomness.js';

/** The checks by which a pattern's match can be confirmed: check digits, `random` for tokens with a prefix of their own, `mixed` for values that only their name gives away. */
export const CHECKS = ['luhn', 'card', 'iban', 'vin', 'random', 'mixed', ...NATIONAL_NUMBERS] as const;
export type Check = (typeof CHECKS)[number];

/**
 * Whether a matched text passes a check. Only letters and digits count; of national numbers, `random` and `mixed` the end of the text
 * is looked at, so that a match may begin with the words that say what it is.
 */
export function hasValidCheck(check: Check, text: string): boolean {
  if (check === 'random') return looksRandom(text);
  if (check === 'mixed') return looksMixed(text);
  const characters = text.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  if (check === 'luhn') return isLuhn(characters);
  if (check === 'card') return isLuhn(characters) && !TEST_CARDS.has(characters);
  if (check === 'iban') return isIban(characters);
  return check === 'vin' ? isVehicleNumber(characters.slice(-17)) : isNationalNumber(check, characters);
}

/** Numbers that the payment services publish for tests, and that pay nothing. */
const TEST_CARDS: ReadonlySet<string> = new Set([
  '4111111111111111', '4242424242424242', '4012888888881881', '4000056655665556', '4000000000000002', '4000000000009995', '4000000000000077', '4444333322221111',
  '4222222222222', '4917610000000000', '4917300800000000', '4005519200000004', '4009348888881881', '4012000033330026', '4012000077777777', '4500600000000061',
  '5555555555554444', '5105105105105100', '5200828282828210', '5454545454545454', '5424000000000015', '2223003122003222', '2223000048400011', '5431111111111111',
  '378282246310005', '371449635398431', '378734493671000', '370000000000002', '6011111111111117', '6011000990139424', '6011000000000004', '6011601160116611',
  '3530111333300000', '3566002020360505', '30569309025904', '38520000023237', '36227206271667', '6200000000000005', '6304000000000000', '2345678912345678',
]);

/** ISO 13616: how many characters an account number of a country has. */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(Object.entries({
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BI: 27, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28, CZ: 24, DE: 22, DJ: 27, DK: 18, DO: 28,
  EE: 20, EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GB: 22, GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27,
  JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MN: 20, MR: 27, MT: 31, MU: 30, NI: 28, NL: 18,
  NO: 15, OM: 23, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, RU: 33, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27, SO: 23, ST: 25, SV: 28,
  TL: 23, TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20, YE: 30,
}));

/** ISO 13616: the country and check digits go to the end, letters count as 10 to 35, and the rest modulo 97 is 1. */
function isIban(characters: string): boolean {
  if (!/^[A-Z]{2}\d{2}[0-9A-Z]+$/.test(characters) || IBAN_LENGTHS.get(characters.slice(0, 2)) !== characters.length) return false;
  let rest = 0;
  for (const character of characters.slice(4) + characters.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** 49 CFR 565.15: the ninth character is the weighted sum of all modulo 11, X for 10. I, O and Q do not occur. */
function isVehicleNumber(characters: string): boolean {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(characters)) return false;
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
  const sum = weights.reduce((total, weight, index) => total + weight * Number('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ'.indexOf(characters.slice(index, index + 1)) % 10), 0);
  return '0123456789X'[sum % 11] === characters[8];
}
