/**
 * The table of controls: the one place that says what a backend must be. Plan, apply, read-back, evidence and docs are views of it.
 * These are the words every store shares; a store's room adds to each row how to read and how to write it.
 */
import type { Json } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import type { RESOURCE_KINDS as KINDS } from '../inputs/parity.ts';
import type { Blueprint } from './blueprint.ts';

/** `state-bucket`, `role-ci-plan`: stable for ever, store-neutral. */
export type ResourceId = string;
/** `state-bucket.versioning`: resource id, dot, aspect. */
export type ControlId = string;

/** Types of resource that a policy can allow; nothing else is ever created. */
export { RESOURCE_KINDS } from '../inputs/parity.ts';
export type ResourceKind = (typeof KINDS)[number];

/** What a store must be able to do for a control: data, so that the planner refuses before the confirmation. */
export type Capability =
  | 'versioning'
  | 'object-lock'
  | 'sse-kms'
  | 'bucket-key'
  | 'public-access-block'
  | 'ownership-controls'
  | 'bucket-policy'
  | 'lifecycle'
  | 'tags'
  | 'table'
  | 'point-in-time-recovery'
  | 'deletion-protection'
  | 'kms'
  | 'key-rotation'
  | 'key-policy'
  | 'roles'
  | 'permissions-boundary'
  | 'oidc'
  | 'conditional-write'
  | 'expected-owner'
  | 'account-regional-names';

/** How far a control was shown, weakest last (`enforced` needs a forbidden call tried by another identity and refused). */
export type Shown = 'enforced' | 'read back' | 'accepted' | 'no effect' | 'not offered';

/** A clause of a published catalogue, edition-stamped: `FSBP S3.14`, `ISO/IEC 27001:2022 A.8.24`, `SOC 2 CC6.1`, `CIS AWS 5.0 2.1.1`. */
export interface Clause {
  readonly catalogue: 'FSBP' | 'CIS AWS 5.0' | 'ISO/IEC 27001:2022' | 'SOC 2';
  readonly id: string;
}

/** The four answers of a read. Only `unset` may be written to freely; `unreadable` stops the run. */
export type Observed =
  | { readonly is: 'set'; readonly value: Json }
  | { readonly is: 'unset' }
  | { readonly is: 'not-offered'; readonly detail: string }
  | {
      readonly is: 'unreadable';
      readonly code: 'READ_DENIED' | 'CLOUD_FAILED' | 'CLOUD_UNREACHABLE';
      readonly detail: string;
    };

/** Identifiers that the cloud gives only when a resource is made: `state-key.arn`. */
export type Known = Readonly<Record<string, string>>;

/** Desired now, or only after another resource of this run exists, or not wanted at all under this policy. */
export type Desired =
  | { readonly is: 'value'; readonly value: Json }
  | { readonly is: 'pending'; readonly on: ResourceId }
  | { readonly is: 'none' };

/** What a comparison by content says. `foreign` is what somebody else put there: shown, refused, never rewritten. */
export type Comparison =
  { readonly is: 'right' } | { readonly is: 'wrong' } | { readonly is: 'foreign'; readonly found: Json };

export interface ControlSpec {
  readonly id: ControlId;
  readonly title: string;
  /** Why the control exists and what breaks without it, one sentence. */
  readonly why: string;
  readonly needs: readonly Capability[];
  readonly satisfies: readonly Clause[];
  /** Set by the call that makes the resource; `set` afterwards only if it reads back wrong. */
  readonly atCreation?: true;
  /** Can only be chosen when the resource is made. */
  readonly creationOnly?: true;
  readonly irreversible?: true;
  /** Its value says that there is none of something: whatever is there instead was added by somebody else. */
  readonly forbids?: true;
  readonly substitutes?: readonly ControlId[];
  /** Resources that must exist before this control can be written. */
  readonly after?: readonly ResourceId[];
  desired(blueprint: Blueprint, known: Known): Desired;
  /** By content; the default is equality of canonical JSON. */
  compare?(observed: Json, desired: Json, blueprint: Blueprint): Comparison;
}

export interface ResourceSpec {
  readonly id: ResourceId;
  readonly kind: ResourceKind;
  readonly title: string;
  /** Resources that must be there before this one is made. */
  readonly after: readonly ResourceId[];
  /** Whether this policy wants the resource at all. */
  wanted(blueprint: Blueprint): boolean;
  /** The name as the store knows it. */
  nameOf(blueprint: Blueprint): string;
  readonly controls: readonly ControlSpec[];
}

/** Whether a resource is there, and whose it is. */
export type Presence =
  | { readonly is: 'absent' }
  | { readonly is: 'ours'; readonly known: Known; readonly madeBy: string | null; readonly detail: string }
  /** In our account under our name, with the tags of no environment: an intent that adopts takes it over, no other does. */
  | { readonly is: 'unowned'; readonly known: Known; readonly found: Json; readonly why: string }
  | { readonly is: 'foreign'; readonly found: Json; readonly why: string }
  | {
      readonly is: 'unreadable';
      readonly code: 'READ_DENIED' | 'CLOUD_FAILED' | 'CLOUD_UNREACHABLE';
      readonly detail: string;
    };

/** Somebody's run, as the cloud tells of it. */
export interface Holder {
  readonly run: string;
  readonly since: Instant;
  /** Fingerprint of the key that signs its evidence. */
  readonly holder: string;
}

/** Everything that was read of one environment's backend. */
export interface Observation {
  readonly resources: Readonly<Record<ResourceId, Presence>>;
  /** Controls of resources that are ours or are to be adopted; others are not read. */
  readonly controls: Readonly<Record<ControlId, Observed>>;
  readonly known: Known;
  /** The last run that wrote everything and read it back; null while none did. */
  readonly finishedBy: Holder | null;
}

/** What a store is known to do. Anything not listed is not called and not claimed. */
export interface Profile {
  readonly id: string;
  readonly title: string;
  readonly offers: readonly Capability[];
  /** The API calls that may be made at all; the transport refuses every other one before the wire. */
  readonly calls: readonly string[];
}
