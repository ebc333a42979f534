/** How a service's client is opened, and how a named call becomes the SDK's command. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Input, Operation, Output } from '../api.ts';

export interface SenderOptions {
  readonly region: string;
  readonly endpoint: string | null;
  /** Of the shared configuration files; the one that the environment names, or `default`, when left out. */
  readonly profile?: string;
  readonly maxAttempts: number;
  /** Those of another client, so that every service is called by one caller; the SDK's own chain when left out. */
  readonly credentials?: () => Promise<Credentials>;
}

/** What signs requests (AwsCredentialIdentity of @smithy/types), as far as it is looked at. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface Sender {
  send<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>>;
  credentials(): Promise<Credentials>;
}

/** Commands of one service, by the name of their call. */
export type Commands<S extends string> = {
  readonly [O in Extract<Operation, `${S}:${string}`>]: new (input: Input<O>) => object;
};

/** What all clients of the SDK have. Their overloads cannot be named in general, so this is how they are called. */
interface AnyClient {
  send(command: never): Promise<unknown>;
  readonly config: { credentials(): Promise<Credentials> };
}

/**
 * Connections outlive the clients. After APPLY credentials are found anew, by new clients; opening new connections too would cost two or
 * three round trips each, and says nothing of who is calling: every request is signed.
 */
const CONNECTIONS = { keepAlive: true, maxSockets: 50 };
const httpAgent = new HttpAgent(CONNECTIONS);
const httpsAgent = new HttpsAgent(CONNECTIONS);

/** Milliseconds. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;

/** The configuration that every client is opened with. */
export function clientConfig(options: SenderOptions) {
  return {
    region: options.region,
    maxAttempts: options.maxAttempts,
    retryMode: 'standard' as const,
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      // An answer that begins and never ends is none either.
      socketTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    },
    customUserAgent: 'govboot',
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
}

export function sender<S extends string>(client: AnyClient, commands: Commands<S>): Sender {
  const table = commands as unknown as Readonly<Record<string, (new (input: unknown) => never) | undefined>>;
  return {
    async send<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
      const Command = table[operation];
      if (Command === undefined) throw new TypeError(`no command for ${operation}`);
      return (await client.send(new Command(input))) as Output<O>;
    },
    credentials: () => client.config.credentials(),
  };
}
