/** Roles and their inline policies. docs/rehearsal-cloud.md, clauses IAM.n. */
import type * as IAM from '@aws-sdk/client-iam';
import {
  accountWide,
  arn,
  current,
  given,
  newRoleId,
  read,
  save,
  type Call,
  type Done,
  type Handlers,
} from './context.ts';
import { absent, exists, invalid, type Refusal } from './faults.ts';
import { checkPermissions, checkTrust } from './iam-policy.ts';
import { page, type Page } from './paging.ts';
import type { Role, Tags } from './state.ts';
import { checkTags, tagPairs, type TagProblem } from './tags.ts';

const NAME = /^[\w+=,.@-]+$/;
const DEFAULT_SESSION_SECONDS = 3600;
const MAX_SESSION_SECONDS = 43_200;

export function validationError(field: string, value: string, rule: string): Refusal {
  return invalid(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: Member must ${rule}`,
  );
}

export function iamTagRefusal(problem: TagProblem, key: string): Refusal {
  if (problem === 'many')
    return invalid('LimitExceededException', 'Cannot exceed quota for TagsPerResource: 50', 409);
  if (problem === 'twice')
    return invalid(
      'InvalidInputException',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
  if (problem === 'system')
    return invalid('InvalidInputException', 'Tag keys that start with aws: are reserved');
  return validationError(
    `tags.member.${problem}`,
    key,
    'satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+',
  );
}

export function iamTags(pairs: readonly IAM.Tag[], had: Tags): Tags {
  const lower = pairs.map(({ Key = '' }) => Key.toLowerCase());
  if (new Set(lower).size < lower.length) throw iamTagRefusal('twice', '');
  return checkTags(
    pairs.map(({ Key, Value }) => ({ key: Key, value: Value })),
    had,
    iamTagRefusal,
  );
}

export function iamPage<T>(
  items: readonly T[],
  input: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
  call: Call,
): Page<T> {
  const most = input.MaxItems;
  if (most !== undefined && !(Number.isInteger(most) && most >= 1 && most <= 1000))
    throw validationError('maxItems', String(most), 'be between 1 and 1000');
  return page(items, input.Marker, most, call.pageSize, (marker) =>
    invalid('ValidationError', `Invalid Marker: ${marker}`),
  );
}

function paged(next: string | null): { IsTruncated: boolean; Marker?: string } {
  return { IsTruncated: next !== null, ...given('Marker', next) };
}

/** Role names are told apart without regard to case. */
function place(name: string | undefined, call: Call): string {
  const text = name ?? '';
  if (!NAME.test(text))
    throw validationError('roleName', text, 'satisfy regular expression pattern: [\\w+=,.@-]+');
  if (text.length > 64) throw validationError('roleName', text, 'have length less than or equal to 64');
  return accountWide(call, text.toLowerCase());
}

function found(role: Role | undefined, name: string | undefined): Role {
  if (role === undefined)
    throw absent('NoSuchEntityException', `The role with name ${name ?? ''} cannot be found.`);
  return role;
}

function toRead(name: string | undefined, call: Call): Role {
  return found(read(call.state.roles, place(name, call), call), name);
}

function change(name: string | undefined, call: Call, how: (role: Role) => Partial<Role>): Done {
  const role = found(current(call.state.roles, place(name, call)), name);
  save(call.state.roles, place(name, call), { ...role, ...how(role) }, call);
  return {};
}

function checkSession(seconds: number | undefined): number {
  if (seconds === undefined) return DEFAULT_SESSION_SECONDS;
  if (!Number.isInteger(seconds) || seconds < DEFAULT_SESSION_SECONDS)
    throw validationError('maxSessionDuration', String(seconds), 'have value greater than or equal to 3600');
  if (seconds > MAX_SESSION_SECONDS)
    throw validationError('maxSessionDuration', String(seconds), 'have value less than or equal to 43200');
  return seconds;
}

function checkDescription(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text.length > 1000)
    throw validationError('description', text.slice(0, 20), 'have length less than or equal to 1000');
  if (!/^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/.test(text))
    throw validationError(
      'description',
      text,
      'satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*',
    );
  return text === '' ? null : text;
}

/** A boundary is a managed policy that exists: one of AWS, or one that this cloud was told of. */
function checkBoundary(policy: string | undefined, call: Call): string | null {
  if (policy === undefined) return null;
  if (!/^arn:[a-z-]+:iam::(?:aws|\d{12}):policy\/.+$/.test(policy))
    throw invalid('ValidationError', `Invalid ARN: ${policy}`);
  if (!policy.startsWith(`arn:${call.partition}:iam::aws:policy/`) && !call.known.includes(policy)) {
    throw absent('NoSuchEntityException', `Scope ARN: ${policy} does not exist or is not attachable.`);
  }
  return policy;
}

function shown(role: Role, call: Call): IAM.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: arn(call, 'iam', '', `role${role.path}${role.name}`),
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: urlEncoded(role.trust),
    ...given('Description', role.description),
    MaxSessionDuration: role.maxSession,
    ...(role.boundary === null
      ? {}
      : {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
            PermissionsBoundaryArn: role.boundary,
          },
        }),
    ...(Object.keys(role.tags).length === 0
      ? {}
      : { Tags: tagPairs(role.tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}

/** IAM gives documents back URL-encoded (RFC 3986), as its API reference says of GetRole. */
function urlEncoded(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function createRole(
  input: IAM.CreateRoleCommandInput,
  call: Call,
): Omit<IAM.CreateRoleCommandOutput, '$metadata'> {
  const at = place(input.RoleName, call);
  const name = input.RoleName ?? '';
  const path = input.Path ?? '/';
  if (!/^(?:\/|\/[\u0021-\u007e]+\/)$/.test(path) || path.length > 512)
    throw validationError(
      'path',
      path,
      'satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007F]+\\u002F)',
    );
  const description = checkDescription(input.Description);
  const maxSession = checkSession(input.MaxSessionDuration);
  const tags = iamTags(input.Tags ?? [], {});
  if (current(call.state.roles, at) !== undefined)
    throw exists('EntityAlreadyExistsException', `Role with name ${name} already exists.`);
  const boundary = checkBoundary(input.PermissionsBoundary, call);
  const trust = input.AssumeRolePolicyDocument ?? '';
  checkTrust(trust, call);
  const role: Role = {
    name,
    path,
    id: newRoleId(call),
    createdAt: call.sight.now,
    description,
    maxSession,
    trust,
    boundary,
    inline: {},
    attached: [],
    tags,
  };
  save(call.state.roles, at, role, call);
  return { Role: shown(role, call) };
}

function putRolePolicy(input: IAM.PutRolePolicyCommandInput, call: Call): Done {
  const name = input.PolicyName ?? '';
  if (!NAME.test(name) || name.length > 128)
    throw validationError('policyName', name, 'satisfy regular expression pattern: [\\w+=,.@-]+');
  return change(input.RoleName, call, (role) => {
    const document = input.PolicyDocument ?? '';
    const others = Object.entries(role.inline).flatMap(([other, text]) => (other === name ? [] : [text]));
    checkPermissions(role.name, document, others);
    return { inline: { ...role.inline, [name]: document } };
  });
}

type RoleOperation = Extract<
  keyof Handlers<'iam'>,
  `iam:${string}Role${string}` | 'iam:UpdateAssumeRolePolicy'
>;

export const roles: Pick<Handlers<'iam'>, RoleOperation> = {
  'iam:CreateRole': createRole,
  'iam:GetRole': (input, call) => ({ Role: shown(toRead(input.RoleName, call), call) }),
  'iam:UpdateRole': (input, call) =>
    change(input.RoleName, call, (role) => ({
      description: input.Description === undefined ? role.description : checkDescription(input.Description),
      maxSession: checkSession(input.MaxSessionDuration),
    })),
  'iam:UpdateAssumeRolePolicy': (input, call) =>
    change(input.RoleName, call, () => {
      const trust = input.PolicyDocument ?? '';
      checkTrust(trust, call);
      return { trust };
    }),
  'iam:PutRolePermissionsBoundary': (input, call) =>
    change(input.RoleName, call, () => ({ boundary: checkBoundary(input.PermissionsBoundary ?? '', call) })),
  'iam:ListRoleTags': (input, call) => {
    const { items, next } = iamPage(tagPairs(toRead(input.RoleName, call).tags), input, call);
    return { Tags: items.map(([Key, Value]) => ({ Key, Value })), ...paged(next) };
  },
  'iam:TagRole': (input, call) =>
    change(input.RoleName, call, (role) => ({
      tags: { ...role.tags, ...iamTags(input.Tags ?? [], role.tags) },
    })),
  'iam:ListRolePolicies': (input, call) => {
    const { items, next } = iamPage(Object.keys(toRead(input.RoleName, call).inline).sort(), input, call);
    return { PolicyNames: [...items], ...paged(next) };
  },
  'iam:ListAttachedRolePolicies': (input, call) => {
    const { items, next } = iamPage(toRead(input.RoleName, call).attached, input, call);
    return {
      AttachedPolicies: items.map((policy) => ({
        PolicyName: policy.slice(policy.lastIndexOf('/') + 1),
        PolicyArn: policy,
      })),
      ...paged(next),
    };
  },
  'iam:GetRolePolicy': (input, call) => {
    const role = toRead(input.RoleName, call);
    const name = input.PolicyName ?? '';
    const document = Object.hasOwn(role.inline, name) ? role.inline[name] : undefined;
    if (document === undefined)
      throw absent('NoSuchEntityException', `The role policy with name ${name} cannot be found.`);
    return { RoleName: role.name, PolicyName: name, PolicyDocument: urlEncoded(document) };
  },
  'iam:PutRolePolicy': putRolePolicy,
};
