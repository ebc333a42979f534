/** Reading a ledger: what is wrong with the files is told, by kind and file, and never thrown. */
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import { modeOf, readLedger, type Ledger } from '../../../src/evidence/ledger.ts';
import { parseEntry, type LedgerEntry } from '../../../src/inputs/evidence-documents.ts';
import { fakeScene, playApply } from '../../harness/evidence-fixture.ts';
import { encode } from '../../harness/facts.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';

let sealed: MemoryStore;

beforeAll(async () => {
  sealed = memoryStore();
  await playApply(fakeScene(sealed));
});

async function read(change: (store: MemoryStore) => void): Promise<Ledger> {
  const store = sealed.copy();
  change(store);
  return readLedger(store);
}

/** Writes an entry anew, with something changed; its signature is of no matter here. */
function rewrite(store: MemoryStore, seq: number, change: (entry: Record<string, unknown>) => void): void {
  const name = `ledger/0000000${String(seq)}.json`;
  const entry = JSON.parse(new TextDecoder().decode(store.files.get(name))) as Record<string, unknown>;
  change(entry);
  store.files.set(name, canonicalBytes(entry as never));
}

const told = ({ problems }: Ledger): string[] =>
  problems.map(({ kind, file, what }) => `${kind}: ${file}: ${what}`);

describe('a good ledger', () => {
  it('has its entries, heads and no problems', async () => {
    const ledger = await read(() => undefined);
    expect(told(ledger)).toEqual([]);
    expect(ledger.items.map(({ entry }) => entry.type)).toEqual([
      'GENESIS',
      'APPLY_STARTED',
      'APPLY_DONE',
      'LOCK_WRITTEN',
    ]);
    expect(ledger).toMatchObject({
      torn: null,
      sealed: 4,
      checkpoint: { size: 4, origin: 'govboot/5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f/dev' },
    });
    expect(modeOf(ledger)).toBe('LIVE');
  });

  it('is empty where there is nothing', async () => {
    const ledger = await readLedger(memoryStore());
    expect(ledger).toEqual({
      items: [],
      head: null,
      problems: [],
      torn: null,
      lock: null,
      checkpoint: null,
      sealed: 0,
    });
    expect(modeOf(ledger)).toBeNull();
  });
});

describe('a problem', () => {
  it.each<[string, (store: MemoryStore) => void, RegExp]>([
    [
      'gap',
      (s) => ['.json', '.json.asc'].forEach((end) => s.files.delete(`ledger/00000001${end}`)),
      /^gap: ledger\/00000001\.json: entry 1 is not there, a later one is/,
    ],
    [
      'missing entry',
      (s) => s.files.delete('ledger/00000001.json'),
      /^missing: ledger\/00000001\.json: its signature is there/,
    ],
    [
      'missing signature',
      (s) => s.files.delete('ledger/00000001.json.asc'),
      /^missing: ledger\/00000001\.json\.asc: the entry is there/,
    ],
    [
      'white space',
      (s) =>
        s.files.set(
          'ledger/00000001.json',
          encode(` ${new TextDecoder().decode(s.files.get('ledger/00000001.json'))}`),
        ),
      /^invalid: ledger\/00000001\.json: .*canonical/,
    ],
    [
      'unknown field',
      (s) => rewrite(s, 1, (e) => (e['more'] = 1)),
      /^invalid: ledger\/00000001\.json: .*nrecognized key/,
    ],
    [
      'unknown type',
      (s) => rewrite(s, 1, (e) => (e['type'] = 'APPLY_MAYBE')),
      /^invalid: ledger\/00000001\.json/,
    ],
    [
      'other seq',
      (s) => rewrite(s, 1, (e) => (e['seq'] = 7)),
      /^broken: ledger\/00000001\.json: says that it is entry 7, not 1/,
    ],
    [
      'other predecessor',
      (s) => rewrite(s, 3, (e) => (e['prev_sha256'] = 'ab'.repeat(32))),
      /^broken: ledger\/00000003\.json: follows abab.*, but ledger\/00000002\.json is/,
    ],
    [
      'predecessor of the first',
      (s) => rewrite(s, 0, (e) => (e['prev_sha256'] = 'ab'.repeat(32))),
      /^broken: ledger\/00000000\.json: follows abab.*, but nothing is null/,
    ],
    [
      'changed entry, seen by the next',
      (s) => rewrite(s, 1, (e) => (e['time'] = '2026-11-22T12:00:02Z')),
      /^broken: ledger\/00000002\.json: follows/,
    ],
    [
      'second GENESIS',
      (s) => s.files.set('ledger/00000001.json', s.files.get('ledger/00000000.json')!),
      /^broken: ledger\/00000001\.json: is GENESIS/,
    ],
    [
      'time',
      (s) => rewrite(s, 3, (e) => (e['time'] = '2026-11-22T11:00:00Z')),
      /^time: ledger\/00000003\.json: is dated 2026-11-22T11:00:00Z, before ledger\/00000002\.json/,
    ],
    [
      'mode',
      (s) => rewrite(s, 3, (e) => (e['mode'] = 'REHEARSAL')),
      /^invalid: ledger\/00000003\.json: is of mode REHEARSAL in a ledger of mode LIVE/,
    ],
    [
      'mode of the origin',
      (s) => rewrite(s, 0, (e) => (e['mode'] = 'REHEARSAL')),
      /^invalid: ledger\/00000000\.json: is of mode REHEARSAL/,
    ],
    [
      'fork',
      (s) => s.files.set('ledger/other.json', s.files.get('ledger/00000002.json')!),
      /^fork: ledger\/other\.json: follows the same entry as ledger\/00000002\.json/,
    ],
    [
      'checkpoint of more',
      (s) =>
        s.files.set(
          'checkpoint',
          encode(new TextDecoder().decode(s.files.get('checkpoint')).replace('\n4\n', '\n5\n')),
        ),
      /^truncated: checkpoint: was made over 5 entries; 4 are there/,
    ],
    [
      'checkpoint of other entries',
      (s) =>
        s.files.set(
          'checkpoint',
          encode(new TextDecoder().decode(s.files.get('checkpoint')).replace('\n4\n', '\n3\n')),
        ),
      /^broken: checkpoint: the first 3 entries are not those/,
    ],
    [
      'checkpoint of another form',
      (s) => s.files.set('checkpoint', encode('x')),
      /^invalid: checkpoint: checkpoint is not three lines/,
    ],
    [
      'sums of another form',
      (s) => s.files.set('SHA256SUMS', encode('x')),
      /^invalid: SHA256SUMS: SHA256SUMS does not end with a line feed/,
    ],
    [
      'lock of another form',
      (s) => s.files.set('.backend.lock', encode('x')),
      /^invalid: \.backend\.lock: NOT_CANONICAL: \.backend\.lock is not JSON/,
    ],
    [
      'a link',
      (s) => s.unsafe.add('ledger/00000001.json'),
      /^invalid: ledger\/00000001\.json: ledger\/00000001\.json is a link/,
    ],
  ])('of kind %s is told', async (_name, change, wanted) => {
    expect(told(await read(change))).toContainEqual(expect.stringMatching(wanted));
  });

  it('that is no answer of the store is thrown', async () => {
    const store = { list: async () => [], read: () => Promise.reject(new TypeError('not mine')) };
    await expect(readLedger(store)).rejects.toThrow(TypeError);
  });

  it('is not made of a stray that is no entry', async () => {
    const ledger = await read((s) => s.files.set('ledger/notes.json', encode('{}\n')));
    expect(told(ledger)).toEqual([]);
  });
});

describe('an entry', () => {
  it('is read back as it was written', () => {
    const bytes = sealed.files.get('ledger/00000001.json')!;
    const entry: LedgerEntry = parseEntry(bytes, 'x');
    expect(canonicalBytes(entry)).toEqual(bytes);
  });

  it('is refused in any other spelling, with the place', () => {
    expect(() => parseEntry(encode('{}\n'), 'x')).toThrow(expect.objectContaining({ code: 'SCHEMA' }));
    expect(() => parseEntry(encode('[]\n'), 'x')).toThrow(/^x: the document: /);
    expect(() => parseEntry(encode('{"a":1, "b":2}\n'), 'x')).toThrow(
      expect.objectContaining({ code: 'NOT_CANONICAL' }),
    );
  });
});
