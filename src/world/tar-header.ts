/**
 * One header block of a tar archive (POSIX.1-2024 pax, «ustar Interchange Format»; GNU tar's manual, «Basic Tar Format»), read strictly:
 * what an archive of evidence never has is refused, not passed over.
 */
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';

/** Bytes of a block; everything in an archive begins at a multiple of it. */
export const BLOCK = 512;

/** What follows a header: a file, a folder, or more about the next header. */
export type Kind = 'file' | 'folder' | 'pax' | 'pax-global' | 'long-name';

export interface Header {
  readonly kind: Kind;
  /** As it stands in the archive; a longer form may have come before. */
  readonly name: string;
  /** Bytes of what follows. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  '0': 'file',
  '\0': 'file',
  '5': 'folder',
  x: 'pax',
  g: 'pax-global',
  L: 'long-name',
};

/** What the other letters stand for, for messages. */
const REFUSED: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
  K: 'a link with a long name',
  S: 'a sparse file',
  M: 'a part of another volume',
};

/** setuid, setgid and sticky. */
const SPECIAL_BITS = 0o7000;

/** @throws BUNDLE_UNSAFE */
export function parseHeader(block: Uint8Array): Header {
  const type = String.fromCharCode(block[156] ?? 0);
  const magic = latin1(block, 257, 8);
  const isUstar = magic === 'ustar\u000000';
  if (!isUstar && magic !== 'ustar  \0') throw unsafe('holds a header that is neither of pax nor of GNU tar');
  if (octal(block, 148, 8, 'checksum') !== checksum(block))
    throw unsafe('holds a header whose checksum is not its own');
  const own = textOf(block, 0, 100);
  // GNU tar keeps other things where POSIX has the beginning of a long name.
  const prefix = isUstar ? textOf(block, 345, 155) : '';
  const name = prefix === '' ? own : `${prefix}/${own}`;
  const shown = shownName(name);
  const kind = KINDS[type];
  if (kind === undefined)
    throw unsafe(`has ${shown} as ${REFUSED[type] ?? `a member of type ${JSON.stringify(type)}`}`);
  if (textOf(block, 157, 100) !== '') throw unsafe(`has ${shown} with the target of a link`);
  const mode = octal(block, 100, 8, 'mode');
  if ((mode & SPECIAL_BITS) !== 0)
    throw unsafe(`has ${shown} with the mode ${mode.toString(8)}: setuid, setgid or sticky`);
  const size = octal(block, 124, 12, 'size');
  if (kind === 'folder' && size !== 0) throw unsafe(`has ${shown} as a folder of ${String(size)} bytes`);
  return { kind, name, size };
}

/** `key` → value of an extended header: lines of «length key=value» (POSIX.1-2024 pax, «pax Extended Header»). @throws BUNDLE_UNSAFE */
export function parsePax(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const digits = /^([1-9][0-9]{0,6}) /.exec(latin1(bytes, at, 8, false))?.[1];
    const length = Number(digits ?? 0);
    const line = bytes.subarray(at, at + length);
    if (digits === undefined || line.length !== length || line.at(-1) !== 0x0a)
      throw unsafe('holds an extended header that cannot be read');
    const [key = '', ...rest] = decode(line.subarray(digits.length + 1, -1)).split('=');
    if (rest.length === 0 || found.has(key))
      throw unsafe(`holds an extended header with ${shownName(key)} twice or without a value`);
    found.set(key, rest.join('='));
    at += length;
  }
  return found;
}

/** What a name of the archive is inside of the folder that it would make; '' is that folder. @throws BUNDLE_UNSAFE */
export function plainName(name: string, kind: Kind): string {
  const parts = name.replace(/^(?:\.\/)+/, '').split('/');
  // Folders are written with a slash at the end.
  if (kind === 'folder' && parts.at(-1) === '') parts.pop();
  if (kind === 'folder' && (name === '.' || parts.length === 0)) return '';
  if (name.startsWith('/')) throw unsafe(`has the absolute name ${shownName(name)}`);
  const wrong = parts.find(
    (part) => part === '' || part === '.' || part === '..' || /[\\\p{Cc}]/u.test(part),
  );
  if (wrong !== undefined) throw unsafe(`has the name ${shownName(name)}, which leads elsewhere`);
  return parts.join('/');
}

/** The same for names that a file system may take for one: without case and in one Unicode form (UAX #15, NFKC). */
export function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

export function shownName(name: string): string {
  return `"${clip(safe(name), 120)}"`;
}

/** What is wrong with the archive, in words that follow its name. */
export function unsafe(wrong: string): GovbootError {
  return new GovbootError('BUNDLE_UNSAFE', `the archive ${wrong}`, { data: { wrong } });
}

/** Up to the first NUL. */
function textOf(block: Uint8Array, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return decode(end === -1 ? field : field.subarray(0, end));
}

export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unsafe('has a name that is not UTF-8');
  }
}

function latin1(block: Uint8Array, from: number, length: number, whole = true): string {
  const field = block.subarray(from, from + length);
  if (whole && field.length !== length) throw unsafe('ends inside of a header');
  return String.fromCharCode(...field);
}

/** Octal digits, ended by a blank or NUL, perhaps with blanks before. GNU's base 256 is for sizes that are refused anyway. */
function octal(block: Uint8Array, from: number, length: number, what: string): number {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(latin1(block, from, length))?.[1];
  if (digits === undefined) throw unsafe(`holds a header whose ${what} is no octal number`);
  return Number.parseInt(digits, 8);
}

/** The sum of all bytes, those of the checksum itself taken for blanks. */
function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}
