/** IAM: loaded when it is first called. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { clientConfig, sender, type Commands, type Sender, type SenderOptions } from './sender.ts';

const commands: Commands<'iam'> = {
  'iam:GetRole': GetRoleCommand,
  'iam:CreateRole': CreateRoleCommand,
  'iam:UpdateRole': UpdateRoleCommand,
  'iam:UpdateAssumeRolePolicy': UpdateAssumeRolePolicyCommand,
  'iam:PutRolePermissionsBoundary': PutRolePermissionsBoundaryCommand,
  'iam:ListRoleTags': ListRoleTagsCommand,
  'iam:TagRole': TagRoleCommand,
  'iam:ListRolePolicies': ListRolePoliciesCommand,
  'iam:ListAttachedRolePolicies': ListAttachedRolePoliciesCommand,
  'iam:GetRolePolicy': GetRolePolicyCommand,
  'iam:PutRolePolicy': PutRolePolicyCommand,
  'iam:GetOpenIDConnectProvider': GetOpenIDConnectProviderCommand,
  'iam:CreateOpenIDConnectProvider': CreateOpenIDConnectProviderCommand,
  'iam:AddClientIDToOpenIDConnectProvider': AddClientIDToOpenIDConnectProviderCommand,
  'iam:TagOpenIDConnectProvider': TagOpenIDConnectProviderCommand,
};

export function open(options: SenderOptions): Sender {
  return sender<'iam'>(new IAMClient(clientConfig(options)), commands);
}
