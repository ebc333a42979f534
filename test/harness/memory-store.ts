/** An evidence store in memory, with the promises of the real one and faults on demand. */
import { GovbootError } from '../../src/kernel/errors.ts';
import type { EvidenceStore } from '../../src/ports.ts';

export type Write = 'create' | 'replace' | 'append';

/** What happens instead of, or after, one write. */
export type Fault =
  /** The process is killed before the write reaches the disk. */
  | { readonly is: 'killed-before' }
  /** The write is on the disk, and then the process is killed. */
  | { readonly is: 'killed-after' }
  /** The write is refused: the disk is full, the folder read-only. */
  | { readonly is: 'refused' };

/** The end of a simulated process: no code of the product may catch it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export interface MemoryStore extends EvidenceStore {
  /** The files themselves; change them to tamper. */
  readonly files: Map<string, Uint8Array>;
  /** Every write that reached the disk, in order: `create ledger/00000000.json`. */
  readonly writes: string[];
  /** Names that are not plain files: `read` refuses them. */
  readonly unsafe: Set<string>;
  /** Asked before each write with its number, from 0. */
  fault: ((write: number, kind: Write, name: string) => Fault | null) | null;
  /** Called before each write, as another process would come between. */
  before: ((kind: Write, name: string) => Promise<void>) | null;
  /** A second store over a copy of the files. */
  copy(): MemoryStore;
}

export function memoryStore(initial: Iterable<readonly [string, Uint8Array]> = []): MemoryStore {
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of initial) files.set(name, bytes.slice());
  let count = 0;
  const write = async (kind: Write, name: string, put: () => void): Promise<void> => {
    await store.before?.(kind, name);
    const fault = store.fault?.(count++, kind, name) ?? null;
    if (fault?.is === 'killed-before') throw new Killed(`before ${kind} ${name}`);
    if (fault?.is === 'refused')
      throw new GovbootError('EVIDENCE_WRITE', `${name}: no space left (simulated)`);
    put();
    store.writes.push(`${kind} ${name}`);
    if (fault?.is === 'killed-after') throw new Killed(`after ${kind} ${name}`);
  };
  const store: MemoryStore = {
    where: 'memory',
    files,
    writes: [],
    unsafe: new Set(),
    fault: null,
    before: null,
    list: async (folder) => {
      const names = [...files.keys(), ...store.unsafe];
      return names
        .filter((name) => folder === '' || name.startsWith(`${folder}/`))
        .sort((a, b) => (a < b ? -1 : 1));
    },
    read: async (name) => {
      if (store.unsafe.has(name)) throw new GovbootError('FILE_UNSAFE', `${name} is a link`);
      return files.get(name)?.slice() ?? null;
    },
    create: (name, bytes) =>
      write('create', name, () => {
        if (files.has(name)) throw new GovbootError('FILE_EXISTS', `${name} exists`);
        files.set(name, bytes.slice());
      }),
    replace: (name, bytes) => write('replace', name, () => void files.set(name, bytes.slice())),
    append: (name, line) =>
      write('append', name, () => {
        if (line.includes('\n'))
          throw new GovbootError('EVIDENCE_WRITE', `a line for ${name} has a line feed in it`);
        const text = new TextDecoder().decode(files.get(name) ?? new Uint8Array());
        files.set(name, new TextEncoder().encode(`${text}${line}\n`));
      }),
    copy: () => memoryStore(files),
  };
  return store;
}
