/** The check digits by which a pattern's match can be confirmed. */
export const CHECKS = ['luhn', 'iban'] as const;
export type Check = (typeof CHECKS)[number];

/** Whether a matched text has valid check digits. Blanks and dashes between its characters do not count. */
export function hasValidCheck(check: Check, text: string): boolean {
  const characters = text.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  return check === 'luhn' ? luhn(characters) : iban(characters);
}

/** ISO/IEC 7812-1 annex B: every second digit from the right is doubled. */
function luhn(digits: string): boolean {
  if (!/^\d{2,}$/.test(digits)) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the country and check digits go to the end, letters count as 10 to 35, and the rest modulo 97 is 1. */
function iban(characters: string): boolean {
  if (!/^[A-Z]{2}\d{2}[0-9A-Z]{11,30}$/.test(characters)) return false;
  let rest = 0;
  for (const character of characters.slice(4) + characters.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
