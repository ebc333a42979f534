/** The bucket that holds the state. */
import {
  bucketCalls,
  encryptionOf,
  locationOf,
  ownershipOf,
  policyOf,
  publicAccessOf,
  tagsControl,
  versioningOf,
  type BucketPart,
} from './bucket.ts';
import { bucketPolicy } from './policies/bucket-policy.ts';
import { clauses, type AwsResource } from './resource.ts';
import { lifecycle } from './state-bucket-lifecycle.ts';

const part: BucketPart = {
  id: 'state-bucket',
  key: 'state-key',
  nameOf: (b) => b.names.bucket,
  why: {
    location: 'State is confidential data with a place; a bucket cannot be moved afterwards.',
    public: 'State holds secrets; one wrong policy or ACL must not be able to publish it.',
    versioning: 'A state that was overwritten or truncated can only be brought back from an older version.',
  },
  encryption: "encrypted with the environment's own key, with a bucket key",
  policy: {
    title: 'bucket policy: TLS, this account, this key, no lost versions',
    why: 'Nobody outside of the account, no plain HTTP and no other key gets at the state, and permissions elsewhere in the account are not enough to delete its versions.',
    satisfies: clauses(
      ['FSBP', 'S3.5', 'S3.6'],
      ['CIS AWS 5.0', '2.1.1'],
      ['ISO/IEC 27001:2022', 'A.8.3', 'A.8.24', 'A.5.33'],
      ['SOC 2', 'CC6.1'],
    ),
    of: bucketPolicy,
  },
};

export const stateBucket: AwsResource = {
  ...bucketCalls(part),
  kind: 'state-bucket',
  title: 'state bucket',
  after: ['state-key'],
  wanted: () => true,
  controls: [
    locationOf(part),
    tagsControl(part),
    ownershipOf(part),
    publicAccessOf(part),
    versioningOf(part),
    encryptionOf(part),
    policyOf(part),
    lifecycle,
  ],
};
