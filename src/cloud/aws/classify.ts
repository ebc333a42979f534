/** From each service's own word for a failure to what kind of failure it was. Pure, and tested as a table. */
import { clip, safe } from '../../kernel/text.ts';
import { ApiFault, type FaultKind, type Operation } from './api.ts';

/** What errors of the SDK carry, as far as it is looked at (ServiceException of @smithy/core, Node system errors). */
interface Raw {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly attempts: number;
}

type Rule = readonly [FaultKind, ReadonlySet<string>];

const rule = (kind: FaultKind, words: string): Rule => [kind, new Set(words.trim().split(/\s+/))];

/** Names that mean the same wherever they come from; the first rule that has the name decides. */
const BY_NAME: readonly Rule[] = [
  rule(
    'credentials',
    `CredentialsProviderError TokenProviderError ProviderError ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired
     InvalidClientTokenId InvalidAccessKeyId InvalidToken InvalidTokenId UnrecognizedClientException SignatureDoesNotMatch
     InvalidSignatureException IncompleteSignature IncompleteSignatureException MissingAuthenticationToken
     MissingAuthenticationTokenException RequestTimeTooSkewed NotAuthorized AuthFailure`,
  ),
  rule(
    'throttled',
    `Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException TooManyRequestsException
     RequestLimitExceeded SlowDown BandwidthLimitExceeded ProvisionedThroughputExceededException PriorRequestNotComplete EC2ThrottledException`,
  ),
  rule(
    'denied',
    `AccessDenied AccessDeniedException Forbidden UnauthorizedOperation AllAccessDisabled AccountProblem NotSignedUp OptInRequired
     UnauthorizedAccess`,
  ),
  rule(
    'absent',
    `NotFound NotFoundException NoSuchBucket NoSuchKey NoSuchEntity NoSuchEntityException ResourceNotFoundException TableNotFoundException
     NoSuchTagSet NoSuchTagSetError NoSuchBucketPolicy NoSuchLifecycleConfiguration NoSuchPublicAccessBlockConfiguration
     OwnershipControlsNotFoundError ServerSideEncryptionConfigurationNotFoundError ObjectLockConfigurationNotFoundError
     NoSuchObjectLockConfiguration NoSuchVersion`,
  ),
  rule(
    'exists',
    `EntityAlreadyExists EntityAlreadyExistsException BucketAlreadyOwnedByYou BucketAlreadyExists AlreadyExistsException
     ResourceAlreadyExistsException TableAlreadyExistsException PreconditionFailed`,
  ),
  rule(
    'conflict',
    `OperationAborted ConditionalRequestConflict ConcurrentModification ConcurrentModificationException ConflictException
     EntityTemporarilyUnmodifiable EntityTemporarilyUnmodifiableException`,
  ),
  // Markers are AWS's own: one that it does not know is of a page that this replica does not have yet.
  rule(
    'not-ready',
    'ContinuousBackupsUnavailableException KMSInvalidStateException KMSInvalidState InvalidMarkerException',
  ),
  rule(
    'unavailable',
    `InternalError InternalFailure InternalServerError InternalServiceError ServiceUnavailable ServiceFailure ServiceFailureException
     KMSInternalException DependencyTimeoutException KeyUnavailableException`,
  ),
  rule('network', 'TimeoutError RequestTimeout RequestTimeoutException AbortError'),
];

/** Node's words for a connection that failed (errors of net, tls and dns). */
const SOCKET =
  /^(E(CONN(RESET|REFUSED|ABORTED)|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|NETDOWN|HOSTDOWN|PROTO)|CERT_.*|ERR_(TLS|SSL)_.*|UNABLE_TO_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/;

/** A policy names a role that was made a moment ago and is not yet seen everywhere (IAM is eventually consistent). */
const UNKNOWN_PRINCIPAL = /invalid principal|principal.*(not exist|invalid)|invalid.*principal/i;

/** DynamoDB was given a key that KMS does not show yet. */
const UNKNOWN_KEY = /kms/i;
const NOT_YET = /not found|does not exist|not exist|not enabled|disabled|pending|invalid state|inaccessible/i;

/** Characters that are kept: a server that says more would push what was said before off the screen. */
const LONGEST_NAME = 100;
const LONGEST_MESSAGE = 1_000;

/** Turns whatever the SDK threw into an ApiFault. */
export function faultOf(operation: Operation, error: unknown): ApiFault {
  if (error instanceof ApiFault) return error;
  const raw = rawOf(error);
  return new ApiFault({
    operation,
    kind: kindOf(operation, raw),
    fault: clip(raw.code !== '' && SOCKET.test(raw.code) ? raw.code : raw.name, LONGEST_NAME),
    message: clip(firstLine(raw.message), LONGEST_MESSAGE),
    status: raw.status,
    requestId: raw.requestId,
    attempts: raw.attempts,
    cause: error,
  });
}

function kindOf(operation: Operation, raw: Raw): FaultKind {
  return byMeaning(operation, raw) ?? byName(raw) ?? byStatus(raw);
}

/** Names whose meaning depends on the call. */
function byMeaning(operation: Operation, raw: Raw): FaultKind | undefined {
  // The answer was no answer of the service: a proxy's page, say. Its status still tells a refusal from an outage.
  if (raw.message.includes('Deserialization error')) {
    return raw.status === null || raw.status < 400 ? 'unavailable' : byStatus(raw);
  }
  switch (raw.name) {
    case 'ResourceInUseException':
      return operation === 'dynamodb:CreateTable' ? 'exists' : 'conflict';
    case 'LimitExceededException':
      // Tables being made or changed at the same time (DynamoDB); elsewhere a quota, which waiting does not raise.
      return operation.startsWith('dynamodb:') ? 'conflict' : 'invalid';
    case 'MalformedPolicy':
    case 'MalformedPolicyDocument':
    case 'MalformedPolicyDocumentException':
      return UNKNOWN_PRINCIPAL.test(raw.message) ? 'not-ready' : 'invalid';
    case 'ValidationException':
      return UNKNOWN_KEY.test(raw.message) && NOT_YET.test(raw.message) ? 'not-ready' : 'invalid';
    default:
      return undefined;
  }
}

function byName(raw: Raw): FaultKind | undefined {
  if (SOCKET.test(raw.code)) return 'network';
  return BY_NAME.find(([, names]) => names.has(raw.name) || names.has(raw.code))?.[0];
}

/** HEAD answers have no body, so their status is all that is known. */
function byStatus(raw: Raw): FaultKind {
  const { status } = raw;
  if (status === null) return 'invalid';
  if (status === 403 || status === 401) return 'denied';
  if (status === 404) return 'absent';
  if (status === 409) return 'conflict';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'unavailable' : 'invalid';
}

function rawOf(error: unknown): Raw {
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as Readonly<
    Record<string, unknown>
  >;
  const metadata = (thrown['$metadata'] ?? {}) as Readonly<Record<string, unknown>>;
  const response = (thrown['$response'] ?? {}) as Readonly<Record<string, unknown>>;
  const attempts = metadata['attempts'];
  return {
    name: text(thrown['name']) || 'Error',
    message: text(thrown['message']) || 'no message',
    code: text(thrown['code']) || text((thrown['cause'] as { code?: unknown } | undefined)?.code),
    status: number(metadata['httpStatusCode']) ?? number(response['statusCode']),
    requestId: requestIdOf(metadata['requestId']),
    attempts: number(attempts) ?? 1,
  };
}

/** Characters of an id; AWS's own have fewer than a hundred. */
const LONGEST_ID = 200;

/** The id that a server gave to a call, as evidence can hold it; null when it gave none. */
export function requestIdOf(given: unknown): string | null {
  return clip(safe(text(given)), LONGEST_ID) || null;
}

function text(candidate: unknown): string {
  return typeof candidate === 'string' ? candidate : '';
}

function number(candidate: unknown): number | null {
  return typeof candidate === 'number' ? candidate : null;
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}
