/** The contract's IAM. */
import { expect } from 'vitest';
import {
  everyPage,
  madeRole,
  refused,
  ROLE,
  rootOf,
  trust,
  type Behaviour,
  type ContractWorld,
} from './world.ts';

const PERMISSIONS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Sid: 'List', Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::acme-contract-state' },
  ],
});
const ISSUER = 'token.actions.githubusercontent.com';

/** IAM gives documents back URL-encoded. */
function decoded(document: string | undefined): unknown {
  return JSON.parse(decodeURIComponent(document ?? '')) as unknown;
}

async function tagsOf(world: ContractWorld): Promise<Record<string, string | undefined>> {
  const pages = await everyPage(world, 'iam:ListRoleTags', { RoleName: ROLE }, 'Marker');
  return Object.fromEntries(pages.flatMap(({ Tags = [] }) => Tags.map(({ Key, Value }) => [Key, Value])));
}

function trusting(principal: object, more: object = {}): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }],
  });
}

const roles: readonly Behaviour[] = [
  {
    clause: 'IAM.1',
    says: 'a role that is not there is absent, whatever is asked of it',
    async run({ api }) {
      const role = { RoleName: ROLE };
      for (const call of [
        () => api.call('iam:GetRole', role),
        () => api.call('iam:ListRoleTags', role),
        () => api.call('iam:ListRolePolicies', role),
        () => api.call('iam:ListAttachedRolePolicies', role),
        () => api.call('iam:GetRolePolicy', { ...role, PolicyName: 'p' }),
        () => api.call('iam:PutRolePolicy', { ...role, PolicyName: 'p', PolicyDocument: PERMISSIONS }),
        () => api.call('iam:TagRole', { ...role, Tags: [{ Key: 'a', Value: 'b' }] }),
      ]) {
        await refused(call(), 'absent', 'NoSuchEntityException');
      }
    },
  },
  {
    clause: 'IAM.2',
    says: 'a role that was made is there as it was made, its trust policy URL-encoded',
    async run(world) {
      const { Role: made } = await madeRole(world, {
        Description: 'for the contract',
        MaxSessionDuration: 7200,
        Path: '/govboot/',
      });
      const { Role: found } = await world.api.call('iam:GetRole', { RoleName: ROLE });
      for (const role of [made, found]) {
        expect(role).toMatchObject({
          RoleName: ROLE,
          Path: '/govboot/',
          Arn: `arn:${world.partition}:iam::${world.account}:role/govboot/${ROLE}`,
        });
        expect(decoded(role?.AssumeRolePolicyDocument)).toEqual(JSON.parse(trust(world)));
      }
      expect(found).toMatchObject({ Description: 'for the contract', MaxSessionDuration: 7200 });
      expect(found?.CreateDate).toBeInstanceOf(Date);
      expect(found?.AssumeRolePolicyDocument).toContain('%22');
    },
  },
  {
    clause: 'IAM.3',
    says: 'a name in use is refused',
    async run(world) {
      await madeRole(world);
      await refused(madeRole(world), 'exists', 'EntityAlreadyExistsException');
    },
  },
  {
    clause: 'IAM.4',
    says: 'a name in use is refused in other letters too',
    exceptOn: { moto: 'tells names apart by case' },
    async run(world) {
      await madeRole(world);
      await refused(
        madeRole(world, { RoleName: ROLE.toUpperCase() }),
        'exists',
        'EntityAlreadyExistsException',
      );
    },
  },
  {
    clause: 'IAM.5',
    says: 'without a word on sessions they last an hour',
    async run(world) {
      await madeRole(world);
      expect((await world.api.call('iam:GetRole', { RoleName: ROLE })).Role?.MaxSessionDuration).toBe(3600);
    },
  },
  {
    clause: 'IAM.6',
    says: 'sessions outside 3600 to 43200 seconds are refused',
    exceptOn: { moto: 'takes any length' },
    async run(world) {
      for (const MaxSessionDuration of [3599, 43_201])
        await refused(madeRole(world, { MaxSessionDuration }), 'invalid', 'ValidationError');
      await madeRole(world);
      await refused(
        world.api.call('iam:UpdateRole', { RoleName: ROLE, MaxSessionDuration: 60 }),
        'invalid',
        'ValidationError',
      );
    },
  },
  {
    clause: 'IAM.7',
    says: 'names and paths with wrong characters or too long are refused',
    exceptOn: { moto: 'checks neither' },
    async run(world) {
      for (const RoleName of ['with space', 'x'.repeat(65)])
        await refused(madeRole(world, { RoleName }), 'invalid', 'ValidationError');
      await refused(madeRole(world, { Path: 'no-slash' }), 'invalid', 'ValidationError');
    },
  },
  {
    clause: 'IAM.8',
    says: 'UpdateRole changes the session, UpdateAssumeRolePolicy the trust',
    async run(world) {
      await madeRole(world);
      await world.api.call('iam:UpdateRole', {
        RoleName: ROLE,
        Description: 'changed',
        MaxSessionDuration: 14_400,
      });
      const dormant = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }],
      });
      await world.api.call('iam:UpdateAssumeRolePolicy', { RoleName: ROLE, PolicyDocument: dormant });
      const { Role } = await world.api.call('iam:GetRole', { RoleName: ROLE });
      expect(Role).toMatchObject({ Description: 'changed', MaxSessionDuration: 14_400 });
      expect(decoded(Role?.AssumeRolePolicyDocument)).toEqual(JSON.parse(dormant));
    },
  },
  {
    clause: 'IAM.9',
    says: 'a permissions boundary is kept, given at birth or later',
    async run(world) {
      const boundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
      const read = async () =>
        (await world.api.call('iam:GetRole', { RoleName: ROLE })).Role?.PermissionsBoundary;
      await madeRole(world, { PermissionsBoundary: boundary });
      expect((await read())?.PermissionsBoundaryArn).toBe(boundary);
      await world.api.call('iam:PutRolePermissionsBoundary', {
        RoleName: ROLE,
        PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess',
      });
      expect(await read()).toEqual({
        PermissionsBoundaryArn: 'arn:aws:iam::aws:policy/PowerUserAccess',
        PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
      });
    },
  },
  {
    clause: 'IAM.10',
    says: 'a boundary that is not there is refused',
    exceptOn: { moto: 'takes any ARN' },
    async run(world) {
      await refused(
        madeRole(world, {
          PermissionsBoundary: `arn:${world.partition}:iam::${world.account}:policy/nobody`,
        }),
        'absent',
        'NoSuchEntityException',
      );
    },
  },
  {
    clause: 'IAM.11',
    says: 'tags given at birth are there, and TagRole adds and overwrites',
    async run(world) {
      await madeRole(world, {
        Tags: [
          { Key: 'owner', Value: 'us' },
          { Key: 'run', Value: '1' },
        ],
      });
      await world.api.call('iam:TagRole', {
        RoleName: ROLE,
        Tags: [
          { Key: 'run', Value: '2' },
          { Key: 'more', Value: '' },
        ],
      });
      expect(await tagsOf(world)).toEqual({ owner: 'us', run: '2', more: '' });
    },
  },
  {
    clause: 'IAM.12',
    says: 'ListRoleTags keeps to MaxItems and gives every tag over its pages',
    async run(world) {
      const Tags = Array.from({ length: 7 }, (_, i) => ({ Key: `tag-${i}`, Value: String(i) }));
      await madeRole(world, { Tags });
      const pages = await everyPage(world, 'iam:ListRoleTags', { RoleName: ROLE, MaxItems: 3 }, 'Marker');
      expect(pages.length).toBeGreaterThan(2);
      expect(pages.map(({ IsTruncated = false }) => IsTruncated)).toEqual(
        pages.map((_, i) => i < pages.length - 1),
      );
      expect(await tagsOf(world)).toEqual(Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])));
    },
  },
  {
    clause: 'IAM.13',
    says: 'tags twice the same but for case, and more than 50, are refused',
    async run(world) {
      await refused(
        madeRole(world, {
          Tags: [
            { Key: 'A', Value: '1' },
            { Key: 'a', Value: '2' },
          ],
        }),
        'invalid',
      );
      await refused(
        madeRole(world, { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `t${i}`, Value: '' })) }),
        'invalid',
      );
    },
  },
];

const documents: readonly Behaviour[] = [
  {
    clause: 'IAM.20',
    says: 'a permission policy is absent until it is put, and then kept, URL-encoded',
    async run(world) {
      await madeRole(world);
      await refused(
        world.api.call('iam:GetRolePolicy', { RoleName: ROLE, PolicyName: 'govboot' }),
        'absent',
        'NoSuchEntityException',
      );
      await world.api.call('iam:PutRolePolicy', {
        RoleName: ROLE,
        PolicyName: 'govboot',
        PolicyDocument: PERMISSIONS,
      });
      await world.api.call('iam:PutRolePolicy', {
        RoleName: ROLE,
        PolicyName: 'govboot',
        PolicyDocument: PERMISSIONS,
      });
      const found = await world.api.call('iam:GetRolePolicy', { RoleName: ROLE, PolicyName: 'govboot' });
      expect(decoded(found.PolicyDocument)).toEqual(JSON.parse(PERMISSIONS));
      expect((await world.api.call('iam:ListRolePolicies', { RoleName: ROLE })).PolicyNames).toEqual([
        'govboot',
      ]);
      expect(
        (await world.api.call('iam:ListAttachedRolePolicies', { RoleName: ROLE })).AttachedPolicies,
      ).toEqual([]);
    },
  },
  {
    clause: 'IAM.21',
    says: 'permission policies without actions or resources, or that are no JSON, are refused',
    async run(world) {
      await madeRole(world);
      const put = (statement: object | null) =>
        world.api.call('iam:PutRolePolicy', {
          RoleName: ROLE,
          PolicyName: 'p',
          PolicyDocument:
            statement === null
              ? 'not json'
              : JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
        });
      const good = { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' };
      for (const bad of [
        null,
        { ...good, Action: undefined },
        { ...good, Resource: undefined },
        { ...good, Resource: 'bucket' },
        { ...good, Effect: 'Maybe' },
      ]) {
        await refused(put(bad), 'invalid', 'MalformedPolicyDocumentException');
      }
    },
  },
  {
    clause: 'IAM.28',
    says: 'a permission policy with a principal is refused',
    exceptOn: { moto: 'takes it' },
    async run(world) {
      await madeRole(world);
      await refused(
        world.api.call('iam:PutRolePolicy', {
          RoleName: ROLE,
          PolicyName: 'p',
          PolicyDocument: trusting('*' as unknown as object, { Resource: '*' }),
        }),
        'invalid',
        'MalformedPolicyDocumentException',
      );
    },
  },
  {
    clause: 'IAM.22',
    says: 'ListRolePolicies gives every policy over its pages',
    async run(world) {
      await madeRole(world);
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const PolicyName of names)
        await world.api.call('iam:PutRolePolicy', {
          RoleName: ROLE,
          PolicyName,
          PolicyDocument: PERMISSIONS,
        });
      const pages = await everyPage(world, 'iam:ListRolePolicies', { RoleName: ROLE, MaxItems: 2 }, 'Marker');
      expect(pages.map(({ IsTruncated = false }) => IsTruncated)).toEqual(
        pages.map((_, i) => i < pages.length - 1),
      );
      expect(pages.flatMap(({ PolicyNames = [] }) => PolicyNames)).toEqual(names);
    },
  },
  {
    clause: 'IAM.27',
    says: 'ListRolePolicies keeps to MaxItems',
    exceptOn: { moto: 'gives all names at once' },
    async run(world) {
      await madeRole(world);
      for (const PolicyName of ['a', 'b'])
        await world.api.call('iam:PutRolePolicy', {
          RoleName: ROLE,
          PolicyName,
          PolicyDocument: PERMISSIONS,
        });
      const { PolicyNames, IsTruncated } = await world.api.call('iam:ListRolePolicies', {
        RoleName: ROLE,
        MaxItems: 1,
      });
      expect([PolicyNames, IsTruncated]).toEqual([['a'], true]);
    },
  },
  {
    clause: 'IAM.23',
    says: 'trust policies that are no JSON, with a resource, without a principal, or with other actions are refused',
    exceptOn: { moto: 'takes a policy without a principal' },
    async run(world) {
      const root = { AWS: rootOf(world) };
      for (const AssumeRolePolicyDocument of [
        'not json',
        trusting(root, { Resource: '*' }),
        trusting(root, { Principal: undefined }),
        trusting(root, { Action: 's3:GetObject' }),
      ]) {
        await refused(
          madeRole(world, { AssumeRolePolicyDocument }),
          'invalid',
          'MalformedPolicyDocumentException',
        );
      }
    },
  },
  {
    clause: 'IAM.24',
    says: 'a trusted principal that is not there is refused as not ready, and taken once it is there',
    exceptOn: { moto: 'takes any principal' },
    async run(world) {
      const AssumeRolePolicyDocument = trusting({
        AWS: `arn:${world.partition}:iam::${world.account}:role/${ROLE}`,
      });
      await refused(
        madeRole(world, { RoleName: 'second', AssumeRolePolicyDocument }),
        'not-ready',
        'MalformedPolicyDocumentException',
      );
      await madeRole(world);
      await madeRole(world, { RoleName: 'second', AssumeRolePolicyDocument });
    },
  },
  {
    clause: 'IAM.25',
    says: "a role that trusts GitHub's tokens must say whose",
    exceptOn: { moto: 'takes any condition' },
    async run(world) {
      const github = { Federated: `arn:${world.partition}:iam::${world.account}:oidc-provider/${ISSUER}` };
      const web = (condition: object) =>
        trusting(github, { Action: 'sts:AssumeRoleWithWebIdentity', Condition: condition });
      const aud = { [`${ISSUER}:aud`]: 'sts.amazonaws.com' };
      for (const open of [
        { StringEquals: aud },
        { StringEquals: aud, StringLike: { [`${ISSUER}:sub`]: '*' } },
      ]) {
        await refused(
          madeRole(world, { AssumeRolePolicyDocument: web(open) }),
          'invalid',
          'MalformedPolicyDocumentException',
        );
      }
      await madeRole(world, {
        AssumeRolePolicyDocument: web({
          StringEquals: { ...aud, [`${ISSUER}:sub`]: 'repo:acme/infra:environment:dev' },
        }),
      });
    },
  },
  {
    clause: 'IAM.26',
    says: 'a trust policy may be 2048 characters long',
    exceptOn: { moto: 'takes any length' },
    async run(world) {
      const long = trusting(
        { AWS: rootOf(world) },
        { Condition: { StringEquals: { 'sts:ExternalId': 'x'.repeat(2048) } } },
      );
      await refused(madeRole(world, { AssumeRolePolicyDocument: long }), 'invalid', 'LimitExceededException');
    },
  },
];

const providers: readonly Behaviour[] = [
  {
    clause: 'IAM.40',
    says: 'a provider that was made is there, its URL without the scheme',
    async run({ api, account, partition }) {
      const { OpenIDConnectProviderArn } = await api.call('iam:CreateOpenIDConnectProvider', {
        Url: `https://${ISSUER}`,
        ClientIDList: ['sts.amazonaws.com'],
        Tags: [{ Key: 'owner', Value: 'us' }],
      });
      expect(OpenIDConnectProviderArn).toBe(`arn:${partition}:iam::${account}:oidc-provider/${ISSUER}`);
      const found = await api.call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn });
      expect(found).toMatchObject({
        Url: ISSUER,
        ClientIDList: ['sts.amazonaws.com'],
        Tags: [{ Key: 'owner', Value: 'us' }],
      });
    },
  },
  {
    clause: 'IAM.41',
    says: 'a provider that is not there is absent',
    async run({ api, account, partition }) {
      await refused(
        api.call('iam:GetOpenIDConnectProvider', {
          OpenIDConnectProviderArn: `arn:${partition}:iam::${account}:oidc-provider/${ISSUER}`,
        }),
        'absent',
        'NoSuchEntityException',
      );
    },
  },
  {
    clause: 'IAM.42',
    says: 'a URL in use is refused',
    async run({ api }) {
      await api.call('iam:CreateOpenIDConnectProvider', { Url: `https://${ISSUER}`, ClientIDList: ['a'] });
      await refused(
        api.call('iam:CreateOpenIDConnectProvider', { Url: `https://${ISSUER}`, ClientIDList: ['b'] }),
        'exists',
        'EntityAlreadyExistsException',
      );
    },
  },
  {
    clause: 'IAM.44',
    says: 'a URL without https is refused',
    exceptOn: { moto: 'takes http' },
    async run({ api }) {
      await refused(
        api.call('iam:CreateOpenIDConnectProvider', { Url: 'http://example.org', ClientIDList: ['b'] }),
        'invalid',
        'ValidationError',
      );
    },
  },
  {
    clause: 'IAM.43',
    says: 'AddClientID adds, and once only',
    exceptOn: { moto: 'answers 500' },
    async run({ api }) {
      const { OpenIDConnectProviderArn } = await api.call('iam:CreateOpenIDConnectProvider', {
        Url: `https://${ISSUER}`,
        ClientIDList: ['a'],
        Tags: [{ Key: 'a', Value: '1' }],
      });
      for (let i = 0; i < 2; i++)
        await api.call('iam:AddClientIDToOpenIDConnectProvider', { OpenIDConnectProviderArn, ClientID: 'b' });
      const found = await api.call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn });
      expect(found.ClientIDList?.slice().sort()).toEqual(['a', 'b']);
    },
  },
  {
    clause: 'IAM.45',
    says: 'tags are added to those given at birth',
    async run({ api }) {
      const { OpenIDConnectProviderArn } = await api.call('iam:CreateOpenIDConnectProvider', {
        Url: `https://${ISSUER}`,
        ClientIDList: ['a'],
        Tags: [{ Key: 'a', Value: '1' }],
      });
      await api.call('iam:TagOpenIDConnectProvider', {
        OpenIDConnectProviderArn,
        Tags: [{ Key: 'b', Value: '2' }],
      });
      const { Tags } = await api.call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn });
      expect(Tags).toEqual([
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ]);
    },
  },
  {
    clause: 'IAM.46',
    says: 'a provider that was made without tags has none, and can be given some',
    async run({ api }) {
      const { OpenIDConnectProviderArn } = await api.call('iam:CreateOpenIDConnectProvider', {
        Url: `https://${ISSUER}`,
        ClientIDList: ['a'],
      });
      const read = async () =>
        (await api.call('iam:GetOpenIDConnectProvider', { OpenIDConnectProviderArn })).Tags ?? [];
      expect(await read()).toEqual([]);
      await api.call('iam:TagOpenIDConnectProvider', {
        OpenIDConnectProviderArn,
        Tags: [{ Key: 'b', Value: '2' }],
      });
      expect(await read()).toEqual([{ Key: 'b', Value: '2' }]);
    },
  },
];

export const iamBehaviours = [...roles, ...documents, ...providers];
