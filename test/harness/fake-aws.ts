/** An AWS on 127.0.0.1 that has nothing, answers as it is told, and writes down what it was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { callOf, errorOf, replies, type Reply } from './aws-wire.ts';

export interface Asked {
  /** `s3:HeadBucket`, say. */
  readonly operation: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
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
      const { method = '', url = '', headers } = request;
      const one = { operation: callOf({ method, url, headers, body }).operation, headers };
      asked.push(one);
      const { status, body: said, headers: more } = fake.answer(one) ?? emptyAccount(one.operation);
      response.writeHead(status, { 'x-amzn-requestid': 'id-1', 'x-amz-request-id': 'id-1', ...more });
      response.end(method === 'HEAD' ? undefined : said);
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

export function callerAnswer(arn: string): Reply {
  return replies.xml(
    200,
    `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AROA:alice</UserId><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );
}

function emptyAccount(operation: string): Reply {
  if (operation === 'sts:GetCallerIdentity') return callerAnswer(CALLER);
  if (operation === 'kms:ListKeys') return replies.json(200, { Keys: [], Truncated: false });
  if (operation === 'kms:ListAliases') return replies.json(200, { Aliases: [], Truncated: false });
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
