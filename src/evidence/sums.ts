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
  return sumsText([...files].map(([name, bytes]) => [name, sha256(bytes)]));
}

/** The same, where digests are known. @throws FILE_UNSAFE */
export function sumsText(files: readonly (readonly [name: string, digest: Sha256])[]): Uint8Array {
  const lines = files
    .filter(([name]) => isListed(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => {
      if (!isPlainName(name))
        throw new GovbootError('FILE_UNSAFE', `"${safe(name)}" is no name of a file of evidence`, {
          data: { name },
        });
      return `${digest}  ${name}\n`;
    });
  return new TextEncoder().encode(lines.join(''));
}

/** Name → digest. Refuses every spelling but the one that `sumsOf` writes. @throws EVIDENCE_INVALID */
export function parseSums(bytes: Uint8Array): ReadonlyMap<string, Sha256> {
  return new Map(linesOf(bytes));
}

/** Octets that are decoded at once: a ledger of 100,000 entries has a SHA256SUMS of 20 MB. */
const PART = 64 * 1024;

const LINE_FEED = 0x0a;

/** The lines in their order, each with its name first. What is wrong with a line is found only when it is reached. @throws EVIDENCE_INVALID */
export function* linesOf(bytes: Uint8Array): Iterable<readonly [name: string, digest: Sha256]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if (bytes.length > 0 && bytes.at(-1) !== LINE_FEED) throw invalid('does not end with a line feed');
  let before = '';
  for (let from = 0; from < bytes.length;) {
    const to = bytes.indexOf(LINE_FEED, Math.min(from + PART, bytes.length - 1));
    for (const line of decoder.decode(bytes.subarray(from, to)).split('\n')) {
      const [digest, between, name] = [line.slice(0, 64), line.slice(64, 66), line.slice(66)];
      if (!isSha256(digest) || between !== '  ' || !isPlainName(name) || !isListed(name))
        throw invalid(`has the line "${clip(safe(line), 100)}"`);
      if (name <= before) throw invalid(`lists "${name}" twice or out of order`);
      yield [name, digest];
      before = name;
    }
    from = to + 1;
  }
}

function invalid(what: string): GovbootError {
  return new GovbootError('EVIDENCE_INVALID', `${SUMS} ${what}`, { data: { file: SUMS } });
}
