/** The blueprint: what intent and parity policy together want, in words that every store shares. Pure data. */
import type { FederationPolicy, Locking, RolePolicy } from '../inputs/parity.ts';

export const ROLE_NAMES = ['operator', 'automation', 'ci-plan', 'ci-apply', 'break-glass'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

export interface Blueprint {
  readonly organisation: string;
  readonly repository: string;
  readonly environment: string;
  readonly provider: 'aws';
  readonly partition: 'aws' | 'aws-us-gov' | 'aws-cn';
  readonly account: string;
  readonly region: string;
  readonly names: {
    readonly bucket: string;
    readonly bucketNamespace: 'global' | 'account-regional';
    readonly table: string;
    readonly keyAlias: string;
    readonly roles: Readonly<Record<RoleName, string>>;
  };
  readonly locking: Locking;
  /** Object key of the state, `env/dev/terraform.tfstate`; lock file beside it with `.tflock`. */
  readonly stateKey: string;
  /** Tags that every resource must carry, ownership tags included. */
  readonly tags: Readonly<Record<string, string>>;
  /** Tag keys that others may put on our resources. */
  readonly toleratedTags: readonly string[];
  readonly retention: {
    readonly noncurrentDays: number;
    readonly noncurrentKeep: number;
    readonly pitrDays: number;
  };
  readonly keyRotationDays: number;
  /** The second bucket, with a key of its own; null where the policy wants none. */
  readonly evidence: {
    readonly bucket: string;
    readonly keyAlias: string;
    /** Days for which nobody can delete what was stored. */
    readonly retentionDays: number;
  } | null;
  readonly roles: Readonly<Record<RoleName, RolePolicy>>;
  readonly permissionsBoundary: string | null;
  readonly federation: FederationPolicy;
  readonly allowedResources: readonly string[];
  /**
   * What is taken over of that which has our names and the tags of no environment: nothing; what the lock in force lists, whose tags
   * were lost; or anything. The intent says so, the policy cannot.
   */
  readonly adopts: 'nothing' | 'locked' | 'anything';
}

/** Whether a run that finished stands in the way of another: the ledger at hand does not know it, and the intent does not adopt what is there. */
export function isInTheWay(
  finishedRun: string,
  { adopts }: Pick<Blueprint, 'adopts'>,
  knownRuns: ReadonlySet<string>,
): boolean {
  return adopts !== 'anything' && !knownRuns.has(finishedRun);
}

/** The tags by which a resource is provably ours; they are written by the call that makes it. */
export const OWNER_TAGS = {
  repository: 'govboot:repository',
  environment: 'govboot:environment',
  run: 'govboot:run',
} as const;
