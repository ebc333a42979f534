import { describe, expect, it } from 'vitest';
import { FileDigests } from '../../../src/evidence/file-digests.ts';
import { sha256 } from '../../../src/kernel/digest.ts';

describe('digests of files', () => {
  it('are known by name, in the ledger and beside it, and counted once', () => {
    const digests = new FileDigests(4);
    const names = [
      'ledger/00000000.json',
      'ledger/00000000.json.asc',
      'ledger/00000001.json.asc',
      // Beyond the files that there are.
      'ledger/00000002.json',
      'ledger/99999999.json.asc',
      'ledger/copy.json',
      'checkpoint',
    ];
    for (const name of [...names, ...names]) digests.set(name, sha256(name));
    expect(digests.size).toBe(names.length);
    expect(Object.fromEntries(digests.all())).toEqual(
      Object.fromEntries(names.map((name) => [name, sha256(name)])),
    );
    for (const name of names) {
      expect(digests.has(name)).toBe(true);
      expect(digests.get(name)).toBe(sha256(name));
    }
    for (const name of ['ledger/00000001.json', 'ledger/00000003.json', 'SHA256SUMS']) {
      expect(digests.has(name)).toBe(false);
      expect(digests.get(name)).toBeNull();
    }
  });
});
