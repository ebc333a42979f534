/** Bytes that a script can spell: `\n`, `\r`, `\t`, `\xff` for one byte, `\u{202e}` for one character; everything else is UTF-8. */
export function bytesOf(text: string): Buffer {
  const parts = text.split(/\\([nrt]|x[0-9a-f]{2}|u\{[0-9a-f]{1,6}\})/);
  return Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part) : escaped(part))));
}

function escaped(name: string): Buffer {
  if (name.startsWith('x')) return Buffer.from(name.slice(1), 'hex');
  if (name.startsWith('u')) return Buffer.from(String.fromCodePoint(parseInt(name.slice(2, -1), 16)));
  return Buffer.from({ n: '\n', r: '\r', t: '\t' }[name] ?? '');
}

/** Puts `to` in the place of the first `from`. @throws when there is none */
export function replacedBytes(bytes: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = bytes.indexOf(from);
  if (at < 0) throw new Error(`${JSON.stringify(from.toString())} does not occur`);
  return Buffer.concat([bytes.subarray(0, at), to, bytes.subarray(at + from.length)]);
}
