import { describe, expect, test } from 'vitest';
import { parseParity, type Parity } from '../../../src/inputs/parity.ts';
import { resolveNames } from '../../../src/inputs/names.ts';
import { environmentOf, settingsOf } from '../../../src/inputs/settings.ts';
import { makeBlueprint } from '../../../src/plan/make-blueprint.ts';
import { parseIntent } from '../../../src/inputs/intent.ts';
import { edited, fileOf, INTENT_YAML, PARITY_YAML, REPOSITORY } from '../../harness/facts.ts';

const OWN = `
    retention: { noncurrent_days: 1095, pitr_days: 7 }
    key_rotation_days: 90
    locking: lockfile
    roles:
      operator: { mfa: false, principals: ["arn:{partition}:iam::{account}:role/{environment}-admin"] }
      ci-apply: { session_seconds: 7200 }`;
const parse = (text: string): Parity => parseParity(fileOf('p', text));
const parity = parse(edited(PARITY_YAML, '  dev:', `  dev:${OWN}`));

describe('settingsOf', () => {
  test('answers what stands for all where an environment says nothing', () => {
    expect(settingsOf(parity, 'prod')).toEqual({
      account: '222222222222',
      partition: 'aws',
      regions: ['eu-central-1'],
      stateKey: 'prod/main.tfstate',
      tags: { Owner: 'platform', Environment: '{environment}', CostCentre: '200' },
      locking: 'both',
      retention: { noncurrent_days: 365, noncurrent_keep: 50, pitr_days: 35 },
      keyRotationDays: 365,
      evidenceStore: null,
      roles: parity.roles,
    });
  });

  test('answers what an environment has instead, field by field', () => {
    const dev = settingsOf(parity, 'dev');
    expect(dev).toMatchObject({
      stateKey: 'dev/terraform.tfstate',
      locking: 'lockfile',
      retention: { noncurrent_days: 1095, noncurrent_keep: 50, pitr_days: 7 },
      keyRotationDays: 90,
    });
    expect(dev.roles.operator).toEqual({
      session_seconds: 3600,
      principals: ['arn:{partition}:iam::{account}:role/{environment}-admin'],
      mfa: false,
    });
    expect(dev.roles['ci-apply']).toEqual({ session_seconds: 7200, principals: [], mfa: false });
  });

  test('counts a region that is named twice once', () => {
    const twice = parse(edited(PARITY_YAML, '[eu-central-1, eu-west-1]', '[eu-west-1, eu-west-1]'));
    expect(settingsOf(twice, 'dev').regions).toEqual(['eu-west-1']);
  });

  test.each(['test', '__proto__', 'constructor'])('knows no environment %s', (name) => {
    expect(() => settingsOf(parity, name)).toThrow(`environment "${name}" is not in the parity policy`);
    expect(environmentOf(parity, name)).toBeUndefined();
  });
});

test('what an environment has for itself reaches its names and its blueprint, and no other', () => {
  const names = resolveNames(parity, 'dev', 'eu-central-1');
  expect(names).toMatchObject({
    locking: 'lockfile',
    retention: { noncurrentDays: 1095, noncurrentKeep: 50, pitrDays: 7 },
    keyRotationDays: 90,
  });
  expect(names.roles.operator.principals).toEqual(['arn:aws:iam::111111111111:role/dev-admin']);
  const blueprint = makeBlueprint(parseIntent(fileOf('i', INTENT_YAML)), parity, REPOSITORY);
  for (const field of ['locking', 'retention', 'keyRotationDays', 'roles'] as const)
    expect(blueprint[field]).toEqual(names[field]);
  expect(resolveNames(parity, 'prod', 'eu-central-1')).toEqual(
    resolveNames(parse(PARITY_YAML), 'prod', 'eu-central-1'),
  );
});
