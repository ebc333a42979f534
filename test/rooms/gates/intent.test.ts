import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/gates/index.ts';
import type { Problem } from '../../../src/inputs/facts.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import {
  broken,
  digestOf,
  edited,
  goodFacts,
  INTENT_YAML,
  NONCE,
  NOW,
  PARITY_YAML,
  PRINTS,
  signatureBy,
  signedFile,
  tagObject,
  TRUST_YAML,
  type FactsOverrides,
  type Who,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const intent = (from: string, to: string): FactsOverrides => ({ intent: edited(INTENT_YAML, from, to) });
const thresholds = (intents: number, approvers: number): string =>
  edited(
    edited(TRUST_YAML, 'intent: { default: 1 }', `intent: { default: ${intents} }`),
    'approver: { default: 1 }',
    `approver: { default: ${approvers} }`,
  );

test('passes, and says who asked and who approved', () => {
  const { status, because } = verdictOn('intent', {});
  expect(status).toBe('pass');
  expect(because).toBe(
    'intents/dev.yaml is signed by Alice; approved by Bob; it ends at 2026-11-23T08:00:00Z',
  );
});

describe('document', () => {
  test('that is missing, unsafe or no YAML refuses, and nothing else of it is judged', () => {
    for (const code of ['FILE_MISSING', 'FILE_UNSAFE'] as const) {
      const change = {
        governance: { intent: { is: 'problem', problem: { code, wrong: 'intents/dev.yaml' } } },
      } as const;
      refuses('intent', change, code);
      expect(verdictOn('intent', change).checks).toEqual(['document']);
    }
    refuses('intent', { intent: 'a: &x 1\n' }, 'YAML');
  });

  test('that is no intent has signatures all the same, and what is wrong with them is told too', () => {
    const crlf = signedFile('intents/dev.yaml', INTENT_YAML.replaceAll('\n', '\r\n'), ['alice']);
    const shape = { is: 'malformed', code: 'SIG_CLASS', wrong: 'over text' } as const;
    const value = { ...crlf, signatures: crlf.signatures.map((signature) => ({ ...signature, shape })) };
    refuses('intent', { governance: { intent: { is: 'read', value } } }, 'YAML', 'SIG_CLASS');
    expect(verdictOn('intent', { governance: { intent: { is: 'read', value: crlf } } }).checks).toEqual([
      'document',
      'signatures',
    ]);
  });

  test('with unknown and missing fields tells them all', () => {
    const change = intent('ticket: OPS-1', 'tickett: OPS-1');
    const { findings } = verdictOn('intent', change);
    expect(findings.map(({ message }) => message)).toEqual([
      'intents/dev.yaml: line 1, column 1: ticket is missing',
      'intents/dev.yaml: line 12, column 1: the document: unknown field "tickett"; did you mean "ticket"?',
    ]);
  });

  test('of another schema', () => {
    refuses('intent', intent('govboot.intent/v1', 'govboot.intent/v0'), 'SCHEMA');
  });
});

describe('signatures', () => {
  test('none', () => {
    refuses('intent', { intentSigners: [] }, 'SIG_MISSING');
  });

  test('a bad one beside enough good ones', () => {
    const good = signedFile('intents/dev.yaml', INTENT_YAML, ['alice', 'bob']);
    const bad = broken(signatureBy('carol', 'intents/dev.yaml.asc'));
    const value = { ...good, signatures: [...good.signatures, bad] };
    refuses('intent', { governance: { intent: { is: 'read', value } } }, 'SIG_BAD');
  });

  test('only bad ones leave the people unjudged', () => {
    const good = signedFile('intents/dev.yaml', INTENT_YAML, ['alice']);
    const value = { ...good, signatures: good.signatures.map(broken) };
    const change = { governance: { intent: { is: 'read', value } } } as const;
    refuses('intent', change, 'SIG_BAD');
    expect(verdictOn('intent', change).because).toContain(
      'signers, requester, duties (there is no accepted signature)',
    );
  });

  test.each<[Who, 'SIGNER_NOT_ALLOWED' | 'SIGNER_UNKNOWN']>([
    ['mallory', 'SIGNER_NOT_ALLOWED'],
    ['eve', 'SIGNER_UNKNOWN'],
  ])('of %s beside enough good ones', (who, code) => {
    const good = signedFile('intents/dev.yaml', INTENT_YAML, ['alice', 'bob']);
    const strange = signatureBy(who, 'intents/dev.yaml.asc', who === 'eve' ? { key: null } : {});
    const value = { ...good, signatures: [...good.signatures, strange] };
    refuses('intent', { governance: { intent: { is: 'read', value } } }, code);
  });

  test('of a person who may only release', () => {
    const trust = edited(TRUST_YAML, 'roles: [intent, approver]', 'roles: [release]');
    refuses('intent', { trust, intentSigners: ['alice', 'bob', 'carol'] }, 'SIGNER_ROLE');
  });

  test('of a person whose time is over', () => {
    const trust = TRUST_YAML.replace(/(roles: \[intent, approver\].*valid_until: )2027-01/s, '$12026-11');
    refuses('intent', { trust, intentSigners: ['alice', 'bob', 'carol'] }, 'SIGNER_INACTIVE');
  });
});

describe('requester', () => {
  test('has not signed', () => {
    const { message, hint } = refuses('intent', { intentSigners: ['carol', 'bob'] }, 'THRESHOLD');
    expect(message).toBe(`intents/dev.yaml: line 13, column 1: the requester ${PRINTS.alice} has not signed`);
    expect(hint).toContain('signs too');
  });

  test('has signed and does not count: that they have not signed is not said', () => {
    const trust = TRUST_YAML.replace(/(name: Alice\n.*?valid_until: )2027-01/s, '$12026-11');
    const change = { trust, intentSigners: ['alice', 'carol', 'bob'] } as const;
    refuses('intent', change, 'SIGNER_INACTIVE');
    expect(verdictOn('intent', change).because).toContain(
      'requester (the requester signed and does not count)',
    );
  });

  test('has not the role', () => {
    const trust = edited(
      TRUST_YAML,
      'roles: [release, intent, evidence]',
      'roles: [release, approver, evidence]',
    );
    refuses('intent', { trust, intentSigners: ['alice', 'carol', 'bob'] }, 'SIGNER_ROLE');
    const { findings } = verdictOn('intent', { trust, intentSigners: ['alice', 'bob'] });
    expect(findings.map(({ code }) => code)).toEqual(['SIGNER_ROLE', 'THRESHOLD']);
  });
});

describe('duties', () => {
  const asks = (who: Who): string => edited(INTENT_YAML, PRINTS.alice, PRINTS[who]);

  test('nobody approved', () => {
    const { message } = refuses('intent', { intentSigners: ['alice'] }, 'THRESHOLD');
    expect(message).toBe('intents/dev.yaml: 0 of 1 people of role approver signed: nobody');
  });

  test('no approver is demanded', () => {
    const change = { trust: thresholds(1, 0), intentSigners: ['alice'] } as const;
    expect(verdictOn('intent', change).because).toContain('no approver is demanded');
  });

  test('the requester is never one of the approvers', () => {
    const { message } = refuses(
      'intent',
      { intent: asks('carol'), intentSigners: ['carol'] },
      'DUTY_SEPARATION',
    );
    expect(message).toBe(
      'intents/dev.yaml: Carol asked for it and cannot approve it too; 0 of 1 others approved',
    );
    refuses(
      'intent',
      { intent: asks('carol'), trust: thresholds(1, 2), intentSigners: ['carol', 'bob'] },
      'DUTY_SEPARATION',
    );
  });

  test('one person is counted on one side only', () => {
    refuses('intent', { trust: thresholds(2, 1), intentSigners: ['alice', 'carol'] }, 'DUTY_SEPARATION');
    expect(
      verdictOn('intent', { trust: thresholds(2, 1), intentSigners: ['alice', 'carol', 'bob'] }).status,
    ).toBe('pass');
  });

  test('who can do both does what is needed', () => {
    const asking = judge(
      goodFacts({ trust: thresholds(2, 1), intentSigners: ['carol', 'bob', 'alice'] }),
    ).passed;
    expect(asking?.intentSigners.map(({ name }) => name)).toEqual(['Alice', 'Carol']);
    expect(asking?.approvers.map(({ name }) => name)).toEqual(['Bob']);
    const approving = judge(
      goodFacts({ trust: thresholds(1, 2), intentSigners: ['carol', 'bob', 'alice'] }),
    ).passed;
    expect(approving?.intentSigners.map(({ name }) => name)).toEqual(['Alice']);
    expect(approving?.approvers.map(({ name }) => name)).toEqual(['Bob', 'Carol']);
  });

  test('too few to ask', () => {
    const { message } = refuses(
      'intent',
      { trust: thresholds(2, 1), intentSigners: ['alice', 'bob'] },
      'THRESHOLD',
    );
    expect(message).toBe('intents/dev.yaml: 1 of 2 people of role intent signed: Alice');
  });

  test('the threshold of the environment counts', () => {
    const trust = edited(
      TRUST_YAML,
      'approver: { default: 1 }',
      'approver: { default: 1, environments: { dev: 2 } }',
    );
    refuses('intent', { trust }, 'THRESHOLD');
    expect(verdictOn('intent', { trust, intentSigners: ['alice', 'bob', 'carol'] }).status).toBe('pass');
  });

  test('the division is as good as any: it is found whenever one exists', () => {
    const people: readonly Who[] = ['alice', 'bob', 'carol', 'mallory', 'second'];
    const roles = fc.constantFrom('[intent]', '[approver]', '[intent, approver]');
    fc.assert(
      fc.property(
        fc.tuple(roles, roles, roles, roles),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (others, intents, approvers) => {
          const of = ['[release, intent]', ...others];
          const list = people
            .map(
              (who, i) =>
                `  - name: ${who}\n    fingerprint: "${PRINTS[who]}"\n    roles: ${String(of[i])}\n    valid_from: 2026-01-01T00:00:00Z\n    valid_until: 2027-01-01T00:00:00Z\n`,
            )
            .join('');
          const trust = thresholds(intents, approvers).replace(/people:\n.*/s, `people:\n${list}`);
          const { status, checks } = verdictOn('intent', { trust, intentSigners: people });
          if (!checks.includes('signers')) return; // the trust file itself asks for more people than it lists
          const can = (role: string): number[] =>
            of.flatMap((one, i) => (i > 0 && one.includes(role) ? [i] : []));
          // Every way to choose who approves; the others who can, ask.
          const possible = Array.from({ length: 16 }, (_, bits) =>
            can('approver').filter((i) => (bits >> (i - 1)) & 1),
          ).some(
            (approving) =>
              approving.length >= approvers &&
              1 + can('intent').filter((i) => !approving.includes(i)).length >= intents,
          );
          expect(status).toBe(possible ? 'pass' : 'fail');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('scope', () => {
  test('another environment, whatever the file is called', () => {
    const { message } = refuses(
      'intent',
      { environment: 'prod', intentName: 'intents/prod.yaml' },
      'INTENT_SCOPE',
    );
    expect(message).toBe(
      'intents/dev.yaml: line 3, column 1: the intent is for environment "dev", not "prod"',
    );
    expect(verdictOn('intent', { intentName: 'intents/anything.yaml' }).status).toBe('pass');
  });

  test('another repository', () => {
    refuses('intent', intent('5f0c2a4e', '6f0c2a4e'), 'INTENT_SCOPE');
  });

  test('another tag', () => {
    refuses('intent', intent('tag: v1.0.0', 'tag: v1.0.1'), 'INTENT_SCOPE');
  });

  test('another commit or tree', () => {
    refuses('intent', intent('commit: "1f', 'commit: "2f'), 'INTENT_SOURCE');
    const tree = INTENT_YAML.replace(
      /tree_sha256: "./,
      (match) => match.slice(0, -1) + (match.endsWith('0') ? '1' : '0'),
    );
    refuses('intent', { intent: tree }, 'INTENT_SOURCE');
  });

  test('is left where tag or tree cannot be read, but for what can be compared', () => {
    const tag = { is: 'problem', code: 'TAG_MISSING', wrong: 'v1.0.0' } as const;
    const tree = { is: 'problem', problem: { code: 'TREE_MISMATCH', wrong: 'x' } } as const;
    for (const source of [{ tag }, { tree }, { tag, tree }])
      expect(verdictOn('intent', { source })).toMatchObject({
        status: 'undefined',
        because: 'not judged: source (the tag or its tree could not be read)',
      });
    refuses(
      'intent',
      { source: { tree, tag: { is: 'tag', tag: tagObject({ commit: '3f'.repeat(20) }) } } },
      'INTENT_SOURCE',
    );
  });
});

describe('window', () => {
  const at = (now: string): FactsOverrides => {
    const file = signedFile('intents/dev.yaml', INTENT_YAML, []).file;
    const created = '2026-11-22T07:00:00Z' as Instant;
    const signatures = (['alice', 'bob'] as const).map((who) => signatureBy(who, `${who}.asc`, { created }));
    const tagSignature = signatureBy('alice', 'refs/tags/v1.0.0', { created });
    return {
      now: now as Instant,
      governance: { intent: { is: 'read', value: { file, signatures } } },
      source: { tagSignature },
    };
  };

  test.each([
    ['2026-11-22T07:59:59Z', 'begins at'],
    ['2026-11-23T08:00:00Z', 'ended at'],
  ])('at %s', (now, message) => {
    expect(refuses('intent', at(now), 'INTENT_WINDOW').message).toContain(message);
  });

  test.each(['2026-11-22T08:00:00Z', '2026-11-23T07:59:59Z'])('at %s is inside', (now) => {
    expect(verdictOn('intent', at(now)).status).toBe('pass');
  });

  describe('of a run that is being finished', () => {
    const begun = {
      run: 'r-1',
      intentSha256: digestOf(INTENT_YAML),
      since: '2026-11-22T09:00:00Z' as Instant,
    };
    const late = (
      change: Partial<typeof begun> | null,
      more: { readonly resume?: boolean; readonly problems?: readonly Problem[] } = {},
    ): FactsOverrides => ({
      ...at('2026-11-25T10:00:00Z'),
      resume: more.resume ?? true,
      ledger: {
        unfinished: change === null ? null : { ...begun, ...change },
        problems: more.problems ?? [],
      },
    });

    test('may have ended, when the run was begun in it with this very intent', () => {
      expect(verdictOn('intent', late({}))).toMatchObject({
        status: 'pass',
        because: expect.stringContaining('ended at 2026-11-23T08:00:00Z, and run r-1 was begun before that'),
      });
    });

    test.each<[string, FactsOverrides]>([
      ['nothing is resumed', late({}, { resume: false })],
      ['no run is unfinished', late(null)],
      ['the run has another intent', late({ intentSha256: digestOf('another') })],
      ['the run was begun before it', late({ since: '2026-11-22T07:59:59Z' as Instant })],
      ['the run was begun after it', late({ since: '2026-11-23T08:00:00Z' as Instant })],
      ['the ledger does not hold', late({}, { problems: [{ code: 'EVIDENCE_INVALID', wrong: 'entry 1' }] })],
    ])('ends it where %s', (_what, facts) => {
      expect(verdictOn('intent', facts).findings.map(({ code }) => code)).toContain('INTENT_WINDOW');
    });
  });

  test('longer than the policy allows', () => {
    expect(verdictOn('intent', intent('2026-11-23T08:00:00Z', '2026-11-25T08:00:00Z')).status).toBe('pass');
    const { message } = refuses(
      'intent',
      intent('2026-11-23T08:00:00Z', '2026-11-25T08:00:01Z'),
      'INTENT_WINDOW',
    );
    expect(message).toBe(
      'intents/dev.yaml: line 15, column 1: the intent lasts 3 d, and the policy allows 3 d',
    );
  });

  test('signed after it ended', () => {
    const change = intent('2026-11-23T08:00:00Z', '2026-11-22T10:30:00Z');
    const { findings } = verdictOn('intent', change);
    expect(findings.map(({ code }) => code)).toEqual(['INTENT_WINDOW', 'INTENT_WINDOW', 'INTENT_WINDOW']);
    expect(findings[1]?.message).toContain(
      'was made at 2026-11-22T11:00:00Z, after it ended at 2026-11-22T10:30:00Z',
    );
  });

  test('is left without the policy that limits it, but for what is wrong anyway', () => {
    expect(verdictOn('intent', { parity: 'x' })).toMatchObject({ status: 'undefined' });
    refuses('intent', { ...at('2026-11-23T08:00:00Z'), parity: 'x' }, 'INTENT_WINDOW');
    expect(PARITY_YAML).toContain('max_window_hours: 72');
    expect(NOW < '2026-11-23T08:00:00Z').toBe(true);
  });
});

describe('nonce', () => {
  const used = (intentSha256: string, nonce = NONCE): FactsOverrides => ({
    ledger: { nonces: [{ nonce, intentSha256, run: 'run-1' }] },
  });

  test('of another intent', () => {
    const { message } = refuses('intent', used('0'.repeat(64)), 'INTENT_REPLAY');
    expect(message).toBe(
      `intents/dev.yaml: line 16, column 1: nonce ${NONCE} was used by another intent, in run run-1`,
    );
  });

  test('of this very intent, and another nonce, are no replay', () => {
    expect(verdictOn('intent', used(digestOf(INTENT_YAML))).status).toBe('pass');
    expect(verdictOn('intent', used('0'.repeat(64), 'f'.repeat(32))).status).toBe('pass');
  });

  test('cannot be looked up in a ledger that is not consistent', () => {
    const problems = [{ code: 'EVIDENCE_INVALID', wrong: 'ledger/00000001.json' }] as const;
    expect(verdictOn('intent', { ledger: { problems } })).toMatchObject({
      status: 'undefined',
      because: 'not judged: nonce (the ledger is not consistent)',
    });
  });
});
