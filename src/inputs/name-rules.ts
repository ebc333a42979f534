/** Whether the provider would take the names and tags of an environment, and whether a reader could be fooled by them. Pure. */
import { safe } from '../kernel/text.ts';
import type { Problem } from './facts.ts';
import type { ResolvedNames } from './names.ts';
import type { FederationPolicy } from './parity.ts';
import type { Path } from './places.ts';
import { POLICY_ROLES, type PolicyRole } from './settings.ts';

type Hub = NonNullable<FederationPolicy['github']>;

export interface NameProblem extends Problem {
  readonly code: 'PARITY';
  /** Where the value may stand in the policy: the first of these that is there. */
  readonly paths: readonly Path[];
}

/** Names, ARNs and jobs that the provider would refuse or that could fool a reader; all of it at once. */
export function nameProblems(names: ResolvedNames): readonly NameProblem[] {
  const { environment, table } = names;
  return [
    ...at(bucketProblems('bucket', names.bucket, names), ['naming', 'bucket']),
    ...at(tableProblems(table), ['naming', 'table']),
    ...at(aliasProblems('key alias', names.keyAlias), ['naming', 'key_alias']),
    ...evidenceProblems(names),
    ...at(roleProblems(names), ['naming', 'role']),
    ...at(stateKeyProblems(names.stateKey), ['environments', environment, 'state_key']),
    ...principalProblems(names),
    ...at(boundaryProblems(names), ['permissions_boundary']),
    ...federationProblems(names.federation),
  ];
}

function at(texts: readonly string[], ...paths: readonly Path[]): readonly NameProblem[] {
  return texts.map((wrong) => ({ code: 'PARITY', wrong, paths }));
}

/** Every text is ASCII by these rules, so that no look-alike letter can pass for another. */
function bad(what: string, value: string, rule: string): string {
  return `${what} "${safe(value)}" ${rule}`;
}

// S3 User Guide, "General purpose bucket naming rules". Dots are allowed there but break TLS host names; here they are refused.
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '--x-s3', '--table-s3'];

function bucketProblems(
  what: string,
  bucket: string,
  { bucketNamespace, account, region }: ResolvedNames,
): string[] {
  const wrong: string[] = [];
  if (bucket.length < 3 || bucket.length > 63)
    wrong.push(bad(what, bucket, `has ${String(bucket.length)} characters; S3 takes 3 to 63`));
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(bucket))
    wrong.push(
      bad(what, bucket, 'must be lower-case letters, digits and dashes, a letter or digit first and last'),
    );
  for (const prefix of RESERVED_PREFIXES)
    if (bucket.startsWith(prefix))
      wrong.push(bad(what, bucket, `must not begin with ${prefix}, which S3 reserves`));
  for (const suffix of RESERVED_SUFFIXES)
    if (bucket.endsWith(suffix))
      wrong.push(bad(what, bucket, `must not end with ${suffix}, which S3 reserves`));
  if (bucketNamespace === 'global' && bucket.endsWith('-an'))
    wrong.push(bad(what, bucket, 'must not end with -an outside the account-regional namespace'));
  if (bucketNamespace === 'account-regional' && bucket.length <= `-${account}-${region}-an`.length)
    wrong.push(bad(what, bucket, 'has no name before its account-regional suffix'));
  return wrong;
}

/** The store of the evidence is another bucket than that of the state, under another key. */
function evidenceProblems(names: ResolvedNames): readonly NameProblem[] {
  if (names.evidence === null) return [];
  const { bucket, keyAlias } = names.evidence;
  return [
    ...at(
      [
        ...bucketProblems('evidence bucket', bucket, names),
        ...(bucket === names.bucket
          ? [bad('evidence bucket', bucket, 'is the bucket of the state too')]
          : []),
      ],
      ['evidence_store', 'bucket'],
    ),
    ...at(
      [
        ...aliasProblems('evidence key alias', keyAlias),
        // KMS takes a and A for two; a reader does not.
        ...(keyAlias.toLowerCase() === names.keyAlias.toLowerCase()
          ? [bad('evidence key alias', keyAlias, 'is that of the key of the state too')]
          : []),
      ],
      ['evidence_store', 'key_alias'],
    ),
  ];
}

/** DynamoDB CreateTable TableName. */
function tableProblems(table: string): string[] {
  return /^[A-Za-z0-9_.-]{3,255}$/.test(table)
    ? []
    : [bad('lock table', table, 'must be 3 to 255 letters, digits, _ . and -')];
}

/** KMS CreateAlias AliasName: 1 to 256 letters, digits, / _ and -, never under alias/aws/. */
function aliasProblems(what: string, alias: string): string[] {
  if (!/^alias\/[A-Za-z0-9/_-]+$/.test(alias) || alias.length > 256)
    return [bad(what, alias, 'must be alias/ and letters, digits, / _ and -, at most 256 characters')];
  return alias.startsWith('alias/aws/')
    ? [bad(what, alias, 'must not begin with alias/aws/, which KMS reserves')]
    : [];
}

/** IAM CreateRole RoleName: at most 64 of letters, digits and _+=,.@-; unique without regard to case. */
function roleProblems({ roleNames }: ResolvedNames): string[] {
  const seen = new Map<string, PolicyRole>();
  return POLICY_ROLES.flatMap((role) => {
    const name = roleNames[role];
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? role);
    return [
      ...(/^[A-Za-z0-9_+=,.@-]{1,64}$/.test(name)
        ? []
        : [bad(`role ${role}`, name, 'must be 1 to 64 letters, digits and _+=,.@-')]),
      ...(first === undefined
        ? []
        : [bad(`role ${role}`, name, `is the name of role ${first} too; the pattern needs {role}`)]),
    ];
  });
}

/** S3 object key of at most 1024 bytes, `.tflock` of the lock file included; Terraform refuses // and a slash at either end. */
function stateKeyProblems(key: string): string[] {
  const plain =
    /^[A-Za-z0-9][A-Za-z0-9/_.-]*\.tfstate$/.test(key) &&
    key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return plain && key.length <= 1024 - '.tflock'.length
    ? []
    : [bad('state key', key, 'must be a plain path that ends with .tfstate')];
}

/** Ownership tags that govboot adds to every resource, counted against the limit of tags; the key of the evidence has one more. */
const OWNERSHIP_TAGS = 3;

/** The letters that S3, DynamoDB, KMS and IAM all take in tags, without those outside ASCII. */
const TAG_TEXT = /^[A-Za-z0-9_.:/=+@-]([A-Za-z0-9 _.:/=+@-]*[A-Za-z0-9_.:/=+@-])?$/;

/** Tags that the provider would refuse, that are reserved, or whose letters could pass for others. */
export function tagProblems({
  environment,
  tags,
  toleratedTags,
  evidence,
}: ResolvedNames): readonly NameProblem[] {
  const keys = [
    ...Object.keys(tags).map((key) => ({ key, paths: tagPaths(environment, key) })),
    ...toleratedTags.map((key, i) => ({ key, paths: [['tags', 'tolerated', i]] })),
  ];
  const seen = new Set<string>();
  const ofKeys = keys.flatMap(({ key, paths }) => {
    const folded = key.toLowerCase();
    const isTwice = seen.has(folded);
    seen.add(folded);
    return at(keyProblems(key, isTwice), ...paths);
  });
  const ofValues = Object.entries(tags).flatMap(([key, value]) =>
    at(valueProblems(key, value), ...tagPaths(environment, key)),
  );
  return [
    ...ofKeys,
    ...ofValues,
    ...at(countProblems(Object.keys(tags).length, OWNERSHIP_TAGS + (evidence === null ? 0 : 1)), [
      'tags',
      'required',
    ]),
  ];
}

function tagPaths(environment: string, key: string): readonly Path[] {
  return [
    ['environments', environment, 'tags', key],
    ['tags', 'required', key],
  ];
}

function keyProblems(key: string, isTwice: boolean): string[] {
  const wrong: string[] = [];
  if (key.length > 128 || !TAG_TEXT.test(key))
    wrong.push(bad('tag key', key, 'must be 1 to 128 ASCII letters, digits, spaces inside, and _.:/=+-@'));
  if (/^(aws|govboot):/i.test(key))
    wrong.push(bad('tag key', key, 'must not use the prefixes aws: and govboot:'));
  // IAM compares tag keys without regard to case, so the others are held to the same.
  if (isTwice) wrong.push(bad('tag key', key, 'is there twice, perhaps in other case'));
  return wrong;
}

function valueProblems(key: string, value: string): string[] {
  if (value === '') return [bad('tag', key, 'has an empty value')];
  if (value.length <= 256 && TAG_TEXT.test(value)) return [];
  const rule = 'must be 1 to 256 ASCII letters, digits, spaces inside, and _.:/=+-@';
  return [bad('value', value, `of tag "${safe(key)}" ${rule}`)];
}

/** 50 tags a resource: S3, DynamoDB, KMS and IAM alike. */
function countProblems(required: number, ownership: number): string[] {
  return required + ownership <= 50
    ? []
    : [`${String(required)} required tags and ${String(ownership)} of ownership are more than 50`];
}

function principalProblems({ environment, roles, partition }: ResolvedNames): readonly NameProblem[] {
  return POLICY_ROLES.flatMap((role) =>
    roles[role].principals.flatMap((principal, i) => {
      const what = `principal of role ${role}`;
      const wrong: string[] = [];
      if (!principal.startsWith(`arn:${partition}:iam::`))
        wrong.push(bad(what, principal, `is not of partition ${partition}`));
      if (/[{}]/.test(principal)) wrong.push(bad(what, principal, 'has a placeholder that is not known'));
      return at(wrong, ...principalPaths(environment, role, i));
    }),
  );
}

/** Where the principals of a role stand: those of the environment itself, if it has its own. */
export function principalPaths(environment: string, role: PolicyRole, i: number): readonly Path[] {
  const path = ['roles', role, 'principals', i];
  return [['environments', environment, ...path], path];
}

/** IAM CreateRole PermissionsBoundary: a managed policy of the same account. */
function boundaryProblems({ permissionsBoundary, partition, account }: ResolvedNames): string[] {
  return permissionsBoundary === null ||
    permissionsBoundary.startsWith(`arn:${partition}:iam::${account}:policy/`)
    ? []
    : [
        bad(
          'permissions boundary',
          permissionsBoundary,
          `is not a policy of account ${account} in partition ${partition}`,
        ),
      ];
}

function federationProblems({ github, gitlab }: FederationPolicy): readonly NameProblem[] {
  const unfilled = (what: string, name: string): string[] =>
    /[{}]/.test(name) ? [bad(what, name, 'has a placeholder that is not known')] : [];
  const ofGithub = ({ planEnvironment: plan, applyEnvironment: apply }: Hub): readonly NameProblem[] => [
    ...at(unfilled('GitHub environment', plan), ['federation', 'github', 'plan_environment']),
    ...at(
      // GitHub compares names of environments without regard to case.
      plan.toLowerCase() === apply.toLowerCase()
        ? [
            bad(
              'GitHub environment',
              apply,
              'is that of both ci-plan and ci-apply: jobs that plan could apply',
            ),
          ]
        : unfilled('GitHub environment', apply),
      ['federation', 'github', 'apply_environment'],
    ),
  ];
  return [
    ...(github === null ? [] : ofGithub(github)),
    ...(gitlab === null ? [] : at(unfilled('GitLab branch', gitlab.ref), ['federation', 'gitlab', 'ref'])),
  ];
}
