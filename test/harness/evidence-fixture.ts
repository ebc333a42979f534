/**
 * The evidence of finished runs, made by the product's own functions in the order of a run, with made-up or real keys. Nothing here
 * knows how evidence is laid out; it only plays the operator.
 */
import { canonicalBytes } from '../../src/kernel/canonical.ts';
import { gitObjectId, sha256 } from '../../src/kernel/digest.ts';
import { addSeconds, msOf, type Instant } from '../../src/kernel/time.ts';
import type { FileRead, Mode, PinFacts, SignedFile } from '../../src/inputs/facts.ts';
import { parseIntent } from '../../src/inputs/intent.ts';
import { parseParity } from '../../src/inputs/parity.ts';
import { parseTrust } from '../../src/inputs/trust.ts';
import { parseTagObject, type TagObject } from '../../src/inputs/tag-object.ts';
import { append, openLedger, refsOf, type EvidenceDeps } from '../../src/evidence/append.ts';
import { storeBlobs, storeKeys } from '../../src/evidence/blobs.ts';
import type { Ledger } from '../../src/evidence/ledger.ts';
import { makeLock, type Confirmation } from '../../src/evidence/lock.ts';
import { seal, writeLock, type Sealed } from '../../src/evidence/seal.ts';
import { checkedSigner } from '../../src/evidence/sign.ts';
import { judgeApproval } from '../../src/gates/approval.ts';
import { makeBlueprint } from '../../src/plan/make-blueprint.ts';
import { makePlan, planBytes, type PlanParts } from '../../src/plan/plan.ts';
import type { BackendLock } from '../../src/inputs/evidence-documents.ts';
import type { Clock, EvidenceStore, Signer, Verifier } from '../../src/ports.ts';
import {
  COMMIT,
  edited,
  encode,
  fileOf,
  INTENT_YAML,
  NONCE,
  PARITY_YAML,
  pinOf,
  PRINTS,
  REPOSITORY,
  TEMPLATES,
  TREE,
  TRUST_YAML,
  type Who,
} from './facts.ts';
import { fakeParty, fakeVerifier, type FakeParty, type Party } from './fake-crypto.ts';

/** Midday of the fixture; the intent's window is around it. */
export const START = '2026-11-22T12:00:00Z' as Instant;

export interface TestClock extends Clock {
  advance(seconds: number): void;
}

/** A clock that goes only when told to. */
export function testClock(start: Instant = START): TestClock {
  let now = start;
  let waited = 0;
  return {
    now: () => now,
    monotonic: () => msOf(now) - msOf(start) + waited,
    pause: async (ms) => void (waited += ms),
    advance: (seconds) => void (now = addSeconds(now, seconds)),
  };
}

export type Role = Extract<Who, 'root' | 'alice' | 'bob' | 'mallory'>;
export type Cast<P extends Party = Party> = Readonly<Record<Role, P>>;

export function fakeCast(): Cast<FakeParty> {
  const party = (who: Role): FakeParty => fakeParty(who, PRINTS[who]);
  return { root: party('root'), alice: party('alice'), bob: party('bob'), mallory: party('mallory') };
}

export interface Scene {
  readonly store: EvidenceStore;
  readonly clock: TestClock;
  readonly cast: Cast;
  readonly verifier: Verifier;
  readonly deps: EvidenceDeps;
  readonly mode: Mode;
  readonly pins: readonly PinFacts[];
}

/** Everything a run needs. Alice releases, asks and signs the evidence; Bob approves. */
export function makeScene(input: {
  readonly store: EvidenceStore;
  readonly cast: Cast;
  readonly verifier: Verifier;
  readonly clock?: TestClock;
  readonly mode?: Mode;
  readonly operator?: Role;
}): Scene {
  const { store, cast, verifier, clock = testClock(), mode = 'LIVE', operator = 'alice' } = input;
  const party = cast[operator];
  const signer: Signer = {
    identity: async () => ({
      fingerprint: party.fingerprint,
      userId: party.userId,
      backend: 'software',
      tool: 'test',
    }),
    sign: (bytes) => party.sign(bytes, clock.now()),
  };
  const keyFile = fileOf(`policies/keys/${party.fingerprint}.asc`, party.keyFile);
  const deps: EvidenceDeps = {
    store,
    clock,
    actor: party.fingerprint,
    sign: checkedSigner(signer, verifier, keyFile, () => clock.now()),
  };
  return { store, clock, cast, verifier, deps, mode, pins: [pinOf({ roots: [cast.root.fingerprint] })] };
}

/** A scene with made-up keys. */
export function fakeScene(
  store: EvidenceStore,
  mode: Mode = 'LIVE',
): Scene & { readonly cast: Cast<FakeParty> } {
  const cast = fakeCast();
  return { ...makeScene({ store, cast, verifier: fakeVerifier(Object.values(cast)), mode }), cast };
}

/** What the governed repository held when a run began. */
export interface Inputs {
  readonly trust: SignedFile;
  readonly parity: FileRead;
  readonly intent: SignedFile;
  readonly tag: TagObject;
  readonly files: readonly FileRead[];
}

export interface InputOptions {
  readonly nonce?: string;
  readonly supersedes?: string | null;
  readonly intentSigners?: readonly Role[];
  readonly tagSigner?: Role;
  readonly trustSigner?: Role;
  /** Changes the documents before they are signed. */
  readonly edit?: (name: 'trust' | 'parity' | 'intent', text: string) => string;
  /** Left out: the plan is confirmed at a terminal. */
  readonly approval?: ApprovalOptions;
}

export async function makeInputs(scene: Scene, options: InputOptions = {}): Promise<Inputs> {
  const { cast, clock } = scene;
  const edit = options.edit ?? ((_name, text) => text);
  const write = (name: 'trust' | 'parity' | 'intent', text: string): string =>
    (Object.keys(cast) as Role[]).reduce(
      (all, who) => all.replaceAll(PRINTS[who], cast[who].fingerprint),
      edit(name, text),
    );
  let intent = edited(INTENT_YAML, NONCE, options.nonce ?? NONCE);
  if (options.supersedes != null) {
    intent = edited(
      edited(intent, 'supersedes: null', `supersedes: "${options.supersedes}"`),
      'action: create',
      'action: supersede',
    );
  }
  const at = addSeconds(clock.now(), -60);
  const signed = async (
    path: string,
    text: string,
    signers: readonly Role[],
  ): Promise<{ file: SignedFile; files: FileRead[] }> => {
    const file = fileOf(path, text);
    const beside = await Promise.all(
      signers.map(async (who) =>
        fileOf(`${path}.${cast[who].fingerprint}.asc`, await cast[who].sign(file.bytes, at)),
      ),
    );
    const keys = Object.values(cast).map((party) =>
      fileOf(`policies/keys/${party.fingerprint}.asc`, party.keyFile),
    );
    const signatures = await Promise.all(
      beside.map((signature) =>
        scene.verifier.verify({ data: file.bytes, signature, keys, at: clock.now() }),
      ),
    );
    return { file: { file, signatures }, files: [file, ...beside] };
  };
  const trust = await signed('policies/trust.yaml', write('trust', TRUST_YAML), [
    options.trustSigner ?? 'root',
  ]);
  const wanted = await signed(
    'intents/dev.yaml',
    write('intent', intent),
    options.intentSigners ?? ['alice', 'bob'],
  );
  const parity = fileOf('policies/parity.yaml', write('parity', PARITY_YAML));
  const tag = await makeTag(cast[options.tagSigner ?? 'alice'], at);
  const halves = [
    fileOf('refs/tags/v1.0.0#payload', tag.payload),
    fileOf('refs/tags/v1.0.0#signature', tag.signature),
  ];
  return {
    trust: trust.file,
    intent: wanted.file,
    parity,
    tag,
    files: [...trust.files, parity, ...wanted.files, ...TEMPLATES, ...halves],
  };
}

async function makeTag(signer: Party, at: Instant): Promise<TagObject> {
  const payload = encode(
    `object ${COMMIT}\ntype commit\ntag v1.0.0\ntagger ${signer.userId} ${String(msOf(at) / 1000)} +0000\n\nrelease\n`,
  );
  const bytes = new Uint8Array([...payload, ...(await signer.sign(payload, at))]);
  const read = parseTagObject('v1.0.0', gitObjectId('tag', bytes, 'sha1'), bytes, 'sha1');
  if (read.is === 'problem') throw new Error(`${read.code}: ${read.wrong}`);
  return read.tag;
}

export interface Run {
  readonly run: string;
  readonly inputs: Inputs;
  readonly ledger: Ledger;
  readonly planSha256: string;
  readonly confirmation: Confirmation;
}

/** How a plan is approved where nobody is asked at a terminal. */
export interface ApprovalOptions {
  readonly approvers: readonly Role[];
  /** Seconds from now at which they sign. */
  readonly after?: number;
  /** Changes the plan before it is signed. */
  readonly change?: (parts: PlanParts) => PlanParts;
}

interface MadeApproval {
  readonly plan: Uint8Array;
  readonly files: readonly FileRead[];
  readonly confirmation: Confirmation;
}

/** Ten minutes ago the plan was made; it is good for eight hours. */
async function makeApproval(
  { clock, cast, mode, verifier, deps }: Scene,
  { trust, parity, intent: intentFile, tag }: Inputs,
  run: string,
  { approvers, after = -60, change = (parts) => parts }: ApprovalOptions,
): Promise<MadeApproval> {
  const intent = parseIntent(intentFile.file);
  const people = parseTrust(trust.file);
  const policy = parseParity(parity);
  const { partition, account, region, ...blueprint } = makeBlueprint(intent, policy, REPOSITORY);
  const { environment, action, supersedes, requester, reason, ticket, endpoint } = intent;
  const made = makePlan(
    change({
      mode,
      run,
      nonce: 'ab'.repeat(16),
      created_at: addSeconds(clock.now(), -600),
      expires_at: addSeconds(clock.now(), 8 * 3600),
      repository: REPOSITORY,
      environment,
      source: { tag: tag.name, tag_oid: tag.oid, commit: tag.commit, tree_sha256: TREE },
      intent: {
        file: intentFile.file.path,
        sha256: intentFile.file.sha256,
        ...{ action, supersedes, requester, reason, ticket },
      },
      policy: {
        parity_sha256: parity.sha256,
        trust_sha256: trust.file.sha256,
        trust_version: people.version,
        templates: policy.templates,
      },
      target: {
        provider: 'aws',
        ...{ partition, account, region, endpoint },
        caller: `arn:aws:sts::${account}:assumed-role/bootstrap/ci`,
      },
      signer: { fingerprint: deps.actor },
      blueprint: { partition, account, region, ...blueprint },
      steps: [],
    }),
  );
  const plan = planBytes(made);
  const files = await Promise.all(
    approvers.map(async (who) => {
      const signature = await cast[who].sign(plan, addSeconds(clock.now(), after));
      return fileOf(`plan.${cast[who].fingerprint}.asc`, signature);
    }),
  );
  const keys = Object.values(cast).map((party) =>
    fileOf(`policies/keys/${party.fingerprint}.asc`, party.keyFile),
  );
  const signatures = await Promise.all(
    files.map((signature) => verifier.verify({ data: plan, signature, keys, at: clock.now() })),
  );
  const { created_at: from, expires_at: until } = made;
  const approvable = {
    file: 'plan',
    ...{ environment, requester, createdAt: from, expiresAt: until, intentExpires: intent.expires },
  };
  const judged = judgeApproval(approvable, signatures, people, clock.now());
  const confirmedAt = clock.now();
  return {
    plan,
    files,
    confirmation: { method: 'approval', approvers: judged.approvers, window: { from, until }, confirmedAt },
  };
}

/** From nothing to APPLY_STARTED, a journal, and APPLY_DONE. */
export async function playRun(
  scene: Scene,
  inputs: Inputs,
  run = '0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c11',
  approval?: ApprovalOptions,
): Promise<Run> {
  const { store, clock, cast, deps, mode } = scene;
  const approved = approval === undefined ? null : await makeApproval(scene, inputs, run, approval);
  const plan = approved?.plan ?? canonicalBytes({ schema: 'govboot.plan/v1', run });
  const files = [...inputs.files, ...(approved?.files ?? [])];
  await storeBlobs(store, [...files.map(({ bytes }) => bytes), plan]);
  await storeKeys(
    store,
    (['root', 'alice', 'bob'] as const).map((who) => ({
      fingerprint: cast[who].fingerprint,
      bytes: cast[who].keyFile,
    })),
  );
  const decided = { run, intent_sha256: inputs.intent.file.sha256, plan_sha256: sha256(plan) };
  const released = { tag: inputs.tag.name, commit: inputs.tag.commit };
  const roots = { threshold: 1, keys: [cast.root.fingerprint] };
  const begun = await openLedger(deps, { repository: REPOSITORY, environment: 'dev', mode, roots, refs: [] });
  clock.advance(1);
  const refs = [...refsOf(files), { name: 'plan', sha256: sha256(plan) as string }];
  const { nonce } = parseIntent(inputs.intent.file);
  const started = await append(deps, begun, {
    type: 'APPLY_STARTED',
    mode,
    refs,
    body: { ...decided, ...released, nonce },
  });
  const confirmation: Confirmation = approved?.confirmation ?? {
    method: 'tty',
    token: 'TOKEN-TOKEN',
    shownAt: addSeconds(clock.now(), -20),
    confirmedAt: addSeconds(clock.now(), -1),
  };
  clock.advance(30);
  await store.append(`runs/${run}/journal.jsonl`, '{"event":"open"}');
  await store.append(`runs/${run}/journal.jsonl`, '{"event":"done"}');
  const ledger = await append(deps, started, {
    type: 'APPLY_DONE',
    mode,
    refs: [],
    body: { ...decided, ...released },
  });
  clock.advance(1);
  return { run, inputs, ledger, planSha256: sha256(plan), confirmation };
}

/** The lock of a run that is done. */
export function lockOf(
  scene: Scene,
  { run, inputs, ledger, planSha256, confirmation }: Run,
  recordId = '3c6f3f39-9b1e-4f0e-9d7f-6c1b5c0c2a01',
): BackendLock {
  const { cast, clock, mode } = scene;
  const started =
    ledger.items.find(({ entry }) => entry.type === 'APPLY_STARTED' && entry.body.run === run)?.entry.time ??
    clock.now();
  const intent = parseIntent(inputs.intent.file);
  const resources = [
    ['state-bucket', 'state-bucket', 'acme-dev-tfstate-eu-central-1'],
    ['lock-table', 'lock-table', 'acme-dev-tflock'],
    ['state-key', 'state-key', 'alias/acme-dev-tfstate'],
    ['role-operator', 'role', 'acme-dev-operator'],
  ] as const;
  return makeLock({
    recordId,
    createdAt: clock.now(),
    mode,
    origin: { repository: REPOSITORY, environment: 'dev' },
    source: { tag: inputs.tag, objectFormat: 'sha1', treeSha256: TREE },
    intent: { file: inputs.intent, value: intent },
    policy: {
      parity: inputs.parity,
      trust: inputs.trust,
      trustVersion: versionOf(inputs.trust.file),
      templates: TEMPLATES,
    },
    planSha256,
    confirmation,
    backend: {
      provider: 'aws',
      partition: 'aws',
      account: '111111111111',
      region: 'eu-central-1',
      endpoint: intent.endpoint,
      resources: resources.map(([id, kind, name]) => ({ id, kind, name, arn: null })),
      controls: [{ id: 'state-bucket.versioning', shown: 'read back', value: { Status: 'Enabled' } }],
      known: { 'state-key.arn': 'arn:aws:kms:eu-central-1:111111111111:key/1' },
    },
    actors: [
      {
        role: 'evidence',
        primary: cast.alice.fingerprint,
        signingKey: cast.alice.fingerprint,
        userId: cast.alice.userId,
      },
    ],
    tools: [{ name: 'govboot', version: '0.0.0', sha256: null }],
    run: {
      id: run,
      started_at: started,
      finished_at: clock.now(),
      steps: [
        {
          id: 'create/state-bucket',
          before: null,
          request_ids: [{ call: 's3:CreateBucket', id: 'R1' }],
          retries: 0,
        },
      ],
    },
    clauses: [
      { catalogue: 'FSBP', id: 'S3.14' },
      { catalogue: 'FSBP', id: 'S3.14' },
      { catalogue: 'SOC 2', id: 'CC6.1' },
    ],
    ledger: { items: ledger.items, head: ledger.head! },
    supersedes: intent.supersedes,
  });
}

/** The version that a trust file says, readable or not. */
function versionOf({ bytes }: FileRead): number {
  return Number(/^version: (\d+)$/m.exec(new TextDecoder().decode(bytes))?.[1] ?? 3);
}

/** A whole run, lock and seal included. */
export async function playApply(scene: Scene, options: InputOptions = {}, run?: string): Promise<Sealed> {
  const played = await playRun(scene, await makeInputs(scene, options), run, options.approval);
  await writeLock(scene.deps, played.ledger, lockOf(scene, played));
  scene.clock.advance(1);
  return seal(scene.deps);
}
