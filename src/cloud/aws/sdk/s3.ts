/** S3: loaded when it is first called. */
import {
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
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
  's3:GetBucketReplication': GetBucketReplicationCommand,
};

export function open(options: SenderOptions): Sender {
  return sender<'s3'>(
    new S3Client({
      ...clientConfig(options),
      // Names as hosts need DNS; an endpoint of one's own seldom has it.
      forcePathStyle: options.endpoint !== null,
    }),
    commands,
  );
}
