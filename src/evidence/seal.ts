/**
 * Lock and seal. The ledger entry LOCK_WRITTEN makes a lock official; `.backend.lock`, checkpoint and SHA256SUMS are heads that follow
 * from the ledger, so that a run killed at any point is completed by sealing again. Before signing anew, what was sealed before is
 * compared: sealing again must never cover up a change.
 */
import { canonicalBytes, sameBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { BackendLock } from '../inputs/evidence-documents.ts';
import type { EvidenceStore } from '../ports.ts';
import { append, type EvidenceDeps } from './append.ts';
import { storeBlobs } from './blobs.ts';
import { checkpointBytes, ledgerRoot, originLine, type Checkpoint } from './checkpoint.ts';
import {
  blobName,
  CHECKPOINT,
  isOfLayout,
  KEYS_FOLDER,
  LOCK,
  RUNS_FOLDER,
  signatureOf,
  SUMS,
} from './layout.ts';
import { assertWhole, readLedger, writtenLock, type Ledger } from './ledger.ts';
import { parseSums, sumsOf } from './sums.ts';

export interface Sealed {
  readonly ledger: Ledger;
  readonly checkpoint: Checkpoint;
  /** Files that do not belong in a folder of evidence; they are not sealed, and verify tells of them. */
  readonly strays: readonly string[];
}

/**
 * Makes a lock official: stores it as a blob with its signature, appends LOCK_WRITTEN, then puts `.backend.lock` in place.
 * `seal` comes next. A lock that was superseded stays as a blob. Where this very run had come as far as LOCK_WRITTEN before it was
 * killed, that lock stands, and is only put in place.
 * @throws LOCK_SUPERSEDES and all that `append` throws
 */
export async function writeLock(deps: EvidenceDeps, ledger: Ledger, lock: BackendLock): Promise<Ledger> {
  const written = writtenLock(ledger)?.body;
  if (written?.run === lock.run.id) {
    await placeLock(deps.store, ledger);
    return readLedger(deps.store);
  }
  const inForce = written?.lock_sha256 ?? null;
  if (lock.supersedes !== inForce) {
    throw new GovbootError(
      'LOCK_SUPERSEDES',
      `the new lock supersedes ${lock.supersedes ?? 'nothing'}, but ${inForce ?? 'no lock'} is in force`,
      {
        data: { supersedes: lock.supersedes, inForce },
      },
    );
  }
  const bytes = canonicalBytes(lock);
  const signature = await deps.sign(bytes);
  await storeBlobs(deps.store, [bytes, signature]);
  const digests = { lock_sha256: sha256(bytes), lock_signature_sha256: sha256(signature) };
  const after = await append(deps, ledger, {
    type: 'LOCK_WRITTEN',
    mode: lock.mode,
    refs: [
      { name: LOCK, sha256: digests.lock_sha256 },
      { name: signatureOf(LOCK), sha256: digests.lock_signature_sha256 },
    ],
    body: {
      run: lock.run.id,
      intent_sha256: lock.intent.sha256,
      plan_sha256: lock.plan_sha256,
      tag: lock.repo.tag_name,
      commit: lock.repo.commit,
      supersedes: lock.supersedes,
      ...digests,
    },
  });
  await placeLock(deps.store, after);
  return readLedger(deps.store);
}

/**
 * Brings the heads up to the ledger: `.backend.lock`, then checkpoint, then SHA256SUMS, each after its signature. Asks for no signature
 * where nothing changed.
 * @throws EVIDENCE_INVALID when something that was sealed before was changed or is missing
 */
export async function seal(deps: EvidenceDeps): Promise<Sealed> {
  const ledger = await readLedger(deps.store);
  assertWhole(ledger);
  const first = ledger.items[0]?.entry;
  if (first?.type !== 'GENESIS')
    throw new GovbootError('EVIDENCE_MISSING', `there is no ledger in ${deps.store.where}`);
  assertOnlyGrown(await snapshot(deps.store), ledger);
  await placeLock(deps.store, ledger);
  const checkpoint = {
    origin: originLine(first.body.origin),
    size: ledger.items.length,
    root: ledgerRoot(ledger.items),
  };
  await putSigned(deps, CHECKPOINT, checkpointBytes(checkpoint));
  const files = await snapshot(deps.store);
  // A signature without its entry is the rest of an interrupted append; the next append takes its place.
  if (ledger.torn !== null) files.delete(ledger.torn.file);
  await putSigned(deps, SUMS, sumsOf(files));
  const strays = (await deps.store.list('')).filter((name) => !isOfLayout(name));
  return { ledger: await readLedger(deps.store), checkpoint, strays };
}

/** Puts the lock that LOCK_WRITTEN names in place, from its blob. */
async function placeLock(store: EvidenceStore, ledger: Ledger): Promise<void> {
  const written = writtenLock(ledger);
  if (written === null) return;
  const { lock_sha256: lock, lock_signature_sha256: signature } = written.body;
  for (const [name, digest] of [
    [signatureOf(LOCK), signature],
    [LOCK, lock],
  ] as const) {
    const bytes = await store.read(blobName(digest));
    if (bytes === null || sha256(bytes) !== digest) {
      throw new GovbootError(
        bytes === null ? 'EVIDENCE_MISSING' : 'EVIDENCE_INVALID',
        `${blobName(digest)} is needed for ${name} and is ${bytes === null ? 'missing' : 'changed'}`,
        {
          data: { file: blobName(digest) },
        },
      );
    }
    await put(store, name, bytes);
  }
}

/** Signature first, body last: a head that says something new has its signature already. */
async function putSigned({ store, sign }: EvidenceDeps, name: string, bytes: Uint8Array): Promise<void> {
  const [found, signature] = [await store.read(name), await store.read(signatureOf(name))];
  if (found !== null && signature !== null && sameBytes(found, bytes)) return;
  await put(store, signatureOf(name), await sign(bytes));
  await put(store, name, bytes);
}

async function put(store: EvidenceStore, name: string, bytes: Uint8Array): Promise<void> {
  const found = await store.read(name);
  if (found === null) await store.create(name, bytes);
  else if (!sameBytes(found, bytes)) await store.replace(name, bytes);
}

async function snapshot(store: EvidenceStore): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await store.list('')).filter(isOfLayout)) {
    const bytes = await store.read(name);
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}

/** Everything sealed before is as it was, but for heads that follow the ledger and journals that grew. */
function assertOnlyGrown(files: ReadonlyMap<string, Uint8Array>, ledger: Ledger): void {
  const sums = files.get(SUMS);
  if (sums === undefined) return;
  const written = writtenLock(ledger)?.body;
  const newer: Readonly<Record<string, string | undefined>> = {
    [LOCK]: written?.lock_sha256,
    [signatureOf(LOCK)]: written?.lock_signature_sha256,
  };
  for (const [name, digest] of parseSums(sums)) {
    const bytes = files.get(name);
    if (bytes === undefined) throw changed(name, 'is missing');
    const found = sha256(bytes);
    if (found === digest || found === newer[name]) continue;
    // The checkpoint itself was compared with the ledger when the ledger was read.
    if (name === CHECKPOINT || name === signatureOf(CHECKPOINT)) continue;
    if (name.startsWith(`${KEYS_FOLDER}/`) && files.has(blobName(digest))) continue;
    if (name.startsWith(`${RUNS_FOLDER}/`) && hasPrefixLines(bytes, digest)) continue;
    throw changed(name, `is ${found}, not ${digest}`);
  }
}

/** Whether some of the first lines, and nothing else, have this digest: then lines were only added. */
export function hasPrefixLines(bytes: Uint8Array, digest: string): boolean {
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, end + 1)) {
    // With the line feed, or without it where the last line had been cut off and was ended later.
    if (sha256(bytes.subarray(0, end + 1)) === digest || sha256(bytes.subarray(0, end)) === digest)
      return true;
  }
  return false;
}

function changed(name: string, what: string): GovbootError {
  return new GovbootError('EVIDENCE_INVALID', `${name} ${what}: it was changed after it was sealed`, {
    data: { file: name },
  });
}
