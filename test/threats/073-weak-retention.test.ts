// threat: 73
// area: evidence
// tried: The store holds the records by nothing, by what its owner can lift (GOVERNANCE), or for less long than it did when they were stored.
// answer: WORM_WEAK, when they are pushed, by status and by verify
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { shown } from '../harness/shown.ts';
import { storeScene, type StoreScene } from '../harness/store-scene.ts';

const KEY = 'rehearsal/dev/ledger/00000002.json';

describe.skipIf(!requireOrSkip('moto', 'a store that holds records weakly'))(
  'a store that does not hold what it should',
  { timeout: 180_000 },
  () => {
    let store: StoreScene | null = null;
    afterEach(async () => {
      await store?.end();
      store = null;
    });

    test.each([
      ['nothing', null, 'nothing holds it'],
      [
        'GOVERNANCE',
        { mode: 'GOVERNANCE', days: 2557 },
        'is held in mode GOVERNANCE, which whoever may bypass it can lift',
      ],
    ] as const)('by %s: told when it is pushed, and each time after', async (_, retention, what) => {
      store = await storeScene(retention);
      const pushed = await store.push();
      expect(pushed.code).toBe(0);
      expect(pushed.stderr.replaceAll(/\s+/g, ' ')).toContain(`WORM_WEAK: rehearsal/dev/blobs/sha256/`);
      expect(pushed.stderr.replaceAll(/\s+/g, ' ')).toContain(what);
      const status = await store.status();
      expect(status.code).toBe(8);
      expect(status.stdout).toContain('WORM_WEAK');
      expect((await store.verify()).code).toBe(8);
    });

    test('for less long than it did, or not at all any more', async () => {
      store = await storeScene({ mode: 'COMPLIANCE', days: 2557 });
      expect((await store.push()).code).toBe(0);
      const { client, bucket: Bucket } = store;
      // What S3 refuses, and others are known to accept.
      await client.send(
        new PutObjectRetentionCommand({
          Bucket,
          Key: KEY,
          Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date('2027-01-01T00:00:00Z') },
          BypassGovernanceRetention: true,
        }),
      );
      const status = await store.status();
      expect(status.code).toBe(8);
      expect(`${status.stderr} ${status.stdout}`.replaceAll(/\s+/g, ' ')).toMatch(
        shown(
          'WORM_WEAK',
          's3://acme-evidence: rehearsal/dev/ledger/00000002.json: was held until …, and is held until 2027-01-01T00:00:00Z now',
          'push to a store that holds it (docs/evidence-store.md), and find out who weakened this one',
        ),
      );
      expect((await store.verify()).stderr).toContain('WORM_WEAK');
    });

    test('a version that was deleted is missed by its id', async () => {
      store = await storeScene(null);
      expect((await store.push()).code).toBe(0);
      const { client, bucket: Bucket } = store;
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: KEY }));
      const VersionId = Versions.find((one) => one.Key === KEY)?.VersionId;
      await client.send(new DeleteObjectCommand({ Bucket, Key: KEY, VersionId }));
      const status = await store.status();
      expect(status.code).toBe(8);
      expect(status.stderr).toMatch(/VAULT_CONFLICT/);
      expect(status.stderr.replaceAll(/\s+/g, ' ')).toContain('is not there any more');
    });
  },
);
