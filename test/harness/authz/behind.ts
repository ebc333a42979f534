/**
 * The calls that AWS makes itself, in the name of the caller, to answer a request: a data key for what is written, its decryption
 * for what is read (KMS developer guide, "How Amazon S3 uses AWS KMS" and "How Amazon DynamoDB uses AWS KMS"), and the question
 * whether somebody may list, by which S3 tells a missing object from a forbidden one.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '../iam-judge.ts';
import type { CallAsked, Place } from './asked.ts';
import type { Standing } from './standing.ts';

export interface Due {
  readonly call: Call;
  /** The action of the request that it stands behind; null for the request itself. */
  readonly behind: string | null;
}

/** What is looked at of an answer. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** The uses of a key that are known before the request is carried out. */
export async function keyUses(asked: CallAsked, standing: Standing, place: Place): Promise<readonly Due[]> {
  const { touched, call } = asked;
  if (touched.is === 'object' && (touched.does === 'begin' || touched.does === 'continue')) {
    const byDefault = await standing.bucketKey(touched.bucket);
    const named = call.context['s3:x-amz-server-side-encryption-aws-kms-key-id'];
    const arn = typeof named === 'string' ? named : byDefault?.arn;
    if (arn === undefined || call.context['s3:x-amz-server-side-encryption'] === 'AES256') return [];
    const action = touched.does === 'begin' ? 'kms:GenerateDataKey' : 'kms:Decrypt';
    return [through(place, call, action, arn, byDefault?.bucketKey === true)];
  }
  if (touched.is === 'table' && touched.items) {
    const arn = await standing.tableKey(touched.table);
    if (arn === null) return [];
    const context = {
      'kms:ViaService': `dynamodb.${place.region}.amazonaws.com`,
      'kms:EncryptionContext:aws:dynamodb:tableName': touched.table,
      'kms:EncryptionContext:aws:dynamodb:subscriberId': place.account,
    };
    return [{ call: { action: 'kms:Decrypt', resource: arn, context }, behind: call.action }];
  }
  return [];
}

/** What shows only in the answer: an object that is encrypted by a key, and one that is not there. */
export async function afterwards(
  asked: CallAsked,
  standing: Standing,
  place: Place,
  answer: Answered,
): Promise<readonly Due[]> {
  const { touched, call } = asked;
  if (touched.is !== 'object' || touched.does !== 'read') return [];
  if (answer.status === 404) {
    // Whether an object is missing is told to those who may list, and the others are told 403 (S3 HeadObject, GetObject).
    const resource = call.resource.slice(0, -(touched.key.length + 1));
    return [
      {
        call: { action: 's3:ListBucket', resource, context: { 's3:TlsVersion': '1.3' } },
        behind: call.action,
      },
    ];
  }
  const arn = answer.headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (answer.status >= 300 || typeof arn !== 'string') return [];
  const bucketKey = (await standing.bucketKey(touched.bucket))?.bucketKey === true;
  return [through(place, call, 'kms:Decrypt', arn, bucketKey)];
}

function through(place: Place, call: Call, action: string, key: string, bucketKey: boolean): Due {
  const arn = bucketKey ? (call.resource.split('/')[0] ?? '') : call.resource;
  return {
    behind: call.action,
    call: {
      action,
      resource: key,
      context: {
        'kms:ViaService': `s3.${place.region}.amazonaws.com`,
        'kms:EncryptionContext:aws:s3:arn': arn,
      },
    },
  };
}
