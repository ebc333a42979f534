/**
 * OpenPGP armor (RFC 9580 §6) in its one accepted spelling. Every OpenPGP tool skips text around a block, unknown armor
 * headers and wrong checksums; what a person sees in the file would then not be what was verified. Here all of it is refused.
 */
import { sameBytes } from '../kernel/canonical.ts';
import type { Code } from '../kernel/codes.ts';
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';

/** RFC 9580 §6.2.1. */
export type ArmorKind = 'PGP SIGNATURE' | 'PGP PUBLIC KEY BLOCK';

/** RFC 2045 §6.8; GnuPG writes 64, OpenPGP.js 60. */
const MAX_LINE_CHARACTERS = 76;
const BASE64_LINE = /^[A-Za-z0-9+/]+={0,2}$/;
const ASCII = new TextDecoder();
const CRC_LINE = /^=[A-Za-z0-9+/]{4}$/;

/**
 * The packets inside exactly one armored block: first line BEGIN, no armor headers, an empty line, base64,
 * a checksum that must be right (optional where the base64 is padded), END, one line feed, nothing before or after.
 * @param code thrown for every deviation
 */
export function dearmor(bytes: Uint8Array, kind: ArmorKind, limitBytes: number, code: Code): Uint8Array {
  const refuse = (wrong: string): GovbootError => new GovbootError(code, wrong);
  if (bytes.length > limitBytes)
    throw refuse(`the file has ${bytes.length} bytes; the limit is ${limitBytes} bytes`);
  const odd = bytes.findIndex(isOdd);
  if (odd >= 0)
    throw refuse(`byte ${odd} is 0x${hexOf(bytes.subarray(odd, odd + 1))}; armor is printable ASCII and LF`);
  const lines = ASCII.decode(bytes).split('\n');
  const begin = `-----BEGIN ${kind}-----`;
  const end = `-----END ${kind}-----`;
  if (lines[0] !== begin) throw refuse(`line 1 is ${quote(lines[0])}, not ${quote(begin)}`);
  if (lines[1] !== '') throw refuse(`line 2 is ${quote(lines[1])}; armor headers are refused`);
  const last = lines.indexOf(end, 2);
  if (last < 0) throw refuse(`there is no line ${quote(end)}`);
  if (lines.length !== last + 2 || lines[last + 1] !== '')
    throw refuse(`line ${last + 1} is not followed by exactly one line feed and the end of the file`);
  return bodyOf(lines.slice(2, last), refuse);
}

function isOdd(byte: number): boolean {
  return byte !== 0x0a && (byte < 0x20 || byte > 0x7e);
}

function bodyOf(lines: readonly string[], refuse: (wrong: string) => GovbootError): Uint8Array {
  const crc = lines.at(-1);
  const checked = crc !== undefined && CRC_LINE.test(crc);
  const body = checked ? lines.slice(0, -1) : lines;
  body.forEach((line, i) => {
    const fits = line.length <= MAX_LINE_CHARACTERS && BASE64_LINE.test(line);
    if (!fits || (line.endsWith('=') && i < body.length - 1))
      throw refuse(`line ${i + 3} is ${quote(line)}, not base64`);
  });
  // All full lines are of one length, as every tool writes them: line breaks are not signed, and could be moved.
  const width = body[0]?.length ?? 0;
  body.forEach(({ length }, i) => {
    if (i < body.length - 1 ? length !== width : length > width)
      throw refuse(`line ${i + 3} has ${length} characters, and line 3 has ${width}`);
  });
  // GnuPG 2.2 cannot tell where such a block ends: an auditor with gpg alone would be told that a good signature is bad.
  if (!checked && body.at(-1)?.endsWith('=') === false)
    throw refuse(
      'the armor has neither checksum nor padding, which GnuPG cannot read; sign with `gpg --armor`',
    );
  const packets = decode(body.join(''), refuse);
  if (checked && !sameBytes(decode(crc.slice(1), refuse), crc24(packets)))
    throw refuse(`the armor checksum ${quote(crc)} is wrong`);
  return packets;
}

/** RFC 4648 §4, and only the spelling that an encoder makes (§3.5: the unused bits are zero). */
function decode(text: string, refuse: (wrong: string) => GovbootError): Uint8Array {
  if (text.length % 4 !== 0) throw refuse(`the base64 has ${text.length} characters, not a multiple of 4`);
  const binary = atob(text);
  if (btoa(binary) !== text) throw refuse('the base64 is not in its canonical form');
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** CRC-24 of each octet alone. */
const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) {
    crc <<= 1;
    if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
  }
  return crc;
});

/** RFC 9580 §6.1.1: CRC-24 with generator 0x864cfb and start value 0xb704ce, as three octets. */
function crc24(bytes: Uint8Array): Uint8Array {
  let crc = 0xb704ce;
  for (const byte of bytes) crc = ((crc << 8) & 0xffffff) ^ (CRC[((crc >> 16) ^ byte) & 0xff] ?? 0);
  return Uint8Array.of((crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff);
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').toUpperCase());

/** Upper-case hexadecimal, as fingerprints are written. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += PAIRS[byte] ?? '';
  return text;
}

function quote(line: string | undefined): string {
  return line === undefined ? 'missing' : `"${clip(safe(line), 60)}"`;
}
