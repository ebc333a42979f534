/** What an HTTP request to AWS asks, and of what: the operation as `src/cloud/aws/api.ts` names it, and the name of its subject. */

export interface Named {
  /** `s3:PutBucketVersioning`. */
  readonly operation: string;
  /** Name of the bucket, role, table, alias or key; the host of an identity provider; empty where the call names none. */
  readonly subject: string;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The setting that an S3 request names in its query → its name in the operation (Amazon S3 API Reference, "Actions"). */
const SETTINGS: Readonly<Record<string, string>> = {
  accelerate: 'BucketAccelerateConfiguration',
  acl: 'BucketAcl',
  cors: 'BucketCors',
  encryption: 'BucketEncryption',
  lifecycle: 'BucketLifecycleConfiguration',
  location: 'BucketLocation',
  logging: 'BucketLogging',
  'object-lock': 'ObjectLockConfiguration',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  publicAccessBlock: 'PublicAccessBlock',
  replication: 'BucketReplication',
  requestPayment: 'BucketRequestPayment',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
  website: 'BucketWebsite',
};

const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete' };

/** Reads what is signed for which service (Signature Version 4, credential scope), and that service's own way of saying what is wanted. */
export function readCall(method: string, url: string, headers: Headers, body: Uint8Array): Named {
  const authorization = headers['authorization'];
  const service =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(
      typeof authorization === 'string' ? authorization : '',
    )?.[1] ?? 'unknown';
  if (service === 's3') return readS3(method, url);
  const target = headers['x-amz-target'];
  const text = new TextDecoder().decode(body);
  if (typeof target === 'string')
    return { operation: `${service}:${target.split('.')[1] ?? ''}`, subject: subjectOfJson(text) };
  const form = new URLSearchParams(text);
  return { operation: `${service}:${form.get('Action') ?? method}`, subject: subjectOfForm(form) };
}

function readS3(method: string, url: string): Named {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const [bucket = '', ...key] = pathname.slice(1).split('/');
  const setting = [...searchParams.keys()].find((name) => name in SETTINGS);
  if (setting !== undefined)
    return { operation: `s3:${VERBS[method] ?? method}${SETTINGS[setting] ?? ''}`, subject: bucket };
  if (key.join('/') !== '') return { operation: `s3:${VERBS[method] ?? method}Object`, subject: bucket };
  const whole: Readonly<Record<string, string>> = {
    HEAD: 'HeadBucket',
    PUT: 'CreateBucket',
    GET: 'ListObjects',
  };
  return { operation: `s3:${whole[method] ?? method}`, subject: bucket };
}

/** KMS and DynamoDB, JSON. */
function subjectOfJson(text: string): string {
  const input = JSON.parse(text === '' ? '{}' : text) as Readonly<Record<string, unknown>>;
  const fields = ['TableName', 'ResourceArn', 'AliasName', 'KeyId'].map((name) => input[name]);
  const named = fields.find((value): value is string => typeof value === 'string') ?? '';
  return named.replace(/^arn:[^/]+:(?:table|key)\//, '');
}

/** IAM and STS, a form. */
function subjectOfForm(form: URLSearchParams): string {
  const role = form.get('RoleName');
  if (role !== null) return role;
  const provider = form.get('OpenIDConnectProviderArn') ?? form.get('Url') ?? '';
  return provider.replace(/^.*oidc-provider\//, '').replace(/^https:\/\//, '');
}
