/**
 * What each role may do: the calls that Terraform's and OpenTofu's S3 backend make, on the exact objects and items, and
 * nothing else. No wildcard stands in an action.
 */
import type { Blueprint, RoleName } from '../../../plan/blueprint.ts';
import { bucketArn, digestIds, lockIds, lockKeys, objectArn, stateKeys, tableArn } from '../arn.ts';
import { document, type PolicyDocument, type Statement } from './document.ts';
import { throughDynamoDb, throughS3, writesObjects } from './key-policy.ts';

export function permissionsPolicy(b: Blueprint, role: RoleName, keyArn: string): PolicyDocument {
  switch (role) {
    case 'operator':
    case 'automation':
    case 'ci-apply':
      return document([list(b), write(b), ...lockFile(b), ...lockItems(b), ...key(b, keyArn, true)]);
    case 'ci-plan':
      return document([
        list(b),
        read(b),
        ...lockFile(b),
        ...planLockItems(b),
        ...key(b, keyArn, writesObjects(b, role)),
      ]);
    case 'break-glass':
      return document([...breakGlass(b, keyArn), ...lockFile(b), ...repairItems(b), ...key(b, keyArn, true)]);
  }
}

/** Without it a state that does not exist yet answers 403 instead of 404 (S3 HeadObject), and the first init fails. */
function list(b: Blueprint): Statement {
  return { Sid: 'GovbootListState', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucketArn(b) };
}

function states(b: Blueprint): readonly string[] {
  return stateKeys(b).map((name) => objectArn(b, name));
}

/** Terraform uploads large states in parts, and clears up a failed upload. */
function write(b: Blueprint): Statement {
  return {
    Sid: 'GovbootWriteState',
    Effect: 'Allow',
    Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
    Resource: states(b),
  };
}

function read(b: Blueprint): Statement {
  return { Sid: 'GovbootReadState', Effect: 'Allow', Action: 's3:GetObject', Resource: states(b) };
}

/** A plan locks too. DeleteObject on a versioned bucket leaves a delete marker and no version is lost. */
function lockFile(b: Blueprint): readonly Statement[] {
  if (b.locking === 'table') return [];
  return [
    {
      Sid: 'GovbootLockFile',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      Resource: lockKeys(b).map((name) => objectArn(b, name)),
    },
  ];
}

/**
 * `ForAllValues` is true of a request without the key, hence `Null … false` beside it (IAM user guide, "Multivalued context
 * keys"). StringLike for the one star in a workspace's name.
 */
function items(b: Blueprint, sid: string, actions: readonly string[], ids: readonly string[]): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: actions,
    Resource: tableArn(b),
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ids },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  };
}

/** A digest goes only with its state (Terraform `workspace delete`), and deleting a state is nobody's. */
function lockItems(b: Blueprint): readonly Statement[] {
  if (b.locking === 'lockfile') return [];
  const digest = ['dynamodb:GetItem', 'dynamodb:PutItem'];
  return [
    items(b, 'GovbootLock', ['dynamodb:DeleteItem', ...digest], lockIds(b)),
    items(b, 'GovbootDigest', digest, digestIds(b)),
  ];
}

/** A digest that is not that of the state holds everybody up until it is put right or taken away. */
function repairItems(b: Blueprint): readonly Statement[] {
  if (b.locking === 'lockfile') return [];
  const actions = ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'];
  return [items(b, 'GovbootLockTable', actions, [...lockIds(b), ...digestIds(b)])];
}

/** A plan takes the lock and reads the digest, and never writes the digest. */
function planLockItems(b: Blueprint): readonly Statement[] {
  if (b.locking === 'lockfile') return [];
  return [
    items(b, 'GovbootReadLockTable', ['dynamodb:GetItem'], [...lockIds(b), ...digestIds(b)]),
    items(b, 'GovbootTakeLock', ['dynamodb:DeleteItem', 'dynamodb:PutItem'], lockIds(b)),
  ];
}

/** @param writes whether the role writes objects, which needs a data key */
function key(b: Blueprint, keyArn: string, writes: boolean): readonly Statement[] {
  const s3: Statement = {
    Sid: 'GovbootKeyThroughS3',
    Effect: 'Allow',
    Action: writes ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt',
    Resource: keyArn,
    Condition: throughS3(b),
  };
  if (b.locking === 'lockfile') return [s3];
  return [
    s3,
    {
      Sid: 'GovbootKeyThroughDynamoDb',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: keyArn,
      Condition: throughDynamoDb(b),
    },
  ];
}

/**
 * Repair: older versions of the state, a broken bucket policy, a key that was disabled or is about to be deleted.
 * Losing versions is not among it, although the bucket policy exempts this role: that takes a wider, signed change.
 */
function breakGlass(b: Blueprint, keyArn: string): readonly Statement[] {
  const statements: Statement[] = [
    {
      Sid: 'GovbootListVersions',
      Effect: 'Allow',
      Action: ['s3:GetBucketPolicy', 's3:ListBucket', 's3:ListBucketVersions', 's3:PutBucketPolicy'],
      Resource: bucketArn(b),
    },
    {
      Sid: 'GovbootRepairState',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
      Resource: states(b),
    },
    {
      Sid: 'GovbootRescueKey',
      Effect: 'Allow',
      Action: ['kms:CancelKeyDeletion', 'kms:DescribeKey', 'kms:EnableKey'],
      Resource: keyArn,
    },
  ];
  return statements;
}
