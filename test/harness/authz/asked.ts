/** What an HTTP request asks of AWS: the action, the resource and the context keys by which AWS authorizes it. Pure. */
import type { Call } from '../iam-judge.ts';

export interface HttpRequest {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly target: string;
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Where it happens: what an ARN needs and a request does not say. */
export interface Place {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
}

/** How the service answers a denial. */
export type Wire = 'rest-xml' | 'json' | 'query';

/** What a request touches, so that its own policy and its key can be looked up. */
export type Touched =
  | { readonly is: 'object'; readonly bucket: string; readonly key: string; readonly does: ObjectWork }
  | { readonly is: 'bucket'; readonly bucket: string }
  | { readonly is: 'table'; readonly table: string; readonly items: boolean }
  | { readonly is: 'key'; readonly id: string }
  | { readonly is: 'other' };

/** `begin` makes a data key; `continue` and `read` need it decrypted; the rest touch no data. */
export type ObjectWork = 'begin' | 'continue' | 'read' | 'none';

export interface CallAsked {
  readonly is: 'call';
  readonly call: Call;
  readonly touched: Touched;
  readonly wire: Wire;
}

export type Asked =
  | CallAsked
  /** A request that this reader does not know. It must not pass unjudged. */
  | { readonly is: 'unknown'; readonly why: string };

const JSON_SERVICES: Readonly<Record<string, 'dynamodb' | 'kms'>> = {
  DynamoDB_20120810: 'dynamodb',
  TrentService: 'kms',
};

/** The access key that signed, out of `Credential=KEY/date/region/service/aws4_request` (SigV4, header or query). */
export function accessKeyOf(request: HttpRequest): string | null {
  const header = one(request, 'authorization') ?? '';
  return /Credential=([^/,\s]+)\//.exec(header)?.[1] ?? null;
}

export function askedOf(request: HttpRequest, place: Place): Asked {
  const target = one(request, 'x-amz-target');
  if (target !== undefined) return jsonCall(target, request, place);
  const scope = /Credential=[^/]+\/\d{8}\/[^/]+\/([a-z0-9-]+)\/aws4_request/.exec(
    one(request, 'authorization') ?? '',
  )?.[1];
  switch (scope) {
    case 's3':
      return s3Call(request, place);
    case 'iam':
    case 'sts':
      return queryCall(scope, request, place);
    default:
      return { is: 'unknown', why: `service ${scope ?? '(unsigned)'}` };
  }
}

function one(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

// S3: the action follows from method, path and subresource.

/** A bucket's subresources, and the actions that read and write them (Service Authorization Reference, S3). */
const BUCKET: Readonly<
  Record<string, { readonly get: string; readonly put?: string; readonly delete?: string }>
> = {
  policy: { get: 's3:GetBucketPolicy', put: 's3:PutBucketPolicy', delete: 's3:DeleteBucketPolicy' },
  versioning: { get: 's3:GetBucketVersioning', put: 's3:PutBucketVersioning' },
  versions: { get: 's3:ListBucketVersions' },
  encryption: { get: 's3:GetEncryptionConfiguration', put: 's3:PutEncryptionConfiguration' },
  lifecycle: { get: 's3:GetLifecycleConfiguration', put: 's3:PutLifecycleConfiguration' },
  publicAccessBlock: { get: 's3:GetBucketPublicAccessBlock', put: 's3:PutBucketPublicAccessBlock' },
  ownershipControls: { get: 's3:GetBucketOwnershipControls', put: 's3:PutBucketOwnershipControls' },
  tagging: { get: 's3:GetBucketTagging', put: 's3:PutBucketTagging' },
  acl: { get: 's3:GetBucketAcl', put: 's3:PutBucketAcl' },
  location: { get: 's3:GetBucketLocation' },
  uploads: { get: 's3:ListBucketMultipartUploads' },
};

/** Query parameters that say nothing about what is asked. */
const PLAIN_QUERY = new Set([
  'x-id',
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'encoding-type',
  'start-after',
]);
const LISTING = ['list-type', 'prefix', 'delimiter', 'continuation-token', 'marker', 'start-after'];

function s3Call(request: HttpRequest, place: Place): Asked {
  const url = new URL(request.target, 'http://localhost');
  const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  if (bucket === '') return { is: 'unknown', why: `${request.method} ${request.target}` };
  const arn = `arn:${place.partition}:s3:::${bucket}`;
  // The real endpoint speaks TLS; the loopback between two processes of a test does not.
  const always = { 's3:TlsVersion': '1.3' };
  if (key === '') return bucketCall(request, url.searchParams, bucket, arn, always);
  const asked = objectAction(request, url.searchParams);
  if (asked === null) return { is: 'unknown', why: `${request.method} ${request.target}` };
  const { action, does, context } = asked;
  return {
    is: 'call',
    wire: 'rest-xml',
    touched: { is: 'object', bucket, key, does },
    call: { action, resource: `${arn}/${key}`, context: { ...always, ...context } },
  };
}

function bucketCall(
  request: HttpRequest,
  query: URLSearchParams,
  bucket: string,
  arn: string,
  always: Readonly<Record<string, string>>,
): Asked {
  const touched = { is: 'bucket', bucket } as const;
  const named = [...query.keys()].filter((name) => !PLAIN_QUERY.has(name));
  const known = named.map((name) => BUCKET[name]).find((entry) => entry !== undefined);
  const method = request.method;
  let action: string | undefined;
  if (known !== undefined) action = { GET: known.get, PUT: known.put, DELETE: known.delete }[method];
  else if (named.some((name) => !LISTING.includes(name))) action = undefined;
  else
    action = {
      GET: 's3:ListBucket',
      HEAD: 's3:ListBucket',
      PUT: 's3:CreateBucket',
      DELETE: 's3:DeleteBucket',
    }[method];
  if (action === undefined) return { is: 'unknown', why: `${method} ${request.target}` };
  const listing: Record<string, string> = {};
  if (action === 's3:ListBucket' || action === 's3:ListBucketVersions') {
    for (const name of ['prefix', 'delimiter', 'max-keys']) {
      const value = query.get(name);
      if (value !== null && value !== '') listing[`s3:${name}`] = value;
    }
  }
  return {
    is: 'call',
    wire: 'rest-xml',
    touched,
    call: { action, resource: arn, context: { ...always, ...listing } },
  };
}

interface ObjectAction {
  readonly action: string;
  readonly does: ObjectWork;
  readonly context: Readonly<Record<string, string>>;
}

const OBJECT_QUERY = new Set(['x-id', 'versionId', 'uploadId', 'partNumber', 'uploads']);

/**
 * Creating, continuing and completing a multipart upload are all s3:PutObject; only what makes an object is an object creation
 * operation, and only that carries If-None-Match (S3 user guide, "Enforce conditional writes").
 */
function objectAction(request: HttpRequest, query: URLSearchParams): ObjectAction | null {
  if ([...query.keys()].some((name) => !OBJECT_QUERY.has(name))) return null;
  const part = query.has('uploadId');
  const version: Readonly<Record<string, string>> = query.has('versionId')
    ? { 's3:VersionId': query.get('versionId') ?? '' }
    : {};
  const versioned = query.has('versionId') ? 'Version' : '';
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (part) return { action: 's3:ListMultipartUploadParts', does: 'none', context: {} };
      return { action: `s3:GetObject${versioned}`, does: 'read', context: version };
    case 'PUT':
      return { action: 's3:PutObject', does: part ? 'continue' : 'begin', context: upload(request, !part) };
    case 'POST':
      if (query.has('uploads'))
        return { action: 's3:PutObject', does: 'begin', context: upload(request, false) };
      return part ? { action: 's3:PutObject', does: 'continue', context: upload(request, true) } : null;
    case 'DELETE':
      if (part) return { action: 's3:AbortMultipartUpload', does: 'none', context: {} };
      return { action: `s3:DeleteObject${versioned}`, does: 'none', context: version };
    default:
      return null;
  }
}

/** Headers of an upload that are condition keys. */
const UPLOAD_HEADERS = {
  'x-amz-server-side-encryption': 's3:x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 's3:x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm': 's3:x-amz-server-side-encryption-customer-algorithm',
  'x-amz-acl': 's3:x-amz-acl',
  'if-none-match': 's3:if-none-match',
  'if-match': 's3:if-match',
} as const;

function upload(request: HttpRequest, creates: boolean): Readonly<Record<string, string>> {
  const context: Record<string, string> = { 's3:ObjectCreationOperation': String(creates) };
  for (const [header, key] of Object.entries(UPLOAD_HEADERS)) {
    const value = one(request, header);
    if (value !== undefined) context[key] = value;
  }
  return context;
}

// DynamoDB and KMS: the action is a header, the rest is JSON.

type Body = Readonly<Record<string, unknown>>;

function jsonCall(target: string, request: HttpRequest, place: Place): Asked {
  const [prefix = '', operation = ''] = target.split('.');
  const service = JSON_SERVICES[prefix];
  if (service === undefined || operation === '') return { is: 'unknown', why: target };
  const body = JSON.parse(Buffer.from(request.body).toString('utf8') || '{}') as Body;
  return service === 'dynamodb' ? dynamoCall(operation, body, place) : kmsCall(operation, body, place);
}

/** Operations on one item, whose key is in the request. */
const ITEM_OPERATIONS = new Set(['GetItem', 'PutItem', 'DeleteItem', 'UpdateItem']);
/** The one attribute of the table's key. */
const PARTITION_KEY = 'LockID';

function dynamoCall(operation: string, body: Body, place: Place): Asked {
  const table = body['TableName'];
  if (typeof table !== 'string') return { is: 'unknown', why: `dynamodb ${operation} without TableName` };
  const items = ITEM_OPERATIONS.has(operation);
  const holder = (body['Key'] ?? body['Item'] ?? {}) as Readonly<Record<string, { readonly S?: string }>>;
  const id = holder[PARTITION_KEY]?.S;
  return {
    is: 'call',
    wire: 'json',
    touched: { is: 'table', table, items },
    call: {
      action: `dynamodb:${operation}`,
      resource: `arn:${place.partition}:dynamodb:${place.region}:${place.account}:table/${table}`,
      context: items && id !== undefined ? { 'dynamodb:LeadingKeys': [id] } : {},
    },
  };
}

function kmsCall(operation: string, body: Body, place: Place): Asked {
  const id = body['KeyId'];
  const arn = `arn:${place.partition}:kms:${place.region}:${place.account}:key/`;
  if (typeof id !== 'string') return { is: 'unknown', why: `kms ${operation} without KeyId` };
  const plain = id.replace(/^arn:.*:key\//, '');
  return {
    is: 'call',
    wire: 'json',
    touched: { is: 'key', id: plain },
    call: { action: `kms:${operation}`, resource: `${arn}${plain}`, context: {} },
  };
}

// IAM and STS: a form with an Action.

function queryCall(service: 'iam' | 'sts', request: HttpRequest, place: Place): Asked {
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
  const operation = form.get('Action');
  if (operation === null) return { is: 'unknown', why: `${service} without Action` };
  const name = form.get('RoleName');
  const role =
    form.get('RoleArn') ??
    (name === null ? null : `arn:${place.partition}:iam::${place.account}:role/${name}`);
  return {
    is: 'call',
    wire: 'query',
    touched: { is: 'other' },
    call: { action: `${service}:${operation}`, resource: role ?? '*', context: {} },
  };
}
