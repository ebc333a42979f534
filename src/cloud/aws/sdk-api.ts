/** The real AWS: each service's client is loaded when it is first called, and finds credentials as the SDK always does. */
import { GovbootError, messageOf } from '../../kernel/errors.ts';
import { clip } from '../../kernel/text.ts';
import type { CallerFacts } from '../../inputs/facts.ts';
import { isFault, type AwsApi, type FaultKind, type Operation } from './api.ts';
import { faultOf, requestIdOf } from './classify.ts';
import { BLIND } from './retry.ts';
import type { Credentials, Sender, SenderOptions } from './sdk/sender.ts';

/** What is told of every call, for the log: never its input, which may hold policies and names of people. */
export interface CallInfo {
  readonly operation: Operation;
  readonly requestId: string | null;
  readonly attempts: number;
  readonly outcome: 'ok' | FaultKind;
  readonly fault: string | null;
}

export interface SdkOptions {
  readonly region: string;
  /** Only when the intent names one; otherwise the SDK's own resolution is left alone. */
  readonly endpoint: string | null;
  readonly profile?: string;
  readonly onCall?: (info: CallInfo) => void;
  /** Told of the credentials that were found, before they sign anything that is logged. */
  readonly onCredentials?: (found: Credentials) => void;
}

export interface SdkApi extends AwsApi {
  /** Seconds until the credentials end; null when they do not say. @throws ApiFault */
  credentialSeconds(): Promise<number | null>;
}

type Service = 's3' | 'dynamodb' | 'kms' | 'iam' | 'sts';

const LOADERS: Readonly<Record<Service, () => Promise<{ open(options: SenderOptions): Sender }>>> = {
  s3: () => import('./sdk/s3.ts'),
  dynamodb: () => import('./sdk/dynamodb.ts'),
  kms: () => import('./sdk/kms.ts'),
  iam: () => import('./sdk/iam.ts'),
  sts: () => import('./sdk/sts.ts'),
};

/** Tries of one call inside the SDK, its first one included. */
const MAX_ATTEMPTS = 5;

export function makeSdkApi(options: SdkOptions): SdkApi {
  const senders = new Map<string, Promise<Sender>>();
  const senderFor = (service: Service, maxAttempts: number): Promise<Sender> => {
    const key = `${service} ${maxAttempts}`;
    // STS names the caller whom the gates judge; found anew by each service, credentials could be somebody else's by then.
    const shared = { credentials };
    const own = { ...options, maxAttempts, ...(service === 'sts' ? {} : shared) };
    const open = senders.get(key) ?? openSender(service, own);
    senders.set(key, open);
    return open;
  };
  const credentials = async (): Promise<Credentials> => {
    const found = await (await senderFor('sts', MAX_ATTEMPTS)).credentials();
    options.onCredentials?.(found);
    return found;
  };
  return {
    async call(operation, input) {
      const service = operation.slice(0, operation.indexOf(':')) as Service;
      try {
        // The SDK too would repeat a lost call, and make a second key.
        const sender = await senderFor(service, BLIND.has(operation) ? 1 : MAX_ATTEMPTS);
        const output = await sender.send(operation, input);
        const { requestId, attempts } = output.$metadata;
        options.onCall?.({
          operation,
          requestId: requestIdOf(requestId),
          attempts: attempts ?? 1,
          outcome: 'ok',
          fault: null,
        });
        return output;
      } catch (error) {
        const fault = faultOf(operation, error);
        const { requestId, attempts, kind } = fault;
        options.onCall?.({ operation, requestId, attempts, outcome: kind, fault: fault.fault });
        throw fault;
      }
    },
    async credentialSeconds() {
      try {
        const { expiration: expires } = await credentials();
        return expires === undefined ? null : Math.floor((expires.getTime() - Date.now()) / 1000);
      } catch (error) {
        throw faultOf('sts:GetCallerIdentity', error);
      }
    },
  };
}

async function openSender(service: Service, options: SenderOptions): Promise<Sender> {
  return (await LOADERS[service]()).open(options);
}

/** The region that the SDK finds (AWS_REGION, the profile), or null when it finds none. */
export async function resolveRegion(): Promise<string | null> {
  const { regionFromEnvironment } = await import('./sdk/sts.ts');
  try {
    return await regionFromEnvironment();
  } catch (error) {
    if (/region is missing/i.test(messageOf(error))) return null;
    throw error;
  }
}

/**
 * `arn:partition:sts::account:assumed-role/name/session`, or of iam for users and the root, in the letters of IAM names and paths
 * (IAM User Guide, "IAM identifiers"). It is shown to whoever confirms, so it must not be able to say anything else beside it.
 */
const CALLER = /^arn:([a-z-]+):(?:sts|iam)::\d{12}:[\w+=,.@/:-]{1,1000}$/;

/**
 * Who is calling, as STS sees it. GetCallerIdentity needs no permission and cannot be denied.
 * @throws CREDENTIALS, CLOUD_FAILED, ApiFault
 */
export async function callerFacts(
  api: AwsApi,
  region: string,
  credentialSeconds: () => Promise<number | null>,
): Promise<CallerFacts> {
  const { Arn: arn, Account: account } = await api.call('sts:GetCallerIdentity', {});
  const partition = CALLER.exec(arn ?? '')?.[1];
  if (arn === undefined || account === undefined || partition === undefined) {
    throw new GovbootError(
      'CLOUD_FAILED',
      `sts:GetCallerIdentity answered "${clip(arn ?? '', 200)}", which is no caller`,
    );
  }
  return { arn, account, partition, region, expiresInSeconds: await expiry(credentialSeconds) };
}

/** Credentials that do not say when they end are judged by the gate as such; unusable ones have failed already. */
async function expiry(credentialSeconds: () => Promise<number | null>): Promise<number | null> {
  try {
    return await credentialSeconds();
  } catch (error) {
    if (isFault(error) && error.kind !== 'credentials') return null;
    throw error;
  }
}
