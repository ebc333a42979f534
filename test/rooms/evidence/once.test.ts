import { describe, expect, it } from 'vitest';
import { readOnce } from '../../../src/evidence/once.ts';
import { encode } from '../../harness/facts.ts';
import { memoryStore } from '../../harness/memory-store.ts';

describe('a store that is read once', () => {
  it('gives the bytes and the names of the first time, whoever writes meanwhile', async () => {
    const store = memoryStore([['ledger/00000000.json', encode('first')]]);
    const once = readOnce(store);
    expect(await once.list('ledger')).toEqual(['ledger/00000000.json']);
    expect(await once.read('ledger/00000000.json')).toEqual(encode('first'));
    expect(await once.read('checkpoint')).toBeNull();
    store.files.set('ledger/00000000.json', encode('second'));
    store.files.set('ledger/00000001.json', encode('third'));
    store.files.set('checkpoint', encode('a head'));
    expect(await once.list('ledger')).toEqual(['ledger/00000000.json']);
    expect(await once.read('ledger/00000000.json')).toEqual(encode('first'));
    expect(await once.read('checkpoint')).toBeNull();
    // What was not asked for before is as it is now.
    expect(await once.list('')).toHaveLength(3);
    expect(await once.read('ledger/00000001.json')).toEqual(encode('third'));
  });

  it('reads a file once also for two who ask at the same time', async () => {
    const store = memoryStore([['checkpoint', encode('a head')]]);
    const asked: string[] = [];
    const counting = {
      ...store,
      read: (name: string) => {
        asked.push(name);
        return store.read(name);
      },
    };
    const once = readOnce(counting);
    const [one, other] = await Promise.all([once.read('checkpoint'), once.read('checkpoint')]);
    expect(one).toBe(other);
    expect(asked).toEqual(['checkpoint']);
  });

  it('writes through, and tells a refusal to everybody who asks', async () => {
    const store = memoryStore();
    store.unsafe.add('checkpoint');
    const once = readOnce(store);
    for (let i = 0; i < 2; i++)
      await expect(once.read('checkpoint')).rejects.toMatchObject({ code: 'FILE_UNSAFE' });
    await once.create('SHA256SUMS', encode('sums'));
    expect(store.files.get('SHA256SUMS')).toEqual(encode('sums'));
  });
});
