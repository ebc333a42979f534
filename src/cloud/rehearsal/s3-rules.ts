/** S3's rules for names, regions and configurations. */
import type * as S3 from '@aws-sdk/client-s3';
import type { Json } from '../../kernel/json.ts';
import { plain, type Call } from './context.ts';
import { exists, invalid, type Refusal } from './faults.ts';
import { uuidOf } from './ids.ts';
import { checkTags, type TagProblem } from './tags.ts';
import type { Tags } from './state.ts';

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IP = /^\d{1,3}(\.\d{1,3}){3}$/;
const PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

export const malformedXml = (): Refusal =>
  invalid(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

/** General purpose bucket naming rules (S3 User Guide). @throws InvalidBucketName */
export function checkName(name: string, namespace: 'global' | 'account-regional', call: Call): void {
  const no = invalid('InvalidBucketName', 'The specified bucket is not valid.');
  if (!NAME.test(name) || name.includes('..') || IP.test(name)) throw no;
  if (PREFIXES.some((prefix) => name.startsWith(prefix)) || SUFFIXES.some((suffix) => name.endsWith(suffix)))
    throw no;
  const suffix = `-${call.account}-${call.region}-an`;
  // The suffix is the account's own; nobody else, and no other namespace, may use it.
  if (
    namespace === 'account-regional'
      ? !name.endsWith(suffix) || name.length === suffix.length
      : /-\d{12}-[a-z0-9-]+-an$/.test(name)
  )
    throw no;
}

/** @throws IllegalLocationConstraintException, InvalidLocationConstraint */
export function checkLocation(constraint: string | undefined, region: string): void {
  if (region === 'us-east-1') {
    if (constraint === undefined) return;
    if (constraint === 'us-east-1')
      throw invalid('InvalidLocationConstraint', 'The specified location-constraint is not valid');
  } else if (constraint === region) return;
  const which = constraint ?? 'unspecified';
  throw invalid(
    'IllegalLocationConstraintException',
    `The ${which} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
}

/** A name that is taken. */
export function taken(owner: string, call: Call): Refusal {
  return owner === call.account
    ? exists(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
      )
    : exists(
        'BucketAlreadyExists',
        'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      );
}

export function bucketTags(pairs: readonly S3.Tag[]): Tags {
  return checkTags(
    pairs.map(({ Key, Value }) => ({ key: Key, value: Value })),
    {},
    tagRefusal,
  );
}

function tagRefusal(problem: TagProblem): Refusal {
  switch (problem) {
    case 'key':
      return invalid('InvalidTag', 'The TagKey you have provided is invalid');
    case 'value':
      return invalid('InvalidTag', 'The TagValue you have provided is invalid');
    case 'twice':
      return invalid('InvalidTag', 'Cannot provide multiple Tags with the same key');
    case 'system':
      return invalid('InvalidTag', 'System tags cannot be added/updated by requester');
    case 'many':
      return invalid('BadRequest', 'Bucket tag count cannot be greater than 50');
  }
}

/** What every new bucket has: SSE-S3 (since January 2023), no bucket key, SSE-C blocked (since April 2026). */
export const DEFAULT_ENCRYPTION: Json = {
  Rules: [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
      BucketKeyEnabled: false,
      BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] },
    },
  ],
};

/** What every new bucket has since April 2023. */
export const DEFAULT_ACCESS_BLOCK: Json = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** S3 does not ask KMS whether the key is there; it looks at the spelling and the region of an ARN only. */
export function checkEncryption(given: S3.ServerSideEncryptionConfiguration | undefined, call: Call): Json {
  const rules = given?.Rules ?? [];
  const [rule] = rules;
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  if (rule === undefined || rules.length > 1 || byDefault === undefined) throw malformedXml();
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } = byDefault;
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') throw malformedXml();
  if (key !== undefined && algorithm === 'AES256') {
    throw invalid(
      'InvalidArgument',
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    );
  }
  const region = /^arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:(?:key|alias)\/.+$/.exec(key ?? '')?.[1];
  if (key !== undefined && key.startsWith('arn:') && region !== call.region)
    throw invalid('InvalidArgument', 'The KMS key ARN is not of the region of the bucket');
  const kinds: readonly string[] = rule.BlockedEncryptionTypes?.EncryptionType ?? [];
  if (kinds.some((kind) => kind !== 'SSE-C' && kind !== 'NONE')) throw malformedXml();
  const blocked = rule.BlockedEncryptionTypes ?? { EncryptionType: ['SSE-C'] };
  return plain({
    Rules: [{ ...rule, BucketKeyEnabled: rule.BucketKeyEnabled ?? false, BlockedEncryptionTypes: blocked }],
  }) as unknown as Json;
}

export function checkAccessBlock(given: S3.PublicAccessBlockConfiguration | undefined): Json {
  if (given === undefined) throw malformedXml();
  const {
    BlockPublicAcls = false,
    IgnorePublicAcls = false,
    BlockPublicPolicy = false,
    RestrictPublicBuckets = false,
  } = given;
  return { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets };
}

const OWNERSHIPS = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'];

export function checkOwnership(given: string | undefined): string {
  if (given === undefined || !OWNERSHIPS.includes(given)) throw malformedXml();
  return given;
}

/** Whole rules only; an ID is made where none was given, as S3 does. */
export function checkLifecycle(
  given: S3.BucketLifecycleConfiguration | undefined,
  call: Call,
): readonly Json[] {
  const rules = given?.Rules ?? [];
  if (rules.length === 0) throw malformedXml();
  if (rules.length > 1000)
    throw invalid('InvalidRequest', 'Lifecycle configuration allows a maximum of 1000 rules.');
  const named = rules.map((rule, i) => ({ ...rule, ID: rule.ID ?? uuidOf(call.state.seed, 'lifecycle', i) }));
  const ids = named.map(({ ID }) => ID);
  if (new Set(ids).size < ids.length)
    throw invalid('InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule');
  named.forEach(checkRule);
  return plain(named) as unknown as readonly Json[];
}

function checkRule(rule: S3.LifecycleRule): void {
  if ((rule.ID ?? '').length > 255)
    throw invalid('InvalidArgument', 'ID length should not exceed allowed limit of 255');
  if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml();
  const {
    Filter: filter,
    Expiration: expiration,
    NoncurrentVersionExpiration: noncurrent,
    AbortIncompleteMultipartUpload: abort,
  } = rule;
  if (filter === undefined && !('Prefix' in rule)) throw malformedXml();
  if (filter !== undefined && Object.values(filter).filter((value) => value !== undefined).length > 1)
    throw malformedXml();
  const actions = [expiration, noncurrent, abort, rule.Transitions, rule.NoncurrentVersionTransitions];
  if (actions.every((action) => action === undefined)) {
    throw invalid('InvalidRequest', 'At least one action needs to be specified in a rule.');
  }
  if (
    expiration !== undefined &&
    Object.values(expiration).filter((value) => value !== undefined).length !== 1
  )
    throw malformedXml();
  if (expiration?.Days !== undefined)
    positive(expiration.Days, "'Days' for Expiration action must be a positive integer");
  if (noncurrent !== undefined) {
    if (noncurrent.NoncurrentDays === undefined) throw malformedXml();
    positive(
      noncurrent.NoncurrentDays,
      "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
    );
    const keep = noncurrent.NewerNoncurrentVersions;
    if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1 && keep <= 100)) {
      throw invalid('InvalidArgument', "'NewerNoncurrentVersions' must be between 1 and 100");
    }
  }
  if (abort !== undefined) {
    if (abort.DaysAfterInitiation === undefined) throw malformedXml();
    positive(
      abort.DaysAfterInitiation,
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    );
    if (filter?.Tag !== undefined || filter?.And?.Tags !== undefined) {
      throw invalid('InvalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Tags.');
    }
  }
}

function positive(days: number, message: string): void {
  if (!Number.isInteger(days) || days < 1) throw invalid('InvalidArgument', message);
}
