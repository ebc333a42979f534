// A field of a record by its path, and what is said of one that is not there.
import { describe, expect, test } from 'vitest';
import { fieldOf } from '../../../src/commands/field.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';

const RECORD = {
  status: 'APPLIED',
  backend: {
    account: '111111111111',
    resources: [
      { id: 'state-bucket', name: 'acme-dev' },
      { id: 'lock-table', name: 'acme-lock' },
    ],
    controls: [
      { id: 'state-bucket', value: 1 },
      { id: 'state-bucket.versioning', value: true },
    ],
    known: { 'state-key.arn': 'arn:aws:kms:x' },
  },
  steps: ['a', 'b'],
} as const;

const refused = (path: string): GovbootError => {
  try {
    fieldOf(RECORD, path);
  } catch (error) {
    if (error instanceof GovbootError) return error;
    throw error;
  }
  throw new Error(`${path} was found`);
};

describe('a field', () => {
  test.each([
    ['status', 'APPLIED'],
    ['backend.account', '111111111111'],
    ['backend.resources.1.name', 'acme-lock'],
    ['backend.resources.state-bucket.name', 'acme-dev'],
    ['backend.controls.state-bucket.value', 1],
    ['backend.controls.state-bucket.versioning.value', true],
    ['backend.known.state-key.arn', 'arn:aws:kms:x'],
    ['steps.1', 'b'],
  ])('%s is %j', (path, value) => {
    expect(fieldOf(RECORD, path)).toBe(value);
  });

  test('may be a whole part', () => {
    expect(fieldOf(RECORD, 'backend.resources.0')).toEqual(RECORD.backend.resources[0]);
  });

  test.each([
    ['backend.acount', 'backend has no field "acount"', 'did you mean backend.account?'],
    [
      'backend.resources.state-buket.name',
      'backend.resources has no field "state-buket"',
      'did you mean backend.resources.state-bucket?',
    ],
    ['zzz', 'the record has no field "zzz"', 'it has status, backend, steps'],
    ['status.x', 'status has no field "x"', 'it is a plain value, and has no fields'],
    ['', 'the record has no field ""', 'it has status, backend, steps'],
    ['__proto__', 'the record has no field "__proto__"', 'it has status, backend, steps'],
    ['backend.toString', 'backend has no field "toString"', 'it has account, resources, controls, known'],
  ])('%s leads nowhere, and says where it ends', (path, message, hint) => {
    expect(refused(path)).toMatchObject({ code: 'USAGE', message, hint });
  });

  test('of very many names only some are told', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`name-${String(i)}`, i]));
    expect(() => fieldOf(many, 'x')).toThrow(GovbootError);
    try {
      fieldOf(many, 'x');
    } catch (error) {
      expect((error as GovbootError).hint).toMatch(/name-19, and 10 more$/);
    }
  });
});
