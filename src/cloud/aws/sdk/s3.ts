/** S3: loaded when it is first called. */
import {
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { clientConfig, sender, type Commands, type Sender, type SenderOptions } from './sender.ts';

const commands: Commands<'s3'> = {
  's3:HeadBucket': HeadBucketCommand,
  's3:CreateBucket': CreateBucketCommand,
  's3:GetBucketTagging': GetBucketTaggingCommand,
  's3:PutBucketTagging': PutBucketTaggingCommand,
  's3:GetBucketVersioning': GetBucketVersioningCommand,
  's3:PutBucketVersioning': PutBucketVersioningCommand,
  's3:GetBucketEncryption': GetBucketEncryptionCommand,
  's3:PutBucketEncryption': PutBucketEncryptionCommand,
  's3:GetPublicAccessBlock': GetPublicAccessBlockCommand,
  's3:PutPublicAccessBlock': PutPublicAccessBlockCommand,
  's3:GetBucketOwnershipControls': GetBucketOwnershipControlsCommand,
  's3:PutBucketOwnershipControls': PutBucketOwnershipControlsCommand,
  's3:GetBucketPolicy': GetBucketPolicyCommand,
  's3:PutBucketPolicy': PutBucketPolicyCommand,
  's3:GetBucketLifecycleConfiguration': GetBucketLifecycleConfigurationCommand,
  's3:PutBucketLifecycleConfiguration': PutBucketLifecycleConfigurationCommand,
  's3:GetObjectLockConfiguration': GetObjectLockConfigurationCommand,
  's3:PutObjectLockConfiguration': PutObjectLockConfigurationCommand,
  's3:PutObject': PutObjectCommand,
  's3:GetObject': GetObjectCommand,
  's3:HeadObject': HeadObjectCommand,
  's3:ListObjectVersions': ListObjectVersionsCommand,
  's3:GetObjectRetention': GetObjectRetentionCommand,
};

/** Bytes of the largest object that is read into memory; evidence is small. */
const LARGEST_BODY = 64 * 1024 * 1024;

export function open(options: SenderOptions): Sender {
  const plain = sender<'s3'>(
    new S3Client({
      ...clientConfig(options),
      // Names as hosts need DNS; an endpoint of one's own seldom has it.
      forcePathStyle: options.endpoint !== null,
    }),
    commands,
  );
  return {
    ...plain,
    async send(operation, input) {
      const output = await plain.send(operation, input);
      if (operation !== 's3:GetObject') return output;
      return { ...output, Body: await whole(output as unknown as GetObjectCommandOutput) };
    },
  };
}

/** The content, where it is not more than can be meant. */
async function whole({ Body: body, ContentLength: length }: GetObjectCommandOutput): Promise<Uint8Array> {
  if (length === undefined || length > LARGEST_BODY) {
    if (body !== undefined && 'destroy' in body) body.destroy();
    throw Object.assign(new Error(`the object has ${String(length)} bytes, more than can be read`), {
      name: 'ObjectTooLarge',
    });
  }
  return body === undefined ? new Uint8Array() : body.transformToByteArray();
}
