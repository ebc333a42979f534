/**
 * The bucket of the evidence and its key. A role of the state has no business there. What is `elsewhere` in its control is denied to
 * everybody, an administrator with all permissions included; the rest is up to the account, which gives it to whoever runs govboot.
 */
import { bucketArn, objectArn, viaService } from '../../../src/cloud/aws/arn.ts';
import type { Call, Context } from '../iam-judge.ts';
import { callOf, denied, elsewhere, type DeniedCall, type Group, type Scene } from './row.ts';

const TLS = { 's3:TlsVersion': '1.3' };
const NEW = { ...TLS, 's3:ObjectCreationOperation': 'true', 's3:if-none-match': '*' };
const SSE = 's3:x-amz-server-side-encryption';
const DAYS = 's3:object-lock-remaining-retention-days';
const MODE = 's3:object-lock-mode';
const RECORD = 'dev/ledger/00000000.json';

export function storeCalls(scene: Scene): readonly DeniedCall[] {
  return scene.b.evidence === null ? [] : [...objects(scene), ...bucket(scene), ...key(scene)];
}

type Rows = readonly (readonly [what: string, action: string, context?: Context])[];

/** Rows of one resource: `ours` are denied by their statement to everybody, and to nobody on `other`. */
function rowsOn(group: Group, ours: string, other: string, plain: Context) {
  const at = (resource: string, action: string, context: Context = plain): Call =>
    callOf(action, resource, context);
  return {
    toRoles: (by: string | null, rows: Rows): readonly DeniedCall[] =>
      rows.map(([what, action, context]) =>
        denied(group, what, at(ours, action, context), by === null ? {} : { by }),
      ),
    toAll: (by: string, rows: Rows): readonly DeniedCall[] =>
      rows.map(([what, action, context]) =>
        denied(group, what, at(ours, action, context), {
          by,
          control: elsewhere(at(other, action, context)),
        }),
      ),
  };
}

function objects({ b, storeKeyArn }: Scene): readonly DeniedCall[] {
  const name = b.evidence?.bucket ?? '';
  const ours = objectArn(b, RECORD, name);
  const { toRoles, toAll } = rowsOn('the evidence', ours, objectArn(b, RECORD, `${name}-2`), TLS);
  const under = (id: string): Context => ({ ...NEW, [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: id });
  const kept = (mode: string, days: string): Context => ({ [MODE]: mode, [DAYS]: days });
  return [
    ...toRoles('GovbootDenyRolesOfState', [
      ['put what is not there', 's3:PutObject', NEW],
      ['put under its key', 's3:PutObject', under(storeKeyArn)],
      ['read', 's3:GetObject'],
      ['read a version', 's3:GetObjectVersion', { ...TLS, 's3:VersionId': 'v1' }],
      ['read until when it is held', 's3:GetObjectRetention'],
      ['keep longer', 's3:PutObjectRetention', { ...TLS, ...kept('COMPLIANCE', '4000') }],
      ['hold for a lawyer', 's3:PutObjectLegalHold'],
    ]),
    ...toAll('GovbootDenyUnconditionalWrite', [
      ['put over what may be there', 's3:PutObject', { ...TLS, 's3:ObjectCreationOperation': 'true' }],
    ]),
    ...toAll('GovbootDenyOtherEncryption', [
      ['put under no key', 's3:PutObject', { ...NEW, [SSE]: 'AES256' }],
    ]),
    ...toAll('GovbootDenyOtherKey', [['put under another key', 's3:PutObject', under(`${storeKeyArn}0`)]]),
    ...toAll('GovbootDenyInsecureTransport', [
      ['put in plain text', 's3:PutObject', { ...NEW, 'aws:SecureTransport': 'false' }],
    ]),
    ...toAll('GovbootDenyShorterRetention', [
      ['put for a shorter time', 's3:PutObject', { ...NEW, ...kept('COMPLIANCE', '2556') }],
      ['shorten its retention', 's3:PutObjectRetention', { ...TLS, ...kept('COMPLIANCE', '30') }],
    ]),
    ...toAll('GovbootDenyOtherMode', [
      ['put with a way around it', 's3:PutObject', { ...NEW, ...kept('GOVERNANCE', '4000') }],
      ['weaken its retention', 's3:PutObjectRetention', { ...TLS, ...kept('GOVERNANCE', '4000') }],
    ]),
    ...toAll('GovbootDenyLosingEvidence', [
      ['bypass governance', 's3:BypassGovernanceRetention'],
      ['hide it', 's3:DeleteObject'],
      ['delete a version', 's3:DeleteObjectVersion', { ...TLS, 's3:VersionId': 'v1' }],
    ]),
  ];
}

function bucket({ b }: Scene): readonly DeniedCall[] {
  const name = b.evidence?.bucket ?? '';
  const ours = bucketArn(b, name);
  const { toRoles, toAll } = rowsOn('the bucket of the evidence', ours, `${ours}-2`, TLS);
  return [
    ...toRoles('GovbootDenyRolesOfState', [
      ['list versions', 's3:ListBucketVersions'],
      ['read its policy', 's3:GetBucketPolicy'],
      ['change its policy', 's3:PutBucketPolicy'],
      ['read its lock configuration', 's3:GetBucketObjectLockConfiguration'],
      ['change its lock configuration', 's3:PutBucketObjectLockConfiguration'],
      ['change its encryption', 's3:PutEncryptionConfiguration'],
      ['allow public access', 's3:PutBucketPublicAccessBlock'],
      ['write its access control list', 's3:PutBucketAcl'],
    ]),
    ...toAll('GovbootDenyLosingBucket', [
      ['delete it', 's3:DeleteBucket'],
      ['delete its policy', 's3:DeleteBucketPolicy'],
      ['stop versioning', 's3:PutBucketVersioning'],
      ['let versions expire', 's3:PutLifecycleConfiguration'],
      ['copy it elsewhere', 's3:PutReplicationConfiguration'],
    ]),
  ];
}

function key({ b, storeKeyArn }: Scene): readonly DeniedCall[] {
  const name = b.evidence?.bucket ?? '';
  const other = storeKeyArn.replace(/.{12}$/, '000000000000');
  const { toRoles, toAll } = rowsOn('the key of the evidence', storeKeyArn, other, {});
  const through = {
    'kms:ViaService': viaService(b, 's3')[0] ?? '',
    'kms:EncryptionContext:aws:s3:arn': bucketArn(b, name),
  };
  const state = { ...through, 'kms:EncryptionContext:aws:s3:arn': bucketArn(b) };
  const dynamo = { ...through, 'kms:ViaService': viaService(b, 'dynamodb')[0] ?? '' };
  return [
    ...toRoles('GovbootDenyRolesOfState', [
      ['Decrypt through S3', 'kms:Decrypt', through],
      ['GenerateDataKey through S3', 'kms:GenerateDataKey', through],
    ]),
    ...toRoles(null, [
      ['read its policy', 'kms:GetKeyPolicy'],
      ['change its policy', 'kms:PutKeyPolicy'],
    ]),
    ...['CancelKeyDeletion', 'EnableKey', 'DescribeKey'].map((action) =>
      denied('the key of the evidence', action, callOf(`kms:${action}`, storeKeyArn), {
        except: ['break-glass'],
      }),
    ),
    ...toAll('GovbootDenyUseOutsideS3', [
      ['Decrypt directly', 'kms:Decrypt'],
      ['Decrypt through DynamoDB', 'kms:Decrypt', dynamo],
      ['ReEncryptFrom directly', 'kms:ReEncryptFrom'],
    ]),
    ...toAll('GovbootDenyUseElsewhere', [
      ['GenerateDataKey for the bucket of the state', 'kms:GenerateDataKey', state],
    ]),
    ...toAll(
      'GovbootDenyLosingKey',
      ['ScheduleKeyDeletion', 'DisableKey', 'DisableKeyRotation', 'CreateGrant'].map(
        (action) => [action, `kms:${action}`] as const,
      ),
    ),
  ];
}
