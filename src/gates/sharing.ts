/** What two environments would have in common. Part of the parity gate: whatever is shared, an accident in one of them destroys for both. */
import type { ResolvedNames } from '../inputs/names.ts';
import { principalPaths } from '../inputs/name-rules.ts';
import type { Parity } from '../inputs/parity.ts';
import { placeOf, type Path } from '../inputs/places.ts';
import type { Placed } from '../inputs/schema.ts';
import { POLICY_ROLES } from '../inputs/settings.ts';
import { finding, type Finding } from './verdict.ts';

/** One thing that an environment takes for itself. */
interface Taken {
  readonly environment: string;
  /** The thing without its spelling: two that could be taken for each other are one. */
  readonly key: string;
  readonly what: string;
  readonly path: Path;
  readonly hint?: string;
}

/** @param all names of every environment in every region that it may use */
export function sharingFindings(policy: Placed<Parity>, all: readonly ResolvedNames[]): readonly Finding[] {
  const owners = new Map<string, Taken[]>();
  for (const taken of all.flatMap(takenBy)) owners.set(taken.key, [...(owners.get(taken.key) ?? []), taken]);
  return [...[...owners.values()].flatMap((takers) => shared(policy, takers)), ...foreignPeople(policy, all)];
}

function shared({ places }: Placed<Parity>, takers: readonly Taken[]): readonly Finding[] {
  const environments = [...new Set(takers.map(({ environment }) => environment))];
  const last = takers.at(-1);
  if (environments.length < 2 || last === undefined) return [];
  const { what, path, hint } = last;
  return [
    finding('PARITY_SHARED', `${environments.join(' and ')} would share ${what}`, {
      ...(hint === undefined ? {} : { hint }),
      data: { what, environments },
      place: placeOf(places, path),
    }),
  ];
}

function takenBy(names: ResolvedNames): readonly Taken[] {
  const { environment, account, region } = names;
  const here = `in account ${account}, ${region}`;
  const take = (
    what: string,
    path: Path,
    more: { readonly key?: string; readonly hint?: string } = {},
  ): Taken => ({
    environment,
    // IAM compares names without regard to case, and so do people.
    key: what.toLowerCase(),
    what,
    path,
    ...more,
  });
  return [
    take(`account ${account}`, ['environments', environment, 'account']),
    // Bucket names are the world's; the other names are an account's.
    take(`bucket ${names.bucket}`, ['naming', 'bucket']),
    take(`table ${names.table} ${here}`, ['naming', 'table']),
    take(`key alias ${names.keyAlias} ${here}`, ['naming', 'key_alias']),
    ...(names.evidence === null
      ? []
      : [
          take(`bucket ${names.evidence.bucket}`, ['evidence_store', 'bucket']),
          take(`key alias ${names.evidence.keyAlias} ${here}`, ['evidence_store', 'key_alias']),
        ]),
    ...Object.values(names.roleNames).map((role) =>
      take(`role ${role} in account ${account}`, ['naming', 'role']),
    ),
    // In two buckets the same key could stand; one wrong bucket in a backend file would then read and write the other state.
    take(`state key ${names.stateKey}`, ['environments', environment, 'state_key']),
    ...jobsOf(names),
  ];
}

/** Jobs whose token lets them take a role of this environment. */
function jobsOf({ environment, federation: { github, gitlab } }: ResolvedNames): readonly Taken[] {
  const hint = 'put {environment} into it, so that a job can take the roles of one environment only';
  const take = (what: string, job: string, path: Path): Taken => ({
    environment,
    key: job,
    what: `${what}, whose jobs could then take roles of both`,
    path: ['federation', ...path],
    hint,
  });
  const ofGithub =
    github === null
      ? []
      : (
          [
            ['plan_environment', github.planEnvironment],
            ['apply_environment', github.applyEnvironment],
          ] as const
        ).map(([field, name]) =>
          // GitHub compares names of environments without regard to case.
          take(`GitHub environment ${name}`, `github ${name.toLowerCase()}`, ['github', field]),
        );
  // A GitLab token names the branch and nothing that is nearer to an environment.
  const ofGitlab =
    gitlab === null ? [] : [take(`GitLab branch ${gitlab.ref}`, `gitlab ${gitlab.ref}`, ['gitlab', 'ref'])];
  return [...ofGithub, ...ofGitlab];
}

/** Principals of one environment's account that a role of another would let in. */
function foreignPeople({ places }: Placed<Parity>, all: readonly ResolvedNames[]): readonly Finding[] {
  const owner = new Map(all.map(({ account, environment }) => [account, environment]));
  const once = new Map(all.map((names) => [names.environment, names]));
  return [...once.values()].flatMap(({ environment, account, roles }) =>
    POLICY_ROLES.flatMap((role) =>
      roles[role].principals.flatMap((principal, i) => {
        const [, , , , of = ''] = principal.split(':');
        const other = of === account ? undefined : owner.get(of);
        if (other === undefined) return [];
        const wrong = `role ${role} of ${environment} would let in ${principal}, which is in the account of ${other}`;
        return [
          finding('PARITY_SHARED', wrong, {
            hint: 'name principals of its own account, or of one that is no environment',
            data: { role, environment, principal, account: of, of: other },
            place: placeOf(places, ...principalPaths(environment, role, i)),
          }),
        ];
      }),
    ),
  );
}
