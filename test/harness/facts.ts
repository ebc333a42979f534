/**
 * Facts that every gate passes, made without any I/O: synthetic documents in YAML, and signature facts that say "good". Tests change
 * one thing of them at a time. No key exists behind the fingerprints; what the verifiers say is simply written down.
 */
import { sha256, type Sha256 } from '../../src/kernel/digest.ts';
import { addSeconds, type Instant } from '../../src/kernel/time.ts';
import type {
  Facts,
  FileRead,
  Fingerprint,
  GovernanceFacts,
  KeptTrust,
  KeyFacts,
  LedgerFacts,
  PinFacts,
  SignatureFacts,
  SignedFile,
  SourceFacts,
} from '../../src/inputs/facts.ts';
import type { TagObject } from '../../src/inputs/tag-object.ts';
import type { Repository } from '../../src/ports.ts';

export const NOW = '2026-11-22T12:00:00Z' as Instant;
export const REPOSITORY = '5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f';
export const COMMIT = '1f'.repeat(20);
export const NONCE = '0123456789abcdef0123456789abcdef';
export const TREE = sha256('the tagged tree');
export const TAG = 'v1.0.0';

/** Nobody of them exists. Mallory has a key file but is not listed; nobody knows eve's key. */
export const NAMES = ['root', 'second', 'alice', 'bob', 'carol', 'mallory', 'eve'] as const;
export type Who = (typeof NAMES)[number];

const print = (digit: string): Fingerprint => `${digit}0C0FFEE`.repeat(5).slice(0, 40) as Fingerprint;

export const PRINTS: Readonly<Record<Who, Fingerprint>> = {
  root: print('1'),
  second: print('2'),
  alice: print('A'),
  bob: print('B'),
  carol: print('C'),
  mallory: print('D'),
  eve: print('E'),
};

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export function fileOf(path: string, content: string | Uint8Array): FileRead {
  const bytes = typeof content === 'string' ? encode(content) : content;
  return { path, bytes, sha256: sha256(bytes) };
}

/** The files of a repository, as its port gives them. */
export function readerOf(files: ReadonlyMap<string, string | Uint8Array>): Pick<Repository, 'list' | 'read'> {
  const fileAt = (path: string): FileRead => fileOf(path, files.get(path)!);
  return {
    list: async (folder, isWanted = () => true) =>
      [...files.keys()]
        .filter((path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))) === folder && isWanted(path))
        .sort()
        .map(fileAt),
    read: async (path) =>
      files.has(path)
        ? { is: 'read', value: fileAt(path) }
        : { is: 'problem', problem: { code: 'FILE_MISSING', wrong: `${path} does not exist` } },
  };
}

/** Replaces `from`, and insists that it is there: a change that changes nothing would prove nothing. */
export function edited(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the text does not hold: ${from}`);
  return text.replace(from, to);
}

export const TEMPLATES: readonly FileRead[] = [
  fileOf('templates/backend.tf.tmpl', 'terraform { backend "s3" {} }\n'),
  fileOf('templates/backend.hcl.tmpl', 'bucket = ""\n'),
];

export const TRUST_YAML = `schema: govboot.trust/v1
repository: ${REPOSITORY}
version: 3
expires: 2027-06-01T00:00:00Z
roots:
  threshold: 1
  keys: ["${PRINTS.root}"]
thresholds:
  release: { default: 1 }
  intent: { default: 1 }
  approver: { default: 1 }
  evidence: { default: 1 }
  break-glass: { default: 2 }
people:
  - name: Alice
    fingerprint: "${PRINTS.alice}"
    roles: [release, intent, evidence]
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2027-01-01T00:00:00Z
  - name: Bob
    fingerprint: "${PRINTS.bob}"
    roles: [approver]
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2027-01-01T00:00:00Z
  - name: Carol
    fingerprint: "${PRINTS.carol}"
    roles: [intent, approver]
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2027-01-01T00:00:00Z
`;

export const PARITY_YAML = `schema: govboot.parity/v1
organisation: acme
provider: aws
environments:
  dev:
    account: "111111111111"
    regions: [eu-central-1, eu-west-1]
    tags: { CostCentre: "100" }
  prod:
    account: "222222222222"
    regions: [eu-central-1]
    state_key: prod/main.tfstate
    tags: { CostCentre: "200" }
differences:
  - { setting: regions, environments: [prod], reason: prod stays in one region }
  - { setting: state_key, environments: [prod], reason: its key is older than this policy }
naming:
  bucket: "{organisation}-{environment}-tfstate-{region}"
  bucket_namespace: global
  table: "{organisation}-{environment}-tflock"
  key_alias: "alias/{organisation}-{environment}-tfstate"
  role: "{organisation}-{environment}-{role}"
tags:
  required:
    Owner: platform
    Environment: "{environment}"
  tolerated: [Backup]
locking: both
retention: { noncurrent_days: 365, noncurrent_keep: 50, pitr_days: 35 }
key_rotation_days: 365
roles:
  operator: { session_seconds: 3600, principals: ["arn:{partition}:iam::{account}:root"], mfa: true }
  automation: { session_seconds: 3600, principals: [], mfa: false }
  ci-plan: { session_seconds: 3600, principals: [], mfa: false }
  ci-apply: { session_seconds: 3600, principals: [], mfa: false }
  break-glass: { session_seconds: 3600, principals: [], mfa: true }
permissions_boundary: null
federation:
  github: null
  gitlab: null
allowed_resources: [state-bucket, lock-table, state-key, role]
intent: { max_window_hours: 72 }
templates:
${TEMPLATES.map(({ path, sha256: digest }) => `  ${path.slice('templates/'.length)}: "${digest}"`).join('\n')}
`;

/** The same policy with a store for the evidence, allowed and all. */
export const PARITY_WITH_STORE_YAML = edited(
  edited(PARITY_YAML, 'state-key, role]', 'state-key, role, evidence-bucket, evidence-key]'),
  'key_rotation_days: 365\n',
  `key_rotation_days: 365
evidence_store:
  bucket: "{organisation}-{environment}-evidence-{account}-{region}"
  key_alias: "alias/{organisation}-{environment}-evidence"
`,
);

export const INTENT_YAML = `schema: govboot.intent/v1
repository: ${REPOSITORY}
environment: dev
provider: aws
account: "111111111111"
region: eu-central-1
action: create
tag: ${TAG}
commit: "${COMMIT}"
tree_sha256: "${TREE}"
reason: first backend of dev
ticket: OPS-1
requester: "${PRINTS.alice}"
not_before: 2026-11-22T08:00:00Z
expires: 2026-11-23T08:00:00Z
nonce: "${NONCE}"
supersedes: null
endpoint: null
`;

/** Ed25519, made a year ago, good for another. */
export function keyOf(who: Who, overrides: Partial<KeyFacts> = {}): KeyFacts {
  const fingerprint = PRINTS[who];
  return {
    file: `policies/keys/${fingerprint}.asc`,
    fingerprint,
    signingKeys: [fingerprint],
    subkeys: [],
    userIds: [`${who} <${who}@example.org>`],
    algorithm: 'ed25519Legacy',
    bits: null,
    created: '2025-11-22T12:00:00Z' as Instant,
    expires: '2027-11-22T12:00:00Z' as Instant,
    revoked: null,
    ...overrides,
  };
}

export interface SignatureOptions {
  readonly created?: Instant;
  /** null: policies/keys does not hold it. */
  readonly key?: KeyFacts | null;
}

/** A signature that everybody finds good, made an hour ago. */
export function signatureBy(
  who: Who,
  file: string,
  { created = addSeconds(NOW, -3600), key = keyOf(who) }: SignatureOptions = {},
): SignatureFacts {
  const signingKey = PRINTS[who];
  const good = { is: 'good', primary: PRINTS[who], signingKey, created } as const;
  const binary = encode(`signature of ${who} at ${created} in ${file}`);
  return {
    file,
    sha256: sha256(binary),
    shape: {
      is: 'ok',
      binary,
      packet: {
        version: 4,
        class: 0,
        publicKeyAlgorithm: 22,
        hashAlgorithm: 10,
        created,
        expires: null,
        issuerFingerprint: signingKey,
        issuerKeyId: signingKey.slice(-16),
        unknownCritical: [],
      },
    },
    digest: { said: 'ABCD', found: 'ABCD' },
    key,
    verifiers: [
      { tool: 'openpgp.js', version: '6.3.2', says: good },
      { tool: 'gpgv', version: '2.2.40', says: good },
    ],
  };
}

/** The same signature, as it is seen over other bytes than were signed. */
export function broken(signature: SignatureFacts): SignatureFacts {
  const bad = { is: 'bad', problem: { code: 'SIG_BAD', wrong: 'does not match' } } as const;
  return { ...signature, verifiers: signature.verifiers.map((verifier) => ({ ...verifier, says: bad })) };
}

export function signedFile(
  path: string,
  text: string,
  signers: readonly Who[],
  options: SignatureOptions = {},
): SignedFile {
  return {
    file: fileOf(path, text),
    signatures: signers.map((who) => signatureBy(who, `${path}.${PRINTS[who]}.asc`, options)),
  };
}

/** A version of the trust file with other root keys, by their holders. */
export function trustYaml(
  version: number,
  change: { readonly roots?: readonly Who[]; readonly threshold?: number } = {},
): string {
  const { roots = ['root'], threshold = 1 } = change;
  const text = edited(TRUST_YAML, 'version: 3', `version: ${String(version)}`);
  const keys = roots.map((who) => `"${PRINTS[who]}"`).join(', ');
  return edited(
    edited(text, `keys: ["${PRINTS.root}"]`, `keys: [${keys}]`),
    'threshold: 1',
    `threshold: ${String(threshold)}`,
  );
}

/** A version that is kept in policies/trust, with its signatures. @param as the number in its name */
export function keptTrust(
  as: number,
  text: string,
  signers: readonly Who[],
  options: SignatureOptions = {},
): KeptTrust {
  const { file, signatures } = signedFile(`policies/trust/${String(as)}.yaml`, text, signers, options);
  return { version: as, file, signatures: { is: 'read', value: signatures } };
}

export function tagObject(overrides: Partial<TagObject> = {}): TagObject {
  const payload = encode(`object ${COMMIT}\ntype commit\ntag ${TAG}\n`);
  const signature = encode('the signature block\n');
  return {
    oid: '2e'.repeat(20),
    name: TAG,
    commit: COMMIT,
    tagger: 'Alice <alice@example.org>',
    taggedAt: '2026-11-22T10:00:00Z' as Instant,
    message: 'release\n',
    sha256: sha256('tag object'),
    payload,
    signature,
    ...overrides,
  };
}

export function pinOf(overrides: Partial<PinFacts> = {}): PinFacts {
  return {
    file: '/home/operator/.config/govboot/pins.json',
    repository: REPOSITORY,
    path: '/srv/repository',
    roots: [PRINTS.root],
    threshold: 1,
    trustVersion: 3,
    pinnedAt: '2026-01-01T00:00:00Z' as Instant,
    ...overrides,
  };
}

export interface FactsOverrides extends Partial<
  Pick<Facts, 'now' | 'environment' | 'intentName' | 'mode' | 'resume' | 'caller' | 'programs' | 'rules'>
> {
  readonly source?: Partial<SourceFacts>;
  readonly governance?: Partial<GovernanceFacts>;
  readonly machine?: Partial<Facts['machine']>;
  readonly ledger?: Partial<LedgerFacts>;
  /** YAML texts, as if they had been written and signed so from the start. */
  readonly trust?: string;
  readonly parity?: string;
  readonly intent?: string;
  readonly trustSigners?: readonly Who[];
  readonly intentSigners?: readonly Who[];
}

/** Facts that pass every gate, but for what is overridden. */
export function goodFacts(overrides: FactsOverrides = {}): Facts {
  const { trust, parity, intent, trustSigners, intentSigners, ...rest } = overrides;
  const governance: GovernanceFacts = {
    pinForPath: pinOf(),
    pins: [pinOf()],
    trust: {
      is: 'read',
      value: signedFile('policies/trust.yaml', trust ?? TRUST_YAML, trustSigners ?? ['root'], {
        created: '2026-06-01T00:00:00Z' as Instant,
      }),
    },
    kept: { is: 'read', value: [] },
    parity: { is: 'read', value: fileOf('policies/parity.yaml', parity ?? PARITY_YAML) },
    intent: {
      is: 'read',
      value: signedFile('intents/dev.yaml', intent ?? INTENT_YAML, intentSigners ?? ['alice', 'bob']),
    },
    keys: (['root', 'second', 'alice', 'bob', 'carol', 'mallory'] as const).map((who) => ({
      is: 'key' as const,
      key: keyOf(who),
    })),
    templates: TEMPLATES,
  };
  const source: SourceFacts = {
    root: '/srv/repository',
    objectFormat: 'sha1',
    repositoryProblems: [],
    head: COMMIT,
    tag: { is: 'tag', tag: tagObject() },
    tagSignature: signatureBy('alice', `refs/tags/${TAG}`),
    tree: { is: 'read', value: { tagged: TREE, onDisk: TREE, files: 12, differences: [] } },
    lastUsed: null,
  };
  return {
    now: NOW,
    environment: 'dev',
    intentName: 'intents/dev.yaml',
    mode: 'LIVE',
    resume: false,
    programs: [],
    rules: null,
    caller: {
      is: 'read',
      value: {
        arn: 'arn:aws:sts::111111111111:assumed-role/bootstrap/alice',
        account: '111111111111',
        partition: 'aws',
        region: 'eu-central-1',
        expiresInSeconds: 3600,
      },
    },
    ...rest,
    source: { ...source, ...rest.source },
    governance: { ...governance, ...rest.governance },
    machine: { weakening: [], endpoints: [], proxies: [], credentials: [], ...rest.machine },
    ledger: { ...emptyLedger(), ...rest.ledger },
  };
}

function emptyLedger(): LedgerFacts {
  return {
    size: 0,
    headSha256: null,
    lastTime: null,
    nonces: [],
    lastTag: null,
    unfinished: null,
    lock: null,
    trustOnRecord: [],
    problems: [],
  };
}

/** SHA-256 of a document as `goodFacts` reads it. */
export function digestOf(text: string): Sha256 {
  return sha256(encode(text));
}
