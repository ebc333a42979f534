// The way from the pinned version to the present one: what is refused of it, and where.
import { describe, expect, test } from 'vitest';
import { parse } from '../../../src/gates/documents.ts';
import { isGood, walkTrust, type TrustStep } from '../../../src/gates/trust-chain.ts';
import type { KeptTrust } from '../../../src/inputs/facts.ts';
import { readTrust } from '../../../src/inputs/trust.ts';
import {
  broken,
  digestOf,
  edited,
  keptTrust,
  keyOf,
  NOW,
  pinOf,
  PRINTS,
  REPOSITORY,
  signatureBy,
  signedFile,
  trustYaml,
  type FactsOverrides,
  type Who,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const OTHER = '11111111-2222-4333-8444-555555555555';

interface Version {
  readonly text: string;
  readonly signers: readonly Who[];
}
const v = (
  version: number,
  signers: readonly Who[],
  change: Parameters<typeof trustYaml>[1] = {},
): Version => ({ text: trustYaml(version, change), signers });

/** A pin of version 3 with its one root key, the last version as the present one, and those before it kept from 4 on. */
function way(versions: readonly Version[], kept?: readonly KeptTrust[]): FactsOverrides {
  const present = versions.at(-1)!;
  return {
    trust: present.text,
    trustSigners: present.signers,
    governance: {
      kept: {
        is: 'read',
        value: kept ?? versions.slice(0, -1).map(({ text, signers }, i) => keptTrust(4 + i, text, signers)),
      },
    },
  };
}

const ROTATION: readonly Version[] = [
  v(4, ['root', 'second'], { roots: ['root', 'second'], threshold: 2 }),
  v(5, ['root', 'second', 'carol'], { roots: ['second', 'carol'], threshold: 2 }),
  v(6, ['second', 'carol'], { roots: ['second', 'carol'], threshold: 2 }),
];

describe('from the pinned version to the present one', () => {
  test('every version signed by enough of the roots before it and of its own', () => {
    const verdict = verdictOn('source', way(ROTATION));
    expect(verdict.findings).toEqual([]);
    expect(verdict.because).toContain(
      'trust version 6 follows the pinned version 3 step by step, and `govboot trust update` moves the pin',
    );
  });

  test('one step needs nothing that is kept', () => {
    expect(verdictOn('source', way(ROTATION.slice(0, 1))).status).toBe('pass');
  });

  test('versions up to the pinned one are not walked, whatever they are', () => {
    const old = [1, 3].map((n) => ({ ...keptTrust(n, 'x', []), signatures: null }));
    const kept = [
      ...old,
      ...ROTATION.slice(0, -1).map(({ text, signers }, i) => keptTrust(4 + i, text, signers)),
    ];
    expect(verdictOn('source', way(ROTATION, kept)).status).toBe('pass');
    expect(verdictOn('source', { governance: { kept: { is: 'read', value: old.slice(0, 1) } } }).status).toBe(
      'pass',
    );
  });

  test('a version on the way may be expired: nobody acts under it', () => {
    const [first, ...rest] = ROTATION;
    const past = { ...first!, text: edited(first!.text, 'expires: 2027', 'expires: 2026') };
    expect(verdictOn('source', way([past, ...rest])).status).toBe('pass');
    const present = edited(trustYaml(4), 'expires: 2027', 'expires: 2026');
    refuses('source', way([{ text: present, signers: ['root'] }]), 'TRUST_EXPIRED');
  });
});

describe('a gap', () => {
  test('the jump: signed by the pinned roots, and versions are left out', () => {
    const { message } = refuses('source', way([v(9, ['root'])]), 'TRUST_GAP');
    expect(message).toBe(
      'version 4 of the trust file is not in policies/trust, nor are 4 after it: version 3 is pinned, and policies/trust.yaml is version 9',
    );
  });

  test('one in the middle', () => {
    const kept = [keptTrust(4, trustYaml(4), ['root']), keptTrust(6, trustYaml(6), ['root'])];
    const { message } = refuses('source', way([v(7, ['root'])], kept), 'TRUST_GAP');
    expect(message).toContain('version 5 of the trust file is not in policies/trust: version 3 is pinned');
  });

  test('out of order: a file that is named for another number', () => {
    const kept = [keptTrust(4, trustYaml(5), ['root']), keptTrust(5, trustYaml(4), ['root'])];
    const { message } = refuses('source', way([v(6, ['root'])], kept), 'TRUST_GAP');
    expect(message).toBe('policies/trust/4.yaml says that it is version 5');
  });

  test('the same version twice', () => {
    const twice = [keptTrust(4, trustYaml(4), ['root']), keptTrust(5, trustYaml(4), ['root'])];
    refuses('source', way([v(6, ['root'])], twice), 'TRUST_GAP');
    const present = [keptTrust(4, trustYaml(4), ['root'])];
    const { message } = refuses('source', way([v(4, ['root'])], present), 'TRUST_GAP');
    expect(message).toBe(
      'policies/trust/4.yaml is kept as an earlier version, and policies/trust.yaml is version 4',
    );
  });

  test('a higher one is kept: this is not the newest', () => {
    const kept = [keptTrust(9, trustYaml(9), ['root'])];
    refuses('source', { governance: { kept: { is: 'read', value: kept } } }, 'TRUST_GAP');
  });

  test('of another repository', () => {
    const foreign = edited(trustYaml(4), REPOSITORY, OTHER);
    const { message } = refuses(
      'source',
      way([v(5, ['root'])], [keptTrust(4, foreign, ['root'])]),
      'REPO_ID_MISMATCH',
    );
    expect(message).toContain(`policies/trust/4.yaml is of repository ${OTHER}`);
  });

  test('one that cannot be read, although it is signed', () => {
    const kept = [keptTrust(4, `${trustYaml(4)}more: 1\n`, ['root'])];
    refuses('source', way([v(5, ['root'])], kept), 'SCHEMA');
  });

  test('one that strangers signed is not even parsed', () => {
    const kept = [keptTrust(4, `${trustYaml(4)}more: 1\n`, ['mallory'])];
    refuses('source', way([v(5, ['root'])], kept), 'TRUST_UNSIGNED');
  });

  test('farther than one run walks', () => {
    const kept = [
      keptTrust(4, trustYaml(4), ['root']),
      { ...keptTrust(5, trustYaml(5), ['root']), signatures: null },
    ];
    const { hint } = refuses('source', way([v(6, ['root'])], kept), 'TRUST_GAP');
    expect(hint).toContain('govboot trust update');
  });

  test('a folder of versions that cannot be read', () => {
    const kept = {
      is: 'problem',
      problem: { code: 'FILE_UNSAFE', wrong: 'policies/trust/4.yaml is a FIFO' },
    } as const;
    refuses('source', { governance: { kept } }, 'FILE_UNSAFE');
    const after = refuses(
      'source',
      { ...way([v(5, ['root'])]), governance: { kept } },
      'FILE_UNSAFE',
      'TRUST_GAP',
    );
    expect(after.message).toContain('a FIFO');
  });
});

describe('who signed a step', () => {
  test.each([
    [
      'the new roots only',
      ['second'],
      'policies/trust/4.yaml: 0 of 1 needed root keys of version 3 signed version 4: none',
    ],
    [
      'the old roots only',
      ['root'],
      'policies/trust/4.yaml: 0 of 1 needed root keys of its own signed version 4: none',
    ],
    ['nobody', [], 'policies/trust/4.yaml has no signature'],
  ] as const)('%s', (_, signers, message) => {
    const versions = [v(4, signers, { roots: ['second'] }), v(5, ['second'], { roots: ['second'] })];
    const code = signers.length === 0 ? 'SIG_MISSING' : 'TRUST_UNSIGNED';
    expect(refuses('source', way(versions), code).message).toBe(message);
  });

  test('a threshold that was lowered counts from the next version on', () => {
    const two = { roots: ['root', 'second'], threshold: 2 } as const;
    const one = { roots: ['root', 'second'], threshold: 1 } as const;
    const lowered = [v(4, ['root', 'second'], two), v(5, ['root'], one), v(6, ['root'], one)];
    const { message } = refuses('source', way(lowered), 'TRUST_UNSIGNED');
    expect(message).toBe(
      `policies/trust/5.yaml: 1 of 2 needed root keys of version 4 signed version 5: ${PRINTS.root}`,
    );
    const agreed = [v(4, ['root', 'second'], two), v(5, ['root', 'second'], one), v(6, ['second'], one)];
    expect(verdictOn('source', way(agreed)).status).toBe('pass');
  });

  test('a root that an attacker added vouches for nothing before it is one', () => {
    const added = { roots: ['root', 'mallory'], threshold: 1 } as const;
    refuses('source', way([v(4, ['mallory'], added), v(5, ['mallory'], added)]), 'TRUST_UNSIGNED');
    refuses('source', way([v(4, ['mallory'], added)]), 'TRUST_UNSIGNED');
  });

  test('a root that was removed vouches for nothing after it', () => {
    const second = { roots: ['second'], threshold: 1 } as const;
    const versions = [v(4, ['root', 'second'], second), v(5, ['root', 'second'], { roots: ['root'] })];
    expect(verdictOn('source', way(versions)).status).toBe('pass');
    const alone = [v(4, ['root', 'second'], second), v(5, ['root'], { roots: ['root'] })];
    const { message } = refuses('source', way(alone), 'TRUST_UNSIGNED');
    expect(message).toContain('0 of 1 needed root keys of version 4 signed version 5: none');
  });

  test('one root who signs twice is one', () => {
    const two = { roots: ['root', 'second'], threshold: 2 } as const;
    const { message } = refuses(
      'source',
      way([v(4, ['root', 'root'], two), v(5, ['root', 'second'], two)]),
      'TRUST_UNSIGNED',
    );
    expect(message).toContain('1 of 2 needed root keys of its own');
  });

  test('every step that is not signed is told up to the first, and the present version for itself', () => {
    const versions = [v(4, ['mallory']), v(5, ['mallory'])];
    const { findings } = verdictOn('source', way(versions));
    expect(findings.map(({ message }) => message)).toEqual([
      'policies/trust/4.yaml: 0 of 1 needed root keys of version 3 signed version 4: none',
      'policies/trust.yaml: 0 of 1 needed root keys of its own signed version 5: none',
    ]);
  });

  test('too many signatures beside one version', () => {
    const problem = { code: 'SIG_COUNT', wrong: 'policies/trust/4.yaml has 33 signatures' } as const;
    const kept = [
      { ...keptTrust(4, trustYaml(4), ['root']), signatures: { is: 'problem', problem } } as const,
    ];
    refuses('source', way([v(5, ['root'])], kept), 'SIG_COUNT');
  });
});

describe('signatures of keys that have expired or were revoked since', () => {
  const TWO = { roots: ['root', 'second'], threshold: 1 } as const;
  const expired = { expires: NOW } as const;
  const revoked = (kind: 'hard' | 'soft') => ({ revoked: { kind, reason: 'test' } }) as const;
  /** Version 4 is signed by root with a key that is so now, and by others. */
  const lapsed = (key: Parameters<typeof keyOf>[1], others: readonly Who[]): readonly KeptTrust[] => {
    const text = trustYaml(4, TWO);
    const path = 'policies/trust/4.yaml';
    const old = signatureBy('root', `${path}.asc`, { key: keyOf('root', key) });
    const { file, signatures } = signedFile(path, text, others);
    return [{ version: 4, file, signatures: { is: 'read', value: [old, ...signatures] } }];
  };
  const present = v(5, ['second'], TWO);
  const pinned = (roots: readonly Who[]): FactsOverrides['governance'] => {
    const pin = pinOf({ roots: roots.map((who) => PRINTS[who]) });
    return { pinForPath: pin, pins: [pin] };
  };
  const kinds = [
    ['expired', expired],
    ['retired', revoked('soft')],
    ['compromised', revoked('hard')],
  ] as const;

  test.each(kinds)('%s: they do not count, whenever they were made', (_, key) => {
    const facts = way([present], lapsed(key, []));
    const { message, hint } = refuses('source', facts, 'TRUST_UNSIGNED');
    expect(message).toBe(
      `policies/trust/4.yaml: 0 of 1 needed root keys of version 3 signed version 4: none; expired or revoked: ${PRINTS.root}`,
    );
    expect(hint).toContain('pin again with `govboot trust pin`');
  });

  test.each(kinds)('%s: they do no harm beside enough that count', (_, key) => {
    const facts = way([present], lapsed(key, ['second']));
    const two = { ...facts, governance: { ...facts.governance, ...pinned(['root', 'second']) } };
    expect(verdictOn('source', two).findings).toEqual([]);
  });

  test.each(kinds)('%s: one that is forged in its name is a finding all the same', (_, key) => {
    const [kept] = lapsed(key, ['second']);
    const [old, ...rest] = kept!.signatures?.is === 'read' ? kept!.signatures.value : [];
    const forged = { ...kept!, signatures: { is: 'read', value: [broken(old!), ...rest] } as const };
    const facts = way([present], [forged]);
    const code = key === expired ? 'KEY_EXPIRED' : 'KEY_REVOKED';
    refuses('source', { ...facts, governance: { ...facts.governance, ...pinned(['root', 'second']) } }, code);
  });

  test('of the present version they are findings where the root is still one', () => {
    for (const [, key] of kinds) {
      const good = signedFile('policies/trust.yaml', trustYaml(4, TWO), ['second']);
      const old = signatureBy('root', 'policies/trust.yaml.asc', { key: keyOf('root', key) });
      const value = { ...good, signatures: [...good.signatures, old] };
      const code = key === expired ? 'KEY_EXPIRED' : 'KEY_REVOKED';
      const governance = { ...pinned(['root', 'second']), trust: { is: 'read', value } as const };
      refuses('source', { governance }, code);
    }
  });

  test('of the present version they are no findings where the root is none any more: it gave way to others', () => {
    for (const [, key] of kinds) {
      const text = trustYaml(4, { roots: ['second'] });
      const { file, signatures } = signedFile('policies/trust.yaml', text, ['second', 'carol']);
      const old = signatureBy('root', 'policies/trust.yaml.asc', { key: keyOf('root', key) });
      const trust = { is: 'read', value: { file, signatures: [...signatures, old] } } as const;
      const before = pinOf({ roots: [PRINTS.root, PRINTS.carol] });
      const after = pinOf({ roots: [PRINTS.second], trustVersion: 4 });
      for (const pin of [before, after]) {
        const governance = { pinForPath: pin, pins: [pin], trust };
        expect(verdictOn('source', { governance }).findings).toEqual([]);
      }
    }
  });

  test('a bad one beside enough good ones is a finding', () => {
    const kept = keptTrust(4, trustYaml(4), ['root']);
    const bad = broken(signatureBy('second', 'policies/trust/4.yaml.asc'));
    const value = [...(kept.signatures?.is === 'read' ? kept.signatures.value : []), bad];
    refuses('source', way([v(5, ['root'])], [{ ...kept, signatures: { is: 'read', value } }]), 'SIG_BAD');
  });

  test('one whose key file was taken away is a finding: nobody can tell it from a forged one', () => {
    const kept = keptTrust(4, trustYaml(4), ['root']);
    const gone = signatureBy('second', 'policies/trust/4.yaml.asc', { key: null });
    const value = [...(kept.signatures?.is === 'read' ? kept.signatures.value : []), gone];
    refuses(
      'source',
      way([v(5, ['root'])], [{ ...kept, signatures: { is: 'read', value } }]),
      'SIGNER_UNKNOWN',
    );
  });
});

describe('a kept version that the evidence knows otherwise', () => {
  const onRecord = (text: string): NonNullable<FactsOverrides['ledger']> => ({
    trustOnRecord: [{ version: 4, sha256: digestOf(text), name: 'policies/trust/4.yaml' }],
  });

  test('is refused, walked or not', () => {
    const facts = way(ROTATION);
    expect(verdictOn('source', { ...facts, ledger: onRecord(ROTATION[0]!.text) }).status).toBe('pass');
    const { message } = refuses('source', { ...facts, ledger: onRecord(trustYaml(4)) }, 'TRUST_INVALID');
    expect(message).toMatch(/^policies\/trust\/4\.yaml is [0-9a-f]{64}, and the evidence knows version 4 as/);
    const pin = pinOf({ trustVersion: 6, roots: [PRINTS.second, PRINTS.carol], threshold: 2 });
    const later = { ...facts.governance, pinForPath: pin, pins: [pin] };
    refuses('source', { ...facts, governance: later, ledger: onRecord(trustYaml(4)) }, 'TRUST_INVALID');
  });
});

describe('without a pin', () => {
  const unpinned = (versions: readonly Version[], kept: readonly KeptTrust[]): readonly TrustStep[] => {
    const { text, signers } = versions.at(-1)!;
    const { file, signatures } = signedFile('policies/trust.yaml', text, signers);
    const present = parse(file, signatures, readTrust);
    if (present.is !== 'parsed') throw new Error('it does not parse');
    return walkTrust({ from: null, kept, present, now: NOW });
  };
  const keptFrom = (first: number, versions: readonly Version[]): readonly KeptTrust[] =>
    versions.slice(0, -1).map(({ text, signers }, i) => keptTrust(first + i, text, signers));

  test('the way begins with the first kept version that leads to the present one', () => {
    const steps = unpinned(ROTATION, keptFrom(4, ROTATION));
    expect(steps.map(({ version, path }) => [version, path])).toEqual([
      [4, 'policies/trust/4.yaml'],
      [5, 'policies/trust/5.yaml'],
      [6, 'policies/trust.yaml'],
    ]);
    expect(steps.every(isGood)).toBe(true);
    // Nobody says who should have signed the first.
    expect(steps[0]?.before).toBeNull();
    expect(steps[0]?.own?.who).toEqual([PRINTS.root, PRINTS.second]);
    expect(steps[1]?.before?.roots.version).toBe(4);
    expect(steps[2]?.before?.who).toEqual([PRINTS.second, PRINTS.carol]);
  });

  test('what is kept before a gap is not on the way', () => {
    const steps = unpinned(ROTATION, [keptTrust(2, 'x', []), ...keptFrom(4, ROTATION).slice(1)]);
    expect(steps.map(({ version }) => version)).toEqual([5, 6]);
    expect(steps.every(isGood)).toBe(true);
    expect(unpinned(ROTATION, []).map(({ version, before }) => [version, before])).toEqual([[6, null]]);
  });

  test('the first must be signed by enough of its own roots all the same', () => {
    const [first, ...rest] = ROTATION;
    const short = [{ ...first!, signers: ['root'] as const }, ...rest];
    const steps = unpinned(short, keptFrom(4, short));
    expect(steps.map(({ version, unsigned }) => [version, unsigned.map(({ message }) => message)])).toEqual([
      [4, [`policies/trust/4.yaml: 1 of 2 needed root keys of its own signed version 4: ${PRINTS.root}`]],
      [6, []],
    ]);
  });
});
