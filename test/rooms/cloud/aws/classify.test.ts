/** What each service says, and what it means. Shapes as the SDK throws them. */
import { describe, expect, it } from 'vitest';
import { ApiFault, type FaultKind, type Operation } from '../../../../src/cloud/aws/api.ts';
import { faultOf, requestIdOf } from '../../../../src/cloud/aws/classify.ts';

function thrown(name: string, status: number | null, message = 'because'): Error {
  const $metadata = { httpStatusCode: status ?? undefined, requestId: 'req-1', attempts: 2 };
  return Object.assign(new Error(message), { name, $metadata, $fault: 'client' });
}

function socket(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code, $metadata: { attempts: 5 } });
}

const NAMED: readonly (readonly [Operation, string, number, FaultKind])[] = [
  ['s3:HeadBucket', 'NotFound', 404, 'absent'],
  ['s3:GetBucketPolicy', 'NoSuchBucket', 404, 'absent'],
  ['s3:GetBucketPolicy', 'NoSuchBucketPolicy', 404, 'absent'],
  ['s3:GetBucketTagging', 'NoSuchTagSet', 404, 'absent'],
  ['s3:GetBucketLifecycleConfiguration', 'NoSuchLifecycleConfiguration', 404, 'absent'],
  ['s3:GetPublicAccessBlock', 'NoSuchPublicAccessBlockConfiguration', 404, 'absent'],
  ['s3:GetBucketOwnershipControls', 'OwnershipControlsNotFoundError', 404, 'absent'],
  ['s3:GetBucketEncryption', 'ServerSideEncryptionConfigurationNotFoundError', 404, 'absent'],
  ['dynamodb:DescribeTable', 'ResourceNotFoundException', 400, 'absent'],
  ['kms:DescribeKey', 'NotFoundException', 400, 'absent'],
  ['iam:GetRole', 'NoSuchEntityException', 404, 'absent'],
  ['iam:GetRolePolicy', 'NoSuchEntity', 404, 'absent'],

  ['s3:CreateBucket', 'BucketAlreadyOwnedByYou', 409, 'exists'],
  ['s3:CreateBucket', 'BucketAlreadyExists', 409, 'exists'],
  ['iam:CreateRole', 'EntityAlreadyExistsException', 409, 'exists'],
  ['iam:CreateOpenIDConnectProvider', 'EntityAlreadyExists', 409, 'exists'],
  ['kms:CreateAlias', 'AlreadyExistsException', 400, 'exists'],
  ['dynamodb:CreateTable', 'ResourceInUseException', 400, 'exists'],

  ['dynamodb:UpdateTable', 'ResourceInUseException', 400, 'conflict'],
  ['dynamodb:UpdateContinuousBackups', 'LimitExceededException', 400, 'conflict'],
  ['s3:PutBucketPolicy', 'OperationAborted', 409, 'conflict'],
  ['s3:PutBucketPolicy', 'ConditionalRequestConflict', 409, 'conflict'],
  ['iam:TagRole', 'ConcurrentModificationException', 409, 'conflict'],
  ['iam:UpdateRole', 'EntityTemporarilyUnmodifiable', 409, 'conflict'],
  ['kms:EnableKeyRotation', 'ConflictException', 400, 'conflict'],
  ['iam:CreateRole', 'LimitExceededException', 409, 'invalid'],

  ['dynamodb:UpdateContinuousBackups', 'ContinuousBackupsUnavailableException', 400, 'not-ready'],
  ['kms:EnableKeyRotation', 'KMSInvalidStateException', 400, 'not-ready'],
  ['kms:ListResourceTags', 'InvalidMarkerException', 400, 'not-ready'],

  ['s3:PutBucketPolicy', 'AccessDenied', 403, 'denied'],
  ['kms:CreateKey', 'AccessDeniedException', 400, 'denied'],
  ['s3:HeadBucket', 'Forbidden', 403, 'denied'],
  ['s3:HeadBucket', 'UnknownError', 403, 'denied'],

  ['s3:PutBucketPolicy', 'SlowDown', 503, 'throttled'],
  ['iam:GetRole', 'Throttling', 400, 'throttled'],
  ['kms:DescribeKey', 'ThrottlingException', 400, 'throttled'],
  ['dynamodb:DescribeTable', 'RequestLimitExceeded', 400, 'throttled'],
  ['iam:GetRole', 'UnknownError', 429, 'throttled'],

  ['s3:PutBucketPolicy', 'InternalError', 500, 'unavailable'],
  ['kms:DescribeKey', 'KMSInternalException', 500, 'unavailable'],
  ['iam:GetRole', 'ServiceFailureException', 500, 'unavailable'],
  ['s3:HeadBucket', 'UnknownError', 503, 'unavailable'],

  ['s3:PutBucketPolicy', 'RequestTimeout', 400, 'network'],

  ['sts:GetCallerIdentity', 'ExpiredTokenException', 400, 'credentials'],
  ['s3:HeadBucket', 'ExpiredToken', 400, 'credentials'],
  ['sts:GetCallerIdentity', 'InvalidClientTokenId', 403, 'credentials'],
  ['s3:GetBucketPolicy', 'InvalidAccessKeyId', 403, 'credentials'],
  ['kms:ListKeys', 'UnrecognizedClientException', 400, 'credentials'],
  ['s3:GetBucketPolicy', 'SignatureDoesNotMatch', 403, 'credentials'],
  ['s3:GetBucketPolicy', 'RequestTimeTooSkewed', 403, 'credentials'],

  ['s3:HeadBucket', 'UnknownError', 301, 'invalid'],
  ['s3:CreateBucket', 'InvalidBucketName', 400, 'invalid'],
  ['dynamodb:CreateTable', 'ValidationException', 400, 'invalid'],
];

describe('classification', () => {
  it.each(NAMED)('%s: %s (%i) is %s', (operation, name, status, kind) => {
    const fault = faultOf(operation, thrown(name, status));
    expect(fault).toBeInstanceOf(ApiFault);
    expect(fault).toMatchObject({ operation, kind, fault: name, status, requestId: 'req-1', attempts: 2 });
  });

  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'CERT_HAS_EXPIRED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('a connection that ends with %s is network', (code) => {
    expect(faultOf('s3:HeadBucket', socket(code))).toMatchObject({
      kind: 'network',
      fault: code,
      status: null,
      attempts: 5,
    });
  });

  it('a time-out of the client is network', () => {
    expect(
      faultOf('s3:HeadBucket', Object.assign(new Error('timed out'), { name: 'TimeoutError' })).kind,
    ).toBe('network');
  });

  it('no credentials at all are credentials', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    expect(faultOf('sts:GetCallerIdentity', error).kind).toBe('credentials');
  });

  it.each([
    [
      'MalformedPolicyDocumentException',
      'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/x"',
      'not-ready',
    ],
    ['MalformedPolicy', 'Invalid principal in policy', 'not-ready'],
    [
      'MalformedPolicyDocumentException',
      'Policy contains a statement with one or more invalid principals.',
      'not-ready',
    ],
    ['MalformedPolicyDocumentException', 'Syntax errors in policy.', 'invalid'],
    ['ValidationException', 'KMS key arn:aws:kms:…:key/x is not found', 'not-ready'],
    ['ValidationException', 'One or more parameter values were invalid', 'invalid'],
  ] as const)('%s "%s" is %s', (name, message, kind) => {
    expect(faultOf('kms:PutKeyPolicy', thrown(name, 400, message)).kind).toBe(kind);
  });

  it.each([
    [500, 'unavailable'],
    [502, 'unavailable'],
    [200, 'unavailable'],
    [null, 'unavailable'],
    [403, 'denied'],
  ] as const)('an answer that is not the service’s own (%s) is %s', (status, kind) => {
    const message =
      'Unexpected token \'<\', "<!doctype "... is not valid JSON\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.';
    const error = Object.assign(new SyntaxError(message), {
      $metadata: {},
      $response: { statusCode: status ?? undefined },
    });
    const fault = faultOf('iam:GetRole', error);
    expect(fault.kind).toBe(kind);
    expect(fault.message).not.toContain('\n');
  });

  it('keeps no more of what a server says than can be read, and of its id only what can be printed', () => {
    const said = `${'long '.repeat(2_000)}\nand more`;
    const error = Object.assign(new Error(said), {
      name: 'N'.repeat(500),
      $metadata: { requestId: `id\u001b[2K\u202e${'7'.repeat(500)}` },
    });
    const fault = faultOf('iam:GetRole', error);
    expect([...fault.message]).toHaveLength(1_000);
    expect([...fault.fault]).toHaveLength(100);
    expect(fault.requestId).toMatch(/^id\\u\{1b\}\[2K\\u\{202e\}7+…$/);
    expect([...(fault.requestId ?? '')]).toHaveLength(200);
  });

  it.each([undefined, '', 7, null])('an id that was not given (%j) is none', (given) => {
    expect(requestIdOf(given)).toBeNull();
  });

  it('keeps the cause, takes anything, and leaves a fault as it is', () => {
    const error = thrown('AccessDenied', 403);
    const fault = faultOf('iam:GetRole', error);
    expect(fault.cause).toBe(error);
    expect(faultOf('iam:GetRole', fault)).toBe(fault);
    expect(faultOf('iam:GetRole', 'text')).toMatchObject({
      kind: 'invalid',
      status: null,
      requestId: null,
      attempts: 1,
    });
  });
});
