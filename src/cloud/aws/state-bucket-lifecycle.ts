/** How long old versions of the state are kept: the bucket's only lifecycle rule. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { canonicalText } from '../../kernel/canonical.ts';
import type { Json } from '../../kernel/json.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Comparison } from '../../plan/control.ts';
import { clauses, observing, set, unset, value, type AwsControl } from './resource.ts';

const RULE_ID = 'govboot-version-retention';
/** Days after which the parts of an upload that never ended are cleared up; they are no version of the state. */
const ABORT_DAYS = 7;

function rule(b: Blueprint): LifecycleRule & Json {
  return {
    ID: RULE_ID,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    NoncurrentVersionExpiration: {
      NoncurrentDays: b.retention.noncurrentDays,
      NewerNoncurrentVersions: b.retention.noncurrentKeep,
    },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_DAYS },
  };
}

/** Its id tells a changed rule of ours from a rule of somebody else, which could expire the state itself. */
function compare(observed: Json, desired: Json): Comparison {
  const rules = Array.isArray(observed) ? (observed as readonly Json[]) : [observed];
  const [wanted] = desired as readonly Json[];
  const same = (found: Json): boolean =>
    wanted !== undefined && canonicalText(found) === canonicalText(wanted);
  const foreign = rules.filter((found) => !same(found) && (found as { ID?: Json } | null)?.ID !== RULE_ID);
  if (foreign.length > 0) return { is: 'foreign', found: foreign };
  return { is: rules.length === 1 && rules.every(same) ? 'right' : 'wrong' };
}

/** A filter on everything is written `{ Prefix: "" }` or `{}`. */
function plain(found: LifecycleRule): Json {
  const { Filter, ...rest } = found;
  const json = JSON.parse(JSON.stringify(rest)) as { readonly [key: string]: Json };
  const filter = JSON.parse(JSON.stringify(Filter ?? null)) as Json;
  return { ...json, Filter: canonicalText(filter) === '{}' ? { Prefix: '' } : filter };
}

export const lifecycle: AwsControl = {
  id: 'state-bucket.lifecycle',
  title: 'version retention',
  why: 'Old versions hold old secrets and cannot be kept for ever; the newest are always kept, however old they are.',
  needs: ['lifecycle'],
  satisfies: clauses(['FSBP', 'S3.10', 'S3.13'], ['ISO/IEC 27001:2022', 'A.5.33']),
  desired: (b) => value([rule(b)]),
  compare,
  read: (api, b) =>
    observing(async () => {
      const { Rules } = await api.call('s3:GetBucketLifecycleConfiguration', {
        Bucket: b.names.bucket,
        ExpectedBucketOwner: b.account,
      });
      return Rules === undefined || Rules.length === 0 ? unset : set(Rules.map(plain));
    }),
  async write(api, b) {
    await api.call('s3:PutBucketLifecycleConfiguration', {
      Bucket: b.names.bucket,
      ExpectedBucketOwner: b.account,
      LifecycleConfiguration: { Rules: [rule(b)] },
    });
  },
};
