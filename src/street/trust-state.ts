/** The trust file as this machine can judge it: pin, versions and signatures, without tag, intent or cloud. */
import { GovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, KeptTrust, KeyFacts, PinFacts, Revoked } from '../inputs/facts.ts';
import { readTrust, TRUST_FILE } from '../inputs/trust.ts';
import { parseSigned } from '../gates/documents.ts';
import { choosePin, rootsOfPin } from '../gates/pin.ts';
import { walkTrust, type Present, type TrustStep } from '../gates/trust-chain.ts';
import type { Finding } from '../gates/verdict.ts';
import type { Ports, Repository } from '../ports.ts';
import { readSigned, type Verify } from './beside.ts';
import { keyFilesOf } from './gather.ts';
import { MOST_STEPS, readTrustVersions } from './trust-versions.ts';

export interface TrustState {
  readonly repository: Repository;
  readonly present: Present;
  /** null when nothing that counts is pinned; `unpinned` says why. */
  readonly pin: PinFacts | null;
  readonly unpinned: readonly Finding[];
  readonly kept: readonly KeptTrust[];
  /** From the pin to the present version; without a pin, from the first version that is kept. */
  readonly steps: readonly TrustStep[];
  /** What ended by now, of the keys in policies/keys. */
  readonly ended: ReadonlyMap<Fingerprint, KeyEnd>;
}

/** Soft: superseded or retired. Hard: compromised, or for any other reason or none (RFC 9580 §5.2.3.31). */
export type KeyEnd =
  | { readonly is: 'expired'; readonly at: Instant }
  | { readonly is: 'revoked'; readonly kind: Revoked['kind']; readonly reason: string };

/** @throws what is wrong with the trust file itself, or with the folder of its versions */
export async function readTrustState(
  ports: Pick<Ports, 'repository' | 'verifier' | 'pins' | 'clock'>,
): Promise<TrustState> {
  const now = ports.clock.now();
  const repository = await ports.repository.open();
  const keys = await keyFilesOf(repository);
  const verify: Verify = (data, signature) => ports.verifier.verify({ data, signature, keys, at: now });
  const { document } = await readSigned(repository, TRUST_FILE, verify);
  const present = parseSigned(document, readTrust);
  if (present.is === 'refused') throw thrown(present.findings);
  const pins = await ports.pins.load();
  const pinForPath = pins.find(({ path }) => path === repository.root) ?? null;
  const choice = choosePin(present.value.repository, { pinForPath, pins });
  const pin = choice.is === 'pinned' ? choice.pin : null;
  const { version } = present.value;
  const after = pin?.trustVersion ?? version - 1 - MOST_STEPS;
  const { kept } = await readTrustVersions(repository, verify, { after, before: version });
  if (kept.is === 'problem') throw new GovbootError(kept.problem.code, kept.problem.wrong);
  const certificates = (await ports.verifier.keys(keys)).flatMap((read) =>
    read.is === 'key' ? [read.key] : [],
  );
  return {
    repository,
    present,
    pin,
    unpinned: choice.is === 'refused' ? choice.findings : [],
    kept: kept.value,
    steps: walkTrust({ from: pin === null ? null : rootsOfPin(pin), kept: kept.value, present, now }),
    ended: new Map(
      certificates.flatMap((key) => {
        const end = endOf(key, now);
        return end === null ? [] : [[key.fingerprint, end]];
      }),
    ),
  };
}

function endOf({ revoked, expires }: KeyFacts, now: Instant): KeyEnd | null {
  if (revoked !== null) return { is: 'revoked', ...revoked };
  return expires !== null && expires <= now ? { is: 'expired', at: expires } : null;
}

/** What is wrong with one document, as an error. */
function thrown(findings: readonly Finding[]): GovbootError {
  const [first] = findings;
  const message = findings.map((each) => each.message).join('\n');
  return new GovbootError(
    first?.code ?? 'TRUST_INVALID',
    message,
    first === undefined ? {} : { hint: first.hint },
  );
}
