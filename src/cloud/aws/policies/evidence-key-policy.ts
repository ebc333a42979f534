/**
 * The policy of the key of the evidence. The account administers it, as it does the other one, and gives access to it through IAM; what
 * is denied here is denied to everybody. Evidence that cannot be decrypted is lost, so nobody may schedule its deletion, and nobody may
 * use it but through S3 for its one bucket.
 */
import { ROLE_NAMES, type Blueprint } from '../../../plan/blueprint.ts';
import { bucketArn, roleArn, viaService } from '../arn.ts';
import { document, type PolicyDocument } from './document.ts';
import { accountAdministers, THIS_KEY } from './key-policy.ts';

/** Cryptographic operations of a symmetric key (KMS developer guide, "Key usage"). */
const USE = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

export function evidenceKeyPolicy(
  b: Blueprint,
  { bucket }: NonNullable<Blueprint['evidence']>,
): PolicyDocument {
  const everybody = { Effect: 'Deny', Principal: '*', Resource: THIS_KEY } as const;
  return document([
    accountAdministers(b),
    {
      Sid: 'GovbootBreakGlassRescuesKey',
      Effect: 'Allow',
      Principal: { AWS: roleArn(b, 'break-glass') },
      Action: ['kms:CancelKeyDeletion', 'kms:DescribeKey', 'kms:EnableKey'],
      Resource: THIS_KEY,
    },
    // A negated operator holds where the key is absent too, which is so for a call that does not come from a service.
    {
      Sid: 'GovbootDenyUseOutsideS3',
      ...everybody,
      Action: USE,
      Condition: { StringNotEquals: { 'kms:ViaService': viaService(b, 's3') } },
    },
    // The context is the bucket's ARN with a bucket key and the object's ARN without one (S3 user guide, "S3 Bucket Keys").
    {
      Sid: 'GovbootDenyUseElsewhere',
      ...everybody,
      Action: USE,
      Condition: {
        StringNotLike: {
          'kms:EncryptionContext:aws:s3:arn': [bucketArn(b, bucket), `${bucketArn(b, bucket)}/*`],
        },
      },
    },
    {
      Sid: 'GovbootDenyRolesOfState',
      ...everybody,
      Action: USE,
      Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE_NAMES.map((role) => roleArn(b, role)) } },
    },
    // S3 needs no grant, and a grant would be a second way in that no policy shows.
    {
      Sid: 'GovbootDenyLosingKey',
      ...everybody,
      Action: ['kms:CreateGrant', 'kms:DisableKey', 'kms:DisableKeyRotation', 'kms:ScheduleKeyDeletion'],
    },
  ]);
}
