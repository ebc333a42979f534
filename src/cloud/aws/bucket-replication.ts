/** That nothing copies a bucket elsewhere. govboot sets no replication; whoever finds one has found somebody else's. */
import type { ReplicationRule } from '@aws-sdk/client-s3';
import { toJson } from '../../kernel/json.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import { isFault, type AwsApi } from './api.ts';
import { ofBucket, type BucketPart } from './bucket.ts';
import { clauses, foreignUnlessEmpty, observing, set, value, type AwsControl } from './resource.ts';

/** ReplicationConfiguration.Rules; none where it was never configured. */
async function rules(api: AwsApi, b: Blueprint, bucket: string): Promise<readonly ReplicationRule[]> {
  try {
    const answer = await api.call('s3:GetBucketReplication', ofBucket(b, bucket));
    return answer.ReplicationConfiguration?.Rules ?? [];
  } catch (error) {
    if (isFault(error, 'absent') && error.fault === 'ReplicationConfigurationNotFoundError') return [];
    throw error;
  }
}

export const noReplicationOf = ({ id, nameOf }: Pick<BucketPart, 'id' | 'nameOf'>): AwsControl => ({
  id: `${id}.no-replication`,
  title: 'no replication',
  why: 'A rule of replication carries every version into a bucket that this policy does not govern.',
  needs: ['versioning'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.12'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  forbids: true,
  desired: () => value([]),
  compare: foreignUnlessEmpty,
  read: (api, b) => observing(async () => set((await rules(api, b, nameOf(b))).map((rule) => toJson(rule)))),
  write: async () => Promise.reject(new TypeError('replication is not ours to change')),
});
