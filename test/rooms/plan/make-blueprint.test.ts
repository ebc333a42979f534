import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../../src/kernel/canonical.ts';
import { OWNER_TAGS, ROLE_NAMES } from '../../../src/plan/blueprint.ts';
import { blueprintDocument, blueprintProblems, makeBlueprint } from '../../../src/plan/make-blueprint.ts';
import { blueprint, intent, parity, REPOSITORY } from './fixtures.ts';
import { thrownBy } from './thrown.ts';

describe('makeBlueprint', () => {
  it('adds the ownership tags to those of the policy', () => {
    expect(blueprint().tags).toEqual({
      Environment: 'dev',
      CostCentre: '1001',
      Where: '111122223333/eu-central-1',
      [OWNER_TAGS.repository]: REPOSITORY,
      [OWNER_TAGS.environment]: 'dev',
    });
  });

  it('carries names, roles and limits over from the policy', () => {
    const b = blueprint();
    expect(b.names.bucket).toBe('acme-dev-tfstate');
    expect(Object.keys(b.names.roles)).toEqual([...ROLE_NAMES]);
    expect(b.roles['ci-apply'].sessionSeconds).toBe(7200);
    expect(b.retention).toEqual({ noncurrentDays: 365, noncurrentKeep: 50, pitrDays: 35 });
    expect(b).toMatchObject({
      repository: REPOSITORY,
      keyRotationDays: 365,
      locking: 'both',
      region: 'eu-central-1',
      account: '111122223333',
    });
    expect(blueprintProblems(b)).toEqual([]);
  });

  it('refuses an intent for another account than the policy names', () => {
    const stray = intent((text) => text.replace('111122223333', '444455556666'));
    const error = thrownBy(() => makeBlueprint(stray, parity(), REPOSITORY));
    expect(error.code).toBe('PARITY');
    expect(error.message).toContain('444455556666');
  });
});

describe('blueprintProblems', () => {
  it('finds names that the provider would refuse', () => {
    const b = blueprint();
    const problems = blueprintProblems({
      ...b,
      names: { ...b.names, bucket: 'Nope' },
      tags: { ...b.tags, Team: '' },
    });
    expect(problems.map(({ wrong }) => wrong)).toEqual([
      expect.stringContaining('bucket "Nope"'),
      expect.stringContaining('"Team" has an empty value'),
    ]);
  });

  it.each([OWNER_TAGS.repository, OWNER_TAGS.environment])(
    'finds the ownership tag %s wrong or missing',
    (key) => {
      const b = blueprint();
      const { [key]: _gone, ...rest } = b.tags;
      for (const tags of [rest, { ...rest, [key]: 'other' }]) {
        expect(blueprintProblems({ ...b, tags })).toEqual([
          { code: 'PARITY', wrong: expect.stringContaining(`ownership tag "${key}"`) },
        ]);
      }
    },
  );
});

describe('blueprintDocument', () => {
  it('says all that the blueprint says, in snake case', () => {
    const b = blueprint();
    const snake = (key: string): string => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    // Every key of the blueprint itself is a name of ours; those of tags and roles are not, and stay.
    const verbatim = new Set(['tags', 'roles']);
    const convert = (value: unknown, keep: boolean): unknown => {
      if (Array.isArray(value)) return value.map((item) => convert(item, keep));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          keep ? key : snake(key),
          convert(
            item,
            key === 'tags' || (verbatim.has(key) && typeof Object.values(item as object)[0] === 'string'),
          ),
        ]),
      );
    };
    // A store that is not wanted is not spoken of: plans from before there was one keep their digest.
    const { evidence, ...others } = b;
    expect(evidence).toBeNull();
    expect(JSON.parse(canonicalText(blueprintDocument(b)))).toEqual(convert(others, false));
    const stored = { ...b, evidence: { bucket: 'e', keyAlias: 'alias/e', retentionDays: 30 } };
    expect(JSON.parse(canonicalText(blueprintDocument(stored)))).toEqual(convert(stored, false));
  });

  it('keeps absent federation null', () => {
    const none = { ...blueprint(), federation: { github: null, gitlab: null } };
    expect(blueprintDocument(none)['federation']).toEqual({ github: null, gitlab: null });
  });
});
