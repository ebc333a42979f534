/** Objects and buckets. */
import { bucketArn, objectArn } from '../../../src/cloud/aws/arn.ts';
import type { Call, Context } from '../iam-judge.ts';
import { breakGlass, callOf, denied, right, WRITERS, type DeniedCall, type Scene } from './row.ts';

const TLS = { 's3:TlsVersion': '1.3' };
const NEW = { ...TLS, 's3:ObjectCreationOperation': 'true' };
const SSE = 's3:x-amz-server-side-encryption';

export function objectCalls(scene: Scene): readonly DeniedCall[] {
  return [...strangeObjects(scene), ...versions(scene), ...uploads(scene)];
}

function strangeObjects({ b }: Scene): readonly DeniedCall[] {
  const at = (action: string, key: string, context: Context = TLS): Call =>
    callOf(action, objectArn(b, key), context);
  const group = 'other states and objects';
  const other = b.stateKey.replace(/^[^/]+/, 'other');
  const readRight = { control: right(at('s3:GetObject', b.stateKey)) };
  const writeRight = { control: right(at('s3:PutObject', b.stateKey, NEW)) };
  // A role that never writes is denied it for another reason; its control is an administrator.
  const writing = (what: string, key: string): readonly DeniedCall[] => [
    denied(group, what, at('s3:PutObject', key, NEW), { ...writeRight, except: ['ci-plan'] }),
    denied(group, `${what}, by a role that reads`, at('s3:PutObject', key, NEW), { except: WRITERS }),
  ];
  return [
    denied(group, 'read the state of another environment', at('s3:GetObject', other), readRight),
    ...writing('write the state of another environment', other),
    denied(group, 'read a workspace of another state', at('s3:GetObject', `env:/x/${other}`), readRight),
    ...writing('write a workspace of another state', `env:/x/${other}`),
    denied(group, 'read a name that begins as the state', at('s3:GetObject', `${b.stateKey}2`), readRight),
    ...writing('write a name that begins as the state', `${b.stateKey}.backup`),
    denied(group, 'read a name that ends as the state', at('s3:GetObject', `x/${b.stateKey}`), readRight),
    ...writing('write a name that ends as the state', `x/${b.stateKey}`),
    denied(group, 'read the state in another case', at('s3:GetObject', b.stateKey.toUpperCase()), readRight),
    ...writing('write anything else', 'anything'),
    denied(group, 'delete the state', at('s3:DeleteObject', b.stateKey)),
    denied(group, 'delete the state of a workspace', at('s3:DeleteObject', `env:/x/${b.stateKey}`)),
    denied(group, 'delete the lock of another state', at('s3:DeleteObject', `${other}.tflock`)),
    denied(
      group,
      'take the lock of another state',
      at('s3:PutObject', `${other}.tflock`, { ...NEW, 's3:if-none-match': '*' }),
    ),
    denied(group, 'write the state', at('s3:PutObject', b.stateKey, NEW), { except: WRITERS }),
    denied(group, 'write the state of a workspace', at('s3:PutObject', `env:/x/${b.stateKey}`, NEW), {
      except: WRITERS,
    }),
    denied(group, 'clear up an upload', at('s3:AbortMultipartUpload', b.stateKey), { except: WRITERS }),
    denied(group, 'clear up an upload of another', at('s3:AbortMultipartUpload', other)),
    denied(group, 'open the state to others', at('s3:PutObjectAcl', b.stateKey)),
    denied(group, 'tag the state', at('s3:PutObjectTagging', b.stateKey)),
    denied(group, 'untag the state', at('s3:DeleteObjectTagging', b.stateKey)),
    denied(group, 'hold the state', at('s3:PutObjectLegalHold', b.stateKey)),
    denied(group, 'retain the state', at('s3:PutObjectRetention', b.stateKey)),
    denied(group, 'restore from an archive', at('s3:RestoreObject', b.stateKey)),
    denied(group, 'read attributes', at('s3:GetObjectAttributes', b.stateKey)),
  ];
}

function versions({ b }: Scene): readonly DeniedCall[] {
  const at = (action: string, key: string): Call =>
    callOf(action, objectArn(b, key), { ...TLS, 's3:VersionId': 'v1' });
  const plain = (action: string, key: string): Call => callOf(action, objectArn(b, key), TLS);
  const group = 'versions of the state';
  const lost = { control: breakGlass, by: 'GovbootDenyLosingVersions' };
  return [
    denied(group, 'read an older version', at('s3:GetObjectVersion', b.stateKey), {
      except: ['break-glass'],
    }),
    denied(group, 'read an older version of a workspace', at('s3:GetObjectVersion', `env:/x/${b.stateKey}`), {
      except: ['break-glass'],
    }),
    denied(
      group,
      'read an older version of another state',
      at('s3:GetObjectVersion', 'other/terraform.tfstate'),
    ),
    denied(group, 'lose a version', at('s3:DeleteObjectVersion', b.stateKey), lost),
    denied(
      group,
      'lose a version of a workspace',
      at('s3:DeleteObjectVersion', `env:/x/${b.stateKey}`),
      lost,
    ),
    denied(group, 'lose a version of a lock', at('s3:DeleteObjectVersion', `${b.stateKey}.tflock`), lost),
    denied(group, 'read tags of a version', at('s3:GetObjectVersionTagging', b.stateKey)),
    denied(group, 'open a version to others', at('s3:PutObjectVersionAcl', b.stateKey)),
    denied(group, 'shorten a retention', plain('s3:BypassGovernanceRetention', b.stateKey)),
  ];
}

/** Each of these is the write of a state with one thing wrong, which the bucket policy refuses to everybody. */
function uploads({ b, keyArn }: Scene): readonly DeniedCall[] {
  const state = objectArn(b, b.stateKey);
  const group = 'uploads that weaken';
  const good = callOf('s3:PutObject', state, { ...NEW, [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: keyArn });
  const wrong = (what: string, by: string, context: Context): readonly DeniedCall[] => {
    const call = callOf('s3:PutObject', state, { ...NEW, ...context });
    return [
      denied(group, what, call, { by, control: right(good), except: ['ci-plan'] }),
      denied(group, `${what}, by a role that reads`, call, {
        by,
        control: right(callOf('s3:GetObject', state, TLS)),
        except: WRITERS,
      }),
    ];
  };
  const reading = callOf('s3:GetObject', state, TLS);
  const lock = objectArn(b, `${b.stateKey}.tflock`);
  return [
    ...wrong('without a key: AES256', 'GovbootDenyOtherEncryption', { [SSE]: 'AES256' }),
    ...wrong('with two layers: aws:kms:dsse', 'GovbootDenyOtherEncryption', {
      [SSE]: 'aws:kms:dsse',
      [`${SSE}-aws-kms-key-id`]: keyArn,
    }),
    ...wrong('with another key', 'GovbootDenyOtherKey', {
      [SSE]: 'aws:kms',
      [`${SSE}-aws-kms-key-id`]: keyArn.replace(/.{4}$/, '0000'),
    }),
    ...wrong("with the account's key of S3", 'GovbootDenyUnnamedKey', { [SSE]: 'aws:kms' }),
    ...wrong('with a key of the caller', 'GovbootDenyCustomerProvidedKey', {
      [`${SSE}-customer-algorithm`]: 'AES256',
    }),
    ...wrong('in plain text', 'GovbootDenyInsecureTransport', { 'aws:SecureTransport': 'false' }),
    ...wrong('over TLS 1.1', 'GovbootDenyOldTls', { 's3:TlsVersion': '1.1' }),
    ...wrong('by another account', 'GovbootDenyOtherAccounts', { 'aws:PrincipalAccount': '999999999999' }),
    denied(
      group,
      'read in plain text',
      callOf('s3:GetObject', state, { ...TLS, 'aws:SecureTransport': 'false' }),
      {
        by: 'GovbootDenyInsecureTransport',
        control: right(reading),
      },
    ),
    denied(group, 'read over TLS 1.0', callOf('s3:GetObject', state, { 's3:TlsVersion': '1.0' }), {
      by: 'GovbootDenyOldTls',
      control: right(reading),
    }),
    ...(b.locking === 'table'
      ? []
      : [
          denied(group, 'take a lock that is held: no If-None-Match', callOf('s3:PutObject', lock, NEW), {
            by: 'GovbootDenyUnconditionalLock',
            control: right(callOf('s3:PutObject', lock, { ...NEW, 's3:if-none-match': '*' })),
          }),
        ]),
  ];
}

export function bucketCalls(scene: Scene): readonly DeniedCall[] {
  return [...administration(scene), ...otherBuckets(scene)];
}

function administration({ b }: Scene): readonly DeniedCall[] {
  const at = (action: string): Call => callOf(`s3:${action}`, bucketArn(b), TLS);
  const group = 'the bucket';
  const losing = { by: 'GovbootDenyLosingBucket', control: breakGlass };
  // An administrator may, and a role that uses the state may not, whatever is attached to it.
  const weakening = (action: string, what: string, except: DeniedCall['except'] = []): DeniedCall =>
    denied(group, what, at(action), { by: 'GovbootDenyUsersWeakening', except });
  return [
    denied(group, 'delete it', at('DeleteBucket'), losing),
    denied(group, 'delete its policy', at('DeleteBucketPolicy'), losing),
    denied(group, 'copy it elsewhere', at('PutReplicationConfiguration'), losing),
    weakening('PutBucketPolicy', 'write its policy', ['break-glass']),
    weakening('PutBucketVersioning', 'stop versioning'),
    weakening('PutLifecycleConfiguration', 'let versions expire'),
    weakening('PutEncryptionConfiguration', 'change its encryption'),
    weakening('PutBucketPublicAccessBlock', 'allow public access'),
    weakening('PutBucketOwnershipControls', 'switch access control lists on'),
    weakening('PutBucketAcl', 'write its access control list'),
    denied(group, 'read its policy', at('GetBucketPolicy'), { except: ['break-glass'] }),
    denied(group, 'list versions', at('ListBucketVersions'), { except: ['break-glass'] }),
    denied(group, 'list uploads', at('ListBucketMultipartUploads')),
    ...(
      [
        ['PutBucketTagging', 'tag it'],
        ['PutBucketNotification', 'send its events elsewhere'],
        ['PutBucketLogging', 'send its log elsewhere'],
        ['PutBucketWebsite', 'make a web site of it'],
        ['PutBucketCORS', 'open it to browsers'],
        ['PutAccelerateConfiguration', 'accelerate it'],
        ['PutBucketRequestPayment', 'let others pay'],
        ['PutInventoryConfiguration', 'send its inventory elsewhere'],
        ['PutAnalyticsConfiguration', 'send its analytics elsewhere'],
        ['PutBucketObjectLockConfiguration', 'lock its objects'],
        ['PutIntelligentTieringConfiguration', 'archive it'],
      ] as const
    ).map(([action, what]) => denied(group, what, at(action))),
  ];
}

function otherBuckets({ b }: Scene): readonly DeniedCall[] {
  const group = 'other buckets';
  const other = `arn:${b.partition}:s3:::${b.names.bucket.replace(b.environment, 'prod')}`;
  const longer = `${bucketArn(b)}-2`;
  const at = (action: string, resource: string, context: Context = TLS): Call =>
    callOf(action, resource, context);
  const reading = { control: right(at('s3:GetObject', objectArn(b, b.stateKey))) };
  return [
    denied(group, 'list the bucket of another environment', at('s3:ListBucket', other), {
      control: right(at('s3:ListBucket', bucketArn(b))),
    }),
    denied(group, 'read its state', at('s3:GetObject', `${other}/${b.stateKey}`), reading),
    denied(group, 'write its state', at('s3:PutObject', `${other}/${b.stateKey}`, NEW)),
    denied(group, 'delete its lock', at('s3:DeleteObject', `${other}/${b.stateKey}.tflock`)),
    denied(group, 'read a bucket with a longer name', at('s3:GetObject', `${longer}/${b.stateKey}`), reading),
    denied(group, 'write a bucket with a longer name', at('s3:PutObject', `${longer}/${b.stateKey}`, NEW)),
    denied(group, 'make a bucket', at('s3:CreateBucket', longer)),
    denied(group, 'delete another bucket', at('s3:DeleteBucket', longer)),
    denied(group, 'write the policy of another bucket', at('s3:PutBucketPolicy', other)),
  ];
}
