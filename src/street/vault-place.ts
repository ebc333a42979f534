/** Which store is meant: the environment's own, as its lock or else its policy says, or one that was named on the command line. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { isJsonObject } from '../kernel/json.ts';
import { clip, safe } from '../kernel/text.ts';
import { findingsOf, judgeProcess } from '../gates/process.ts';
import { readLedger, type Ledger } from '../evidence/ledger.ts';
import { resolveNames } from '../inputs/names.ts';
import { parseTrust, TRUST_FILE } from '../inputs/trust.ts';
import type { EvidenceVault, Ports, VaultPlace, VaultTarget } from '../ports.ts';
import { isSamePlace } from '../evidence/vault-layout.ts';
import { readPolicy } from './environments.ts';

/** A place as it was named. */
export interface AskedPlace {
  /** A folder, or `s3://BUCKET`; null is the environment's own. */
  readonly place: string | null;
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly account: string | null;
}

export const OWN_STORE: AskedPlace = { place: null, endpoint: null, region: null, account: null };

export interface OpenedVault {
  readonly vault: EvidenceVault;
  readonly isOwn: boolean;
  /** Days for which the environment's own store holds what is stored, by the lock; null where nothing says so. */
  readonly days: number | null;
}

/** A store of the environment, with what is promised of it. */
interface OwnStore {
  readonly place: VaultPlace;
  readonly days: number | null;
}

/** Opens it, unless this process would go there by a way that nobody named. @throws USAGE, ENDPOINT, ENVIRONMENT, FILE_MISSING */
export async function openVault(
  ports: Ports,
  environment: string,
  asked: AskedPlace,
  profile: string | null = null,
): Promise<OpenedVault> {
  const own =
    asked.place === null || asked.place.startsWith('s3://') ? await ownStore(ports, environment) : null;
  const place = asked.place === null ? own?.place : placeOf(asked.place, asked, own?.place ?? null);
  if (place === undefined)
    throw new GovbootError('USAGE', `${environment} has no store of evidence of its own`, {
      hint: 'name one: a folder, or s3://BUCKET; or let policies/parity.yaml have an evidence_store',
      data: { environment },
    });
  refuseWay(ports, place);
  const repository = await repositoryOf(ports, environment);
  const target: VaultTarget = { ...place, profile, environment, repository };
  const isOwn = own !== null && isSamePlace(own.place, place);
  return { vault: await ports.vault(target), isOwn, days: isOwn ? own.days : null };
}

/** The store that the lock in force recorded; before there is one, the one that the policy wants. null when there is none. */
async function ownStore(ports: Ports, environment: string): Promise<OwnStore | null> {
  return ownStoreOf(ports, environment, await readLedger(ports.evidence(environment)));
}

/** The same, by a ledger that was read already. */
export async function ownStoreOf(
  ports: Ports,
  environment: string,
  { lock }: Pick<Ledger, 'lock'>,
): Promise<OwnStore | null> {
  if (lock !== null) {
    const { account, region, endpoint, resources, controls } = lock.document.backend;
    const bucket = resources.find(({ id }) => id === 'evidence-bucket')?.name;
    if (bucket === undefined) return null;
    const kept = controls.find(({ id }) => id === 'evidence-bucket.object-lock')?.value;
    const days = isJsonObject(kept) && typeof kept['days'] === 'number' ? kept['days'] : null;
    return { place: { kind: 's3', place: `s3://${bucket}`, account, region, endpoint }, days };
  }
  return placeByPolicy(ports, environment);
}

/** The identity of the repository, which names the rehearsal cloud: by the evidence, else by the list of people. */
async function repositoryOf(ports: Ports, environment: string): Promise<string> {
  const first = (await readLedger(ports.evidence(environment))).items[0]?.entry;
  if (first?.type === 'GENESIS') return first.body.origin.repository;
  if (ports.mode !== 'REHEARSAL') return '';
  const trust = await (await ports.repository.open()).read(TRUST_FILE);
  if (trust.is === 'read') return parseTrust(trust.value).repository;
  throw new GovbootError(trust.problem.code, trust.problem.wrong);
}

/** Where the laptop with the evidence is gone, the policy still says where the copy is. */
async function placeByPolicy(ports: Ports, environment: string): Promise<OwnStore | null> {
  try {
    const policy = await readPolicy(ports);
    const region = policy.environments[environment]?.regions[0];
    if (region === undefined) return null;
    const { evidence, account } = resolveNames(policy, environment, region);
    return evidence === null
      ? null
      : {
          place: { kind: 's3', place: `s3://${evidence.bucket}`, account, region, endpoint: null },
          days: evidence.retentionDays,
        };
  } catch (error) {
    // Without a policy that can be read there is none that names a store.
    if (isGovbootError(error)) return null;
    throw error;
  }
}

/** S3 "Bucket naming rules", as far as it keeps the name out of the way of everything else. */
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/;

function placeOf(
  named: string,
  { endpoint, region, account }: AskedPlace,
  own: VaultPlace | null,
): VaultPlace {
  if (!named.startsWith('s3:')) {
    if (endpoint !== null || region !== null || account !== null)
      throw new GovbootError(
        'USAGE',
        `${clip(safe(named), 100)} is a folder, which has no endpoint, region or account`,
      );
    return { kind: 'folder', place: named, account: null, region: null, endpoint: null };
  }
  const bucket = BUCKET.exec(named)?.[1];
  if (bucket === undefined)
    throw new GovbootError('USAGE', `"${clip(safe(named), 100)}" is no store`, {
      hint: 'a folder, or s3://BUCKET with nothing after it',
    });
  if (account !== null && !/^[0-9]{12}$/.test(account))
    throw new GovbootError(
      'USAGE',
      `--account is "${clip(safe(account), 40)}", which is no account: 12 digits`,
    );
  const place = `s3://${bucket}`;
  if (own?.place === place && endpoint === own.endpoint) return own;
  // A store that is not AWS has no accounts to compare.
  const owner = account ?? (endpoint === null ? (own?.account ?? null) : null);
  if (endpoint === null && owner === null)
    throw new GovbootError('USAGE', `whose bucket ${place} is to be is not said`, {
      hint: 'name the account with --account, or the store with --endpoint where it is not AWS',
    });
  return { kind: 's3', place, account: owner, region: region ?? own?.region ?? null, endpoint };
}

/** @throws ENDPOINT, ENVIRONMENT: what the identity gate would refuse too */
function refuseWay(ports: Ports, { kind, endpoint }: VaultPlace): void {
  if (kind === 'folder') return;
  const { endpoints, environment } = judgeProcess(ports.machine.environment(), { endpoint });
  const [wrong] = findingsOf([endpoints, environment]);
  if (wrong !== undefined)
    throw new GovbootError(wrong.code, wrong.message, { hint: wrong.hint, data: wrong.data });
}
