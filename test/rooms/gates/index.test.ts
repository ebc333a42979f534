import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, judgeWithoutCloud, parsedInputs } from '../../../src/gates/index.ts';
import { CHECKS, GATES } from '../../../src/gates/verdict.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { isSafe } from '../../../src/kernel/text.ts';
import type { Facts, SignedFile } from '../../../src/inputs/facts.ts';
import {
  broken,
  digestOf,
  edited,
  fileOf,
  goodFacts,
  INTENT_YAML,
  PARITY_YAML,
  PRINTS,
  signedFile,
  TREE,
  TRUST_YAML,
} from '../../harness/facts.ts';
import { answered, ruledFacts, rulesFacts } from '../../harness/rules.ts';

describe('judge', () => {
  test('good facts pass every gate, with every check made', () => {
    const { verdicts, passed } = judge(goodFacts());
    expect(verdicts.map(({ gate, status }) => [gate, status])).toEqual(GATES.map((gate) => [gate, 'pass']));
    for (const { gate, checks } of verdicts) expect([...checks].sort()).toEqual([...CHECKS[gate]].sort());
    expect(passed).toMatchObject({
      trust: { version: 3 },
      parity: { organisation: 'acme' },
      intent: { environment: 'dev' },
      tag: { name: 'v1.0.0' },
      treeSha256: TREE,
      files: {
        trust: { path: 'policies/trust.yaml', sha256: digestOf(TRUST_YAML) },
        parity: { path: 'policies/parity.yaml', sha256: digestOf(PARITY_YAML) },
        intent: { path: 'intents/dev.yaml', sha256: digestOf(INTENT_YAML) },
      },
      releaseSigners: [{ name: 'Alice', primary: PRINTS.alice }],
      intentSigners: [{ name: 'Alice', primary: PRINTS.alice }],
      approvers: [{ name: 'Bob', primary: PRINTS.bob }],
      caller: { account: '111111111111' },
      notes: [],
    });
  });

  test('notes what a person should see before they confirm', () => {
    const intentText = edited(INTENT_YAML, 'endpoint: null', 'endpoint: "http://127.0.0.1:5000"');
    const lock = { sha256: TREE, intentSha256: digestOf(intentText), tag: 'v1.0.0', trustVersion: 1 };
    const { passed } = judge(
      goodFacts({
        intent: intentText,
        mode: 'REHEARSAL',
        ledger: { lock },
      }),
    );
    expect(passed?.notes).toEqual([
      'applied already',
      'rehearsal: nothing reaches a cloud',
      'the intent names endpoint http://127.0.0.1:5000',
    ]);
  });

  test('judges all gates, whatever the first of them says', () => {
    const { verdicts, passed } = judge(
      goodFacts({
        trust: 'x',
        parity: 'x',
        intent: 'x',
        source: { head: null },
        caller: { is: 'problem', problem: { code: 'CREDENTIALS', wrong: 'none' } },
        ledger: { problems: [{ code: 'EVIDENCE_INVALID', wrong: 'x' }] },
      }),
    );
    expect(verdicts.map(({ status }) => status)).toEqual(['fail', 'fail', 'fail', 'undefined', 'fail']);
    expect(passed).toBeNull();
  });

  test('nothing to judge is undefined or a failure, never a pass', () => {
    const nothing = { is: 'problem', problem: { code: 'FILE_MISSING', wrong: 'x' } } as const;
    const { verdicts, passed } = judge(
      goodFacts({
        source: {
          tag: { is: 'problem', code: 'TAG_MISSING', wrong: 'x' },
          tree: nothing,
          tagSignature: null,
          head: null,
        },
        governance: {
          pinForPath: null,
          pins: [],
          trust: nothing,
          parity: nothing,
          intent: nothing,
          keys: [],
          templates: [],
        },
        caller: nothing,
      }),
    );
    expect(verdicts.map(({ status }) => status)).toEqual(['fail', 'fail', 'fail', 'undefined', 'undefined']);
    expect(passed).toBeNull();
  });

  test.each<[string, (boom: () => never) => Partial<Record<keyof Facts, object>>]>([
    [
      'source',
      (boom) => ({
        source: {
          ...goodFacts().source,
          get repositoryProblems() {
            return boom();
          },
        },
      }),
    ],
    [
      'intent',
      (boom) => ({
        ledger: {
          ...goodFacts().ledger,
          get nonces() {
            return boom();
          },
        },
      }),
    ],
    [
      'parity',
      (boom) => ({
        governance: {
          ...goodFacts().governance,
          get templates() {
            return boom();
          },
        },
      }),
    ],
    [
      'identity',
      (boom) => ({
        machine: {
          ...goodFacts().machine,
          get weakening() {
            return boom();
          },
        },
      }),
    ],
    [
      'immutability',
      (boom) => ({
        ledger: {
          ...goodFacts().ledger,
          get unfinished() {
            return boom();
          },
        },
      }),
    ],
  ])('a bug in gate %s is an error, and silences no other gate', (gate, change) => {
    const facts = (error: Error): Facts =>
      ({
        ...goodFacts(),
        ...change(() => {
          throw error;
        }),
      }) as Facts;
    const { verdicts, passed } = judge(facts(new Error('boom\u001b')));
    expect(passed).toBeNull();
    const verdict = verdicts.find((one) => one.gate === gate)!;
    expect(verdict).toMatchObject({
      status: 'error',
      because: 'the gate could not judge: boom\\u{1b}',
      checks: [],
      findings: [{ code: 'GATES_REFUSED' }],
    });
    expect(verdicts).toHaveLength(5);
    const known = judge(facts(new GovbootError('FILE_UNSAFE', 'a link'))).verdicts.find(
      (one) => one.gate === gate,
    );
    expect(known?.findings).toMatchObject([{ code: 'FILE_UNSAFE' }]);
  });

  test('a bug in a parser is not taken for a refusal', () => {
    const facts = goodFacts({
      governance: {
        parity: { is: 'read', value: { ...fileOf('p', ''), bytes: null as unknown as Uint8Array } },
      },
    });
    expect(() => judge(facts)).toThrow(TypeError);
  });
});

describe('parsedInputs', () => {
  test('answers whatever parses', () => {
    expect(parsedInputs(goodFacts())).toMatchObject({
      trust: { version: 3 },
      parity: { organisation: 'acme' },
      intent: { tag: 'v1.0.0' },
    });
    expect(parsedInputs(goodFacts({ trust: 'x', intent: 'x' }))).toMatchObject({
      trust: null,
      parity: { organisation: 'acme' },
      intent: null,
    });
  });
});

type Path = readonly (string | number)[];

/** Every value of the facts that is neither an object nor an array, by path; bytes are one value. */
function leavesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [path];
  return Object.entries(value).flatMap(([key, item]) =>
    leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function changedAt(value: unknown, [key, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? changedAt(item, rest, change) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: changedAt(object[key], rest, change) };
}

/** Another value of the same type: never the one that was there, and never a more permissive one by chance. */
function otherThan(old: unknown): unknown {
  if (typeof old === 'boolean') return !old;
  if (typeof old === 'number') return old + 1;
  if (old instanceof Uint8Array) return new Uint8Array([...old, 0x20]);
  if (typeof old !== 'string') return 'something';
  if (/^\d{4}-.*Z$/.test(old)) return '2030-01-01T00:00:00Z';
  return /^[0-9a-f]+$/.test(old) ? old.replace(/^./, (c) => (c === '0' ? '1' : '0')) : `${old}x`;
}

/**
 * What the gates do not bind, on purpose: places and names for people, and what is judged by somebody else. Whatever is not on this
 * list, and is changed alone, must refuse.
 */
const FREE: readonly RegExp[] = [
  /^intentName$/, // the content decides, not the name
  /^mode$/,
  /^source\.(root|objectFormat)$/,
  /^source\.tag\.tag\.(oid|tagger|taggedAt|message|sha256|payload|signature)$/, // bound by the signature, which the verifiers judged
  /^source\.(tagSignature)\.(file|sha256|shape\.binary)$/,
  /^source\.tree\.value\.files$/,
  /^governance\.(trust|intent)\.value\.signatures\.\d\.(file|sha256|shape\.binary)$/,
  /\.shape\.packet\.(issuerKeyId|expires)$/, // expires: none, to the future; the key id is a hint
  /\.key\.(file|userIds\.\d|algorithm|bits|expires)$/, // expires: moved to the future
  /\.keys\.\d\.key\.(signingKeys\.\d|userIds\.\d|algorithm|bits|created|expires|revoked)$/, // judged with the signature that uses it
  /\.keys\.[15]\.key\./, // keys of nobody who signs; their names are still checked
  /\.verifiers\.(\d\.version|1\.tool)$/, // openpgp.js must be there, the others may be any
  /^governance\.(pinForPath|pins\.0)\.(file|path|pinnedAt)$/,
  /^governance\.(trust|intent|parity)\.(value\.)?(file\.)?(path|sha256)$/, // hashed again from the bytes
  /^governance\.(trust|intent)\.value\.file\.(path|sha256|bytes)$/, // bytes: a space at the end; the verifiers judge it
  /^governance\.parity\.value\.(path|sha256|bytes)$/, // bytes: the tree judges it
  /^governance\.templates\.\d\.sha256$/,
  /^governance\.pins\.0\./, // the pin of the folder is there as well
  /^caller\.value\.(expiresInSeconds|arn)$/, // arn: another session name
  /^ledger\.(size|headSha256)$/,
  /^programs\.0\.(name|path)$/, // a program that is not listed by name may be any
  /^rules\.file\.value\.(path|sha256)$/, // hashed again from the bytes
  /^rules\.evaluation\.(input|answer\.entrypoints\.0)$/, // the run's own question; auditors compare it with what it is made of
];

describe('what the gates bind', () => {
  const good = ruledFacts();
  // The tag of a union says which fields follow: changing it alone makes no facts of any kind.
  const isTag = (path: Path): boolean => path.at(-1) === 'is';
  const leaves = leavesOf(good).filter((path) => !isTag(path));

  test('every single value that is changed refuses, but for the list of those that are free', () => {
    expect(leaves.length).toBeGreaterThan(120);
    const passing = leaves
      .filter((path) => judge(changedAt(good, path, otherThan) as Facts).passed !== null)
      .map((path) => path.join('.'));
    expect(passing.filter((path) => !FREE.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  const defects: readonly (readonly [string, Facts])[] = [
    [
      'a replaced object',
      goodFacts({ source: { repositoryProblems: [{ code: 'REPLACE_REFS', wrong: 'x' }] } }),
    ],
    ['no HEAD', goodFacts({ source: { head: null } })],
    [
      'another file',
      goodFacts({
        source: {
          tree: {
            is: 'read',
            value: { tagged: TREE, onDisk: TREE, files: 2, differences: [{ path: 'x', how: 'extra' }] },
          },
        },
      }),
    ],
    ['no pin', goodFacts({ governance: { pinForPath: null, pins: [] } })],
    ['an unlisted root', goodFacts({ trustSigners: ['mallory'] })],
    ['an unlisted person', goodFacts({ intentSigners: ['alice', 'bob', 'mallory'] })],
    ['no approval', goodFacts({ intentSigners: ['alice'] })],
    [
      'an expired intent',
      goodFacts({
        intent: INTENT_YAML.replace('2026-11-23', '2026-11-22').replace(
          'T08:00:00Z\nexpires: 2026-11-22T08',
          'T06:00:00Z\nexpires: 2026-11-22T08',
        ),
      }),
    ],
    ['a shared account', goodFacts({ parity: edited(PARITY_YAML, '222222222222', '111111111111') })],
    ['no template', goodFacts({ governance: { templates: [] } })],
    ['no caller', goodFacts({ caller: { is: 'problem', problem: { code: 'CREDENTIALS', wrong: 'none' } } })],
    ['a weakened process', goodFacts({ machine: { weakening: [{ name: 'NODE_OPTIONS', value: 'x' }] } })],
    ['a silent rule', ruledFacts({ rules: rulesFacts(answered([{ result: { pass: [], deny: [] } }])) })],
    ['rules that were not run', ruledFacts({ rules: null })],
    ['another git', ruledFacts({ programs: [{ name: 'git', path: '/tmp/git', sha256: TREE }] })],
    ['bad evidence', goodFacts({ ledger: { problems: [{ code: 'EVIDENCE_INVALID', wrong: 'x' }] } })],
  ];

  test.each(defects)('%s: no other single value mends it', (_, facts) => {
    expect(judge(facts).passed).toBeNull();
    // Another time mends what is too late, and another name what is listed by name.
    const mends = ['now', 'programs.0.name'];
    const paths = leavesOf(facts).filter((path) => !mends.includes(path.join('.')) && !isTag(path));
    for (const path of paths.filter((_path, i) => i % 11 === 0)) {
      expect(judge(changedAt(facts, path, otherThan) as Facts).passed).toBeNull();
    }
    const anything = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant([]));
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, value) => {
        let judgement;
        try {
          judgement = judge(changedAt(facts, path, () => value) as Facts);
        } catch (error) {
          // Facts of a wrong type are a bug of whoever gathered them; it must not look like a pass.
          expect(error).toBeInstanceOf(Error);
          return;
        }
        expect(judgement.passed).toBeNull();
      }),
      { numRuns: 15 },
    );
  });
});

describe('a changed document', () => {
  const texts = { trust: TRUST_YAML, intent: INTENT_YAML, parity: PARITY_YAML } as const;
  const character = fc.oneof(
    fc.constantFrom(...'0123456789abcdefABCDEF:-"\'[]{}#&*!|>%@`,\n \t'.split('')),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );

  /** As the world would see it: signatures do not fit any more; the policy, which has none, is not in the tagged tree. */
  function afterwards(which: keyof typeof texts, text: string): Facts {
    const bad = (
      path: string,
      signers: Parameters<typeof signedFile>[2],
    ): { readonly is: 'read'; readonly value: SignedFile } => {
      const { file, signatures } = signedFile(path, text, signers);
      return { is: 'read', value: { file, signatures: signatures.map(broken) } };
    };
    switch (which) {
      case 'trust':
        return goodFacts({ governance: { trust: bad('policies/trust.yaml', ['root']) } });
      case 'intent':
        return goodFacts({ governance: { intent: bad('intents/dev.yaml', ['alice', 'bob']) } });
      case 'parity': {
        const value = { tagged: TREE, onDisk: digestOf(text), files: 12, differences: [] };
        return goodFacts({ parity: text, source: { tree: { is: 'read', value } } });
      }
    }
  }

  test.each(['trust', 'intent', 'parity'] as const)(
    '%s: no changed character passes, and none breaks a gate',
    (which) => {
      const text = texts[which];
      fc.assert(
        fc.property(fc.nat(text.length - 1), character, (at, put) => {
          const changed = `${text.slice(0, at)}${put}${text.slice(at + 1)}`;
          fc.pre(changed !== text);
          const { verdicts, passed } = judge(afterwards(which, changed));
          expect(passed).toBeNull();
          expect(verdicts.map(({ status }) => status)).not.toContain('error');
          for (const { because, findings } of verdicts) {
            expect(isSafe(because)).toBe(true);
            for (const { message, hint } of findings) expect(isSafe(message) && isSafe(hint)).toBe(true);
          }
        }),
        { numRuns: 80 },
      );
    },
  );
});

describe('judgeWithoutCloud', () => {
  test('judges the three gates that need none, as they are judged with one', () => {
    const facts = goodFacts();
    const { verdicts, established } = judgeWithoutCloud(facts);
    const all = judge(facts);
    expect(verdicts).toEqual(all.verdicts.slice(0, 3));
    expect(verdicts.map(({ gate }) => gate)).toEqual(['source', 'intent', 'parity']);
    const { caller: _caller, notes: _notes, ...rest } = all.passed!;
    expect(established).toEqual(rest);
  });

  test('establishes nothing where one of them does not pass, whatever the caller is', () => {
    const { verdicts, established } = judgeWithoutCloud(goodFacts({ intentSigners: ['alice'] }));
    expect(verdicts.map(({ status }) => status)).toEqual(['pass', 'fail', 'pass']);
    expect(established).toBeNull();
  });
});
