/** Who may be whom, who may do what, and what was recorded: nothing of it is for a role that uses the state. */
import { roleArn } from '../../../src/cloud/aws/arn.ts';
import { ROLE_NAMES } from '../../../src/plan/blueprint.ts';
import type { Call } from '../iam-judge.ts';
import { callOf, denied, type DeniedCall, type Scene } from './row.ts';

export function identityCalls({ b }: Scene): readonly DeniedCall[] {
  const iam = `arn:${b.partition}:iam::${b.account}`;
  const group = 'IAM and STS';
  const role = roleArn(b, 'ci-apply');
  const on = (resource: string, ...actions: readonly string[]): readonly DeniedCall[] =>
    actions.map((action) =>
      denied(group, `${action} on ${resource.split(':').pop() ?? ''}`, callOf(action, resource)),
    );
  const prod = roleArn(b, 'ci-apply').replace(`-${b.environment}-`, '-prod-');
  return [
    ...ROLE_NAMES.map((name) => denied(group, `become ${name}`, callOf('sts:AssumeRole', roleArn(b, name)))),
    denied(group, 'become the ci-apply of another environment', callOf('sts:AssumeRole', prod)),
    ...on(
      role,
      'iam:PassRole',
      'iam:GetRole',
      'iam:PutRolePolicy',
      'iam:DeleteRolePolicy',
      'iam:AttachRolePolicy',
      'iam:UpdateAssumeRolePolicy',
      'iam:PutRolePermissionsBoundary',
      'iam:DeleteRolePermissionsBoundary',
      'iam:UpdateRole',
      'iam:TagRole',
      'iam:DeleteRole',
    ),
    ...on(`${iam}:role/another`, 'iam:CreateRole', 'iam:PassRole'),
    ...on(`${iam}:policy/boundary`, 'iam:CreatePolicyVersion', 'iam:SetDefaultPolicyVersion'),
    ...on(`${iam}:user/alice`, 'iam:CreateUser', 'iam:CreateAccessKey', 'iam:DeactivateMFADevice'),
    ...on(
      `${iam}:oidc-provider/token.actions.githubusercontent.com`,
      'iam:AddClientIDToOpenIDConnectProvider',
      'iam:UpdateOpenIDConnectProviderThumbprint',
      'iam:DeleteOpenIDConnectProvider',
    ),
    ...copies({ b }),
  ];
}

/** A copy of the evidence elsewhere, and the trail that AWS keeps. */
function copies({ b }: Pick<Scene, 'b'>): readonly DeniedCall[] {
  const group = 'copies of the evidence and the rest of the account';
  const tls = { 's3:TlsVersion': '1.3' };
  const copy = `arn:${b.partition}:s3:::${b.organisation}-evidence/${b.environment}/.backend.lock`;
  const inside = `arn:${b.partition}:s3:::${b.names.bucket}/evidence/${b.environment}/.backend.lock`;
  const place = `${b.region}:${b.account}`;
  const object = (what: string, action: string, resource: string): DeniedCall =>
    denied(group, what, callOf(action, resource, tls));
  const rest: readonly Call[] = [
    callOf('cloudtrail:StopLogging', `arn:${b.partition}:cloudtrail:${place}:trail/main`),
    callOf('cloudtrail:DeleteTrail', `arn:${b.partition}:cloudtrail:${place}:trail/main`),
    callOf('cloudtrail:PutEventSelectors', `arn:${b.partition}:cloudtrail:${place}:trail/main`),
    callOf('logs:DeleteLogGroup', `arn:${b.partition}:logs:${place}:log-group:trail`),
    callOf('lambda:InvokeFunction', `arn:${b.partition}:lambda:${place}:function:any`),
    callOf('secretsmanager:GetSecretValue', `arn:${b.partition}:secretsmanager:${place}:secret:any-AbCdEf`),
    callOf('ssm:GetParameter', `arn:${b.partition}:ssm:${place}:parameter/any`),
    callOf('ec2:TerminateInstances', `arn:${b.partition}:ec2:${place}:instance/i-0123456789abcdef0`),
  ];
  return [
    object('read a copy of the evidence', 's3:GetObject', copy),
    object('write a copy of the evidence', 's3:PutObject', copy),
    object('delete a copy of the evidence', 's3:DeleteObject', copy),
    object('read evidence in the state bucket', 's3:GetObject', inside),
    object('write evidence into the state bucket', 's3:PutObject', inside),
    object('delete evidence from the state bucket', 's3:DeleteObject', inside),
    ...rest.map((call) => denied(group, call.action, call)),
  ];
}
