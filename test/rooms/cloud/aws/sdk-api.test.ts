/** The seam through the real SDK, against a server on this machine that answers as the services do. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { callerFacts, makeSdkApi, resolveRegion, type CallInfo } from '../../../../src/cloud/aws/sdk-api.ts';
import { clientConfig } from '../../../../src/cloud/aws/sdk/sender.ts';
import type * as S3Module from '../../../../src/cloud/aws/sdk/s3.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeApi, fakeClock } from './fake-api.ts';

type Reply =
  { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> } | 'reset';

it('waits for no answer without end, be it begun or not', () => {
  const { requestHandler } = clientConfig({ region: 'eu-central-1', endpoint: null, maxAttempts: 1 });
  expect(requestHandler).toMatchObject({ requestTimeout: 30_000, socketTimeout: 30_000 });
});

describe('the SDK behind the seam', () => {
  let server: Server;
  let endpoint: string;
  let replies: Reply[] = [];
  let requests: IncomingMessage[] = [];
  const infos: CallInfo[] = [];

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      requests.push(request);
      request.resume();
      const reply = replies.shift() ?? { status: 500, body: 'no reply scripted' };
      if (reply === 'reset') {
        request.socket.destroy();
        return;
      }
      response.writeHead(reply.status, {
        'x-amzn-requestid': 'id-7',
        'x-amz-request-id': 'id-7',
        ...reply.headers,
      });
      response.end(reply.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'testing');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'testing');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => {
    replies = [];
    requests = [];
    infos.length = 0;
  });

  const api = () => makeSdkApi({ region: 'eu-central-1', endpoint, onCall: (info) => infos.push(info) });
  const s3Error = (code: string, status: number): Reply => ({
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>`,
  });
  const jsonError = (type: string, status = 400): Reply => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ __type: type, message: `${type} it is` }),
  });
  const iamError = (code: string, status: number): Reply => ({
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${code} it is</Message></Error><RequestId>id-7</RequestId></ErrorResponse>`,
  });
  const bucket = { Bucket: 'b', ExpectedBucketOwner: '123456789012' };

  it('answers with the request id, and tells of the call', async () => {
    replies = [{ status: 200, headers: { 'x-amz-bucket-region': 'eu-central-1' } }];
    const output = await api().call('s3:HeadBucket', bucket);
    expect(output.BucketRegion).toBe('eu-central-1');
    expect(output.$metadata.requestId).toBe('id-7');
    expect(requests[0]?.url).toBe('/b/');
    expect(requests[0]?.headers['x-amz-expected-bucket-owner']).toBe('123456789012');
    expect(requests[0]?.headers['user-agent']).toContain('govboot');
    expect(infos).toEqual([
      { operation: 's3:HeadBucket', requestId: 'id-7', attempts: 1, outcome: 'ok', fault: null },
    ]);
  });

  it('calls every service as the one whom STS named, whatever the environment becomes', async () => {
    replies = [iamError('Throttled', 400), iamError('NoSuchEntity', 404)];
    const one = api();
    await expect(one.call('sts:GetCallerIdentity', {})).rejects.toThrow();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'somebody-else');
    await expect(one.call('iam:GetRole', { RoleName: 'r' })).rejects.toMatchObject({ kind: 'absent' });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'testing');
    expect(
      requests.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]),
    ).toEqual(['testing', 'testing']);
  });

  it.each([
    [404, 'absent'],
    [403, 'denied'],
    [301, 'invalid'],
  ] as const)('HEAD without a body: %i is %s', async (status, kind) => {
    replies = [{ status }];
    await expect(api().call('s3:HeadBucket', bucket)).rejects.toMatchObject({ kind, status });
    expect(infos).toMatchObject([{ outcome: kind }]);
  });

  it.each([
    ['NoSuchTagSet', 404, 'absent'],
    ['NoSuchBucket', 404, 'absent'],
    ['AccessDenied', 403, 'denied'],
    ['OperationAborted', 409, 'conflict'],
    ['ExpiredToken', 400, 'credentials'],
  ] as const)('S3 says %s', async (code, status, kind) => {
    replies = [s3Error(code, status)];
    await expect(api().call('s3:GetBucketTagging', bucket)).rejects.toMatchObject({
      kind,
      fault: code,
      requestId: 'id-7',
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['NoSuchEntity', 404, 'absent', 'NoSuchEntityException'],
    ['EntityAlreadyExists', 409, 'exists', 'EntityAlreadyExistsException'],
    ['AccessDenied', 403, 'denied', 'AccessDenied'],
    ['InvalidClientTokenId', 403, 'credentials', 'InvalidClientTokenId'],
  ] as const)('IAM says %s', async (code, status, kind, fault) => {
    replies = [iamError(code, status)];
    await expect(api().call('iam:GetRole', { RoleName: 'x' })).rejects.toMatchObject({ kind, fault });
  });

  it.each([
    ['ResourceNotFoundException', 'absent'],
    ['AccessDeniedException', 'denied'],
    ['ResourceInUseException', 'conflict'],
  ] as const)('DynamoDB says %s', async (type, kind) => {
    replies = [jsonError(`com.amazonaws.dynamodb.v20120810#${type}`)];
    const update = api().call('dynamodb:UpdateTable', { TableName: 'ttt' });
    await expect(update).rejects.toMatchObject({ kind, fault: type });
  });

  it('reads a page that is no answer of the service as an outage, and repeats it', async () => {
    const html: Reply = {
      status: 500,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><p>oops',
    };
    replies = [html, html, html, html, html];
    await expect(api().call('kms:ListKeys', {})).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('repeats what was lost on the way, and counts it', async () => {
    replies = ['reset', { status: 200, headers: { 'x-amz-bucket-region': 'eu-central-1' } }];
    const output = await api().call('s3:HeadBucket', bucket);
    expect(output.$metadata.attempts).toBe(2);
    expect(requests).toHaveLength(2);
  });

  it('never repeats CreateKey by itself: a lost answer could have made the key', async () => {
    replies = ['reset', { status: 200, body: '{}' }];
    await expect(api().call('kms:CreateKey', {})).rejects.toMatchObject({ kind: 'network', attempts: 1 });
    expect(requests).toHaveLength(1);
  });

  it('says which machine cannot be reached', async () => {
    const closed = makeSdkApi({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' });
    const fault = closed.call('kms:CreateKey', {});
    await expect(fault).rejects.toMatchObject({ kind: 'network', fault: 'ECONNREFUSED', status: null });
  });

  it('passes through the cloud as one error with the call, the resource and the code', async () => {
    replies = [iamError('AccessDenied', 403)];
    const b = exampleBlueprint();
    const { cloud } = makeAwsCloud({ api: api(), clock: fakeClock(), account: b.account, region: b.region });
    const step = {
      id: 'create/role-operator',
      kind: 'create',
      resource: 'role-operator',
      name: 'r',
      title: 't',
      with: [],
      after: [],
    } as const;
    await expect(cloud.perform(step, { run: 'r', blueprint: b, known: {} })).rejects.toMatchObject({
      code: 'READ_DENIED',
      data: { resource: 'r' },
    });
  });

  it('tells of the credentials that it found, so that no log holds them', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'planted-secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'planted-token');
    const found: unknown[] = [];
    const told = makeSdkApi({ region: 'eu-central-1', endpoint, onCredentials: (one) => found.push(one) });
    await told.credentialSeconds();
    expect(found).toEqual([
      expect.objectContaining({ secretAccessKey: 'planted-secret', sessionToken: 'planted-token' }),
    ]);
  });

  it('knows when the credentials end', async () => {
    await expect(api().credentialSeconds()).resolves.toBeNull();
    vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', new Date(Date.now() + 900_000).toISOString());
    const seconds = await api().credentialSeconds();
    expect(seconds).toBeGreaterThan(890);
    expect(seconds).toBeLessThanOrEqual(900);
  });

  it('finds the region as the SDK does, and says when there is none', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    vi.stubEnv('AWS_PROFILE', undefined);
    vi.stubEnv('AWS_REGION', 'us-gov-west-1');
    await expect(resolveRegion()).resolves.toBe('us-gov-west-1');
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_DEFAULT_REGION', undefined);
    await expect(resolveRegion()).resolves.toBeNull();
  });

  it('has a command for every call of the profile', async () => {
    const { AWS_PROFILE } = await import('../../../../src/cloud/aws/profile.ts');
    for (const service of ['s3', 'dynamodb', 'kms', 'iam', 'sts']) {
      const { open } = (await import(`../../../../src/cloud/aws/sdk/${service}.ts`)) as typeof S3Module;
      const sender = open({ region: 'eu-central-1', endpoint, maxAttempts: 1 });
      for (const call of AWS_PROFILE.calls.filter((name) => name.startsWith(`${service}:`))) {
        replies = [{ status: 403 }];
        // Refused by the server, or by the SDK for a missing name; never for want of a command.
        await expect(sender.send(call as 's3:HeadBucket', {} as never)).rejects.not.toThrow(/no command/);
      }
    }
    expect(process.env['AWS_ACCESS_KEY_ID']).toBe('testing');
  });
});

describe('the caller', () => {
  it.each([
    ['arn:aws:sts::123456789012:assumed-role/Admin/alice', 'aws'],
    ['arn:aws-cn:iam::123456789012:user/alice', 'aws-cn'],
    ['arn:aws-us-gov:iam::123456789012:root', 'aws-us-gov'],
  ])('%s', async (Arn, partition) => {
    const api = fakeApi({ 'sts:GetCallerIdentity': () => ({ Arn, Account: '123456789012' }) });
    await expect(callerFacts(api, 'eu-central-1', async () => 42)).resolves.toEqual({
      arn: Arn,
      account: '123456789012',
      partition,
      region: 'eu-central-1',
      expiresInSeconds: 42,
    });
  });

  it.each([
    'nobody',
    '',
    'arn:aws:sts::123456789012:assumed-role/a/b\n  signer  alice',
    'arn:aws:sts::123456789012:assumed-role/a/\u001b[2Kalice',
    'arn:aws:sts::123456789012:assumed-role/a/\u202ealice',
    'arn:aws:sts::123456789012:assumed-role/a/b is the one you expect',
    `arn:aws:sts::123456789012:assumed-role/a/${'b'.repeat(2_000)}`,
  ])('refuses an answer that names nobody, or says something else besides: %j', async (Arn) => {
    const api = fakeApi({ 'sts:GetCallerIdentity': () => ({ Arn, Account: '123456789012' }) });
    const error: unknown = await callerFacts(api, 'eu-central-1', async () => null).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'CLOUD_FAILED' });
    expect(String(error).length).toBeLessThan(400);
  });
});
