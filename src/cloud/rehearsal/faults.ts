/**
 * Failures in the words of the real services: name, status and message. What kind they are is left to the
 * table that classifies the real ones, so the two cannot drift apart.
 */
import type { ApiFault } from '../aws/api.ts';
import type { Operation } from '../aws/api.ts';
import { faultOf } from '../aws/classify.ts';
import { BLIND } from '../aws/retry.ts';

/** Thrown by a service; becomes an ApiFault, with its request id, on the way out. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** The service's own word, as the SDK names its errors: `NoSuchEntityException`. */
  readonly fault: string;
  readonly status: number;

  constructor(fault: string, status: number, message: string) {
    super(message);
    this.fault = fault;
    this.status = status;
  }
}

/** The process under rehearsal died here; no later call is answered either. */
export class RehearsalCrash extends Error {
  override readonly name = 'RehearsalCrash';
}

/** What a script can make happen to a call. `hang` ends as the client's own time-out. */
export type FaultName = 'throttle' | '500' | 'reset' | 'denied' | 'conflict' | 'expired' | 'hang' | 'crash';

/** Calls that change something; every other one only reads. */
export function isMutating(operation: Operation): boolean {
  return /:(Create|Put|Update|Tag|Enable|Add)/.test(operation);
}

type Service = 's3' | 'dynamodb' | 'kms' | 'iam' | 'sts';
type Plain = Exclude<FaultName, 'reset' | 'hang' | 'crash'>;

const JSON_DENIED = ['AccessDeniedException', 400, 'User is not authorized to perform this action'] as const;
const QUERY_DENIED = ['AccessDenied', 403, 'User is not authorized to perform this action'] as const;
const JSON_EXPIRED = [
  'ExpiredTokenException',
  400,
  'The security token included in the request is expired',
] as const;
const QUERY_EXPIRED = ['ExpiredToken', 403, 'The security token included in the request is expired'] as const;

const SCRIPTED: Readonly<Record<Service, Readonly<Record<Plain, readonly [string, number, string]>>>> = {
  s3: {
    throttle: ['SlowDown', 503, 'Please reduce your request rate.'],
    500: ['InternalError', 500, 'We encountered an internal error. Please try again.'],
    denied: ['AccessDenied', 403, 'Access Denied'],
    conflict: [
      'OperationAborted',
      409,
      'A conflicting conditional operation is currently in progress against this resource. Please try again.',
    ],
    expired: ['ExpiredToken', 400, 'The provided token has expired.'],
  },
  dynamodb: {
    throttle: ['ThrottlingException', 400, 'Rate of requests exceeds the allowed throughput.'],
    500: [
      'InternalServerError',
      500,
      'The request processing has failed because of an unknown error, exception or failure.',
    ],
    denied: JSON_DENIED,
    conflict: ['ResourceInUseException', 400, 'Attempt to change a resource which is still in use'],
    expired: JSON_EXPIRED,
  },
  kms: {
    throttle: ['ThrottlingException', 400, 'Rate exceeded'],
    500: ['KMSInternalException', 500, 'An internal error occurred'],
    denied: JSON_DENIED,
    conflict: ['ConflictException', 400, 'Another operation on this resource is in progress'],
    expired: JSON_EXPIRED,
  },
  iam: {
    throttle: ['Throttling', 400, 'Rate exceeded'],
    500: ['ServiceFailureException', 500, 'The request processing has failed because of an unknown error'],
    denied: QUERY_DENIED,
    conflict: [
      'ConcurrentModificationException',
      409,
      'The request was rejected because multiple requests to change this object were submitted simultaneously.',
    ],
    expired: QUERY_EXPIRED,
  },
  sts: {
    throttle: ['Throttling', 400, 'Rate exceeded'],
    500: ['InternalFailure', 500, 'The request processing has failed because of an unknown error'],
    denied: QUERY_DENIED,
    conflict: ['IDPCommunicationError', 400, 'The request could not be fulfilled'],
    expired: QUERY_EXPIRED,
  },
};

const CROWDED = [
  'LimitExceededException',
  400,
  'Subscriber limit exceeded: too many operations for a given subscriber',
] as const;

/** Tries of the SDK, its first one included, before a repeatable failure reaches its caller. */
const SDK_ATTEMPTS = 5;

export function serviceOf(operation: Operation): Service {
  return operation.slice(0, operation.indexOf(':')) as Service;
}

/** The fault that a script asks for, in the words of the service that was called. */
export function scriptedFault(operation: Operation, fault: Plain, requestId: string): ApiFault {
  // A table that is being made cannot be in use; what can be in the way is too many of them at once.
  const crowded = fault === 'conflict' && operation === 'dynamodb:CreateTable';
  const [name, status, message] = crowded ? CROWDED : SCRIPTED[serviceOf(operation)][fault];
  const repeated = fault === 'throttle' || fault === '500';
  return asFault(
    new Refusal(name, status, message),
    operation,
    requestId,
    repeated ? attemptsOf(operation) : 1,
  );
}

/** No answer came: the connection was reset, or the client's own time-out ended the wait. */
export function lostAnswer(operation: Operation, how: 'reset' | 'hang'): ApiFault {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const late = Object.assign(new Error('the request timed out'), { name: 'TimeoutError' });
  return faultOf(
    operation,
    Object.assign(how === 'reset' ? reset : late, { $metadata: { attempts: attemptsOf(operation) } }),
  );
}

function attemptsOf(operation: Operation): number {
  return BLIND.has(operation) ? 1 : SDK_ATTEMPTS;
}

/** As the SDK's error would be classified. */
export function asFault(refusal: Refusal, operation: Operation, requestId: string, attempts = 1): ApiFault {
  const { fault, status, message } = refusal;
  return faultOf(operation, {
    name: fault,
    message,
    $metadata: { httpStatusCode: status, requestId, attempts },
  });
}

/** A value that the service will not take. */
export function invalid(fault: string, message: string, status = 400): Refusal {
  return new Refusal(fault, status, message);
}

export function absent(fault: string, message: string, status = 404): Refusal {
  return new Refusal(fault, status, message);
}

export function exists(fault: string, message: string, status = 409): Refusal {
  return new Refusal(fault, status, message);
}

export function conflict(fault: string, message: string, status = 409): Refusal {
  return new Refusal(fault, status, message);
}

export function denied(fault: string, message: string, status = 403): Refusal {
  return new Refusal(fault, status, message);
}

/** What may pass when something has spread, or has been made ready. */
export function notReady(fault: string, message: string, status = 400): Refusal {
  return new Refusal(fault, status, message);
}
