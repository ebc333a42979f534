/** Makes a proof out of a ledger: what somebody else needs to see that one entry is in it, or that it has only grown. */
import { canonicalBytes } from '../kernel/canonical.ts';
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import { toBase64 } from '../inputs/base64.ts';
import { PROOF_SCHEMA, type ProofDocument } from '../inputs/proof-document.ts';
import type { EvidenceReader } from '../ports.ts';
import type { Checkpoint } from './checkpoint.ts';
import { blobName, CHECKPOINT, KEYS_FOLDER, signatureOf, TRUST_NAME } from './layout.ts';
import type { Ledger } from './ledger.ts';
import { consistencyProof, hex, inclusionProof, leafHash } from './merkle.ts';
import { isBeginning } from './trust-on-record.ts';

export interface Proven {
  /** Number of the entry; null for a proof of growth alone. */
  readonly entry: number | null;
  /** An older checkpoint of the same ledger; null for a proof of inclusion alone. */
  readonly since: Checkpoint | null;
}

/** @returns the document, in canonical form. @throws EVIDENCE_MISSING, EVIDENCE_UNDECIDED, USAGE */
export async function proofOf(
  store: EvidenceReader,
  ledger: Ledger,
  { entry, since }: Proven,
): Promise<Uint8Array> {
  const { checkpoint } = ledger;
  if (checkpoint === null)
    throw new GovbootError(
      'EVIDENCE_MISSING',
      `there is no checkpoint in ${store.where} to prove anything by`,
      {
        hint: 'finish the run that was cut off with `govboot apply --resume`, which seals the evidence',
      },
    );
  const covered = ledger.items.slice(0, checkpoint.size);
  const leaves = covered.map(({ bytes }) => leafHash(bytes));
  const proven = entry === null ? null : covered[entry];
  if (proven === undefined)
    throw new GovbootError(
      'USAGE',
      `entry is ${String(entry)}; the checkpoint covers 0 to ${String(checkpoint.size - 1)}`,
      {
        hint: 'the numbers are those of `govboot log`',
      },
    );
  if (since !== null && (since.origin !== checkpoint.origin || since.size > checkpoint.size))
    throw new GovbootError(
      'USAGE',
      `the checkpoint to begin with is of ${since.origin} over ${String(since.size)} entries; the ledger is ${checkpoint.origin} over ${String(checkpoint.size)}`,
      { hint: 'give an older checkpoint of the same ledger' },
    );
  const document: ProofDocument = {
    schema: PROOF_SCHEMA,
    checkpoint: await fileOf(store, CHECKPOINT),
    checkpoint_signature: await fileOf(store, signatureOf(CHECKPOINT)),
    inclusion:
      proven === null || entry === null
        ? null
        : {
            index: entry,
            entry: toBase64(proven.bytes),
            entry_signature: await fileOf(store, signatureOf(proven.file)),
            path: inclusionProof(entry, leaves).map(hex),
          },
    consistency:
      since === null
        ? null
        : { size: since.size, root: hex(since.root), path: consistencyProof(since.size, leaves).map(hex) },
    trust: await trustOf(store, ledger, [...(entry === null ? [] : [entry]), checkpoint.size - 1]),
    keys: await keysOf(store),
  };
  return canonicalBytes(toJson(document));
}

/** The lists that were in force at these entries, each once, oldest first; the first one also speaks for what came before it. */
async function trustOf(
  store: EvidenceReader,
  ledger: Ledger,
  entries: readonly number[],
): Promise<ProofDocument['trust']> {
  const began = ledger.items.flatMap(({ entry }) => {
    const named = isBeginning(entry) ? entry.refs.find(({ name }) => name === TRUST_NAME) : undefined;
    return named === undefined ? [] : [{ entry, sha256: named.sha256 }];
  });
  const wanted = entries.flatMap((seq) => began.findLast(({ entry }) => entry.seq <= seq) ?? began[0] ?? []);
  const once = new Map(wanted.map((each) => [each.sha256, each]));
  return Promise.all(
    [...once.values()]
      .sort((a, b) => a.entry.seq - b.entry.seq)
      .map(async ({ entry, sha256 }) => ({
        from: entry.seq,
        file: await fileOf(store, blobName(sha256)),
        signatures: await Promise.all(
          entry.refs
            .filter(({ name }) => name.startsWith(`${TRUST_NAME}.`) && name.endsWith('.asc'))
            .map(({ sha256: digest }) => fileOf(store, blobName(digest))),
        ),
      })),
  );
}

async function keysOf(store: EvidenceReader): Promise<ProofDocument['keys']> {
  const names = (await store.list(KEYS_FOLDER)).filter((name) => /^keys\/[0-9A-F]{40}\.asc$/.test(name));
  return Promise.all(
    names.map(async (name) => ({
      fingerprint: name.slice(5, 45) as ProofDocument['keys'][number]['fingerprint'],
      certificate: await fileOf(store, name),
    })),
  );
}

async function fileOf(store: EvidenceReader, name: string): Promise<string> {
  const bytes = await store.read(name);
  if (bytes === null)
    throw new GovbootError('EVIDENCE_MISSING', `${name} is not in ${store.where}`, { data: { file: name } });
  return toBase64(bytes);
}
