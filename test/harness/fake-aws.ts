/** An AWS on 127.0.0.1 that has nothing, answers as it is told, and writes down what it was asked. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  /** `s3:HeadBucket`, as far as a request says what it is. */
  readonly operation: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeAws {
  readonly endpoint: string;
  readonly asked: readonly Asked[];
  /** Takes a call; what is left to it is answered as an empty account would. */
  answer: (asked: Asked) => Reply | null;
  stop(): Promise<void>;
}

export const CALLER = 'arn:aws:sts::111111111111:assumed-role/bootstrap/alice';

/** Credentials that it takes. */
export const AWS_KEYS = {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

export async function startFakeAws(): Promise<FakeAws> {
  const asked: Asked[] = [];
  const fake = { answer: (_asked: Asked): Reply | null => null };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { operation: operationOf(request, body), headers: request.headers };
      asked.push(one);
      const { status, body: said, headers } = fake.answer(one) ?? emptyAccount(one.operation);
      response.writeHead(status, { 'x-amzn-requestid': 'id-1', 'x-amz-request-id': 'id-1', ...headers });
      response.end(request.method === 'HEAD' ? undefined : said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

/** By the service that the signature names (Signature Version 4, credential scope), and that service's own way of saying what is wanted. */
function operationOf({ method = '', url = '', headers }: IncomingMessage, body: string): string {
  const service =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unknown';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return `${service}:${target.split('.')[1] ?? ''}`;
  const action = new URLSearchParams(body).get('Action');
  if (action !== null) return `${service}:${action}`;
  const setting = /\?([a-zA-Z]+)/.exec(url)?.[1] ?? '';
  return `${service}:${method} ${setting}`.trim();
}

const json = (status: number, value: object): Reply => ({
  status,
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/x-amz-json-1.1' },
});
const xml = (status: number, body: string): Reply => ({
  status,
  body,
  headers: { 'content-type': 'text/xml' },
});

/** An error of a service, in its own form. `message` goes into XML as it is, but for what XML itself must have escaped. */
export function errorOf(operation: string, status: number, code: string, message: string): Reply {
  const escaped = message.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  const error = `<Code>${code}</Code><Message>${escaped}</Message>`;
  if (/^(?:kms|dynamodb):/.test(operation)) return json(status, { __type: code, message });
  if (operation.startsWith('s3:')) return xml(status, `<Error>${error}</Error>`);
  return xml(
    status,
    `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>id-1</RequestId></ErrorResponse>`,
  );
}

export function callerAnswer(arn: string): Reply {
  return xml(
    200,
    `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AROA:alice</UserId><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );
}

function emptyAccount(operation: string): Reply {
  if (operation === 'sts:GetCallerIdentity') return callerAnswer(CALLER);
  if (operation === 'kms:ListKeys') return json(200, { Keys: [], Truncated: false });
  if (operation === 'kms:ListAliases') return json(200, { Aliases: [], Truncated: false });
  const absent: Readonly<Record<string, string>> = {
    dynamodb: 'ResourceNotFoundException',
    kms: 'NotFoundException',
    iam: 'NoSuchEntity',
    s3: 'NoSuchBucket',
  };
  const [service = ''] = operation.split(':');
  return errorOf(
    operation,
    /^(?:kms|dynamodb)$/.test(service) ? 400 : 404,
    absent[service] ?? 'NotFound',
    'not there',
  );
}
