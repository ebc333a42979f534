/** What the rehearsal cloud remembers: plain JSON, so that it can be saved, compared and handed to another process. */
import type { Json } from '../../kernel/json.ts';

export type Tags = Readonly<Record<string, string>>;

/** A resource through time, newest last; older values stay as long as a slow reader may still see them. */
export interface Cell<T> {
  readonly history: readonly { readonly at: number; readonly value: T }[];
}

export type Cells<T> = Record<string, Cell<T>>;

export interface Bucket {
  readonly owner: string;
  readonly region: string;
  readonly namespace: 'global' | 'account-regional';
  readonly createdAt: number;
  readonly tags: Tags | null;
  readonly versioning: 'Enabled' | 'Suspended' | null;
  readonly encryption: Json;
  readonly publicAccessBlock: Json | null;
  readonly ownership: string | null;
  readonly policy: string | null;
  readonly lifecycle: readonly Json[] | null;
  readonly objectLock: boolean;
  /** What every new version is kept by; not there in states from before it was modelled. */
  readonly defaultRetention?: Retention<number> | null;
}

export type RetentionMode = 'COMPLIANCE' | 'GOVERNANCE';

/** For how many days, or until which instant (milliseconds since the epoch). */
export interface Retention<T> {
  readonly mode: RetentionMode;
  readonly for: T;
}

export interface ObjectVersion {
  readonly id: string;
  readonly at: number;
  /** Base64. */
  readonly content: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** Base64, as it was given with the content. */
  readonly sha256: string | null;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly encryption: {
    readonly algorithm: string;
    readonly key: string | null;
    readonly bucketKey: boolean;
  };
  readonly retention: Retention<number> | null;
}

export interface Table {
  readonly id: string;
  readonly createdAt: number;
  readonly readyAt: number;
  readonly updatingUntil: number;
  readonly backupsReadyAt: number;
  readonly attributes: Json;
  readonly keySchema: Json;
  readonly billing: 'PAY_PER_REQUEST' | 'PROVISIONED';
  readonly throughput: { readonly read: number; readonly write: number };
  /** ARN of the key, or null for the key that DynamoDB owns. */
  readonly sseKey: string | null;
  readonly deletionProtection: boolean;
  readonly pitr: { readonly enabledAt: number; readonly days: number } | null;
  readonly tags: Tags;
}

export interface Key {
  readonly createdAt: number;
  readonly description: string;
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  readonly multiRegion: boolean;
  readonly policy: string;
  readonly rotation: { readonly enabledAt: number; readonly days: number } | null;
  readonly tags: Tags;
}

export interface Alias {
  readonly target: string | null;
  readonly createdAt: number;
}

export interface Role {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAt: number;
  readonly description: string | null;
  readonly maxSession: number;
  readonly trust: string;
  readonly boundary: string | null;
  readonly inline: Readonly<Record<string, string>>;
  readonly attached: readonly string[];
  readonly tags: Tags;
}

export interface Provider {
  /** Without the scheme, as IAM gives it back. */
  readonly url: string;
  readonly createdAt: number;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: Tags;
}

/** All accounts and regions of one rehearsal. Bucket names are global; all else is filed under its account (and region). */
export interface CloudState {
  version: 1;
  /** Makes the identifiers; the same seed and the same calls give the same cloud. */
  seed: number;
  /** How many identifiers were made. */
  made: number;
  /** Milliseconds since the epoch of the newest write; the cloud's clock never goes back behind it. */
  lastAt: number;
  readonly buckets: Cells<Bucket>;
  readonly tables: Cells<Table>;
  readonly keys: Cells<Key>;
  readonly aliases: Cells<Alias>;
  readonly roles: Cells<Role>;
  readonly providers: Cells<Provider>;
  /** `bucket/key` → its versions, newest last. No cells: what S3 has stored is seen by every reader at once. */
  readonly objects: Record<string, readonly ObjectVersion[]>;
}

export function emptyState(seed: number): CloudState {
  return {
    version: 1,
    seed,
    made: 0,
    lastAt: 0,
    buckets: {},
    tables: {},
    keys: {},
    aliases: {},
    roles: {},
    providers: {},
    objects: {},
  };
}

const PARTS = ['buckets', 'tables', 'keys', 'aliases', 'roles', 'providers'] as const;

/** Takes a saved state back. @throws when it was not made by this version of the rehearsal cloud. */
export function restoreState(saved: unknown): CloudState {
  const state = saved as CloudState | null;
  const whole =
    typeof state === 'object' &&
    state !== null &&
    (state.version as unknown) === 1 &&
    Number.isSafeInteger(state.seed) &&
    Number.isSafeInteger(state.made) &&
    Number.isFinite(state.lastAt) &&
    PARTS.every((part) => typeof (state[part] as unknown) === 'object' && (state[part] as unknown) !== null);
  if (!whole) throw new TypeError('the saved rehearsal state is not one of version 1');
  // States from before objects were modelled have none.
  return structuredClone({ ...state, objects: (state.objects as CloudState['objects'] | undefined) ?? {} });
}

/** A copy as plain JSON. */
export function snapshotOf(state: CloudState): Json {
  return structuredClone(state) as unknown as Json;
}
