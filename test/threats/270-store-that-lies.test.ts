// threat: more
// area: evidence
// tried: A store of evidence answers other bytes than it was given, lists names that lead out of a folder, or goes away in the middle of a push.
// answer: VAULT_CONFLICT, VAULT_FAILED; no name of the store becomes part of a path, a push that was cut off never looks whole, and the next one completes it
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { shown } from '../harness/shown.ts';
import { storeScene, type StoreScene } from '../harness/store-scene.ts';

const one = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe.skipIf(!requireOrSkip('moto', 'a store that lies'))(
  'a store that lies',
  { timeout: 300_000 },
  () => {
    let store: StoreScene;
    beforeAll(async () => {
      store = await storeScene({ mode: 'COMPLIANCE', days: 2557 });
    }, 180_000);
    beforeEach(() => {
      store.between = null;
    });
    afterAll(() => store.end());

    test('that goes away in the middle of a push keeps nothing that looks whole; the next push completes it', async () => {
      let puts = 0;
      let failed = false;
      store.between = ({ method }) => {
        if (method === 'PUT' && ++puts > 12) failed = true;
        return failed ? { status: 403 } : null;
      };
      const cut = await store.push();
      store.between = null;
      expect(cut.code).toBe(7);
      const whole = await store.pull(join(store.work, 'cut'));
      expect(whole.code).toBe(9);
      expect(existsSync(join(store.work, 'cut'))).toBe(false);
      expect((await store.status()).code).toBe(9);
      store.between = ({ method, url }) =>
        method === 'PUT' && url.includes('SHA256SUMS?') ? { status: 501 } : null;
      const odd = await store.push();
      store.between = null;
      expect(odd.code).toBe(7);
      expect(one(odd.stderr)).toMatch(
        shown(
          'VAULT_FAILED',
          's3:PutObject for s3://acme-evidence: Unknown: UnknownError',
          'the evidence here is whole; run `govboot evidence push` again when the store is well',
        ),
      );
      expect((await store.push()).code).toBe(0);
      expect((await store.verify()).code).toBe(0);
    });

    test('that answers other bytes than it was given is found out, and nothing of it looks whole', async () => {
      store.between = ({ method, url }) =>
        method === 'GET' && url.includes('/ledger/00000001.json?')
          ? { change: (body) => Buffer.from(body.map((byte, i) => (i === 40 ? byte ^ 1 : byte))) }
          : null;
      const [verified, to] = [await store.verify(), join(store.work, 'lied')];
      expect(verified.code).toBe(8);
      expect(one(verified.stderr)).toMatch(/ledger\/00000001\.json: VAULT_CONFLICT: version \S+ is SHA-256/);
      const pulled = await store.pull(to);
      store.between = null;
      expect(pulled.code).toBe(8);
      expect(one(pulled.stderr)).toContain('VAULT_CONFLICT');
      expect(existsSync(join(to, 'SHA256SUMS'))).toBe(false);
    });

    test('that lists names which lead elsewhere has them left alone', async () => {
      const { client, bucket: Bucket } = store;
      const names = [
        '../../outside',
        'ledger/../../../outside',
        'heads/00000009/../../../x',
        'heads/00000004/../SHA256SUMS',
      ];
      for (const name of names)
        await client.send(
          new PutObjectCommand({
            Bucket,
            Key: `rehearsal/dev/${name}`,
            Body: 'x',
            ChecksumAlgorithm: 'SHA256',
          }),
        );
      const before = readdirSync(store.work).sort();
      const pulled = await store.pull(join(store.work, 'back'));
      expect(pulled.code).toBe(0);
      expect(one(pulled.stderr)).toContain('are of no file of evidence; they were left alone');
      expect(readdirSync(store.work).sort()).toEqual([...before, 'back'].sort());
      const verified = await store.run('verify', 'dev', '--from', join(store.work, 'back'));
      expect([0, 9]).toContain(verified.code);
    });
  },
);
