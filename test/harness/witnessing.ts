/** Time stamps and attestations in the ledger of a scene, as the product puts them there. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { sha256 } from '../../src/kernel/digest.ts';
import { append, type EvidenceDeps } from '../../src/evidence/append.ts';
import { storeBlobs } from '../../src/evidence/blobs.ts';
import { readLedger, type Ledger } from '../../src/evidence/ledger.ts';
import { seal } from '../../src/evidence/seal.ts';
import { statedLedger, stateOf } from '../../src/evidence/statement.ts';
import { envelopeOf, preAuthenticationEncoding } from '../../src/inputs/attestation.ts';
import type { Authority } from './authority.ts';
import { witnesses } from './witnesses.ts';

/** Somebody who attests. */
export const ci = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

export const ciKey = new TextEncoder().encode(String(ci.publicKey.export({ type: 'spki', format: 'pem' })));

/** Over all entries that there are. */
export async function playStamp(deps: EvidenceDeps, authority: Authority): Promise<Ledger> {
  const ledger = await readLedger(deps.store);
  const state = stateOf(statedLedger(ledger), ledger.items.length)!;
  const request = await witnesses.stampRequest(state.checkpointSha256, '00'.repeat(16));
  const stamp = await authority.answer(request, { time: new Date(deps.clock.now()) });
  return playAttached(deps, 'TIME_STAMPED', stamp);
}

export async function playAttestation(deps: EvidenceDeps): Promise<Ledger> {
  const ledger = await readLedger(deps.store);
  const { statement } = stateOf(statedLedger(ledger), ledger.items.length)!;
  const signature = sign('sha256', preAuthenticationEncoding(statement), ci.privateKey);
  return playAttached(deps, 'ATTESTED', envelopeOf(statement, signature));
}

export interface Attaching {
  readonly size?: number;
  readonly root_sha256?: string;
  /** false: the entry names what is nowhere. */
  readonly isStored?: boolean;
}

/** Puts anything on record, by the hand of somebody who may sign evidence and looks at nothing. */
export async function playAttached(
  deps: EvidenceDeps,
  type: 'TIME_STAMPED' | 'ATTESTED',
  bytes: Uint8Array,
  { isStored = true, ...other }: Attaching = {},
): Promise<Ledger> {
  const ledger = await readLedger(deps.store);
  const size = ledger.items.length;
  if (isStored) await storeBlobs(deps.store, [bytes]);
  const of = { size, root_sha256: stateOf(statedLedger(ledger), size)!.rootSha256, ...other };
  const digest = sha256(bytes);
  const refs = isStored ? [{ name: 'attached', sha256: digest }] : [];
  const mode = ledger.items[0]!.entry.mode;
  await append(
    deps,
    ledger,
    type === 'TIME_STAMPED'
      ? { type, mode, refs, body: { ...of, stamp_sha256: digest } }
      : { type, mode, refs, body: { ...of, envelope_sha256: digest } },
  );
  return (await seal(deps)).ledger;
}
