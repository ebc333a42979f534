/**
 * Appending: the signature is made first and stored first, the entry last, so that an entry is never there without its signature.
 * The exclusive creation of the entry's file decides between two processes; the loser signs again on the new head.
 */
import { canonicalBytes, sameBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { ENTRY_SCHEMA, parseEntry, type LedgerEntry, type Ref } from '../inputs/evidence-documents.ts';
import type { FileRead, Fingerprint, LedgerFacts, Mode } from '../inputs/facts.ts';
import type { Clock, EvidenceStore } from '../ports.ts';
import { storeBlobs } from './blobs.ts';
import { entryName, signatureOf } from './layout.ts';
import { assertWhole, factsOf, modeOf, readLedger, whereUsed, type Ledger } from './ledger.ts';
import type { Sign } from './sign.ts';

export interface EvidenceDeps {
  readonly store: EvidenceStore;
  readonly clock: Clock;
  readonly sign: Sign;
  /** Primary fingerprint of the key that `sign` uses. */
  readonly actor: Fingerprint;
}

type Common = 'schema' | 'seq' | 'time' | 'prev_sha256' | 'actor';
type Draft<E> = E extends LedgerEntry ? Omit<E, Common> : never;
/** What a caller says of an entry; the rest follows from the ledger, the clock and the signer. */
export type NewEntry = Draft<LedgerEntry>;

/** How often an entry is signed again because another process was quicker. */
const ATTEMPTS = 5;
/** Milliseconds that another process is given between storing its signature and its entry. */
const PATIENCE_MS = 3_000;

/** Files as refs; their bytes go to the store with `storeBlobs`. */
export function refsOf(files: readonly FileRead[]): Ref[] {
  return files.map(({ path, sha256: digest }) => ({ name: path, sha256: digest }));
}

/** Begins the ledger, or answers the one that is there if it was begun for the same origin. @throws EVIDENCE_INVALID, REPO_ID_MISMATCH */
export async function openLedger(
  deps: EvidenceDeps,
  genesis: {
    readonly repository: string;
    readonly environment: string;
    readonly mode: Mode;
    readonly roots: { readonly threshold: number; readonly keys: readonly Fingerprint[] };
    readonly refs: readonly Ref[];
  },
): Promise<Ledger> {
  const { repository, environment, mode, roots, refs } = genesis;
  const found = await settled(deps);
  assertWhole(found);
  const origin = { repository, environment, mode };
  const ledger =
    found.head !== null
      ? found
      : await append(deps, found, {
          type: 'GENESIS',
          mode,
          refs: [...refs],
          body: { origin, roots: { threshold: roots.threshold, keys: [...roots.keys] } },
        });
  const first = ledger.items[0]?.entry;
  if (first?.type === 'GENESIS') {
    const { origin: theirs } = first.body;
    if (theirs.repository === repository && theirs.environment === environment && theirs.mode === mode)
      return ledger;
  }
  throw new GovbootError(
    'REPO_ID_MISMATCH',
    `the ledger in ${deps.store.where} was begun for another repository, environment or mode`,
    {
      data: { repository, environment, mode },
    },
  );
}

/**
 * Adds one entry and answers the ledger as it then is.
 * @param before the entry is dated before this instant, or refused
 * @throws EVIDENCE_INVALID, CLOCK, INTENT_REPLAY, RECOVERY_REQUIRED, APPROVAL_USED, APPROVAL_WINDOW, SCHEMA, SIGNER, EVIDENCE_WRITE
 */
export async function append(
  deps: EvidenceDeps,
  ledger: Ledger,
  draft: NewEntry,
  before: Instant | null = null,
): Promise<Ledger> {
  let current = ledger.torn === null ? ledger : await settled(deps);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Another process may have begun the same ledger meanwhile; there is one GENESIS.
    if (draft.type === 'GENESIS' && current.head !== null) return current;
    const now = deps.clock.now();
    refuse(current, draft, now);
    if (before !== null && now >= before)
      throw new GovbootError('APPROVAL_WINDOW', `the approved plan ended at ${before}, and it is ${now}`, {
        data: { before, now },
      });
    const bytes = await entryBytes(deps, current, draft, now);
    const signature = await deps.sign(bytes);
    if (await place(deps.store, current, bytes, signature)) {
      const after = await readLedger(deps.store);
      const written = after.items.find(({ entry }) => entry.seq === current.items.length);
      if (written !== undefined && sameBytes(written.bytes, bytes)) return after;
      throw new GovbootError(
        'EVIDENCE_WRITE',
        `${entryName(current.items.length)} does not read back as it was written`,
      );
    }
    current = await settled(deps);
  }
  throw new GovbootError(
    'EVIDENCE_WRITE',
    `other processes keep adding to ${deps.store.where}; ${String(ATTEMPTS)} attempts`,
  );
}

function refuse(ledger: Ledger, draft: NewEntry, now: Instant): void {
  assertWhole(ledger);
  const facts = factsOf(ledger);
  if (facts.lastTime !== null && now < facts.lastTime) {
    throw new GovbootError(
      'CLOCK',
      `it is ${now} here, but the last ledger entry is dated ${facts.lastTime}`,
      { data: { now, last: facts.lastTime } },
    );
  }
  const mode = modeOf(ledger);
  if (mode === null ? draft.type !== 'GENESIS' : draft.mode !== mode) {
    throw new GovbootError(
      'EVIDENCE_INVALID',
      mode === null
        ? `${draft.type} cannot begin a ledger`
        : `an entry of mode ${draft.mode} does not belong in a ledger of mode ${mode}`,
    );
  }
  if (draft.type === 'APPLY_STARTED') refuseBegun(draft.body.nonce, facts);
  if (draft.type !== 'APPLY_STARTED' && draft.type !== 'APPLY_RESUMED') return;
  // Every plan has a nonce of its own, so that only the same yes can come twice.
  const used = whereUsed(ledger, draft.body.plan_sha256);
  if (used !== null) throw new GovbootError('APPROVAL_USED', `the approved plan ${used}`);
}

/** Judged by the gates before; judged again here, because another process may have begun in between. */
function refuseBegun(used: string, { nonces, unfinished }: LedgerFacts): void {
  if (nonces.some(({ nonce }) => nonce === used))
    throw new GovbootError('INTENT_REPLAY', `nonce ${used} was used before`, { data: { nonce: used } });
  if (unfinished !== null)
    throw new GovbootError(
      'RECOVERY_REQUIRED',
      `run ${unfinished.run} began at ${unfinished.since} and did not finish`,
      { data: { run: unfinished.run } },
    );
}

async function entryBytes(
  { store, actor }: EvidenceDeps,
  ledger: Ledger,
  draft: NewEntry,
  now: Instant,
): Promise<Uint8Array> {
  const { torn } = ledger;
  if (torn !== null) await storeBlobs(store, [torn.bytes]);
  // A signature that was left alone is kept and named, so that nothing vanishes when its place is taken.
  const left: readonly Ref[] =
    torn === null
      ? []
      : [{ name: `left by an interrupted append: ${torn.file}`, sha256: sha256(torn.bytes) }];
  const bytes = canonicalBytes({
    ...draft,
    refs: [...draft.refs, ...left],
    schema: ENTRY_SCHEMA,
    seq: ledger.items.length,
    time: now,
    prev_sha256: ledger.head?.sha256 ?? null,
    actor: { fingerprint: actor },
  });
  // An entry stays for good; one that could not be read again would end the ledger.
  parseEntry(bytes, entryName(ledger.items.length));
  return bytes;
}

/** Stores signature and entry. False when another process took the place. */
async function place(
  store: EvidenceStore,
  ledger: Ledger,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const file = entryName(ledger.items.length);
  if (ledger.torn !== null) await store.replace(signatureOf(file), signature);
  else if (!(await createNew(store, signatureOf(file), signature))) return false;
  if (await createNew(store, file, bytes)) return true;
  // The process that seemed dead was only slow, and its entry is there: give it its signature back.
  if (ledger.torn !== null) await store.replace(signatureOf(file), ledger.torn.bytes);
  return false;
}

async function createNew(store: EvidenceStore, name: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await store.create(name, bytes);
    return true;
  } catch (error) {
    if (isGovbootError(error) && error.code === 'FILE_EXISTS') return false;
    throw error;
  }
}

/** Reads the ledger, waiting a little for an append that another process has under way. */
async function settled({ store, clock }: EvidenceDeps): Promise<Ledger> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  for (let wait = 20; ; wait *= 2) {
    const ledger = await readLedger(store);
    if (ledger.torn === null || clock.monotonic() >= deadline) return ledger;
    await clock.pause(wait);
  }
}
