// A machine, a repository and a cloud in order; each test breaks one thing.
import type { Instant } from '../../../src/kernel/time.ts';
import type { Fingerprint, KeyFacts } from '../../../src/inputs/facts.ts';
import { parseParity } from '../../../src/inputs/parity.ts';
import { parseTrust } from '../../../src/inputs/trust.ts';
import { diagnose } from '../../../src/doctor/index.ts';
import type { Diagnosis, DoctorFacts, Look, PlaceSeen, TrustFacts } from '../../../src/doctor/facts.ts';
import { fileOf, PARITY_YAML, pinOf, TRUST_YAML } from '../../harness/facts.ts';

export const NOW = '2026-11-22T12:00:00Z' as Instant;

export const seen = <T>(value: T): Look<T> => ({ is: 'seen', value });
export const failed = (wrong: string, hint = 'a hint'): Look<never> => ({
  is: 'failed',
  problem: { code: 'TOOL', wrong, hint },
});
export const left = (why: string): Look<never> => ({ is: 'left', why });

export const place = (more: Partial<PlaceSeen> = {}): PlaceSeen => ({
  path: '/home/operator/thing',
  is: 'file',
  mode: 0o600,
  writable: true,
  freeBytes: 10_000_000_000,
  ...more,
});

export const program = (name: string, version: string | null) => ({
  name,
  path: `/usr/bin/${name}`,
  version,
});

export const keyOf = (fingerprint: string, more: Partial<KeyFacts> = {}): KeyFacts => ({
  fingerprint: fingerprint as Fingerprint,
  file: `policies/keys/${fingerprint}.asc`,
  algorithm: 'ed25519',
  bits: null,
  created: '2026-01-01T00:00:00Z' as Instant,
  expires: null,
  revoked: null,
  signingKeys: [fingerprint],
  subkeys: [],
  userIds: [],
  ...more,
});

export const trust = parseTrust(fileOf('policies/trust.yaml', TRUST_YAML));
export const policy = parseParity(fileOf('policies/parity.yaml', PARITY_YAML));

export const trustFacts = (more: Partial<TrustFacts> = {}): TrustFacts => ({
  trust,
  pin: pinOf(),
  wrong: [],
  keys: [...trust.roots.keys, ...trust.people.map(({ fingerprint }) => fingerprint)].map((print) =>
    keyOf(print),
  ),
  ...more,
});

export interface Broken {
  readonly environment?: string | null;
  readonly machine?: Partial<DoctorFacts['machine']>;
  readonly repository?: Partial<DoctorFacts['repository']>;
  readonly cloud?: Partial<DoctorFacts['cloud']>;
}

export function factsOf({ environment = 'dev', machine, repository, cloud }: Broken = {}): DoctorFacts {
  return {
    now: NOW,
    environment,
    machine: {
      programs: seen([
        program('node', '24.11.1'),
        program('git', '2.47.3'),
        program('gpg', '2.4.7'),
        program('gpgv', '2.4.7'),
        program('terraform', '1.13.0'),
      ]),
      agent: seen('2.4.7'),
      terminal: null,
      environment: seen({ weakening: [], endpoints: [], proxies: [], credentials: [] }),
      secrets: [{ what: 'key file', place: seen(place()) }],
      ...machine,
    },
    repository: {
      root: seen('/srv/repository'),
      pins: seen([pinOf()]),
      pinsFile: seen(place()),
      trust: seen(trustFacts()),
      policy: seen(policy),
      evidence: seen(place({ path: '/srv/repository/evidence', is: 'folder', mode: 0o755 })),
      lastRecord: seen('2026-11-22T11:00:00Z' as Instant),
      ...repository,
    },
    cloud: {
      clock: seen({ cloud: NOW, here: NOW }),
      caller: seen({
        arn: 'arn:aws:sts::111111111111:assumed-role/bootstrap/alice',
        account: '111111111111',
        partition: 'aws',
        region: 'eu-central-1',
        expiresInSeconds: 4 * 3600,
      }),
      ...cloud,
    },
  };
}

/** What the doctor says of one check. */
export function said(check: string, broken: Broken = {}): Pick<Diagnosis, 'status' | 'text' | 'mend'> {
  const found = diagnose(factsOf(broken)).filter((each) => each.check === check);
  if (found.length !== 1) throw new Error(`${String(found.length)} diagnoses of ${check}`);
  const { status, text, mend } = found[0]!;
  return { status, text, mend };
}
