/** SHA256SUMS, as coreutils `sha256sum` writes and `sha256sum -c` reads it: digest, two spaces, name; one file a line. */
import { isSha256, sha256, type Sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { isPlainName, signatureOf, SUMS } from './layout.ts';

/** What SHA256SUMS does not list: itself and its signature. */
export function isListed(name: string): boolean {
  return name !== SUMS && name !== signatureOf(SUMS);
}

/** Lines sorted by name, every file but SHA256SUMS and its signature. @throws FILE_UNSAFE for a name that sha256sum would escape */
export function sumsOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const lines = [...files]
    .filter(([name]) => isListed(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => {
      if (!isPlainName(name))
        throw new GovbootError('FILE_UNSAFE', `"${safe(name)}" is no name of a file of evidence`, {
          data: { name },
        });
      return `${sha256(bytes)}  ${name}\n`;
    });
  return new TextEncoder().encode(lines.join(''));
}

/** Name → digest. Refuses every spelling but the one that `sumsOf` writes. @throws EVIDENCE_INVALID */
export function parseSums(bytes: Uint8Array): ReadonlyMap<string, Sha256> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const lines = text.split('\n');
  if (lines.pop() !== '') throw invalid('does not end with a line feed');
  const sums = new Map<string, Sha256>();
  let before = '';
  for (const line of lines) {
    const [digest, between, name] = [line.slice(0, 64), line.slice(64, 66), line.slice(66)];
    if (!isSha256(digest) || between !== '  ' || !isPlainName(name) || !isListed(name))
      throw invalid(`has the line "${clip(safe(line), 100)}"`);
    if (name <= before) throw invalid(`lists "${name}" twice or out of order`);
    sums.set(name, digest);
    before = name;
  }
  return sums;
}

function invalid(what: string): GovbootError {
  return new GovbootError('EVIDENCE_INVALID', `${SUMS} ${what}`, { data: { file: SUMS } });
}
