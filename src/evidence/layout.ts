/** The names of one environment's evidence, relative to its store. Written once here; docs/verify-by-hand.md relies on them. */
import type { Sha256 } from '../kernel/digest.ts';

export const LOCK = '.backend.lock';
export const SUMS = 'SHA256SUMS';
export const CHECKPOINT = 'checkpoint';
export const LEDGER_FOLDER = 'ledger';
export const KEYS_FOLDER = 'keys';
export const RUNS_FOLDER = 'runs';
export const RECEIPTS_FOLDER = 'receipts';
const BLOBS_FOLDER = 'blobs/sha256';

/** The name under which refs name the trust file and, with `.asc` or `.<FINGERPRINT>.asc` after it, its signatures. */
export const TRUST_NAME = 'policies/trust.yaml';

/** The name under which refs name the plan that was carried out. */
export const PLAN_NAME = 'plan';

/** The name under which refs name a person's approval of it: a signature over its bytes. */
export function approvalName(fingerprint: string): string {
  return `${PLAN_NAME}.${fingerprint}.asc`;
}

export function isApprovalName(name: string): boolean {
  return /^plan\.[0-9A-F]{40}\.asc$/.test(name);
}

/** The detached signature of a file. */
export function signatureOf(name: string): string {
  return `${name}.asc`;
}

/** `ledger/00000007.json`: eight digits, so that the names sort as the entries follow. */
export function entryName(seq: number): string {
  return `${LEDGER_FOLDER}/${eightDigits(seq)}.json`;
}

const SIGNATURE_END = '.asc';
/** Characters of the name of an entry. */
const ENTRY_LENGTH = entryName(0).length;

/** The seq and kind that a name in ledger/ says, or null for a name that no entry has. */
export function parseEntryName(
  name: string,
): { readonly seq: number; readonly is: 'entry' | 'signature' } | null {
  if (name.length !== ENTRY_LENGTH && name.length !== ENTRY_LENGTH + SIGNATURE_END.length) return null;
  if (!/^ledger\/[0-9]{8}\.json(\.asc)?$/.test(name)) return null;
  const seq = Number(name.slice(LEDGER_FOLDER.length + 1, LEDGER_FOLDER.length + 9));
  return { seq, is: name.length === ENTRY_LENGTH ? 'entry' : 'signature' };
}

/** Whether a name of the ledger could be an entry beside the chain: it is no part of the evidence, and shows a fork. */
export function isEntryLike(name: string): boolean {
  return isPlainName(name) && /^ledger\/[^/]+\.json$/.test(name);
}

export function blobName(digest: string): string {
  return `${BLOBS_FOLDER}/${digest}`;
}

/** The digest that a blob's name promises, or null. */
export function parseBlobName(name: string): Sha256 | null {
  const match = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name);
  return match === null ? null : (match[1] as Sha256);
}

export function keyName(fingerprint: string): string {
  return `${KEYS_FOLDER}/${fingerprint}.asc`;
}

/** The run that a name in runs/ belongs to, or null. */
export function runOfName(name: string): string | null {
  return /^runs\/([^/]+)\/./.exec(name)?.[1] ?? null;
}

/** A co-signature of the lock: `.backend.lock.<FINGERPRINT>.asc`. */
export function isLockCoSignature(name: string): boolean {
  return /^\.backend\.lock\.[0-9A-F]{40}\.asc$/.test(name);
}

/** What a name in receipts/ says: of how many entries it is, and whether it is the signature; null for a name that no receipt has. */
export function parseReceiptName(
  name: string,
): { readonly size: number; readonly is: 'receipt' | 'signature' } | null {
  const match = /^receipts\/([0-9]{8})(?:\.[0-9a-f]{8})?(?:-[1-9][0-9]{0,2})?\.json(\.asc)?$/.exec(name);
  if (match === null) return null;
  return { size: Number(match[1]), is: match[2] === undefined ? 'receipt' : 'signature' };
}

/**
 * `receipts/00000007.json`, of the first seven entries.
 * @param other first characters of a digest of the place, where it is not the environment's own store
 * @param nth from 1: a further receipt of the same entries and place
 */
export function receiptName(size: number, other: string | null, nth: number): string {
  const place = other === null ? '' : `.${other}`;
  const further = nth === 1 ? '' : `-${String(nth)}`;
  return `${RECEIPTS_FOLDER}/${eightDigits(size)}${place}${further}.json`;
}

export function eightDigits(n: number): string {
  return String(n).padStart(8, '0');
}

/** Whether a name is one that evidence can have; whatever else lies in the folder is no part of it. */
export function isOfLayout(name: string): boolean {
  if (!isPlainName(name)) return false;
  if ([LOCK, SUMS, CHECKPOINT].some((head) => name === head || name === signatureOf(head))) return true;
  return (
    parseEntryName(name) !== null ||
    parseBlobName(name) !== null ||
    parseReceiptName(name) !== null ||
    isLockCoSignature(name) ||
    runOfName(name) !== null ||
    /^keys\/[0-9A-F]{40}\.asc$/.test(name)
  );
}

/** Names that sha256sum prints and reads without escaping, and that stay inside the store. */
export function isPlainName(name: string): boolean {
  return (
    /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) &&
    !name.split('/').some((part) => part === '.' || part === '..')
  );
}
