/**
 * A tar archive of text files in one folder: ustar, as POSIX.1-1988 draws it. Each file is a header of 512 bytes and its
 * bytes, filled up to a multiple of 512; 1,024 zeros end it all. Fields of the header, in bytes: name 100, mode 8, uid 8,
 * gid 8, size 12, mtime 12 (octal, ended by a zero), checksum 8, type 1, linkname 100, magic "ustar\0" 6, version "00" 2,
 * uname 32, gname 32, devmajor 8, devminor 8, prefix 155 (the folder).
 */

export interface TarFile {
  /** At most 100 bytes. */
  readonly name: string;
  readonly text: string;
}

const BLOCK = 512;
const CHECKSUM_AT = 148;
const MODE = 0o600;

/** `folder` has at most 155 bytes; `atMs` is the time that the files bear. */
export function tarOf(folder: string, files: readonly TarFile[], atMs: number): Buffer {
  const blocks = files.flatMap(({ name, text }) => {
    const bytes = Buffer.from(text, 'utf8');
    return [header({ folder, name, size: bytes.length, mtime: Math.floor(atMs / 1000) }), bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header({ folder, name, size, mtime }: { readonly folder: string; readonly name: string; readonly size: number; readonly mtime: number }): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write(`${octal(MODE, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(mtime, 11)}\0`, 100);
  // Summed up with spaces in the place of the sum.
  block.fill(' ', CHECKSUM_AT, CHECKSUM_AT + 8);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  block.write(folder, 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
