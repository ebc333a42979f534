/** KMS: loaded when it is first called. */
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import { clientConfig, sender, type Commands, type Sender, type SenderOptions } from './sender.ts';

const commands: Commands<'kms'> = {
  'kms:ListAliases': ListAliasesCommand,
  'kms:ListKeys': ListKeysCommand,
  'kms:DescribeKey': DescribeKeyCommand,
  'kms:CreateKey': CreateKeyCommand,
  'kms:CreateAlias': CreateAliasCommand,
  'kms:GetKeyPolicy': GetKeyPolicyCommand,
  'kms:PutKeyPolicy': PutKeyPolicyCommand,
  'kms:GetKeyRotationStatus': GetKeyRotationStatusCommand,
  'kms:EnableKeyRotation': EnableKeyRotationCommand,
  'kms:ListGrants': ListGrantsCommand,
  'kms:ListResourceTags': ListResourceTagsCommand,
  'kms:TagResource': TagResourceCommand,
};

export function open(options: SenderOptions): Sender {
  return sender<'kms'>(new KMSClient(clientConfig(options)), commands);
}
