// threat: 72
// area: evidence
// tried: Somebody who may write to the store puts a newer version over a record, or the mark of a deletion, so that whoever asks by name is shown something else.
// answer: WORM_SHADOWED, by status and by verify; the record is read, and pulled, by its version
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { shown } from '../harness/shown.ts';
import { storeScene, type StoreScene } from '../harness/store-scene.ts';

const ENTRY = 'ledger/00000002.json';
const KEY = `rehearsal/dev/${ENTRY}`;

describe.skipIf(!requireOrSkip('moto', 'a record that is hidden in its store'))(
  'a record that something newer hides',
  { timeout: 180_000 },
  () => {
    let store: StoreScene;
    beforeAll(async () => {
      store = await storeScene({ mode: 'COMPLIANCE', days: 2557 });
      expect((await store.push()).code).toBe(0);
      expect((await store.status()).code).toBe(0);
      expect((await store.verify()).code).toBe(0);
    }, 180_000);
    afterAll(() => store.end());

    test.each(['another content', 'the mark of a deletion'])('%s', async (how) => {
      const { client, bucket: Bucket } = store;
      if (how === 'another content')
        await client.send(
          new PutObjectCommand({ Bucket, Key: KEY, Body: '{"forged":true}\n', ChecksumAlgorithm: 'SHA256' }),
        );
      else await client.send(new DeleteObjectCommand({ Bucket, Key: KEY }));
      const status = await store.status();
      expect(status.code).toBe(8);
      expect(`${status.stderr} ${status.stdout}`.replaceAll(/\s+/g, ' ')).toMatch(
        shown(
          'WORM_SHADOWED',
          's3://acme-evidence: rehearsal/dev/ledger/00000002.json: version … is there, and something newer hides it',
          'the record is there under its version id, and `govboot evidence pull` fetches that one; find out who hid it',
        ),
      );
      const verified = await store.verify();
      expect(verified.code).toBe(8);
      expect(verified.stderr).toContain('WORM_SHADOWED');
      const to = join(store.work, how.replaceAll(' ', '-'));
      expect((await store.pull(to)).code).toBe(0);
      expect(readFileSync(join(to, ENTRY), 'utf8')).toBe(
        readFileSync(join(store.work, 'infra/evidence/rehearsal/dev', ENTRY), 'utf8'),
      );
    });
  },
);
