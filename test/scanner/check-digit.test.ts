import fc from 'fast-check';
import t from 'tap';
import { hasValidCheck } from '../../src/scanner/check-digit.js';

t.test('card numbers of the documentation of card issuers pass, with and without blanks', (t) => {
  for (const number of ['4111 1111 1111 1111', '5555555555554444', '3782-822463-10005', '6011111111111117', '3530111333300000']) {
    t.equal(hasValidCheck('luhn', number), true, number);
  }
  t.end();
});

t.test('a changed digit is found', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 9 }), (place, step) => {
      const digits = [...'4111111111111111'];
      digits[place] = String((Number(digits[place]) + step) % 10);
      return !hasValidCheck('luhn', digits.join(''));
    }),
  );
  t.end();
});

t.test('account numbers of the IBAN registry pass, and those with exchanged characters do not', (t) => {
  t.equal(hasValidCheck('iban', 'GB29 NWBK 6016 1331 9268 19'), true);
  t.equal(hasValidCheck('iban', 'DE89370400440532013000'), true);
  t.equal(hasValidCheck('iban', 'DE98370400440532013000'), false);
  t.equal(hasValidCheck('iban', 'GB29 NWBK 6016 1331 9268 91'), false);
  t.end();
});

t.test('texts of another form never pass', (t) => {
  for (const text of ['', '0', 'card', '４１１１１１１１１１１１１１１１']) {
    t.equal(hasValidCheck('luhn', text), false, text);
    t.equal(hasValidCheck('iban', text), false, text);
  }
  t.end();
});
