/** Failures in the words of the real services: name, status, message, and their kind at the seam. */
import { ApiFault, type FaultKind, type Operation } from '../aws/api.ts';

/** Thrown by a service; becomes an ApiFault, with its request id, on the way out. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly fault: string;
  readonly status: number;
  readonly kind: FaultKind;

  constructor(fault: string, status: number, kind: FaultKind, message: string) {
    super(message);
    this.fault = fault;
    this.status = status;
    this.kind = kind;
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

const JSON_DENIED = ['AccessDeniedException', 400, 'denied', 'User is not authorized to perform this action'] as const;
const QUERY_DENIED = ['AccessDenied', 403, 'denied', 'User is not authorized to perform this action'] as const;
const JSON_EXPIRED = ['ExpiredTokenException', 400, 'credentials', 'The security token included in the request is expired'] as const;
const QUERY_EXPIRED = ['ExpiredToken', 403, 'credentials', 'The security token included in the request is expired'] as const;

const SCRIPTED: Readonly<Record<Service, Readonly<Record<Plain, readonly [string, number, FaultKind, string]>>>> = {
  s3: {
    throttle: ['SlowDown', 503, 'throttled', 'Please reduce your request rate.'],
    500: ['InternalError', 500, 'unavailable', 'We encountered an internal error. Please try again.'],
    denied: ['AccessDenied', 403, 'denied', 'Access Denied'],
    conflict: ['OperationAborted', 409, 'conflict', 'A conflicting conditional operation is currently in progress against this resource. Please try again.'],
    expired: ['ExpiredToken', 400, 'credentials', 'The provided token has expired.'],
  },
  dynamodb: {
    throttle: ['ThrottlingException', 400, 'throttled', 'Rate of requests exceeds the allowed throughput.'],
    500: ['InternalServerError', 500, 'unavailable', 'The request processing has failed because of an unknown error, exception or failure.'],
    denied: JSON_DENIED,
    conflict: ['ResourceInUseException', 400, 'conflict', 'Attempt to change a resource which is still in use'],
    expired: JSON_EXPIRED,
  },
  kms: {
    throttle: ['ThrottlingException', 400, 'throttled', 'Rate exceeded'],
    500: ['KMSInternalException', 500, 'unavailable', 'An internal error occurred'],
    denied: JSON_DENIED,
    conflict: ['ConflictException', 400, 'conflict', 'Another operation on this resource is in progress'],
    expired: JSON_EXPIRED,
  },
  iam: {
    throttle: ['Throttling', 400, 'throttled', 'Rate exceeded'],
    500: ['ServiceFailureException', 500, 'unavailable', 'The request processing has failed because of an unknown error'],
    denied: QUERY_DENIED,
    conflict: ['ConcurrentModificationException', 409, 'conflict', 'The request was rejected because multiple requests to change this object were submitted simultaneously.'],
    expired: QUERY_EXPIRED,
  },
  sts: {
    throttle: ['Throttling', 400, 'throttled', 'Rate exceeded'],
    500: ['InternalFailure', 500, 'unavailable', 'The request processing has failed because of an unknown error'],
    denied: QUERY_DENIED,
    conflict: ['IDPCommunicationError', 400, 'conflict', 'The request could not be fulfilled'],
    expired: QUERY_EXPIRED,
  },
};

/** How often the SDK's standard retry mode had tried when it gives a repeatable failure to its caller. */
const SDK_ATTEMPTS = 3;

export function serviceOf(operation: Operation): Service {
  return operation.slice(0, operation.indexOf(':')) as Service;
}

/** The fault that a script asks for, in the words of the service that was called. */
export function scriptedFault(operation: Operation, fault: Plain, requestId: string): ApiFault {
  const [name, status, kind, message] = SCRIPTED[serviceOf(operation)][fault];
  const attempts = kind === 'throttled' || kind === 'unavailable' ? SDK_ATTEMPTS : 1;
  return new ApiFault({ operation, kind, fault: name, message, status, requestId, attempts });
}

/** No answer came: the connection was reset, or the client's own time-out ended the wait. */
export function lostAnswer(operation: Operation, how: 'reset' | 'hang'): ApiFault {
  const [fault, message] = how === 'reset' ? ['ECONNRESET', 'socket hang up'] : ['TimeoutError', 'the request timed out'];
  return new ApiFault({ operation, kind: 'network', fault, message, status: null, requestId: null, attempts: SDK_ATTEMPTS });
}

export function asFault(refusal: Refusal, operation: Operation, requestId: string): ApiFault {
  const { fault, status, kind, message } = refusal;
  return new ApiFault({ operation, kind, fault, message, status, requestId, attempts: 1 });
}

/** A value that the service will not take. */
export function invalid(fault: string, message: string, status = 400): Refusal {
  return new Refusal(fault, status, 'invalid', message);
}

export function absent(fault: string, message: string, status = 404): Refusal {
  return new Refusal(fault, status, 'absent', message);
}

export function exists(fault: string, message: string, status = 409): Refusal {
  return new Refusal(fault, status, 'exists', message);
}

export function conflict(fault: string, message: string, status = 409): Refusal {
  return new Refusal(fault, status, 'conflict', message);
}

export function denied(fault: string, message: string, status = 403): Refusal {
  return new Refusal(fault, status, 'denied', message);
}

export function notReady(fault: string, message: string, status = 400): Refusal {
  return new Refusal(fault, status, 'not-ready', message);
}
