/** The key: its use past S3 and DynamoDB, its administration, and other keys. */
import { bucketArn, viaService } from '../../../src/cloud/aws/arn.ts';
import type { Call, Context } from '../iam-judge.ts';
import { breakGlass, callOf, denied, right, type DeniedCall, type Scene } from './row.ts';

export function keyCalls(scene: Scene): readonly DeniedCall[] {
  return [...use(scene), ...administration(scene), ...others(scene)];
}

/** As S3 uses it for this bucket. */
function throughS3({ b }: Scene): Readonly<Record<string, string>> {
  return {
    'kms:ViaService': viaService(b, 's3')[0] ?? '',
    'kms:EncryptionContext:aws:s3:arn': bucketArn(b),
  };
}

function use(scene: Scene): readonly DeniedCall[] {
  const { b, keyArn } = scene;
  const group = 'use of the key';
  const good = throughS3(scene);
  const at = (action: string, context: Context): Call => callOf(`kms:${action}`, keyArn, context);
  const decryptRight = { control: right(at('Decrypt', good)) };
  const { 'kms:ViaService': _via, ...noVia } = good;
  const { 'kms:EncryptionContext:aws:s3:arn': _context, ...noContext } = good;
  const table = {
    'kms:ViaService': viaService(b, 'dynamodb')[0] ?? '',
    'kms:EncryptionContext:aws:dynamodb:tableName': b.names.table,
    'kms:EncryptionContext:aws:dynamodb:subscriberId': b.account,
  };
  const wrong: readonly (readonly [what: string, context: Context])[] = [
    ['directly', {}],
    ['directly, with the encryption context of S3', noVia],
    ['through S3 without a context', noContext],
    ['through S3 of another region', { ...good, 'kms:ViaService': 's3.us-west-2.amazonaws.com' }],
    ['through another service', { ...good, 'kms:ViaService': `lambda.${b.region}.amazonaws.com` }],
    ['through S3 for another bucket', { ...good, 'kms:EncryptionContext:aws:s3:arn': `${bucketArn(b)}-2` }],
    [
      'through S3 for an object of another bucket',
      { ...good, 'kms:EncryptionContext:aws:s3:arn': `${bucketArn(b)}-2/${b.stateKey}` },
    ],
    [
      'through DynamoDB for another table',
      { ...table, 'kms:EncryptionContext:aws:dynamodb:tableName': 'other' },
    ],
    [
      'through DynamoDB of another account',
      { ...table, 'kms:EncryptionContext:aws:dynamodb:subscriberId': '999999999999' },
    ],
  ];
  return [
    ...wrong.map(([what, context]) => denied(group, `Decrypt ${what}`, at('Decrypt', context), decryptRight)),
    ...wrong.map(([what, context]) =>
      denied(group, `GenerateDataKey ${what}`, at('GenerateDataKey', context)),
    ),
    denied(group, 'GenerateDataKey through DynamoDB', at('GenerateDataKey', table)),
    ...(b.locking === 'table'
      ? [
          denied(group, 'GenerateDataKey through S3', at('GenerateDataKey', good), {
            except: ['operator', 'automation', 'ci-apply', 'break-glass'],
          }),
        ]
      : []),
    ...[
      'Encrypt',
      'ReEncryptFrom',
      'ReEncryptTo',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateDataKeyPair',
    ].map((action) => denied(group, `${action} through S3`, at(action, good))),
  ];
}

function administration({ keyArn }: Scene): readonly DeniedCall[] {
  const at = (action: string): Call => callOf(`kms:${action}`, keyArn);
  const losing = { by: 'GovbootDenyLosingKey', control: breakGlass };
  return [
    ...['ScheduleKeyDeletion', 'DisableKey', 'DisableKeyRotation'].map((action) =>
      denied('the key', action, at(action), losing),
    ),
    ...['DescribeKey', 'EnableKey', 'CancelKeyDeletion'].map((action) =>
      denied('the key', action, at(action), { except: ['break-glass'] }),
    ),
    ...[
      'PutKeyPolicy',
      'GetKeyPolicy',
      'CreateGrant',
      'ListGrants',
      'RevokeGrant',
      'RetireGrant',
      'EnableKeyRotation',
      'RotateKeyOnDemand',
      'UpdateKeyDescription',
      'CreateAlias',
      'DeleteAlias',
      'UpdateAlias',
      'TagResource',
      'UntagResource',
      'ImportKeyMaterial',
      'DeleteImportedKeyMaterial',
      'ReplicateKey',
      'UpdatePrimaryRegion',
    ].map((action) => denied('the key', action, at(action))),
  ];
}

function others(scene: Scene): readonly DeniedCall[] {
  const good = throughS3(scene);
  const other = scene.keyArn.replace(/.{12}$/, '000000000000');
  return ['Decrypt', 'GenerateDataKey', 'ScheduleKeyDeletion', 'CreateGrant'].map((action) =>
    denied(
      'other keys',
      `${action} with another key`,
      callOf(
        `kms:${action}`,
        other,
        action === 'CreateGrant' || action === 'ScheduleKeyDeletion' ? {} : good,
      ),
    ),
  );
}
