/** Integrity and extras: every byte against the digest that vouches for it, everything named there, and nothing else there. */
import { safe } from '../kernel/text.ts';
import { fileOf } from '../inputs/file-read.ts';
import { unsealedIn, type Exhibit } from './exhibit.ts';
import {
  blobName,
  CHECKPOINT,
  isLockCoSignature,
  isOfLayout,
  keyName,
  KEYS_FOLDER,
  LOCK,
  parseBlobName,
  parseReceiptName,
  RUNS_FOLDER,
  signatureOf,
  SUMS,
} from './layout.ts';
import { hasPrefixLines } from './seal.ts';
import type { Differing } from './sums-compared.ts';

/** What an unsealed run may have left; finishing it seals it. */
const HINT_UNSEALED =
  'a run was interrupted, or is under way: finish it with `govboot apply --resume`, which seals the evidence';

/** Judges digests, names and references. */
export async function judgeFiles(exhibit: Exhibit): Promise<void> {
  judgeBlobs(exhibit);
  await judgeKeys(exhibit);
  judgeReferences(exhibit);
  judgeLockFile(exhibit);
  const { sums, findings, ledger } = exhibit;
  if (sums.is === 'unreadable') {
    findings.bad('integrity', SUMS, sums.error.message);
    return;
  }
  if (sums.is === 'missing')
    findings.undecided(
      'integrity',
      SUMS,
      'MISSING: the evidence was never sealed, or its seal is gone',
      HINT_UNSEALED,
    );
  for (const differing of sums.differing) judgeListed(exhibit, differing);
  for (const name of sums.unlisted) judgeUnlisted(exhibit, name);
  const unsealed = unsealedIn(ledger);
  if (unsealed > 0)
    findings.undecided(
      'integrity',
      ledger.entries.fileAt(ledger.sealed),
      `${String(unsealed)} entries are not sealed yet`,
      HINT_UNSEALED,
    );
}

function judgeListed(exhibit: Exhibit, { name, digest, isThere }: Differing): void {
  const { digests, findings, ledger } = exhibit;
  const found = digests.get(name);
  if (found === null) {
    // Something that is there but could not be read was told when it was read.
    if (!isThere) findings.bad('extras', name, `MISSING: ${SUMS} lists it`);
    return;
  }
  if (unsealedIn(ledger) > 0 && mayFollow(exhibit, name, digest)) {
    findings.undecided(
      'integrity',
      name,
      'changed since the last seal, as an interrupted run leaves it',
      HINT_UNSEALED,
    );
  } else findings.bad('integrity', name, `SHA-256 is ${found}; ${SUMS} says ${digest}`);
}

/** Whether an unsealed run can have changed this file: heads, journals that grew, keys whose older form is kept. */
function mayFollow({ files }: Exhibit, name: string, digest: string): boolean {
  if ([LOCK, CHECKPOINT].some((head) => name === head || name === signatureOf(head))) return true;
  if (name.startsWith(`${KEYS_FOLDER}/`)) return files.has(blobName(digest));
  const bytes = name.startsWith(`${RUNS_FOLDER}/`) ? files.get(name) : undefined;
  return bytes !== undefined && hasPrefixLines(bytes, digest);
}

/** A file that the seal does not name. Evidence that is well-formed waits for its seal; anything else does not belong here. */
function judgeUnlisted({ findings, ledger }: Exhibit, name: string): void {
  // Counted among the signers of the lock, or refused there; judged as receipts, which are made after the seal.
  if (isLockCoSignature(name) || parseReceiptName(name) !== null) return;
  if (!isOfLayout(name))
    findings.bad(
      'extras',
      safe(name),
      `UNREFERENCED: it does not belong in a folder of evidence`,
      'find out who put it there; take it away',
    );
  else if (ledger.torn?.file === name)
    findings.undecided(
      'extras',
      name,
      'UNREFERENCED: a signature without its entry, as an interrupted append leaves it',
      HINT_UNSEALED,
    );
  else findings.undecided('extras', name, `UNREFERENCED: ${SUMS} does not name it`, HINT_UNSEALED);
}

function judgeBlobs({ files, digests, findings }: Exhibit): void {
  for (const name of files.keys()) {
    const [said, found] = [parseBlobName(name), digests.get(name)];
    if (said !== null && found !== said)
      findings.bad('integrity', name, `SHA-256 is ${String(found)}, not its name`);
  }
}

/** A key is one certificate, under its own fingerprint. */
async function judgeKeys({ files, findings, verifier }: Exhibit): Promise<void> {
  const stored = [...files]
    .filter(([name]) => name.startsWith(`${KEYS_FOLDER}/`))
    .map(([name, bytes]) => fileOf(name, bytes));
  for (const read of await verifier.keys(stored)) {
    if (read.is === 'problem')
      findings.bad('integrity', read.file, `${read.problem.code}: ${read.problem.wrong}`);
    else if (read.key.file !== keyName(read.key.fingerprint))
      findings.bad('integrity', read.key.file, `KEYRING_SHAPE: holds key ${read.key.fingerprint}`);
  }
}

/** Every ref must be there, as a blob or under its own name; blobs that nothing names are told, and decide nothing. */
function judgeReferences({ files, digests, findings, ledger }: Exhibit): void {
  const named = new Set<string>();
  for (const { file, entry } of ledger.items) {
    for (const { name, sha256: digest } of entry.refs) {
      named.add(blobName(digest));
      if (!files.has(blobName(digest)) && digests.get(name) !== digest) {
        findings.bad('extras', blobName(digest), `MISSING: ${file} names it as ${safe(name)}`);
      }
    }
  }
  const loose = [...files.keys()].filter((name) => parseBlobName(name) !== null && !named.has(name));
  if (loose.length > 0)
    findings.note(`${String(loose.length)} blobs are named by no ledger entry: ${loose.join(', ')}`);
}

/** `.backend.lock` and its signature are copies of what the last LOCK_WRITTEN names; until that is sealed, perhaps of the one before. */
function judgeLockFile({ digests, findings, ledger }: Exhibit): void {
  const [before, written] = ledger.items
    .flatMap(({ entry, index }) => (entry.type === 'LOCK_WRITTEN' ? [{ ...entry, index }] : []))
    .slice(-2);
  const [last, previous] = written === undefined ? [before, undefined] : [written, before];
  const isUnsealed = last !== undefined && last.index >= ledger.sealed;
  for (const name of [LOCK, signatureOf(LOCK)]) {
    const digestIn = (entry: typeof last): string | null =>
      (name === LOCK ? entry?.body.lock_sha256 : entry?.body.lock_signature_sha256) ?? null;
    const found = digests.get(name);
    const wanted = digestIn(last);
    if (found === wanted) continue;
    if (found !== null && wanted === null)
      findings.bad('extras', name, 'UNREFERENCED: no ledger entry names this lock');
    else if (isUnsealed && found === digestIn(previous)) {
      findings.undecided(
        'integrity',
        name,
        `is not yet the one that entry ${String(last.seq)} names`,
        HINT_UNSEALED,
      );
    } else if (found === null) findings.bad('extras', name, `MISSING: entry ${String(last?.seq)} names it`);
    else
      findings.bad(
        'integrity',
        name,
        `SHA-256 is ${found}; entry ${String(last?.seq)} names ${String(wanted)}`,
      );
  }
}
