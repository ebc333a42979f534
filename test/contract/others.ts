/** What only others set, and govboot looks for: replication of the bucket, grants on the key. */
import { expect } from 'vitest';
import { BUCKET, madeBucket, madeKey, madeTable, refused, type Behaviour } from './world.ts';

export const othersBehaviours: readonly Behaviour[] = [
  {
    clause: 'S3.48',
    says: 'a bucket that nobody replicates says that it has no such configuration',
    async run(world) {
      await madeBucket(world);
      await refused(
        world.api.call('s3:GetBucketReplication', { Bucket: BUCKET }),
        'absent',
        'ReplicationConfigurationNotFoundError',
      );
    },
  },
  {
    clause: 'KMS.50',
    says: 'a new key is granted to nobody',
    async run(world) {
      const { id } = await madeKey(world);
      expect((await world.api.call('kms:ListGrants', { KeyId: id })).Grants).toEqual([]);
    },
  },
  {
    clause: 'DDB.14',
    says: 'a table that is encrypted with a key has a grant on it, for itself alone',
    exceptOn: { moto: 'makes no grant' },
    async run(world) {
      const { id } = await madeKey(world);
      await madeTable(world, {
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: id },
        TableName: 'acme-contract-locks',
      });
      const { Grants } = await world.api.call('kms:ListGrants', { KeyId: id });
      expect(Grants).toMatchObject([
        {
          GranteePrincipal: `dynamodb.${world.region}.amazonaws.com`,
          Constraints: {
            EncryptionContextSubset: {
              'aws:dynamodb:tableName': 'acme-contract-locks',
              'aws:dynamodb:subscriberId': world.account,
            },
          },
        },
      ]);
    },
  },
];
