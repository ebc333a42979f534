/** The stored table of what verifiers say: test/vectors/verifiers/table.json and the files that it names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '../../src/kernel/time.ts';
import type { FileRead } from '../../src/inputs/facts.ts';
import { projectRoot } from './capabilities.ts';
import { fileOf } from './keys.ts';
import type { Asking, Naive, Said } from './naive-verifiers.ts';

export const TABLE_FOLDER = join(projectRoot, 'test', 'vectors', 'verifiers');

/** In the order in which they are shown. */
export const GROUPS = {
  good: 'Good signatures',
  time: 'Dates',
  revoked: 'Revoked keys',
  weak: 'Weak algorithms',
  file: 'The file around the packet',
  packet: 'The packet',
  key: 'The key',
} as const;
export type Group = keyof typeof GROUPS;

export interface Vector {
  readonly id: string;
  readonly group: Group;
  /** One sentence. */
  readonly what: string;
  /** Names under data/, signatures/ and, by their ids, of `keys`. */
  readonly data: string;
  readonly signature: string;
  readonly keys: readonly string[];
  /** The steps that made the signature, the first ones with a real tool. */
  readonly made: readonly string[];
  /** The key never signed these bytes: a verifier that says good is broken, whatever its version. */
  readonly forged: boolean;
  /** First day on which a tool may say something else, by its own clock. */
  readonly holdsUntil: string | null;
  /** `good`, or the code: at the gate, as of `at`; and to an auditor on that day, as of the signature. */
  readonly govboot: { readonly gate: string; readonly audit: string };
  readonly said: Readonly<Record<Naive, Said>>;
}

export interface VerifierTable {
  readonly made: string;
  readonly at: Instant;
  readonly tools: Readonly<Record<Naive, string>>;
  readonly keys: Readonly<Record<string, { readonly file: string; readonly made: readonly string[] }>>;
  readonly vectors: readonly Vector[];
}

export function readTable(): VerifierTable {
  return JSON.parse(readFileSync(join(TABLE_FOLDER, 'table.json'), 'utf8')) as VerifierTable;
}

/** The bytes of a vector, with the key files under the names that they have in a governed repository. */
export function filesOf(
  { keys }: Pick<VerifierTable, 'keys'>,
  vector: Pick<Vector, 'data' | 'signature' | 'keys'>,
  read: (path: string) => Uint8Array = (path) => readFileSync(join(TABLE_FOLDER, path)),
): { readonly data: Uint8Array; readonly signature: FileRead; readonly keys: readonly FileRead[] } {
  return {
    data: read(`data/${vector.data}`),
    signature: fileOf('document.asc', read(`signatures/${vector.signature}`)),
    keys: vector.keys.map((id) => {
      const file = keys[id]?.file;
      if (file === undefined) throw new Error(`the table has no key ${id}`);
      return fileOf(`policies/keys/${file.slice(file.lastIndexOf('/') + 1)}`, read(file));
    }),
  };
}

export function askingOf(files: ReturnType<typeof filesOf>): Asking {
  return {
    data: files.data,
    signature: files.signature.bytes,
    keys: files.keys.map(({ bytes }) => bytes),
  };
}

/** How what a tool says now stands to what the table says of it. */
export type Comparison =
  | { readonly is: 'same' }
  | { readonly is: 'changed'; readonly how: string }
  | { readonly is: 'broken'; readonly how: string };

/**
 * A tool of the recorded version says the same, word for word, until a row's day has come. Another version may say something else, and
 * that is told, with two exceptions that fail whatever the version: what nobody signed is good to it, and what govboot takes for good is
 * bad to it, so that an auditor who has only this tool could not check our evidence any more. That another version now takes what govboot
 * refuses for good does not fail: govboot's own word is asked for beside it, with that very version installed, and must not have changed.
 */
export function compare(
  vector: Pick<Vector, 'forged' | 'holdsUntil' | 'govboot'>,
  recorded: Said,
  said: Said,
  { isSameVersion, today }: { readonly isSameVersion: boolean; readonly today: string },
): Comparison {
  const show = ({ good, exit, words }: Said): string => `${good ? 'good' : 'no'} (${exit ?? '-'}): ${words}`;
  const how = `it said ${show(recorded)}; now it says ${show(said)}`;
  const isSame = recorded.good === said.good && recorded.exit === said.exit && recorded.words === said.words;
  if (isSame) return { is: 'same' };
  const isDue = vector.holdsUntil !== null && vector.holdsUntil <= today;
  if (isSameVersion && !isDue) return { is: 'broken', how };
  if (vector.forged && said.good && !recorded.good) return { is: 'broken', how };
  const isPromised = Object.values(vector.govboot).includes('good');
  if (isPromised && recorded.good && !said.good && !isDue) return { is: 'broken', how };
  return recorded.good === said.good ? { is: 'same' } : { is: 'changed', how };
}
