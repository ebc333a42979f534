/** Who may sign, by the trust files that the ledger itself holds. Whether anybody outside vouches for them is judged in verify-pins.ts. */
import { attempt } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { parseTrust, type Trust } from '../inputs/trust.ts';
import type { Signed } from '../gates/signature.ts';
import { standingFinding } from '../gates/signers.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName, TRUST_NAME } from './layout.ts';
import type { LinkedEntry } from './chain.ts';
import { isBeginning } from './trust-on-record.ts';
import { answerSignature } from './verify-signature.ts';

/** One version of the trust file, with everybody who signed it. */
export interface SignedTrust {
  readonly sha256: string;
  readonly trust: Trust;
  readonly signers: readonly Fingerprint[];
  /** In whose name there is a signature besides, by a key that was revoked since. */
  readonly revoked: readonly Fingerprint[];
}

/** A trust file that was in force from an entry on. */
export interface TrustInForce extends SignedTrust {
  readonly from: number;
}

/** The trust files in the order of the entries that began a run under them: only such entries passed the gates. */
export async function readTrust(exhibit: Exhibit): Promise<readonly TrustInForce[]> {
  const found: TrustInForce[] = [];
  for (const { entry } of exhibit.ledger.items) {
    if (!isBeginning(entry)) continue;
    const ref = entry.refs.find(({ name }) => name === TRUST_NAME);
    if (ref === undefined) {
      exhibit.findings.undecided(
        'authenticity',
        `entry ${String(entry.seq)}`,
        `names no ${TRUST_NAME}, so nobody can tell who was allowed to sign`,
      );
      continue;
    }
    if (found.at(-1)?.sha256 === ref.sha256) continue;
    const trust = readOne(exhibit, ref.sha256);
    if (trust === null) continue;
    const before = found.at(-1)?.trust.version ?? 0;
    if (trust.version < before)
      exhibit.findings.bad(
        'policy',
        blobName(ref.sha256),
        `TRUST_ROLLBACK: version ${String(trust.version)} after version ${String(before)}`,
      );
    if (trust.expires <= entry.time)
      exhibit.findings.bad(
        'policy',
        blobName(ref.sha256),
        `TRUST_EXPIRED: expired at ${trust.expires}, used at ${entry.time}`,
      );
    found.push({
      from: entry.seq,
      sha256: ref.sha256,
      trust,
      ...(await rootSigners(exhibit, entry, ref.sha256)),
    });
  }
  return found;
}

function readOne(exhibit: Exhibit, digest: string): Trust | null {
  const file = blobOf(exhibit, digest, TRUST_NAME);
  if (file === null) {
    exhibit.findings.undecided(
      'authenticity',
      blobName(digest),
      'the trust file is missing, so nobody can tell who was allowed to sign',
    );
    return null;
  }
  return attempt(
    () => parseTrust(file),
    ({ code, message }) => {
      exhibit.findings.bad('policy', blobName(digest), `${code}: ${message}`);
      return null;
    },
  );
}

async function rootSigners(
  exhibit: Exhibit,
  entry: LinkedEntry['entry'],
  digest: string,
): Promise<Pick<SignedTrust, 'signers' | 'revoked'>> {
  const file = blobOf(exhibit, digest, TRUST_NAME);
  const signers: Fingerprint[] = [];
  const revoked: Fingerprint[] = [];
  for (const ref of entry.refs.filter(
    ({ name }) => name.startsWith(`${TRUST_NAME}.`) && name.endsWith('.asc'),
  )) {
    const signature = blobOf(exhibit, ref.sha256, ref.name);
    if (file === null || signature === null) continue;
    const answer = await answerSignature(exhibit, file.bytes, ref.name, signature.bytes);
    if (answer.is === 'signed') {
      signers.push(answer.signed.primary);
      continue;
    }
    if (answer.revoked !== null) revoked.push(answer.revoked);
    exhibit.findings.bad(answer.axis, blobName(ref.sha256), `${ref.name}: ${answer.code}: ${answer.what}`);
  }
  return { signers, revoked };
}

/** Why whoever signed might not sign evidence when they did, by the list that was in force; null when they might. */
export function roleProblem(
  signed: Pick<Signed, 'file' | 'primary' | 'created'>,
  { trust }: TrustInForce,
  environment: string,
): string | null {
  const wrong = standingFinding(signed, { trust, roles: ['evidence'], environment, now: signed.created });
  return wrong === null ? null : `${wrong.code}: ${wrong.message}`;
}

/** The trust in force when entry `seq` was made; the first one also speaks for the entries before it. */
export function trustAt(all: readonly TrustInForce[], seq: number): TrustInForce | null {
  return all.findLast(({ from }) => from <= seq) ?? all[0] ?? null;
}
