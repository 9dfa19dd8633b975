/** The national numbers whose check digits are known, by country and name. */
export const NATIONAL_NUMBERS = [
  'ar-cuit', 'au-medicare', 'au-tfn', 'be-national', 'br-cnpj', 'br-cpf', 'ca-sin', 'ch-ahv', 'cl-rut', 'cn-id', 'de-steuer-id', 'es-dni', 'fi-hetu', 'fr-nir', 'hk-id',
  'ie-pps', 'il-id', 'in-aadhaar', 'it-cf', 'jp-my-number', 'kr-rrn', 'mx-curp', 'nl-bsn', 'no-fnr', 'pl-pesel', 'pt-nif', 'ro-cnp', 'se-personnummer', 'sg-nric',
  'th-id', 'tr-tckn', 'tw-id', 'uk-nhs', 'us-aba', 'za-id',
] as const;
export type NationalNumber = (typeof NATIONAL_NUMBERS)[number];

/** Whether `characters`, upper-case letters and digits, end with a number of that kind with valid check digits. */
export function isNationalNumber(kind: NationalNumber, characters: string): boolean {
  const { form, isValid } = FORMS[kind];
  const number = form.exec(characters)?.[0];
  return number !== undefined && !/^(.)\1+$/.test(number) && isValid(number);
}

/** ISO/IEC 7812-1 annex B: every second digit from the right is doubled. */
export function isLuhn(digits: string): boolean {
  if (!/^\d{2,}$/.test(digits)) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** `isValid` is asked about what `form` matches. */
interface Form {
  readonly form: RegExp;
  readonly isValid: (number: string) => boolean;
}

/** The sources are the issuers' own descriptions of their check digits. */
const FORMS: Readonly<Record<NationalNumber, Form>> = {
  'ar-cuit': { form: /\d{11}$/, isValid: (number) => '09987654321'[rest(number, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 11)] === number.at(-1) },
  'au-medicare': { form: /[2-6]\d{9,10}$/, isValid: (number) => rest(number, [1, 3, 7, 9, 1, 3, 7, 9], 10) === at(number, 8) },
  'au-tfn': { form: /\d{9}$/, isValid: (number) => rest(number, [1, 4, 3, 7, 5, 8, 6, 9, 10], 11) === 0 },
  'be-national': { form: /\d{11}$/, isValid: (number) => ['', '2'].some((century) => 97 - (Number(century + number.slice(0, 9)) % 97) === Number(number.slice(9))) },
  'br-cnpj': { form: /\d{14}$/, isValid: (number) => [12, 13].every((length) => elevenRest(number, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2].slice(13 - length)) === at(number, length)) },
  'br-cpf': { form: /\d{11}$/, isValid: (number) => [9, 10].every((length) => elevenRest(number, falling(length + 1, 2)) === at(number, length)) },
  'ca-sin': { form: /[1-79]\d{8}$/, isValid: isLuhn },
  'ch-ahv': { form: /756\d{10}$/, isValid: (number) => rest(number, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1], 10) === 0 },
  'cl-rut': { form: /\d{7,8}[\dK]$/, isValid: (number) => '0123456789K'[(11 - rest(number.slice(0, -1).padStart(8, '0'), [3, 2, 7, 6, 5, 4, 3, 2], 11)) % 11] === number.at(-1) },
  'cn-id': { form: /[1-9]\d{16}[\dX]$/, isValid: (number) => '10X98765432'[rest(number, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], 11)] === number.at(-1) },
  'de-steuer-id': { form: /[1-9]\d{10}$/, isValid: isIso7064Mod11And10 },
  'es-dni': { form: /[XYZ\d]\d{7}[A-Z]$/, isValid: (number) => 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))) % 23] === number.at(-1) },
  'fi-hetu': { form: /\d{6}[A-FU-Y]?\d{3}[\dA-Y]$/, isValid: (number) => '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(number.slice(0, -1).replace(/\D/, '')) % 31] === number.at(-1) },
  'fr-nir': { form: /[1-478]\d{4}(?:\d{2}|2[AB])\d{8}$/, isValid: (number) => 97 - (Number(number.slice(0, 13).replace('2A', '19').replace('2B', '18')) % 97) === Number(number.slice(13)) },
  'hk-id': { form: /[A-Z]{1,2}\d{6}[\dA]$/, isValid: isHongKongId },
  'ie-pps': { form: /\d{7}[A-W][A-IW]?$/, isValid: (number) => (rest(number, falling(8, 2), 23) + 9 * letterValue(number[8])) % 23 === letterValue(number[7]) },
  'il-id': { form: /\d{9}$/, isValid: isLuhn },
  'in-aadhaar': { form: /[2-9]\d{11}$/, isValid: isVerhoeff },
  'it-cf': { form: /[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]$/, isValid: isCodiceFiscale },
  'jp-my-number': { form: /\d{12}$/, isValid: (number) => elevenRest(number, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) === at(number, 11) },
  'kr-rrn': { form: /\d{13}$/, isValid: (number) => (11 - rest(number, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5], 11)) % 10 === at(number, 12) },
  'mx-curp': { form: /[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d$/, isValid: (number) => (10 - ([...number.slice(0, 17)].reduce((sum, character, index) => sum + '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ'.indexOf(character) * (18 - index), 0) % 10)) % 10 === at(number, 17) },
  'nl-bsn': { form: /\d{9}$/, isValid: (number) => rest(number, [...falling(9, 2), -1], 11) === 0 },
  'no-fnr': { form: /\d{11}$/, isValid: (number) => rest(number, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1], 11) === 0 && rest(number, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1], 11) === 0 },
  'pl-pesel': { form: /\d{11}$/, isValid: (number) => rest(number, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1], 10) === 0 },
  'pt-nif': { form: /[1-35-9]\d{8}$/, isValid: (number) => elevenRest(number, falling(9, 2)) === at(number, 8) },
  'ro-cnp': { form: /[1-9]\d{12}$/, isValid: (number) => '01234567891'[rest(number, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9], 11)] === number.at(-1) },
  'se-personnummer': { form: /\d{2}(?:0[1-9]|1[0-2])(?:[06][1-9]|[1278]\d|[39][01])\d{4}$/, isValid: isLuhn },
  'sg-nric': { form: /[STFGM]\d{7}[A-Z]$/, isValid: isSingaporeId },
  'th-id': { form: /[1-8]\d{12}$/, isValid: (number) => (11 - rest(number, falling(13, 2), 11)) % 10 === at(number, 12) },
  'tr-tckn': { form: /[1-9]\d{10}$/, isValid: (number) => rest(number, [7, -1, 7, -1, 7, -1, 7, -1, 7], 10) === at(number, 9) && rest(number, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 10) === at(number, 10) },
  'tw-id': { form: /[A-Z][12]\d{8}$/, isValid: (number) => rest(String('ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(number.slice(0, 1)) + 10) + number.slice(1), [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1], 10) === 0 },
  'uk-nhs': { form: /\d{10}$/, isValid: (number) => rest(number, [...falling(10, 2), 1], 11) === 0 },
  'us-aba': { form: /\d{9}$/, isValid: (number) => rest(number, [3, 7, 1, 3, 7, 1, 3, 7, 1], 10) === 0 },
  'za-id': { form: /\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}[01]\d{2}$/, isValid: isLuhn },
};

function at(digits: string, index: number): number {
  return Number(digits[index]);
}

/** From `first` down to `last`. */
function falling(first: number, last: number): number[] {
  return Array.from({ length: first - last + 1 }, (_, index) => first - index);
}

/** The sum of the first digits, each by its weight, modulo `modulus`; never negative. */
function rest(digits: string, weights: readonly number[], modulus: number): number {
  const sum = weights.reduce((total, weight, index) => total + weight * at(digits, index), 0);
  return ((sum % modulus) + modulus) % modulus;
}

/** 11 less the weighted sum modulo 11, where 10 and 11 count as 0. */
function elevenRest(digits: string, weights: readonly number[]): number {
  const left = rest(digits, weights, 11);
  return left < 2 ? 0 : 11 - left;
}

/** 0 for nothing and W, which stand for no letter, else 1 for A. */
function letterValue(letter: string | undefined): number {
  return letter === undefined || letter === 'W' ? 0 : letter.charCodeAt(0) - 64;
}

function isIso7064Mod11And10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}

/** Verhoeff 1969: the digits as elements of the dihedral group of the pentagon. */
function isVerhoeff(digits: string): boolean {
  let value = 0;
  [...digits].reverse().forEach((digit, place) => {
    let permuted = Number(digit);
    for (let times = place % 8; times > 0; times--) permuted = Number('1576283094'[permuted]);
    value = dihedral(value, permuted);
  });
  return value === 0;
}

function dihedral(left: number, right: number): number {
  const turn = left < 5 ? left + right : left - right;
  const flipped = left >= 5 !== right >= 5;
  return (((turn % 5) + 5) % 5) + (flipped ? 5 : 0);
}

/** Decreto 23 dicembre 1976: characters at odd places count as their place in this alphabet, at even places as themselves. */
function isCodiceFiscale(code: string): boolean {
  let sum = 0;
  for (let index = 0; index < 15; index++) {
    const value = Number.parseInt(code.slice(index, index + 1), 36);
    const letter = value > 9 ? value - 10 : value;
    sum += index % 2 === 0 ? 'BAKPLCQDREVOSFTGUHMINJWZYX'.indexOf(String.fromCharCode(65 + letter)) : letter;
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

/** One letter or two: the first of two may belong to what stands before the number. */
function isHongKongId(code: string): boolean {
  return isHongKongCode(code.padStart(9, ' ')) || (code.length === 9 && isHongKongCode(code.slice(1).padStart(9, ' ')));
}

function isHongKongCode(padded: string): boolean {
  let sum = 0;
  for (let index = 0; index < 9; index++) {
    const character = padded.slice(index, index + 1);
    sum += (character === ' ' ? 36 : Number.parseInt(character, 36)) * (9 - index);
  }
  return sum % 11 === 0;
}

function isSingaporeId(code: string): boolean {
  const kind = code.slice(0, 1);
  const left = (rest(code.slice(1), [2, 7, 6, 5, 4, 3, 2], 11) + (kind === 'T' || kind === 'G' ? 4 : kind === 'M' ? 3 : 0)) % 11;
  const letters = kind === 'S' || kind === 'T' ? 'JZIHGFEDCBA' : kind === 'M' ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK';
  return letters[left] === code.at(-1);
}
