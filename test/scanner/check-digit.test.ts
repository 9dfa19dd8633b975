import fc from 'fast-check';
import t from 'tap';
import { CHECKS, hasValidCheck } from '../../src/scanner/check-digit.js';
import type { Check } from '../../src/scanner/check-digit.js';

/** Numbers that issuers and standards publish as examples, by check; and one of each whose check digits are wrong. */
const EXAMPLES: Readonly<Record<Check, { readonly valid: readonly string[]; readonly invalid: readonly string[] }>> = {
  'luhn': { valid: ['4111 1111 1111 1111', '5555555555554444', '3782-822463-10005'], invalid: ['4111 1111 1111 1112', '5555555555554445'] },
  'card': { valid: ['4539 1488 0343 6467', '5425233430109903'], invalid: ['4539 1488 0343 6468', '4111 1111 1111 1111', '4242-4242-4242-4242'] },
  'iban': { valid: ['GB29 NWBK 6016 1331 9268 19', 'DE89370400440532013000', 'NO93 8601 1117 947'], invalid: ['DE98370400440532013000', 'GB29 NWBK 6016 1331 9268 91', 'ZZ89370400440532013000'] },
  'vin': { valid: ['1M8GDM9AXKP042788', 'VIN: 1HGCM82633A004352'], invalid: ['1M8GDM9A1KP042788', '1HGCM82633A00435'] },
  'random': { valid: ['token = q7Zk2LpX9vB4mT1c', 'kR8#vTq2', '9f8c018ddf0f30c970ace5ce5d359ad0'], invalid: ['token = exampleToken12345', 'xxxxxxxxxxxx1111', 'configuration', 'AKIAIOSFODNN7EXAMPLE', 'abcdefgh12345678', 'short1'] },
  'mixed': { valid: ['password: gV4kq9Lw2xZ', '9f8c018ddf0f30c970ace5ce5d359ad0'], invalid: ['password: getPasswordFromEnvironment', 'token: model-3-5-turbo-20241022', 'secretExample1A2b3C'] },
  'ar-cuit': { valid: ['20-05536168-2', 'CUIT 30-70308853-4'], invalid: ['20-05536168-3'] },
  'au-medicare': { valid: ['2123 45670 1', 'Medicare 2123456701'], invalid: ['2123 45680 1'] },
  'au-tfn': { valid: ['123 456 782', 'TFN: 876543210'], invalid: ['123 456 789'] },
  'be-national': { valid: ['85.07.30-033.28', '17.07.30-033.84'], invalid: ['85.07.30-033.29'] },
  'br-cnpj': { valid: ['16.727.230/0001-97', 'CNPJ 11.222.333/0001-81'], invalid: ['16.727.230/0001-98', '00.000.000/0000-00'] },
  'br-cpf': { valid: ['390.533.447-05', 'CPF: 123.456.789-09'], invalid: ['390.533.447-06', '111.111.111-11'] },
  'ca-sin': { valid: ['123-456-782', 'SIN 130 692 544'], invalid: ['123-456-783', '046 454 287'] },
  'ch-ahv': { valid: ['756.9217.0769.85', 'AHV 756.1234.5678.97'], invalid: ['756.9217.0769.84'] },
  'cl-rut': { valid: ['12.531.909-2', '12345678-5', '20.347.878-K'], invalid: ['12.531.909-3'] },
  'cn-id': { valid: ['11010519491231002X', '360426199101010071'], invalid: ['110105194912310021'] },
  'de-steuer-id': { valid: ['36 574 261 809', '86095742719'], invalid: ['36 574 261 890'] },
  'es-dni': { valid: ['54362315-K', '12345678Z', 'NIE X2482300W'], invalid: ['54362315Z', 'X2482300A'] },
  'fi-hetu': { valid: ['131052-308T', '131052A308T'], invalid: ['131052-308U'] },
  'fr-nir': { valid: ['2 95 10 99 126 111 93', '253072B07300470'], invalid: ['2 95 10 99 126 111 92'] },
  'hk-id': { valid: ['A123456(3)', 'G123456(A)'], invalid: ['A123456(4)'] },
  'ie-pps': { valid: ['6433435F', '1234567T', '6433435OA'], invalid: ['6433435E'] },
  'il-id': { valid: ['039337423', '12345678-2'], invalid: ['039337424'] },
  'in-aadhaar': { valid: ['2341 2341 2346', '234123412346'], invalid: ['2341 2341 2347', '2341 2341 3246'] },
  'it-cf': { valid: ['RCCMNL83S18D969H', 'RSSMRA85T10A562S'], invalid: ['RCCMNL83S18D969I'] },
  'jp-my-number': { valid: ['1234 5678 9018', '123456789018'], invalid: ['1234 5678 9012'] },
  'kr-rrn': { valid: ['971013-9019902'], invalid: ['971013-9019903'] },
  'mx-curp': { valid: ['BOXW310820HNERXN09', 'HEGG560427MVZRRL04'], invalid: ['BOXW310820HNERXN08'] },
  'nl-bsn': { valid: ['111222333', 'BSN 1234.56.782'], invalid: ['111252333'] },
  'no-fnr': { valid: ['15108695088', '01010750160'], invalid: ['15108695077'] },
  'pl-pesel': { valid: ['44051401359', '02070803628'], invalid: ['44051401358'] },
  'pt-nif': { valid: ['501964843', '123 456 789'], invalid: ['501964842'] },
  'ro-cnp': { valid: ['1630615123457', '1800101221144'], invalid: ['1630615123458'] },
  'se-personnummer': { valid: ['880320-0016', '19811218-9876'], invalid: ['880320-0018', '991320-0010'] },
  'sg-nric': { valid: ['S1234567D', 'F1234567N', 'T0000001E'], invalid: ['S1234567E'] },
  'th-id': { valid: ['1-2345-67890-12-1', '1234545678781'], invalid: ['1-2345-67890-12-2'] },
  'tr-tckn': { valid: ['17291716060', '10000000146'], invalid: ['17291716050'] },
  'tw-id': { valid: ['A123456789'], invalid: ['A123456788'] },
  'uk-nhs': { valid: ['943 476 5870', 'NHS 9434765919'], invalid: ['943 476 5871'] },
  'us-aba': { valid: ['111000025', 'routing 021000021'], invalid: ['111000026'] },
  'za-id': { valid: ['7503305044089', '8001015009087'], invalid: ['7503305044088', '7513305044089'] },
};

for (const check of CHECKS) {
  t.test(`${check}: published examples pass, also among the words that name them, and wrong ones do not`, (t) => {
    for (const text of EXAMPLES[check].valid) t.equal(hasValidCheck(check, text), true, text);
    for (const text of EXAMPLES[check].invalid) t.equal(hasValidCheck(check, text), false, text);
    t.end();
  });
}

t.test('texts of another form never pass', (t) => {
  for (const check of CHECKS) {
    for (const text of ['', '0', 'card', '４１１１１１１１１１１１１１１１', ' - ']) t.equal(hasValidCheck(check, text), false, `${check} ${text}`);
  }
  t.end();
});

t.test('a changed digit is found', (t) => {
  const numbers: readonly (readonly [Check, string])[] = [['luhn', '4539148803436467'], ['iban', 'DE89370400440532013000'], ['in-aadhaar', '234123412346'], ['nl-bsn', '111222333'], ['pl-pesel', '44051401359'], ['fr-nir', '295109912611193']];
  fc.assert(
    fc.property(fc.constantFrom(...numbers), fc.nat(), fc.integer({ min: 1, max: 9 }), ([check, number], place, step) => {
      const digits = [...number];
      const at = place % digits.length;
      if (!/\d/.test(digits[at] ?? '')) return true;
      digits[at] = String((Number(digits[at]) + step) % 10);
      return !hasValidCheck(check, digits.join(''));
    }),
  );
  t.end();
});

t.test('most words drawn at random look so, and no word of one kind of letters does', (t) => {
  const drawn = fc.array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'), { minLength: 32, maxLength: 32 });
  const words = fc.sample(drawn, { numRuns: 200, seed: 6 }).map((characters) => characters.join(''));
  t.ok(words.filter((word) => hasValidCheck('random', word)).length > 150, 'of 200 words');
  fc.assert(fc.property(fc.stringMatching(/^[a-z]{8,40}$/), (word) => !hasValidCheck('random', word)));
  t.end();
});

t.test('the last word of a match that is as long as a scan may be is found without looking at it again and again', (t) => {
  const long = 'k2'.repeat(500_000);
  for (const text of [`${long} `, `${long}=a `, '='.repeat(1_000_000)]) t.equal(hasValidCheck('random', text), false);
  t.equal(hasValidCheck('random', `${long} q7Zk2LpX9vB4mT1c==`), true);
  t.end();
});
