/** What every vault promises to those who push to it and read it back, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvidenceVault, Retention } from '../../src/ports.ts';

export interface VaultWorld {
  readonly vault: EvidenceVault;
  /** How what is created is held. */
  readonly retention: Retention['mode'];
  /** Puts another content over a key, as somebody who does not use govboot would; null where the place has no versions. */
  readonly cover: ((key: string, bytes: Uint8Array) => Promise<void>) | null;
  /** Marks a key as deleted; null where the place has no such thing. */
  readonly mark: ((key: string) => Promise<void>) | null;
  stop?(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function vaultContract(name: string, open: () => Promise<VaultWorld>): void {
  describe(`the vault of ${name}`, { timeout: 60_000 }, () => {
    let world: VaultWorld;
    beforeAll(async () => {
      world = await open();
    }, 60_000);
    afterAll(async () => world.stop?.());

    test('gives back by its version what was put, and how it is held', async () => {
      const { vault } = world;
      const content = new Uint8Array([0, 255, 10, 13, 128]);
      const made = await vault.create('a/blobs/sha256/00', content);
      expect(made?.version).toMatch(/^[!-~]+$/);
      const object = (await vault.open('a/blobs/sha256/00', made!.version))!;
      expect(object).toMatchObject({
        version: made!.version,
        bytes: 5,
        retention: { mode: world.retention },
      });
      expect(object.retention.until === null).toBe(world.retention === 'none');
      expect(new Uint8Array(await object.read())).toEqual(content);
    });

    test('writes nothing over what is there', async () => {
      const { vault } = world;
      const made = await vault.create('b/ledger/00000000.json', bytesOf('first'));
      expect(await vault.create('b/ledger/00000000.json', bytesOf('second'))).toBeNull();
      const found = (await vault.versions('b/')).filter(({ key }) => key === 'b/ledger/00000000.json');
      expect(found).toEqual([
        { key: 'b/ledger/00000000.json', version: made!.version, is: 'object', latest: true },
      ]);
      const object = (await vault.open('b/ledger/00000000.json', made!.version))!;
      expect(new TextDecoder().decode(await object.read())).toBe('first');
    });

    test('lets one of many at once win, and tells the others', async () => {
      const { vault } = world;
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, i) => vault.create('c/one', bytesOf(String(i)))),
      );
      expect(made.filter((one) => one !== null)).toHaveLength(1);
    });

    test('lists what begins so and nothing else, and the whole name of a key is a beginning too', async () => {
      const { vault } = world;
      for (const key of ['d/e/.backend.lock', 'd/e/.backend.lock.asc', 'd/f', 'dd/e'])
        await vault.create(key, bytesOf(key));
      const keys = async (prefix: string) => (await vault.versions(prefix)).map(({ key }) => key).sort();
      expect(await keys('d/')).toEqual(['d/e/.backend.lock', 'd/e/.backend.lock.asc', 'd/f']);
      expect(await keys('d/e/.backend.lock')).toEqual(['d/e/.backend.lock', 'd/e/.backend.lock.asc']);
      expect(await keys('nothing/')).toEqual([]);
    });

    test('says null of what is not there', async () => {
      const { vault } = world;
      const made = await vault.create('g/one', bytesOf('x'));
      expect(await vault.open('g/two', made!.version)).toBeNull();
      expect(await vault.open('g/one', 'nosuchversion')).toBeNull();
    });

    test('keeps the record under its version, whatever is put over it', async () => {
      const { vault, cover, mark } = world;
      for (const how of [cover === null ? null : (key: string) => cover(key, bytesOf('forged')), mark]) {
        if (how === null) continue;
        const key = `h/${how === mark ? 'marked' : 'covered'}`;
        const made = await vault.create(key, bytesOf('record'));
        await how(key);
        const versions = (await vault.versions('h/')).filter((each) => each.key === key);
        expect(versions).toHaveLength(2);
        expect(versions.find(({ latest }) => latest)?.version).not.toBe(made!.version);
        // Of the contents the oldest is the last.
        expect(versions.findLast(({ is }) => is === 'object')?.version).toBe(made!.version);
        const object = await vault.open(key, made!.version);
        expect(new TextDecoder().decode(await object!.read())).toBe('record');
      }
    });
  });
}
