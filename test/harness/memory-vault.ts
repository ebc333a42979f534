/** A vault in memory, with versions and markers as S3 has them, and faults on demand. */
import type { EvidenceVault, Retention, VaultPlace, VaultVersion } from '../../src/ports.ts';
import { Killed } from './memory-store.ts';

export interface HeldVersion {
  readonly version: string;
  readonly is: 'object' | 'marker';
  bytes: Uint8Array;
  retention: Retention;
}

export interface MemoryVault extends EvidenceVault {
  /** Versions of each key, newest first; change them to tamper. */
  readonly held: Map<string, HeldVersion[]>;
  /** What each call was, in order: `create dev/ledger/00000000.json`. */
  readonly calls: string[];
  /** Asked before each call with its number, from 0; `after` lets it happen first. */
  fault: ((call: number, what: string) => 'before' | 'after' | Error | null) | null;
  /** How what is created is held. */
  retention: Retention;
  /** Puts another content, or a marker, over a key, as somebody else would. */
  cover(key: string, bytes: Uint8Array | null): void;
}

export const S3_PLACE: VaultPlace = {
  kind: 's3',
  place: 's3://acme-dev-evidence',
  account: '111111111111',
  region: 'eu-central-1',
  endpoint: null,
};

export function memoryVault(of: VaultPlace = S3_PLACE): MemoryVault {
  // A receipt tells of a place, and not of all that whoever opens it may know.
  const place: VaultPlace = {
    ...{ kind: of.kind, place: of.place, account: of.account, region: of.region, endpoint: of.endpoint },
  };
  const held = new Map<string, HeldVersion[]>();
  let count = 0;
  let number = 0;
  const call = async <T>(what: string, act: () => T): Promise<T> => {
    const fault = vault.fault?.(number++, what) ?? null;
    if (fault === 'before') throw new Killed(`before ${what}`);
    if (fault instanceof Error) throw fault;
    const result = act();
    vault.calls.push(what);
    if (fault === 'after') throw new Killed(`after ${what}`);
    return result;
  };
  const add = (key: string, one: HeldVersion): void => void held.set(key, [one, ...(held.get(key) ?? [])]);
  const vault: MemoryVault = {
    place,
    held,
    calls: [],
    fault: null,
    retention: { mode: 'COMPLIANCE', until: '2033-11-22T12:00:00Z' as never },
    cover: (key, bytes) => {
      add(key, {
        version: `v${String(++count)}`,
        is: bytes === null ? 'marker' : 'object',
        bytes: bytes ?? new Uint8Array(),
        retention: { mode: 'none', until: null },
      });
    },
    versions: (prefix) =>
      call(`versions ${prefix}`, () =>
        [...held]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([key, all]) =>
            all.map(({ version, is }, i): VaultVersion => ({ key, version, is, latest: i === 0 })),
          ),
      ),
    open: (key, version) =>
      call(`open ${key}`, () => {
        const one = held.get(key)?.find((each) => each.version === version && each.is === 'object');
        if (one === undefined) return null;
        return {
          version,
          bytes: one.bytes.length,
          retention: one.retention,
          read: () => call(`read ${key}`, () => one.bytes.slice()),
        };
      }),
    create: (key, bytes) =>
      call(`create ${key}`, () => {
        if (held.get(key)?.[0]?.is === 'object') return null;
        const version = `v${String(++count)}`;
        add(key, { version, is: 'object', bytes: bytes.slice(), retention: vault.retention });
        return { version };
      }),
  };
  return vault;
}
