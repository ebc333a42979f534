/** Folders of the governed repository: what cannot be read is a fact, and a bug is not one. */
import { describe, expect, it } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { listed, listedKeys } from '../../../src/street/listed.ts';
import { fileOf } from '../../harness/facts.ts';

const files = (count: number) =>
  Array.from({ length: count }, (_, i) => fileOf(`policies/keys/${String(i)}.asc`, 'x'));

describe('a folder', () => {
  it('is its files', async () => {
    expect(await listed(async () => files(2))).toEqual({ is: 'read', value: files(2) });
  });

  it('that cannot be read is a problem that the gates judge', async () => {
    const refuse = () => Promise.reject(new GovbootError('FILE_UNSAFE', 'policies/keys/x.asc is a link'));
    const problem = {
      is: 'problem',
      problem: { code: 'FILE_UNSAFE', wrong: 'policies/keys/x.asc is a link' },
    };
    expect(await listed(refuse)).toEqual(problem);
    expect(await listedKeys(refuse)).toEqual(problem);
  });

  it('that cannot be read for a bug is a bug', async () => {
    const bug = new TypeError('x is not a function');
    await expect(listed(() => Promise.reject(bug))).rejects.toBe(bug);
  });

  it('of keys holds no more than there can be people', async () => {
    expect(await listedKeys(async () => files(250))).toEqual({ is: 'read', value: files(250) });
    expect(await listedKeys(async () => files(251))).toEqual({
      is: 'problem',
      problem: { code: 'KEYRING_SHAPE', wrong: 'holds 251 key files, more than 250' },
    });
  });
});
