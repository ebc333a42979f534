/** DynamoDB: loaded when it is first called. */
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { clientConfig, sender, type Commands, type Sender, type SenderOptions } from './sender.ts';

const commands: Commands<'dynamodb'> = {
  'dynamodb:DescribeTable': DescribeTableCommand,
  'dynamodb:CreateTable': CreateTableCommand,
  'dynamodb:UpdateTable': UpdateTableCommand,
  'dynamodb:DescribeContinuousBackups': DescribeContinuousBackupsCommand,
  'dynamodb:UpdateContinuousBackups': UpdateContinuousBackupsCommand,
  'dynamodb:DescribeTimeToLive': DescribeTimeToLiveCommand,
  'dynamodb:ListTagsOfResource': ListTagsOfResourceCommand,
  'dynamodb:TagResource': TagResourceCommand,
};

export function open(options: SenderOptions): Sender {
  // Discovery (AWS_ENABLE_ENDPOINT_DISCOVERY) would send calls to a host that an answer names, by a call that nobody listed.
  const client = new DynamoDBClient({ ...clientConfig(options), endpointDiscoveryEnabled: false });
  return sender<'dynamodb'>(client, commands);
}
