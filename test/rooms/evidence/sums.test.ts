/** SHA256SUMS of a long ledger: read in parts, compared without a table. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileDigests } from '../../../src/evidence/file-digests.ts';
import { entryName, parseEntryName } from '../../../src/evidence/layout.ts';
import { linesOf, parseSums, sumsOf } from '../../../src/evidence/sums.ts';
import { compareSums, sealedBy } from '../../../src/evidence/sums-compared.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { encode } from '../../harness/facts.ts';

function filesOf(names: readonly string[], content = ''): Map<string, Uint8Array> {
  return new Map(names.map((name) => [name, encode(`${name}${content}`)]));
}

const many = Array.from({ length: 3_000 }, (_, i) => entryName(i));

describe('many lines', () => {
  it('are read in parts, and every one of them', () => {
    const files = filesOf(many);
    const bytes = sumsOf(files);
    expect(bytes.length).toBeGreaterThan(3 * 64 * 1024);
    const lines = [...linesOf(bytes)];
    expect(lines.map(([name]) => name)).toEqual(many);
    expect(lines.every(([name, digest]) => digest === sha256(files.get(name)!))).toBe(true);
  });

  it('are refused where one far behind is wrong', () => {
    const bytes = sumsOf(filesOf(many));
    for (const at of [bytes.length - 2, bytes.length - 40, 65_536, 131_072]) {
      const other = bytes.map((byte, i) => (i === at ? 0xff : byte));
      expect(() => parseSums(other)).toThrow(/has the line|twice or out of order/);
    }
    expect(() => parseSums(bytes.subarray(0, -1))).toThrow('does not end with a line feed');
    expect(parseSums(new Uint8Array()).size).toBe(0);
  });
});

describe('compared with what lies there', () => {
  const name = fc.constantFrom(
    '.backend.lock',
    'a',
    'SHA256SUMS',
    ...many.slice(0, 6),
    'runs/x/journal.jsonl',
    'zz',
  );

  it('they tell what differs, what is not listed, and how many entries are sealed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name),
        fc.uniqueArray(name),
        fc.uniqueArray(name),
        (listed, there, changed) => {
          const files = filesOf(listed);
          const digests = new FileDigests(3);
          for (const each of there)
            digests.set(each, sha256(changed.includes(each) ? '' : (files.get(each) ?? each)));
          const names = there.toSorted();
          const numbers = names.flatMap((each) => parseEntryName(each)?.seq ?? []);
          const entries = { size: numbers.length, numberAt: (i: number) => numbers[i] ?? 0 };
          const lines = listed.filter((each) => each !== 'SHA256SUMS');
          expect(compareSums(sumsOf(files), { names, digests, entries })).toEqual({
            is: 'compared',
            differing: lines
              .filter((each) => !there.includes(each) || changed.includes(each))
              .sort()
              .map((each) => ({ name: each, digest: sha256(each), isThere: there.includes(each) })),
            unlisted: names.filter((each) => each !== 'SHA256SUMS' && !listed.includes(each)),
            sealed: names.filter((each) => parseEntryName(each) !== null && listed.includes(each)).length,
          });
        },
      ),
    );
  });

  it('they tell why they cannot be read', () => {
    const found = { names: [], digests: new FileDigests(0), entries: { size: 0, numberAt: () => 0 } };
    const sums = compareSums(encode('x\n'), found);
    expect(sums).toMatchObject({ is: 'unreadable', error: { code: 'EVIDENCE_INVALID' } });
    expect(() => sealedBy(sums)).toThrow('has the line');
    expect(sealedBy(compareSums(undefined, found))).toBe(0);
  });
});
