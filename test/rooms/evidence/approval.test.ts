/** Approvals in evidence: stored, judged again by the judge of the day, and held against entry and lock. */
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { addSeconds, type Instant } from '../../../src/kernel/time.ts';
import { append, type NewEntry } from '../../../src/evidence/append.ts';
import { entryName, signatureOf } from '../../../src/evidence/layout.ts';
import { readLedger, whereUsed, type Ledger } from '../../../src/evidence/ledger.ts';
import { seal, writeLock } from '../../../src/evidence/seal.ts';
import { ENTRY_SCHEMA, type BackendLock } from '../../../src/inputs/evidence-documents.ts';
import {
  fakeScene,
  lockOf,
  makeInputs,
  playRun,
  type ApprovalOptions,
  type InputOptions,
  type Run,
} from '../../harness/evidence-fixture.ts';
import { edited, encode, PRINTS } from '../../harness/facts.ts';
import { memoryStore } from '../../harness/memory-store.ts';
import { verifyScene } from '../../harness/verify-scene.ts';

type Scene = ReturnType<typeof emptyScene>;

function emptyScene() {
  const store = memoryStore();
  return { ...fakeScene(store), store };
}

interface Tampering extends InputOptions {
  readonly lock?: (lock: BackendLock) => BackendLock;
  readonly run?: (run: Run) => Run;
}

/** Evidence of one apply, sealed by a signer of evidence who would have us believe it. */
async function approved(
  approval: ApprovalOptions = { approvers: ['bob'] },
  { lock = (same) => same, run = (same) => same, ...inputs }: Tampering = {},
): Promise<Scene> {
  const scene = emptyScene();
  const played = run(await playRun(scene, await makeInputs(scene, inputs), undefined, approval));
  await writeLock(scene.deps, played.ledger, lock(lockOf(scene, played)));
  scene.clock.advance(1);
  await seal(scene.deps);
  return scene;
}

async function told(scene: Scene): Promise<readonly string[]> {
  const report = await verifyScene(scene);
  return report.answers.flatMap(({ findings }) =>
    findings.map(({ axis, is, file, what }) => `${axis} ${is} ${file}: ${what}`),
  );
}

type Confirmation = Extract<BackendLock['confirmation'], { method: 'approval' }>;

const saying =
  (change: (confirmation: Confirmation) => BackendLock['confirmation']) =>
  (lock: BackendLock): BackendLock => {
    if (lock.confirmation.method !== 'approval') throw new Error('the lock is not of an approval');
    return { ...lock, confirmation: change(lock.confirmation) };
  };

const NONE = 'e'.repeat(64);

describe('an approval in the evidence', () => {
  it('is valid, and the lock says who approved what, and when', async () => {
    const scene = await approved();
    expect(await told(scene)).toEqual([]);
    const { document } = (await readLedger(scene.store)).lock!;
    expect(document.confirmation).toEqual({
      method: 'approval',
      plan_sha256: document.plan_sha256,
      window: { not_before: '2026-11-22T11:50:00Z', expires: '2026-11-22T20:00:00Z' },
      approvals: [
        {
          signer: PRINTS.bob,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          created: '2026-11-22T11:59:00Z',
        },
      ],
      confirmed_at: '2026-11-22T12:00:00Z',
    });
  });

  it.each<[string, ApprovalOptions, Tampering, RegExp]>([
    [
      'by the requester',
      { approvers: ['bob', 'alice'] },
      {},
      /^duty bad .*: DUTY_SEPARATION: .*is the requester/,
    ],
    [
      'by somebody without the role',
      { approvers: ['bob', 'root'] },
      {},
      /^duty bad .*: SIGNER_NOT_ALLOWED: /,
    ],
    [
      'by fewer than the trust file asks for',
      { approvers: ['bob'] },
      {
        edit: (name, text) =>
          name === 'trust' ? edited(text, 'approver: { default: 1 }', 'approver: { default: 2 }') : text,
      },
      /^duty bad ledger\/00000001\.json: THRESHOLD: .*1 of 2 people of role approver/,
    ],
    [
      'made before the plan',
      { approvers: ['bob'], after: -700 },
      {},
      /^duty bad .*: APPROVAL_WINDOW: .*before the plan was made/,
    ],
    [
      'of a plan that was over',
      {
        approvers: ['bob'],
        change: (parts) => ({ ...parts, expires_at: addSeconds(parts.created_at, 590) }),
      },
      {},
      /^duty bad .*: APPROVAL_WINDOW: .*the plan ended at 2026-11-22T11:59:50Z, and it is 2026-11-22T12:00:01Z/,
    ],
    ...(
      [
        ['run', { run: '0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c99' }],
        ['mode', { mode: 'REHEARSAL' }],
        ['repository', { repository: '0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c99' }],
        ['environment', { environment: 'prod' }],
        ['signer', { signer: null }],
      ] as const
    ).map(([what, change]): [string, ApprovalOptions, Tampering, RegExp] => [
      `of a plan of another ${what}`,
      { approvers: ['bob'], change: (parts) => ({ ...parts, ...change }) },
      {},
      new RegExp(`^duty bad ledger/00000001\\.json: APPROVAL_PLAN: the approved plan says ${what} `),
    ]),
    [
      'of a plan of another source',
      { approvers: ['bob'], change: (parts) => ({ ...parts, source: { ...parts.source, tag: 'v0.9.0' } }) },
      {},
      /APPROVAL_PLAN: the approved plan says tag v0\.9\.0; it is v1\.0\.0$/,
    ],
    [
      'of a plan of another intent and another list of people',
      {
        approvers: ['bob'],
        change: (parts) => ({
          ...parts,
          intent: { ...parts.intent, sha256: NONE },
          policy: { ...parts.policy, trust_sha256: NONE },
        }),
      },
      {},
      /APPROVAL_PLAN: the approved plan says trust file eeee/,
    ],
    ...(
      [
        ['tag_oid', (parts) => ({ ...parts, source: { ...parts.source, tag_oid: 'e'.repeat(40) } })],
        ['tree_sha256', (parts) => ({ ...parts, source: { ...parts.source, tree_sha256: NONE } })],
        ['parity_sha256', (parts) => ({ ...parts, policy: { ...parts.policy, parity_sha256: NONE } })],
        ['trust_version', (parts) => ({ ...parts, policy: { ...parts.policy, trust_version: 99 } })],
        ['templates', (parts) => ({ ...parts, policy: { ...parts.policy, templates: {} } })],
        ['partition', (parts) => ({ ...parts, target: { ...parts.target, partition: 'aws-cn' } })],
        ['account', (parts) => ({ ...parts, target: { ...parts.target, account: '999999999999' } })],
        ['region', (parts) => ({ ...parts, target: { ...parts.target, region: 'eu-west-1' } })],
        ['endpoint', (parts) => ({ ...parts, target: { ...parts.target, endpoint: 'https://x.test' } })],
      ] as const satisfies readonly (readonly [string, ApprovalOptions['change']])[]
    ).map(([what, change]): [string, ApprovalOptions, Tampering, RegExp] => [
      `of a plan that says another ${what} than the lock`,
      { approvers: ['bob'], change },
      {},
      new RegExp(`^duty bad blobs.*: APPROVAL_PLAN: the lock says ${what} .*; the approved plan says `),
    ]),
  ])('is bad when it is %s', async (_what, approval, tampering, wanted) => {
    expect(await told(await approved(approval, tampering))).toContainEqual(expect.stringMatching(wanted));
  });

  it.each<[string, (confirmation: Confirmation) => BackendLock['confirmation'], RegExp]>([
    [
      'another plan',
      (said) => ({ ...said, plan_sha256: NONE }),
      /^duty bad blobs.*says that plan of the approval is e{64}/,
    ],
    [
      'another window',
      (said) => ({
        ...said,
        window: { not_before: said.window.not_before, expires: '2027-01-01T00:00:00Z' as Instant },
      }),
      /^duty bad blobs.*says that expires of the approval is 2027/,
    ],
    [
      'somebody else',
      (said) => ({ ...said, approvals: [{ ...said.approvals[0]!, signer: PRINTS.carol }] }),
      /^duty bad blobs.*says that approvals of the approval is C0C0/,
    ],
    [
      'a terminal',
      ({ confirmed_at }) => ({
        method: 'tty',
        token_sha256: NONE,
        shown_at: confirmed_at,
        confirmed_at,
        phrase: 'APPLY',
      }),
      /^duty bad blobs.*says that a terminal was asked; ledger\/00000001\.json names approvals$/,
    ],
  ])('is bad when the lock speaks of %s', async (_what, change, wanted) => {
    expect(await told(await approved(undefined, { lock: saying(change) }))).toEqual([
      expect.stringMatching(wanted),
    ]);
  });

  it('is bad when the lock speaks of one, and none is stored', async () => {
    const scene = emptyScene();
    const { confirmation } = await playRun(emptyScene(), await makeInputs(scene), undefined, {
      approvers: ['bob'],
    });
    const played = await playRun(scene, await makeInputs(scene));
    await writeLock(scene.deps, played.ledger, lockOf(scene, { ...played, confirmation }));
    await seal(scene.deps);
    expect(await told(scene)).toEqual([
      expect.stringMatching(
        /^duty bad blobs.*says that the plan was approved; ledger\/00000001\.json names no approval$/,
      ),
    ]);
  });

  it('is told as missing, or as not judged, when the plan or a signature is gone', async () => {
    const scene = await approved();
    const entry = (await readLedger(scene.store)).items[1]!.entry;
    const blobOf = (name: RegExp): string =>
      `blobs/sha256/${entry.refs.find((ref) => name.test(ref.name))!.sha256}`;
    const files = new Map(scene.store.files);
    for (const name of [/^plan$/, /^intents\/dev\.yaml$/]) {
      scene.store.files.delete(blobOf(name));
      expect(await told(scene)).toContainEqual(
        expect.stringMatching(/^duty undecided ledger\/00000001\.json: its approval could not be judged/),
      );
      scene.store.files.set(blobOf(name), files.get(blobOf(name))!);
    }
    scene.store.files.delete(blobOf(/^plan\.[0-9A-F]{40}\.asc$/));
    const said = await told(scene);
    expect(said).toContainEqual(expect.stringMatching(/^extras bad blobs.*MISSING/));
    expect(said.join('\n')).toMatch(/has no signature/);
  });

  it('is judged where nothing says any more whose the ledger is', async () => {
    const scene = await approved({ approvers: ['bob', 'alice'] });
    scene.store.files.delete('ledger/00000000.json');
    const said = await told(scene);
    expect(said).toContainEqual(expect.stringMatching(/^duty bad ledger\/00000001\.json: DUTY_SEPARATION/));
    expect(said.join('\n')).not.toContain('APPROVAL_PLAN');
  });

  it('is bad when the plan that was signed is no plan', async () => {
    const scene = emptyScene();
    const played = await playRun(scene, await makeInputs(scene), undefined, { approvers: ['bob'] });
    const { entry } = played.ledger.items[1]!;
    if (entry.type !== 'APPLY_STARTED') throw new Error('the fixture is another');
    const bytes = encode('{}\n');
    await scene.store.create(`blobs/sha256/${sha256(bytes)}`, bytes);
    const { seq: _seq, time: _time, prev_sha256: _prev, actor: _actor, schema: _schema, ...draft } = entry;
    await append(scene.deps, played.ledger, {
      type: 'APPLY_RESUMED',
      mode: 'LIVE',
      refs: draft.refs.map((ref) => (ref.name === 'plan' ? { ...ref, sha256: sha256(bytes) } : ref)),
      body: {
        run: draft.body.run,
        intent_sha256: draft.body.intent_sha256,
        plan_sha256: sha256(bytes),
        tag: draft.body.tag,
        commit: draft.body.commit,
      },
    });
    expect(await told(scene)).toContainEqual(
      expect.stringMatching(/^duty bad blobs\/sha256\/[0-9a-f]{64}: SCHEMA: plan\.schema is missing/),
    );
  });
});

/** Whoever signs evidence can write what no program of ours would. */
async function appendUnasked(
  { store, deps, clock }: Scene,
  ledger: Ledger,
  draft: NewEntry,
): Promise<Ledger> {
  const seq = ledger.items.length;
  const bytes = canonicalBytes({
    ...draft,
    schema: ENTRY_SCHEMA,
    seq,
    time: clock.now(),
    prev_sha256: ledger.head!.sha256,
    actor: { fingerprint: deps.actor },
  });
  await store.create(signatureOf(entryName(seq)), await deps.sign(bytes));
  await store.create(entryName(seq), bytes);
  return readLedger(store);
}

describe('one approval', () => {
  const resumed = (played: Run, planSha256: string): NewEntry => ({
    type: 'APPLY_RESUMED',
    mode: 'LIVE',
    refs: [],
    body: {
      run: played.run,
      intent_sha256: played.inputs.intent.file.sha256,
      plan_sha256: planSha256,
      tag: 'v1.0.0',
      commit: played.inputs.tag.commit,
    },
  });

  it('is used once: the ledger takes no second beginning with the same plan', async () => {
    const scene = emptyScene();
    const played = await playRun(scene, await makeInputs(scene), undefined, { approvers: ['bob'] });
    expect(whereUsed(played.ledger, played.planSha256)).toBe(
      'was used at 2026-11-22T12:00:01Z: ledger/00000001.json is APPLY_STARTED',
    );
    expect(whereUsed(played.ledger, NONE)).toBeNull();
    await expect(append(scene.deps, played.ledger, resumed(played, played.planSha256))).rejects.toMatchObject(
      {
        code: 'APPROVAL_USED',
        message: expect.stringContaining('ledger/00000001.json'),
      },
    );
    await expect(append(scene.deps, played.ledger, resumed(played, NONE))).resolves.toBeDefined();
  });

  it('is bad where it was used twice, by a ledger that took it', async () => {
    const scene = emptyScene();
    const played = await playRun(scene, await makeInputs(scene), undefined, { approvers: ['bob'] });
    const refs = played.ledger.items[1]!.entry.refs;
    const forged = await appendUnasked(scene, played.ledger, { ...resumed(played, played.planSha256), refs });
    await writeLock(scene.deps, forged, lockOf(scene, { ...played, ledger: forged }));
    await seal(scene.deps);
    expect(await told(scene)).toEqual([
      expect.stringMatching(
        /^duty bad ledger\/00000003\.json: APPROVAL_USED: plan [0-9a-f]{64} was used by ledger\/00000001\.json$/,
      ),
    ]);
  });

  it('begins nothing that would be dated after its window', async () => {
    const scene = emptyScene();
    const played = await playRun(scene, await makeInputs(scene));
    const now = scene.clock.now();
    await expect(append(scene.deps, played.ledger, resumed(played, NONE), now)).rejects.toMatchObject({
      code: 'APPROVAL_WINDOW',
      message: `the approved plan ended at ${now}, and it is ${now}`,
    });
    const ledger = await append(scene.deps, played.ledger, resumed(played, NONE), addSeconds(now, 1));
    expect(ledger.head?.entry.time).toBe(now);
  });
});
