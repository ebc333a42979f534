/** SHA256SUMS against what lies there, line by line beside the names: 200,000 lines are never a table of their own. */
import type { Sha256 } from '../kernel/digest.ts';
import { attempt, type GovbootError } from '../kernel/errors.ts';
import type { LedgerTree } from './checkpoint.ts';
import type { Digests } from './file-digests.ts';
import { parseEntryName } from './layout.ts';
import { isListed, linesOf } from './sums.ts';

/** A line that does not say what lies there. */
export interface Differing {
  readonly name: string;
  readonly digest: Sha256;
  /** Whether something of that name is there, readable or not. */
  readonly isThere: boolean;
}

export type SumsCompared =
  | { readonly is: 'unreadable'; readonly error: GovbootError }
  | {
      readonly is: 'missing' | 'compared';
      readonly differing: readonly Differing[];
      /** Names that have no line. */
      readonly unlisted: readonly string[];
      /** Entries of the ledger that have one. */
      readonly sealed: number;
    };

/** What lies there. */
interface Found {
  /** Sorted, as the lines are. */
  readonly names: readonly string[];
  readonly digests: Digests;
  readonly entries: Pick<LedgerTree, 'size' | 'numberAt'>;
}

/** @param bytes of SHA256SUMS, if it is there */
export function compareSums(bytes: Uint8Array | undefined, found: Found): SumsCompared {
  if (bytes === undefined)
    return { is: 'missing', differing: [], unlisted: found.names.filter(isListed), sealed: 0 };
  return attempt(
    () => compare(bytes, found),
    (error): SumsCompared => ({ is: 'unreadable', error }),
  );
}

function compare(bytes: Uint8Array, { names, digests, entries }: Found): SumsCompared {
  const differing: Differing[] = [];
  const unlisted: string[] = [];
  let [at, sealed, entry] = [0, 0, 0];
  const passTo = (line: string | null): void => {
    for (let name = names[at]; name !== undefined && (line === null || name < line); name = names[++at])
      if (isListed(name)) unlisted.push(name);
  };
  for (const [name, digest] of linesOf(bytes)) {
    passTo(name);
    const isThere = names[at] === name;
    while (names[at] === name) at += 1;
    if (digests.get(name) !== digest) differing.push({ name, digest, isThere });
    const number = parseEntryName(name);
    if (number?.is !== 'entry') continue;
    while (entry < entries.size && entries.numberAt(entry) < number.seq) entry += 1;
    if (entry < entries.size && entries.numberAt(entry) === number.seq) sealed += 1;
  }
  passTo(null);
  return { is: 'compared', differing, unlisted, sealed };
}

/** Entries that they list. @throws EVIDENCE_INVALID where they cannot be read */
export function sealedBy(sums: SumsCompared): number {
  if (sums.is === 'unreadable') throw sums.error;
  return sums.sealed;
}
