// The table of docs/trust.md, "When a key is lost", row by row: real keys, the real verifiers, the whole way through the gates.
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import type { FileRead, PinFacts } from '../../src/inputs/facts.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { addSeconds } from '../../src/kernel/time.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import { makeScene, playApply, type Cast, type Role, type Scene } from '../harness/evidence-fixture.ts';
import { edited, encode, NOW, pinOf, trustYaml } from '../harness/facts.ts';
import type { TestKey } from '../harness/keys.ts';
import { makeKnownGood, named, type KnownGood, type Name } from '../harness/known-good.ts';
import { memoryStore } from '../harness/memory-store.ts';
import { keyOfParty, realCast } from '../harness/real-crypto.ts';
import { witnesses } from '../harness/witnesses.ts';

let good: KnownGood;
let cast: Cast;
beforeAll(async () => {
  [good, cast] = await Promise.all([makeKnownGood({}), realCast()]);
});

const SIGNED = new Date('2026-06-01T00:00:00Z');
/** After the trust files were signed, and before now. */
const ENDED = new Date('2026-08-01T00:00:00Z');
const DAY = 86_400;

type Ends = 'expired' | 'retired' | 'compromised';
const ENDS = ['expired', 'retired', 'compromised'] as const satisfies readonly Ends[];

/** The certificate as it is published after the key came to its end. Made on 22 November 2025; the expiry was moved in May. */
async function certificate(
  key: TestKey,
  how: Ends,
  created = new Date('2025-11-22T12:00:00Z'),
  ended = ENDED,
): Promise<string> {
  const seconds = (ended.getTime() - created.getTime()) / 1000;
  return how === 'expired' ? key.extended(seconds, created) : key.revoked(how, ended);
}

interface Version {
  readonly text: string;
  readonly signers: readonly Name[];
}
const v = (
  version: number,
  signers: readonly Name[],
  change: Parameters<typeof trustYaml>[1] = {},
): Version => ({
  text: trustYaml(version, change),
  signers,
});
const CAROL = { roots: ['carol'] } as const;
const BOTH = { roots: ['root', 'carol'] } as const;
const OLD = ['a version before', 3, ['root']] as const;

function pin(trustVersion: number, roots: readonly Name[]): readonly PinFacts[] {
  return [pinOf({ trustVersion, roots: roots.map((who) => good.keys[who].fingerprint) })];
}

/** Findings of all gates on a release whose last version is in force, those before it kept. */
async function codes(
  versions: readonly Version[],
  pins: readonly PinFacts[],
  ended: Partial<Record<Name, Ends>> = {},
): Promise<readonly string[]> {
  const files = new Map([...good.repo.tagged].filter(([path]) => !path.startsWith('policies/trust')));
  for (const [i, { text, signers }] of versions.entries()) {
    const version = Number(/^version: (\d+)$/m.exec(text)![1]);
    const path = i === versions.length - 1 ? 'policies/trust.yaml' : `policies/trust/${String(version)}.yaml`;
    const real = named(text, good.keys);
    files.set(path, encode(real));
    for (const who of signers) {
      const { fingerprint } = good.keys[who];
      files.set(`${path}.${fingerprint}.asc`, encode(await good.keys[who].sign(real, { at: SIGNED })));
    }
  }
  for (const [who, how] of Object.entries(ended) as [Name, Ends][])
    files.set(
      `policies/keys/${good.keys[who].fingerprint}.asc`,
      encode(await certificate(good.keys[who], how)),
    );
  const { verdicts } = await good.judge(await good.released(files), pins);
  return verdicts.flatMap(({ findings }) => findings.map(({ code }) => code));
}

describe('a root key that was added', () => {
  const added = v(4, ['root', 'carol'], BOTH);
  test.each([OLD, ['this version', 4, ['root', 'carol']] as const])(
    'pin of %s',
    async (_, version, roots) => {
      expect(await codes([added], pin(version, roots))).toEqual([]);
      // From then on it counts, alone too.
      expect(await codes([added, v(5, ['carol'], BOTH)], pin(version, roots))).toEqual([]);
    },
  );
  test('does not count before the old roots said so', async () => {
    expect(await codes([v(4, ['carol'], BOTH)], pin(3, ['root']))).toEqual(['TRUST_UNSIGNED']);
  });
});

describe('a root key that was removed', () => {
  const removed = v(4, ['root', 'carol'], CAROL);
  test.each([OLD, ['this version', 4, ['carol']] as const])('pin of %s', async (_, version, roots) => {
    expect(await codes([removed], pin(version, roots))).toEqual([]);
    expect(await codes([removed, v(5, ['root'], { roots: ['root'] })], pin(version, roots))).toEqual([
      'TRUST_UNSIGNED',
    ]);
  });
});

describe.each(ENDS)('a root key that is %s', (how) => {
  const code = how === 'expired' ? 'KEY_EXPIRED' : 'KEY_REVOKED';
  const gone = { root: how };
  test('pin of a version before: no step counts it, and paper is needed', async () => {
    const given = v(4, ['root', 'carol'], CAROL);
    expect(await codes([given], pin(3, ['root']), gone)).toEqual(['TRUST_UNSIGNED']);
    expect(await codes([given, v(5, ['carol'], CAROL)], pin(3, ['root']), gone)).toEqual(['TRUST_UNSIGNED']);
  });
  test('pin of a version before: enough others vouch', async () => {
    const given = v(4, ['root', 'carol'], BOTH);
    expect(await codes([given, v(5, ['carol'], CAROL)], pin(3, ['root', 'carol']), gone)).toEqual([]);
  });
  test('pin of this version, which it gave way to', async () => {
    const given = v(4, ['root', 'carol'], CAROL);
    expect(await codes([given], pin(4, ['carol']), gone)).toEqual([]);
    expect(await codes([given, v(5, ['carol'], CAROL)], pin(4, ['carol']), gone)).toEqual([]);
  });
  test('pin of this version, of which it is a root still', async () => {
    expect(await codes([v(4, ['root', 'carol'], BOTH)], pin(4, ['root', 'carol']), gone)).toEqual([code]);
    expect(await codes([v(4, ['root'], BOTH)], pin(4, ['root', 'carol']), gone)).toEqual([
      code,
      'TRUST_UNSIGNED',
    ]);
    // The next version takes it off, and is signed by those who are left.
    const next = [v(4, ['root', 'carol'], BOTH), v(5, ['carol'], CAROL)];
    expect(await codes(next, pin(4, ['root', 'carol']), gone)).toEqual([]);
  });
});

describe('people', () => {
  const without = (text: string, name: string): string =>
    text.replace(new RegExp(` {2}- name: ${name}\\n(?: {4}.*\\n)*`), '');
  const noBob = { text: without(trustYaml(3), 'Bob'), signers: ['root'] } as const;
  const pins = (): readonly (readonly PinFacts[])[] => [pin(3, ['root']), pin(4, ['root'])];

  test('added: they count from the version that lists them, whatever is pinned', async () => {
    expect(await codes([noBob], pin(3, ['root']))).toEqual(['SIGNER_NOT_ALLOWED', 'THRESHOLD']);
    for (const pinned of pins()) expect(await codes([v(4, ['root'])], pinned)).toEqual([]);
  });

  test('removed: nothing of theirs is accepted from then on', async () => {
    const removed = { text: without(trustYaml(4), 'Bob'), signers: ['root'] } as const;
    for (const pinned of pins())
      expect(await codes([removed], pinned)).toEqual(['SIGNER_NOT_ALLOWED', 'THRESHOLD']);
  });

  test.each(ENDS)('with a key that is %s: nothing of theirs is accepted', async (how) => {
    const code = how === 'expired' ? 'KEY_EXPIRED' : 'KEY_REVOKED';
    for (const pinned of pins())
      expect(await codes([v(4, ['root'])], pinned, { bob: how })).toEqual([code, 'THRESHOLD']);
  });
});

describe('evidence of an earlier run', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = makeScene({ store: memoryStore(), cast, verifier: makeVerifier() });
    await playApply(scene);
    scene.clock.advance(DAY);
  });

  async function told(
    keys: readonly FileRead[],
    { store, verifier, pins }: Scene = scene,
  ): Promise<readonly string[]> {
    const now = addSeconds(NOW, 30 * DAY);
    const { answers } = await verifyEvidence({
      store,
      verifier,
      witnesses,
      pins,
      now,
      environment: 'dev',
      keys,
    });
    return [...new Set(answers.flatMap(({ findings }) => findings.map(({ axis, is }) => `${axis} ${is}`)))];
  }
  /** A certificate as it is known when the key has ended after the run. */
  async function ended(who: Role, how: Ends): Promise<readonly FileRead[]> {
    const key = keyOfParty(cast[who]);
    const text = await certificate(
      key,
      how,
      new Date('2025-01-01T00:00:00Z'),
      new Date('2026-11-25T00:00:00Z'),
    );
    return [key.file(text)];
  }

  test('is good as it is', async () => {
    expect(await told([])).toEqual([]);
  });

  test('a person who was removed since: what they approved stands', async () => {
    const without = (text: string): string =>
      edited(
        edited(
          text.replace(/ {2}- name: Bob\n(?: {4}.*\n)*/, ''),
          'approver: { default: 1 }',
          'approver: { default: 0 }',
        ),
        'version: 3',
        'version: 4',
      );
    const later = memoryStore();
    const changed = makeScene({ store: later, cast, verifier: makeVerifier() });
    await playApply(changed);
    changed.clock.advance(3_600);
    await playApply(
      changed,
      {
        nonce: 'e2'.repeat(16),
        supersedes: sha256(later.files.get('.backend.lock')!),
        intentSigners: ['alice'],
        edit: (name, text) => (name === 'trust' ? without(text) : text),
      },
      'run-2',
    );
    expect(await told([], changed)).toEqual([]);
  });

  test.each([
    ['a root key', 'root'],
    ['the key of a person', 'bob'],
  ] as const)('%s that expired or was retired since: what it signed stands', async (_, who) => {
    expect(await told(await ended(who, 'expired'))).toEqual([]);
    expect(await told(await ended(who, 'retired'))).toEqual([]);
  });

  test('the key of a person that was compromised: nothing that it signed counts', async () => {
    expect(await told(await ended('bob', 'compromised'))).toContain('revocation bad');
  });

  test('a root key that was compromised: nothing that it signed counts', async () => {
    expect(await told(await ended('root', 'compromised'))).toEqual(
      expect.arrayContaining(['revocation bad', 'authenticity bad']),
    );
  });
});
