/** A call that the policies must deny, with what shows that it is they that deny it, and not that nobody could make it. */
import type { Blueprint, RoleName } from '../../../src/plan/blueprint.ts';
import type { Call, Context } from '../iam-judge.ts';

/** An environment as the policies see it. */
export interface Scene {
  readonly b: Blueprint;
  readonly keyArn: string;
  /** Of the evidence; of no meaning where the environment has no store of it. */
  readonly storeKeyArn: string;
}

/**
 * The control: the same call, allowed when one thing is put right.
 * `administrator`: made by a role of the account that may do everything.
 * `break-glass`: the bucket policy or the key policy denies it even to an administrator; made by a break-glass that may do everything.
 * `elsewhere`: the policy of the resource denies it to everybody; made by an administrator on another that has no such policy.
 * `right`: made by the same role with one thing right, which is what the role is for.
 */
export type Control =
  | { readonly is: 'administrator' }
  | { readonly is: 'break-glass' }
  | { readonly is: 'elsewhere'; readonly call: Call }
  | { readonly is: 'right'; readonly call: Call };

export interface DeniedCall {
  readonly group: Group;
  readonly what: string;
  readonly call: Call;
  readonly control: Control;
  /** The Sid that denies it to whoever has more permissions than govboot gave; null where only the lack of an Allow does. */
  readonly by: string | null;
  /** Roles that are meant to be allowed it. */
  readonly except: readonly RoleName[];
}

export type Group =
  | 'other states and objects'
  | 'versions of the state'
  | 'uploads that weaken'
  | 'the bucket'
  | 'other buckets'
  | 'items of the lock table'
  | 'the lock table'
  | 'other tables'
  | 'use of the key'
  | 'the key'
  | 'other keys'
  | 'the evidence'
  | 'the bucket of the evidence'
  | 'the key of the evidence'
  | 'IAM and STS'
  | 'copies of the evidence and the rest of the account';

export const WRITERS: readonly RoleName[] = ['operator', 'automation', 'ci-apply', 'break-glass'];

export const administrator: Control = { is: 'administrator' };
export const breakGlass: Control = { is: 'break-glass' };
export const elsewhere = (call: Call): Control => ({ is: 'elsewhere', call });
export const right = (call: Call): Control => ({ is: 'right', call });

export interface More {
  readonly control?: Control;
  readonly by?: string;
  readonly except?: readonly RoleName[];
}

export function denied(group: Group, what: string, call: Call, more: More = {}): DeniedCall {
  const control = more.control ?? administrator;
  return { group, what, call, control, by: more.by ?? null, except: more.except ?? [] };
}

export function callOf(action: string, resource: string, context: Context = {}): Call {
  return { action, resource, context };
}
