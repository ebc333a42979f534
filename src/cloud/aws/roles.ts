/** The five roles: who may be them, for how long, and what they may do. */
import type { Role } from '@aws-sdk/client-iam';
import type { Json } from '../../kernel/json.ts';
import type { Blueprint, RoleName } from '../../plan/blueprint.ts';
import type { Clause, Comparison, Observed, ResourceId } from '../../plan/control.ts';
import { ROLE_NAMES } from '../../plan/blueprint.ts';
import type { AwsApi } from './api.ts';
import { roleArn } from './arn.ts';
import { asJson, comparePolicies, policyText } from './policies/document.ts';
import { permissionsPolicy } from './policies/permissions.ts';
import { trustPolicy } from './policies/trust.ts';
import {
  clauses,
  locating,
  none,
  notUnderstood,
  observing,
  once,
  pages,
  parsed,
  set,
  unset,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import { asTags, birthTags, presenceByTags, shownTags, tagList, tagsOf, tagSpec, type Tags } from './tags.ts';

/** The one inline policy of each role. */
const POLICY_NAME = 'govboot-state';

const WHAT: Readonly<Record<RoleName, string>> = {
  operator: 'for people: state and locks, nothing else',
  automation: 'dormant until a later signed intent opens it',
  'ci-plan': 'for pipelines that plan: reads the state and locks it',
  'ci-apply': 'for pipelines that apply: writes the state and locks it',
  'break-glass': 'dormant; repairs state, locks and key when it is opened',
};

/** The permissions themselves: an inline policy that decrypts with one key only. */
const LEAST_PRIVILEGE: readonly Clause[] = clauses(
  ['FSBP', 'KMS.2'],
  ['ISO/IEC 27001:2022', 'A.8.2', 'A.8.3'],
  ['SOC 2', 'CC6.1', 'CC6.3'],
);

/** Nothing attached beside them, so nothing wider. */
const NOTHING_WIDER: readonly Clause[] = clauses(
  ['FSBP', 'IAM.1', 'IAM.21'],
  ['ISO/IEC 27001:2022', 'A.8.2', 'A.8.3'],
  ['SOC 2', 'CC6.1', 'CC6.3'],
);

async function get(api: AwsApi, b: Blueprint, role: RoleName): Promise<Role | undefined> {
  return (await api.call('iam:GetRole', { RoleName: b.names.roles[role] })).Role;
}

/** IAM answers policies URL-encoded (RFC 3986). */
function decoded(text: string | undefined, what: string): Observed {
  if (text === undefined) return unset;
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    return notUnderstood(`${what}: a policy that is not URL-encoded`);
  }
  return parsed(plain, what);
}

export async function roleTags(api: AwsApi, b: Blueprint, role: RoleName): Promise<Tags> {
  const all = await pages(
    (Marker) =>
      api.call('iam:ListRoleTags', {
        RoleName: b.names.roles[role],
        ...(Marker === undefined ? {} : { Marker }),
      }),
    (page) => (page.IsTruncated === true ? page.Marker : undefined),
  );
  return tagsOf(all.flatMap((page) => page.Tags ?? []));
}

/** @param extra tags beside those of the blueprint, for the claim */
export async function createRole(
  api: AwsApi,
  b: Blueprint,
  role: RoleName,
  run: string,
  extra: Tags = {},
): Promise<string> {
  const { $metadata } = await api.call('iam:CreateRole', {
    RoleName: b.names.roles[role],
    Description: `${b.organisation} ${b.environment} ${role}: ${WHAT[role]}`,
    AssumeRolePolicyDocument: policyText(asJson(trustPolicy(b, role))),
    MaxSessionDuration: b.roles[role].sessionSeconds,
    ...(b.permissionsBoundary === null ? {} : { PermissionsBoundary: b.permissionsBoundary }),
    Tags: tagList({ ...birthTags(b, run), ...extra }),
  });
  return $metadata.requestId ?? '';
}

function tagControl(role: RoleName): AwsControl {
  return {
    ...tagSpec(`role-${role}`),
    read: (api, b) => observing(async () => set(shownTags(await roleTags(api, b, role)))),
    async write(api, b, _known, wanted) {
      await api.call('iam:TagRole', { RoleName: b.names.roles[role], Tags: tagList(asTags(wanted)) });
    },
  };
}

/** The providers that a pipeline's trust policy names. */
function trustsAfter(role: RoleName): readonly ResourceId[] {
  return role === 'ci-plan' || role === 'ci-apply' ? ['oidc-github', 'oidc-gitlab'] : [];
}

function trustControl(role: RoleName): AwsControl {
  return {
    id: `role-${role}.trust`,
    title: 'who may assume it',
    why: 'A role is as safe as the people and pipelines that may become it; nobody is let in by a pattern.',
    needs: ['roles'],
    satisfies: clauses(
      ['ISO/IEC 27001:2022', 'A.5.16', 'A.5.18', 'A.8.2', 'A.8.5'],
      ['SOC 2', 'CC6.1', 'CC6.3'],
    ),
    atCreation: true,
    after: trustsAfter(role),
    desired: (b) => value(asJson(trustPolicy(b, role))),
    compare: comparePolicies,
    read: (api, b) =>
      observing(async () => decoded((await get(api, b, role))?.AssumeRolePolicyDocument, 'iam:GetRole')),
    async write(api, b, _known, wanted) {
      await api.call('iam:UpdateAssumeRolePolicy', {
        RoleName: b.names.roles[role],
        PolicyDocument: policyText(wanted),
      });
    },
  };
}

function sessionControl(role: RoleName): AwsControl {
  return {
    id: `role-${role}.session`,
    title: 'longest session, seconds',
    why: 'Credentials that leak are worth something until the session ends.',
    needs: ['roles'],
    satisfies: clauses(['ISO/IEC 27001:2022', 'A.5.17', 'A.8.2'], ['SOC 2', 'CC6.1']),
    atCreation: true,
    desired: (b) => value(b.roles[role].sessionSeconds),
    // IAM's own default is one hour (Role MaxSessionDuration).
    read: (api, b) => observing(async () => set((await get(api, b, role))?.MaxSessionDuration ?? 3600)),
    async write(api, b, _known, wanted) {
      await api.call('iam:UpdateRole', {
        RoleName: b.names.roles[role],
        MaxSessionDuration: wanted as number,
      });
    },
  };
}

function boundaryControl(role: RoleName): AwsControl {
  return {
    id: `role-${role}.boundary`,
    title: 'permissions boundary',
    why: 'Whatever is attached to the role later, it can do no more than the boundary allows.',
    needs: ['permissions-boundary'],
    satisfies: NOTHING_WIDER,
    atCreation: true,
    desired: (b) => (b.permissionsBoundary === null ? none : value(b.permissionsBoundary)),
    read: (api, b) =>
      observing(async () => {
        const arn = (await get(api, b, role))?.PermissionsBoundary?.PermissionsBoundaryArn;
        return arn === undefined ? unset : set(arn);
      }),
    async write(api, b, _known, wanted) {
      await api.call('iam:PutRolePermissionsBoundary', {
        RoleName: b.names.roles[role],
        PermissionsBoundary: wanted as string,
      });
    },
  };
}

function permissionsControl(role: RoleName): AwsControl {
  return {
    id: `role-${role}.permissions`,
    title: `what it may do: ${WHAT[role]}`,
    why: 'The role can reach this state, these locks and this key, and nothing else in the account.',
    needs: ['roles'],
    satisfies: LEAST_PRIVILEGE,
    after: ['state-key', 'state-bucket', 'lock-table'],
    desired: (b, known) =>
      once('state-key', known['state-key.arn'], (key) => asJson(permissionsPolicy(b, role, key))),
    compare: comparePolicies,
    read: (api, b) =>
      observing(async () => {
        const named = { RoleName: b.names.roles[role], PolicyName: POLICY_NAME };
        return decoded((await api.call('iam:GetRolePolicy', named)).PolicyDocument, 'iam:GetRolePolicy');
      }),
    async write(api, b, _known, wanted) {
      await api.call('iam:PutRolePolicy', {
        RoleName: b.names.roles[role],
        PolicyName: POLICY_NAME,
        PolicyDocument: policyText(wanted),
      });
    },
  };
}

/** Permissions beside ours could be anything; they are shown and refused, and never taken away by govboot. */
function nothingElse(observed: Json, desired: Json): Comparison {
  const count = (json: Json): number =>
    Object.values(json as Readonly<Record<string, readonly string[]>>).flat().length;
  return count(observed) === count(desired) ? { is: 'right' } : { is: 'foreign', found: observed };
}

function exclusiveControl(role: RoleName): AwsControl {
  return {
    id: `role-${role}.exclusive`,
    title: 'no other policy on the role',
    why: 'One more policy attached by hand would undo everything that the others say.',
    needs: ['roles'],
    satisfies: NOTHING_WIDER,
    atCreation: true,
    forbids: true,
    desired: () => value({ attached: [], inline: [] }),
    compare: nothingElse,
    read: (api, b) =>
      observing(async () => {
        const RoleName = b.names.roles[role];
        const marked = (Marker: string | undefined) => ({
          RoleName,
          ...(Marker === undefined ? {} : { Marker }),
        });
        const next = (page: { IsTruncated?: boolean | undefined; Marker?: string | undefined }) =>
          page.IsTruncated === true ? page.Marker : undefined;
        const [attached, inline] = await Promise.all([
          pages((m) => api.call('iam:ListAttachedRolePolicies', marked(m)), next),
          pages((m) => api.call('iam:ListRolePolicies', marked(m)), next),
        ]);
        return set({
          attached: attached
            .flatMap((p) => p.AttachedPolicies ?? [])
            .map((p) => p.PolicyArn ?? '?')
            .sort(),
          inline: inline
            .flatMap((p) => p.PolicyNames ?? [])
            .filter((name) => name !== POLICY_NAME)
            .sort(),
        });
      }),
    write: async () => Promise.reject(new TypeError('policies of others are not ours to remove')),
  };
}

function roleResource(role: RoleName): AwsResource {
  const id = `role-${role}`;
  return {
    id,
    kind: 'role',
    title: `role ${role}`,
    after: trustsAfter(role),
    wanted: () => true,
    nameOf: (b) => b.names.roles[role],
    // The claim has made the operator role already, so that one is looked for.
    refusesTaken: role !== 'operator',
    controls: [
      tagControl(role),
      trustControl(role),
      sessionControl(role),
      boundaryControl(role),
      exclusiveControl(role),
      permissionsControl(role),
    ],
    locate: (api, b) =>
      locating(async () => {
        const tags = await roleTags(api, b, role);
        return presenceByTags(b, tags, { [`${id}.arn`]: roleArn(b, role) }, `role ${b.names.roles[role]}`);
      }),
    async create(api, b, _known, run) {
      await createRole(api, b, role, run);
      return { [`${id}.arn`]: roleArn(b, role) };
    },
  };
}

export const roles: readonly AwsResource[] = ROLE_NAMES.map(roleResource);
