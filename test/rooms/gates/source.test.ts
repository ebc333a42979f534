import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { summaryOf } from '../../../src/gates/source.ts';
import type { TreeFacts } from '../../../src/inputs/facts.ts';
import type { TagObject } from '../../../src/inputs/tag-object.ts';
import {
  broken,
  COMMIT,
  edited,
  encode,
  INTENT_YAML,
  signatureBy,
  TAG,
  tagObject,
  TREE,
  TRUST_YAML,
  type FactsOverrides,
} from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const tag = (change: Partial<TagObject>): FactsOverrides => ({
  source: { tag: { is: 'tag', tag: tagObject(change) } },
});
const tree = (change: Partial<TreeFacts>): FactsOverrides => ({
  source: {
    tree: { is: 'read', value: { tagged: TREE, onDisk: TREE, files: 2, differences: [], ...change } },
  },
});
const OLD = '0f'.repeat(20);

test('passes, and says who signed what', () => {
  const { status, because } = verdictOn('source', {});
  expect(status).toBe('pass');
  expect(because).toBe(`the files are those of tag ${TAG}, commit ${COMMIT}, signed by Alice`);
});

test.each(['REPLACE_REFS', 'REPO_UNSAFE'] as const)('a repository that is not plain: %s', (code) => {
  const problem = { code, wrong: 'refs/replace/1f1f' };
  expect(refuses('source', { source: { repositoryProblems: [problem] } }, code).message).toBe(
    'refs/replace/1f1f',
  );
  refuses('source', { source: { repositoryProblems: [problem, problem] } }, code, code);
});

describe('tag', () => {
  test.each([
    'TAG_MISSING',
    'TAG_MALFORMED',
    'TAG_NOT_ANNOTATED',
    'TAG_TARGET_TYPE',
    'TAG_UNSIGNED',
    'SIG_COUNT',
  ] as const)('that cannot be read: %s, and nothing of it is judged', (code) => {
    const change = { source: { tag: { is: 'problem', code, wrong: 'v1' }, tagSignature: null } } as const;
    refuses('source', change, code);
    const { checks } = verdictOn('source', change);
    for (const check of ['tag.signature', 'tag.signer', 'tag.intent', 'head', 'tree', 'rollback'])
      expect(checks).not.toContain(check);
  });

  test('that is wrong is told once, and its tree is not judged', () => {
    const wrong = { code: 'TAG_MALFORMED', wrong: 'the tag object has another header: x' } as const;
    const tree = {
      is: 'problem',
      problem: { ...wrong, wrong: `the tree was not compared: ${wrong.wrong}` },
    } as const;
    refuses(
      'source',
      { source: { tag: { is: 'problem', ...wrong }, tagSignature: null, tree } },
      'TAG_MALFORMED',
    );
  });

  test('of a repository that git was not asked about: that is told once, as what it is', () => {
    const problem = { code: 'REPO_UNSAFE', wrong: '.git is a file' } as const;
    const source = {
      repositoryProblems: [problem],
      tag: { is: 'problem', ...problem },
      tagSignature: null,
      tree: { is: 'problem', problem },
    } as const;
    refuses('source', { source }, 'REPO_UNSAFE');
    expect(verdictOn('source', { source }).because).toContain('tag.object (git was not asked)');
  });

  test.each(['-v', '../x', 'v1 --help', 'v'.repeat(300), '', 'v1\u001b[2K', 'a//b', 'v1.lock'])(
    'of the name %j',
    (name) => {
      const intent = edited(
        INTENT_YAML,
        `tag: ${TAG}`,
        `tag: ${JSON.stringify(name.slice(0, 128) || 'x').replace('\\u001b', '')}`,
      );
      const { findings } = verdictOn('source', { ...tag({ name }), intent });
      expect(findings.map(({ code }) => code)).toContain('TAG_NAME_INVALID');
    },
  );

  test('without a signature', () => {
    refuses('source', { source: { tagSignature: null } }, 'TAG_UNSIGNED');
  });

  test('with a bad signature', () => {
    refuses(
      'source',
      { source: { tagSignature: broken(signatureBy('alice', 'refs/tags/v1.0.0')) } },
      'SIG_BAD',
    );
  });

  test.each([
    ['mallory', 'SIGNER_NOT_ALLOWED'],
    ['bob', 'SIGNER_ROLE'],
  ] as const)('signed by %s: %s', (who, code) => {
    refuses('source', { source: { tagSignature: signatureBy(who, 'refs/tags/v1.0.0') } }, code);
  });

  test('that two people would have to sign cannot pass, and the hint says why', () => {
    const trust = edited(
      edited(TRUST_YAML, 'release: { default: 1 }', 'release: { default: 2 }'),
      'roles: [approver]',
      'roles: [approver, release]',
    );
    const { message, hint } = refuses('source', { trust }, 'THRESHOLD');
    expect(message).toBe('tag v1.0.0: 1 of 2 people of role release signed: Alice');
    expect(hint).toContain('a tag carries one signature');
  });

  test('other than the intent names', () => {
    const { message } = refuses('source', { intent: edited(INTENT_YAML, TAG, 'v9') }, 'TAG_NAME_MISMATCH');
    expect(message).toBe('the tag that was read is v1.0.0, the intent names v9');
  });

  test('is not compared with an intent that cannot be read: undefined', () => {
    const { status, because } = verdictOn('source', { intent: 'x' });
    expect(status).toBe('undefined');
    expect(because).toBe('not judged: tag.intent (the intent could not be read)');
  });
});

describe('HEAD', () => {
  test('is another commit', () => {
    const { message, hint } = refuses('source', { source: { head: OLD } }, 'HEAD_MISMATCH');
    expect(message).toBe(`HEAD is ${OLD}; tag v1.0.0 points at ${COMMIT}`);
    expect(hint).toContain('git checkout --detach refs/tags/v1.0.0');
  });

  test('is nothing', () => {
    expect(refuses('source', { source: { head: null } }, 'HEAD_MISMATCH').message).toContain('has no commit');
  });
});

describe('tree', () => {
  const different = (n: number): TreeFacts['differences'] =>
    Array.from({ length: n }, (_, i) => ({ path: `f${i}\u001b`, how: 'changed' as const }));

  test('on disk is another', () => {
    const { message } = refuses(
      'source',
      tree({ onDisk: sha256('x'), differences: different(2) }),
      'TREE_MISMATCH',
    );
    expect(message).toBe(
      'the files on disk are not those of the tag: f0\\u{1b} (changed), f1\\u{1b} (changed)',
    );
  });

  test('five differences are told, the others counted', () => {
    const { message, data } = refuses(
      'source',
      tree({ onDisk: sha256('x'), differences: different(7) }),
      'TREE_MISMATCH',
    );
    expect(message).toContain('f4\\u{1b} (changed), and 2 more');
    expect(message).not.toContain('f5');
    expect(data['differences']).toHaveLength(7);
  });

  test('digests without differences, and differences without digests', () => {
    expect(refuses('source', tree({ onDisk: sha256('x') }), 'TREE_MISMATCH').message).toContain(sha256('x'));
    refuses('source', tree({ differences: different(1) }), 'TREE_MISMATCH');
  });

  test('that cannot be read', () => {
    const problem = { is: 'problem', problem: { code: 'FILE_UNSAFE', wrong: 'a: a link' } } as const;
    refuses('source', { source: { tree: problem } }, 'FILE_UNSAFE');
  });

  test('that is empty says nothing: undefined', () => {
    expect(verdictOn('source', tree({ files: 0 }))).toMatchObject({
      status: 'undefined',
      because: 'not judged: tree (the tagged tree holds no file)',
    });
  });
});

describe('rollback', () => {
  const last = { tag: 'v0.9', commit: OLD };

  test('to a tag that does not descend from the last one', () => {
    const lastUsed = { ...last, descends: false };
    const { message } = refuses(
      'source',
      { source: { lastUsed }, ledger: { lastTag: last } },
      'TAG_ROLLBACK',
    );
    expect(message).toContain(`does not descend from v0.9 (${OLD})`);
  });

  test('a descendant, and the same commit again, are no rollback', () => {
    const forward = { source: { lastUsed: { ...last, descends: true } }, ledger: { lastTag: last } };
    expect(verdictOn('source', forward).status).toBe('pass');
    const same = { tag: TAG, commit: COMMIT };
    const again = { source: { lastUsed: { ...same, descends: false } }, ledger: { lastTag: same } };
    expect(verdictOn('source', again).status).toBe('pass');
  });

  test('is undefined when the comparison was not made with the last tag of the ledger', () => {
    for (const change of [
      { ledger: { lastTag: last } },
      { source: { lastUsed: { ...last, descends: true } } },
      { source: { lastUsed: { tag: 'v1', commit: COMMIT, descends: true } }, ledger: { lastTag: last } },
    ])
      expect(verdictOn('source', change).status).toBe('undefined');
  });
});

test('summaryOf hashes object, payload and signature', () => {
  expect(summaryOf({ is: 'problem', code: 'TAG_MISSING', wrong: 'v1' })).toBeNull();
  const object = tagObject({ payload: encode('p'), signature: encode('s') });
  expect(summaryOf({ is: 'tag', tag: object })).toEqual({
    name: TAG,
    oid: object.oid,
    commit: COMMIT,
    taggedAt: object.taggedAt,
    sha256s: { object: object.sha256, payload: sha256('p'), signature: sha256('s') },
  });
});
