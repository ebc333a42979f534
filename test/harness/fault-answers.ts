/** What AWS answers in the place of doing what it is asked, in each service's own words; where a word is from stands beside it. */
import { errorOf, type Call, type Reply } from './aws-wire.ts';
import type { Fault } from './fault-proxy.ts';

export interface SingleFault {
  readonly what: string;
  /** Operations that it can happen to. */
  readonly of: RegExp;
  readonly fault: Fault;
  /** In a row. */
  readonly times: number;
}

type Words = readonly [status: number, code: string, message: string];

const service = ({ operation }: Call): string => operation.slice(0, operation.indexOf(':'));

function said(
  words: (call: Call) => Words,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Fault {
  const reply = (call: Call): Reply => {
    const error = errorOf(call.operation, ...words(call));
    return { ...error, headers: { ...error.headers, ...headers() } };
  };
  return { is: 'answered', reply };
}

/** Credentials that are not taken any more (S3 "Error responses", and "Common errors" of the other services). */
export const EXPIRED = (call: Call): Reply =>
  errorOf(
    call.operation,
    /^(?:iam|sts)$/.test(service(call)) ? 403 : 400,
    /^(?:kms|dynamodb)$/.test(service(call)) ? 'ExpiredTokenException' : 'ExpiredToken',
    'The security token included in the request is expired',
  );

/** A refusal for want of a permission, in the same places. */
export const DENIED = (call: Call): Reply =>
  errorOf(
    call.operation,
    /^(?:kms|dynamodb)$/.test(service(call)) ? 400 : 403,
    /^(?:kms|dynamodb)$/.test(service(call)) ? 'AccessDeniedException' : 'AccessDenied',
    `User: arn:aws:iam::123456789012:user/moto is not authorized to perform: ${call.operation}`,
  );

/** Milliseconds by which the other clock is ahead: more than the 5 minutes that the SDK takes for the same time. */
const AHEAD_MS = 10 * 60_000;

const CHANGES = /:(Create|Put|Update|Tag|Enable|Add)/;

/** Everything that passes with time, at one call. */
export const SINGLE_FAULTS: readonly SingleFault[] = [
  {
    what: 'throttled',
    of: CHANGES,
    fault: said((call) => {
      if (service(call) === 's3') return [503, 'SlowDown', 'Please reduce your request rate.'];
      const code = service(call) === 'iam' ? 'Throttling' : 'ThrottlingException';
      return [400, code, 'Rate exceeded'];
    }),
    times: 3,
  },
  {
    what: '500',
    of: CHANGES,
    fault: said((call) => {
      const codes: Readonly<Record<string, string>> = { s3: 'InternalError', kms: 'KMSInternalException' };
      return [500, codes[service(call)] ?? 'InternalFailure', 'We encountered an internal error.'];
    }),
    times: 2,
  },
  {
    what: 'OperationAborted',
    of: /^s3:(Create|Put)/,
    fault: said(() => [409, 'OperationAborted', 'A conflicting conditional operation is in progress.']),
    times: 2,
  },
  {
    what: 'ConditionalRequestConflict',
    of: /^s3:(Create|Put)/,
    fault: said(() => [409, 'ConditionalRequestConflict', 'A conflicting operation occurred.']),
    times: 1,
  },
  {
    what: 'ConcurrentModification',
    of: /^iam:(Update|Put|Tag|Create)/,
    fault: said(() => [409, 'ConcurrentModification', 'The entity is being modified by another request.']),
    times: 2,
  },
  {
    what: 'RequestTimeTooSkewed',
    of: /^s3:(Create|Put)/,
    fault: said(
      () => [403, 'RequestTimeTooSkewed', 'The difference between the times is too large.'],
      () => ({
        // As of now, and not of when this was loaded: all of the faults take longer than the clock is ahead.
        date: new Date(Date.now() + AHEAD_MS).toUTCString(),
      }),
    ),
    times: 1,
  },
  {
    what: 'a principal that is not seen yet',
    of: /^(s3:PutBucketPolicy|iam:CreateRole|iam:UpdateAssumeRolePolicy|kms:CreateKey|kms:PutKeyPolicy)$/,
    fault: said((call) => {
      if (service(call) === 's3') return [400, 'MalformedPolicy', 'Invalid principal in policy'];
      if (service(call) === 'iam') return [400, 'MalformedPolicyDocument', 'Invalid principal in policy'];
      const message = 'Policy contains a statement with one or more invalid principals.';
      return [400, 'MalformedPolicyDocumentException', message];
    }),
    times: 2,
  },
  {
    what: 'a key that is not usable yet',
    of: /^(dynamodb:CreateTable|kms:EnableKeyRotation|kms:CreateAlias)$/,
    fault: said((call) =>
      service(call) === 'kms'
        ? [400, 'KMSInvalidStateException', 'The key is pending.']
        : [400, 'ValidationException', 'KMS key is not enabled or does not exist'],
    ),
    times: 2,
  },
  {
    what: 'backups that are not ready yet',
    of: /^dynamodb:UpdateContinuousBackups$/,
    fault: said(() => [400, 'ContinuousBackupsUnavailableException', 'Backups are being enabled.']),
    times: 2,
  },
  { what: 'it hangs', of: CHANGES, fault: { is: 'hangs' }, times: 1 },
  { what: 'its answer stalls', of: /^(?!iam:|s3:).*:(Create|Put|Update)/, fault: { is: 'stalls' }, times: 1 },
  { what: 'a connection that is reset', of: CHANGES, fault: { is: 'reset' }, times: 2 },
];
