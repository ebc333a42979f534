/** The evidence of one environment, as this machine can verify it: offline, by its pins and by the certificates of the repository. */
import type { VerifyReport } from '../evidence/report.ts';
import { verifyEvidence, type VerifyInput } from '../evidence/verify.ts';
import type { ProofReport } from '../evidence/proof-report.ts';
import { verifyProof } from '../evidence/verify-proof.ts';
import { attempt } from '../kernel/errors.ts';
import { parseProof } from '../inputs/proof-document.ts';
import { parseTrust, TRUST_FILE } from '../inputs/trust.ts';
import { vaultPrefix } from '../evidence/vault-layout.ts';
import { newestWholeSet } from '../evidence/vault-pull.ts';
import type { EvidenceVault, Ports, Repository } from '../ports.ts';
import { keyFilesOf } from './gather.ts';

/** Who judges on this machine, whom it pinned, what time it is, and what kind of run is asked about. */
export async function judgingHere(
  ports: Pick<Ports, 'verifier' | 'witnesses' | 'pins' | 'clock' | 'mode'>,
): Promise<Pick<VerifyInput, 'verifier' | 'witnesses' | 'pins' | 'now' | 'mode'>> {
  const { verifier, witnesses, mode } = ports;
  return { verifier, witnesses, mode, pins: await ports.pins.load(), now: ports.clock.now() };
}

/** @throws EVIDENCE_MISSING when there is no ledger */
export async function verifyHere(
  ports: Ports,
  environment: string,
  more: Partial<Pick<VerifyInput, 'anchor' | 'store' | 'vault' | 'witnessPins'>> = {},
): Promise<VerifyReport> {
  const repository = await ports.repository.open();
  return verifyEvidence({
    ...(await judgingHere(ports)),
    store: ports.evidence(environment),
    environment,
    ...(await repositoryId(repository)),
    // Certificates as the repository has them today: they know of revocations that the evidence cannot know.
    keys: await keyFilesOf(repository),
    ...more,
  });
}

/** Evidence that was handed over, without any repository: it has no keys but its own. @throws EVIDENCE_MISSING, BUNDLE_UNSAFE */
export async function verifyThere(
  ports: Ports,
  path: string,
  environment: string | null,
  more: Partial<Pick<VerifyInput, 'anchor' | 'vault' | 'witnessPins'>> = {},
): Promise<VerifyReport> {
  return verifyEvidence({
    ...(await judgingHere(ports)),
    store: await ports.exhibit(path),
    ...(environment === null ? {} : { environment }),
    ...more,
  });
}

/**
 * The store itself, with nothing else at hand: the newest evidence that it holds whole, and each object as the receipts in it tell.
 * @throws EVIDENCE_MISSING, VAULT_CONFLICT, VAULT_FAILED
 */
export async function verifyStored(
  ports: Ports,
  environment: string,
  vault: EvidenceVault,
  more: Partial<Pick<VerifyInput, 'anchor' | 'witnessPins'>> = {},
): Promise<VerifyReport> {
  const set = await newestWholeSet({ vault, prefix: vaultPrefix(ports.mode, environment), told: new Map() });
  const names = [...set.names].sort();
  const store = {
    where: vault.place.place,
    list: async (folder: string) => names.filter((name) => folder === '' || name.startsWith(`${folder}/`)),
    read: set.read,
  };
  return verifyEvidence({ ...(await judgingHere(ports)), store, vault, environment, ...more });
}

/** A proof, with nothing else at hand. @throws NOT_CANONICAL, SCHEMA, EVIDENCE_INVALID */
export async function verifyAlone(
  ports: Ports,
  path: string,
  environment: string | null,
  more: Partial<Pick<VerifyInput, 'anchor'>> = {},
): Promise<ProofReport> {
  return verifyProof({
    proof: parseProof(await ports.files.read(path), path),
    verifier: ports.verifier,
    pins: await ports.pins.load(),
    now: ports.clock.now(),
    ...(environment === null ? {} : { environment }),
    ...more,
  });
}

/** Which repository this is, by its own word: evidence of another one lies in the wrong place, whoever signed it. */
async function repositoryId(repository: Repository): Promise<Pick<VerifyInput, 'repository'>> {
  const read = await repository.read(TRUST_FILE);
  if (read.is === 'problem') return {};
  return attempt(
    () => ({ repository: parseTrust(read.value).repository }),
    () => ({}),
  );
}
