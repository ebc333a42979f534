/** A store as it is now: what is judged and what is used afterwards are then the same bytes, whoever else writes there. */
import type { EvidenceStore } from '../ports.ts';

/** The same store, each listing and each file of which is read once. Writing goes through and is not seen again. */
export function readOnce(store: EvidenceStore): EvidenceStore {
  const lists = new Map<string, Promise<readonly string[]>>();
  const files = new Map<string, Promise<Uint8Array | null>>();
  const once = <T>(seen: Map<string, Promise<T>>, name: string, read: () => Promise<T>): Promise<T> => {
    const known = seen.get(name) ?? read();
    seen.set(name, known);
    return known;
  };
  return {
    ...store,
    list: (folder) => once(lists, folder, () => store.list(folder)),
    read: (name) => once(files, name, () => store.read(name)),
  };
}
