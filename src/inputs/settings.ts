/** The policy as it holds for one environment: what stands for all of them, or what this one has instead. */
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import type { EnvironmentPolicy, Locking, Parity } from './parity.ts';

/** The roles that every policy describes, in the order in which they are shown. */
export const POLICY_ROLES = [
  'operator',
  'automation',
  'ci-plan',
  'ci-apply',
  'break-glass',
] as const satisfies readonly PolicyRole[];
export type PolicyRole = keyof Parity['roles'];
export type Partition = EnvironmentPolicy['partition'];

/** Placeholders are not filled. */
export interface Settings {
  readonly account: string;
  readonly partition: Partition;
  readonly regions: readonly string[];
  readonly stateKey: string;
  /** Required tags, with the environment's own values. */
  readonly tags: Readonly<Record<string, string>>;
  readonly locking: Locking;
  readonly retention: Readonly<Parity['retention']>;
  readonly keyRotationDays: number;
  /** null where the policy has no store for evidence. */
  readonly evidenceStore: Parity['evidence_store'];
  readonly roles: Readonly<Record<PolicyRole, Readonly<Parity['roles'][PolicyRole]>>>;
}

/** @throws PARITY when the policy has no such environment */
export function settingsOf(parity: Parity, environment: string): Settings {
  const own = environmentOf(parity, environment);
  if (own === undefined) {
    throw new GovbootError('PARITY', `environment "${safe(environment)}" is not in the parity policy`, {
      data: { environment, known: Object.keys(parity.environments) },
    });
  }
  const { retention, evidence_store: store } = parity;
  return {
    account: own.account,
    partition: own.partition,
    regions: [...new Set(own.regions)],
    stateKey: own.state_key ?? defaultStateKey(environment),
    tags: { ...parity.tags.required, ...own.tags },
    locking: own.locking ?? parity.locking,
    retention: {
      noncurrent_days: own.retention?.noncurrent_days ?? retention.noncurrent_days,
      noncurrent_keep: own.retention?.noncurrent_keep ?? retention.noncurrent_keep,
      pitr_days: own.retention?.pitr_days ?? retention.pitr_days,
    },
    keyRotationDays: own.key_rotation_days ?? parity.key_rotation_days,
    evidenceStore: store && {
      ...store,
      retention_days: own.evidence_store?.retention_days ?? store.retention_days,
    },
    roles: byRole((role) => ({
      session_seconds: own.roles?.[role]?.session_seconds ?? parity.roles[role].session_seconds,
      principals: own.roles?.[role]?.principals ?? parity.roles[role].principals,
      mfa: own.roles?.[role]?.mfa ?? parity.roles[role].mfa,
    })),
  };
}

/** The policy of one environment; a name that only JavaScript knows is none. */
export function environmentOf(parity: Parity, environment: string): EnvironmentPolicy | undefined {
  return Object.hasOwn(parity.environments, environment) ? parity.environments[environment] : undefined;
}

export function defaultStateKey(environment: string): string {
  return `${environment}/terraform.tfstate`;
}

export function byRole<T>(of: (role: PolicyRole) => T): Record<PolicyRole, T> {
  return Object.fromEntries(POLICY_ROLES.map((role) => [role, of(role)])) as Record<PolicyRole, T>;
}
