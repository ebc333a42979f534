/**
 * Whether a refusal may go into the ledger. A run that passed the gates has shown who signs and what it builds on; one that was refused
 * has shown nothing, so it is asked here: an entry by the wrong person, or over a forged one, would spoil the evidence for good.
 */
import { fileOf } from '../inputs/file-read.ts';
import { GovbootError } from '../kernel/errors.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Instant } from '../kernel/time.ts';
import type { FileRead, Fingerprint } from '../inputs/facts.ts';
import { holds, isActive, parseTrust, personOf, type Trust } from '../inputs/trust.ts';
import { blobName, keyName, TRUST_NAME } from '../evidence/layout.ts';
import type { Ledger } from '../evidence/ledger.ts';
import { checkedSigner } from '../evidence/sign.ts';
import type { EvidenceDeps } from '../evidence/append.ts';
import type { EvidenceStore, Ports } from '../ports.ts';

/**
 * The signer's certificate as the evidence already holds it, by which the entry will be verified.
 * @throws EVIDENCE_MISSING, EVIDENCE_INVALID, SIGNER_NOT_ALLOWED, SIGNER_ROLE, SIGNER_INACTIVE
 */
export async function signerOfRefusal(input: {
  readonly store: EvidenceStore;
  readonly ledger: Ledger;
  readonly environment: string;
  readonly fingerprint: Fingerprint;
  readonly now: Instant;
}): Promise<FileRead> {
  const { store, ledger, environment, fingerprint, now } = input;
  const person = personOf(await trustInForce(store, ledger), fingerprint);
  if (person === undefined)
    throw new GovbootError('SIGNER_NOT_ALLOWED', `${fingerprint} may not sign this evidence`);
  if (!holds(person, 'evidence', environment))
    throw new GovbootError('SIGNER_ROLE', `${fingerprint} does not have the evidence role in ${environment}`);
  if (!isActive(person, now))
    throw new GovbootError(
      'SIGNER_INACTIVE',
      `${fingerprint} may sign this evidence from ${person.valid_from} to ${person.valid_until} only`,
    );
  const name = keyName(fingerprint);
  const bytes = await store.read(name);
  if (bytes === null)
    throw new GovbootError('EVIDENCE_MISSING', `${name} is not in the evidence yet`, {
      data: { file: name },
    });
  return fileOf(name, bytes);
}

/** All that an entry needs, by somebody who may sign it. @throws what `signerOfRefusal` throws, and SIGNER */
export async function recordingDeps(
  { signer, verifier, clock }: Pick<Ports, 'signer' | 'verifier' | 'clock'>,
  of: { readonly store: EvidenceStore; readonly ledger: Ledger; readonly environment: string },
): Promise<EvidenceDeps> {
  const { fingerprint } = await signer.identity();
  const keyFile = await signerOfRefusal({ ...of, fingerprint, now: clock.now() });
  const sign = checkedSigner(signer, verifier, keyFile, () => clock.now());
  return { store: of.store, clock, actor: fingerprint, sign };
}

/** The list of people under which the last run began; only runs that passed the gates begin. */
async function trustInForce(store: EvidenceStore, ledger: Ledger): Promise<Trust> {
  const began = ledger.items
    .map(({ entry }) => entry)
    .findLast(({ type }) => type === 'APPLY_STARTED' || type === 'APPLY_RESUMED');
  const ref = began?.refs.find(({ name }) => name === TRUST_NAME);
  if (ref === undefined)
    throw new GovbootError('EVIDENCE_MISSING', 'no run has begun, so nobody is known to sign evidence');
  const bytes = await store.read(blobName(ref.sha256));
  if (bytes === null || sha256(bytes) !== ref.sha256)
    throw new GovbootError(
      'EVIDENCE_INVALID',
      `${blobName(ref.sha256)}, the list of people who may sign evidence, is missing or changed`,
    );
  return parseTrust(fileOf(TRUST_NAME, bytes));
}
