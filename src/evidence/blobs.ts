/** Blobs and keys: every input, byte for byte. A blob is named by its SHA-256, so storing it twice is storing it once. */
import { sameBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import type { EvidenceStore } from '../ports.ts';
import { blobName, keyName } from './layout.ts';

/** Stores each content under its digest. What is there already is compared, never rewritten. @throws EVIDENCE_INVALID, EVIDENCE_WRITE */
export async function storeBlobs(store: EvidenceStore, contents: readonly Uint8Array[]): Promise<void> {
  for (const bytes of contents) {
    const name = blobName(sha256(bytes));
    if (await isThere(store, name, bytes)) continue;
    try {
      await store.create(name, bytes);
    } catch (error) {
      // Another process stored the same content in between.
      if (!isGovbootError(error) || error.code !== 'FILE_EXISTS' || !(await isThere(store, name, bytes)))
        throw error;
    }
  }
}

async function isThere(store: EvidenceStore, name: string, bytes: Uint8Array): Promise<boolean> {
  const found = await store.read(name);
  if (found === null) return false;
  if (sameBytes(found, bytes)) return true;
  throw new GovbootError('EVIDENCE_INVALID', `${name} does not hold what its name says`, {
    data: { file: name },
  });
}

/**
 * Stores public certificates as `keys/<FINGERPRINT>.asc`. A newer form of a certificate (a longer life, a revocation) takes the place
 * of the older one, which stays as a blob.
 */
export async function storeKeys(
  store: EvidenceStore,
  keys: readonly { readonly fingerprint: Fingerprint; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { fingerprint, bytes } of keys) {
    const name = keyName(fingerprint);
    const found = await store.read(name);
    if (found !== null && sameBytes(found, bytes)) continue;
    if (found === null) await store.create(name, bytes);
    else {
      await storeBlobs(store, [found]);
      await store.replace(name, bytes);
    }
  }
}
