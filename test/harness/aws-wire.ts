/** What is on the wire between an SDK and AWS: which call a request is, and how each service says an error. */
import type { IncomingHttpHeaders } from 'node:http';
import { isMutating } from '../../src/cloud/aws/guard.ts';

/** A request, as far as it says what it wants. */
export interface Wanted {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Call {
  /** `s3:HeadBucket`, as src/cloud/aws/api.ts names it. */
  readonly operation: string;
  /** What it is about, by the name that it was given, or '' where there is none: a bucket (and key), table, role (and policy), alias, provider. */
  readonly target: string;
  readonly mutating: boolean;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function callOf(wanted: Wanted): Call {
  const operation = operationOf(wanted);
  return { operation, target: targetOf(operation, wanted), mutating: isMutating(operation) };
}

/** By the service that the signature names (Signature Version 4, credential scope), and that service's own way of saying what is wanted. */
function operationOf({ method, url, headers, body }: Wanted): string {
  const service = credentialOf(headers)?.service ?? 'unknown';
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return `${service}:${target.split('.')[1] ?? ''}`;
  if (service === 's3') return `s3:${keyOf(url) === '' ? bucketCall(method, url) : objectCall(method, url)}`;
  return `${service}:${new URLSearchParams(body).get('Action') ?? method}`;
}

/** Whose key signed a request, and for which service; null for one that is not signed. */
export function credentialOf(
  headers: IncomingHttpHeaders,
): { readonly accessKey: string; readonly service: string } | null {
  const [, accessKey, service] =
    /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return accessKey === undefined || service === undefined ? null : { accessKey, service };
}

/** Sub-resources of a bucket, by their name in the query (Amazon S3 API Reference, "Actions"). */
const SUB_RESOURCES: Readonly<Record<string, string>> = {
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
  encryption: 'BucketEncryption',
  publicAccessBlock: 'PublicAccessBlock',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  lifecycle: 'BucketLifecycleConfiguration',
  replication: 'BucketReplication',
  'object-lock': 'ObjectLockConfiguration',
};

function bucketCall(method: string, url: string): string {
  const sub = /\?([a-zA-Z-]+)/.exec(url)?.[1] ?? '';
  if (method === 'GET' && new URL(url, HERE).searchParams.has('versions')) return 'ListObjectVersions';
  const resource = SUB_RESOURCES[sub];
  const verb = { GET: 'Get', PUT: 'Put', DELETE: 'Delete' }[method];
  if (resource !== undefined && verb !== undefined) return `${verb}${resource}`;
  if (sub === '' && method === 'HEAD') return 'HeadBucket';
  if (sub === '' && method === 'PUT') return 'CreateBucket';
  return `${method} ${sub}`.trim();
}

/** Only for what a URL is made of. */
const HERE = 'http://127.0.0.1';

/** What comes after the bucket, where addresses are path-style. */
function keyOf(url: string): string {
  return decodeURIComponent(/^\/[^/?]+\/([^?]+)/.exec(url)?.[1] ?? '');
}

function objectCall(method: string, url: string): string {
  const verb = { GET: 'Get', PUT: 'Put', HEAD: 'Head', DELETE: 'Delete' }[method];
  if (verb === undefined) return method;
  return new URL(url, HERE).searchParams.has('retention') ? `${verb}ObjectRetention` : `${verb}Object`;
}

/** The bucket; of an object its key too, and of a listing what its keys begin with. */
function placeOf(url: string): string {
  const bucket = /^\/([^/?]+)/.exec(url)?.[1] ?? '';
  const key = keyOf(url) || (new URL(url, HERE).searchParams.get('prefix') ?? '');
  return key === '' ? bucket : `${bucket}/${key}`;
}

function targetOf(operation: string, { url, body }: Wanted): string {
  const [service] = operation.split(':');
  if (service === 's3') return placeOf(url);
  const fields =
    service === 'kms' || service === 'dynamodb'
      ? (JSON.parse(body === '' ? '{}' : body) as Readonly<Record<string, unknown>>)
      : Object.fromEntries(new URLSearchParams(body));
  // Keys have no names, and their ids differ from run to run.
  const names = ['TableName', 'ResourceArn', 'AliasName', 'RoleName', 'PolicyName', 'Url'];
  return [...names, 'OpenIDConnectProviderArn']
    .map((name) => fields[name])
    .filter((value) => typeof value === 'string')
    .join(' ');
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
export const replies = { json, xml } as const;

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
