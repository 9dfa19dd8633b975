/**
 * How many bits each character says after another one (row: the one before), in halves of a bit, base 36: a blank, any
 * digit, and the letters. Counted in this project's own documentation and sources, as English prose and program text are.
 */
const SYMBOLS = ' 0abcdefghijklmnopqrstuvwxyz';
const FIRST = '5e8eba7cdb9iebb99cl988bfdfdp';
const NEXT = [
  '6c7c9bbafd8gfcba9bk997cfapms',
  '52cgffggvmvvvvkvfkvvvvvvvavv',
  '8kmc88egamaod895zcz885dggaam',
  'eh8jjv3mva8dv6vv7kvackavvv6v',
  'ei7zcm6qz6dz79go4hq9f69znzdo',
  '4m9hfb4kcq8zkghm7iob9jfdjzez',
  '5l8fa8cahkeimaa7gdf679lbfaez',
  '5h7xjj9cpl4xxclp5lx8eb8xkxex',
  '6nbwfk4eg97lndhbbgw9ba8nwwww',
  '7z5nmi2qoz8qzziz6qzbfaiqzzho',
  'frdg89aa9rrrh8a47foa75naphzh',
  'crarrr5rrrgrirrr6rrr3r4rrrrr',
  '5vcivj3gmv7vvjmbfmvj7mbvkvmv',
  '6h7hg84eon7zm7mm7izl9cbglz8q',
  '7p58ee4jyy9pmgbj57yy8ienyyny',
  '5o9sa67b7nbkfaic8gzi76aekzfz',
  '8kgdb8e8dsdlb885abs5b98d9gos',
  '8n6ijn6jnfaoo8fo59o5a8ahoofx',
  'ooooooooooooocoooooeoo0ooooo',
  '6z8jca4gdl8zeeea7jzc989dnpbz',
  '4obmbl7ipbazbekmaajk95csczcz',
  '5j8jei6in58ztdhk8dz98cbqhrcz',
  'knafb88heybym784iay567nyynym',
  'fe6kmv1vvv5vivvv9vvvvhvvmvvv',
  '7w6wwf6nw46wwiw96ww99wwwmnww',
  'aacffg4fuu8ujjiuj6lul3juuiau',
  '2wghgkeknwgwlhdac8wj68wwewkj',
  'cc8lll2lll9lllllallccl7lllc9',
];
/** Other characters, after whatever. */
const MARK_BITS: ReadonlyMap<string, number> = new Map([...'.,`\'():=;|{}-/_*[]$?"&%']
  .map((mark, rank): [string, number] => [mark, 6 + rank / 6]));
const RARE_MARK_BITS = 11;
/** Letters of other alphabets are common in their own texts. */
const FOREIGN_BITS = 5;
/** A word of every other sentence stands once in so many characters, whatever it is made of. */
const COMMON_WORD_BITS = 8;

/** How seldom one of some texts stands at a place of everyday text, in bits: 10 is once in a thousand characters. The texts are folded (`foldUnit`). */
export function rarityBits(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : -Math.log2(texts.reduce((sum, text) => sum + 2 ** -bitsOf(text), 0));
}

function bitsOf(text: string): number {
  let bits = 0;
  let row = FIRST;
  for (const char of text) {
    const symbol = SYMBOLS.indexOf(char);
    if (symbol >= 0) bits += Number.parseInt(row.charAt(symbol), 36) / 2;
    else bits += char > '\x7f' ? FOREIGN_BITS : MARK_BITS.get(char) ?? RARE_MARK_BITS;
    row = NEXT[symbol] ?? FIRST;
  }
  return COMMON_WORDS.has(text.trim()) ? Math.min(bits, COMMON_WORD_BITS) : bits;
}

const COMMON_WORDS: ReadonlySet<string> = new Set((
  'a an the and or but if as of to in on at by for from with is are was be been it its this that these those you your me my we our i he she they them '
  + 'do does not no all any can may will would should could must have has had what how when who now so then here there please use get set make give say'
).split(' '));
