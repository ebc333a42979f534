/**
 * A ledger as verify sees it: one walk that reads every entry and its signature once and judges both there and then, so that what is
 * hashed, verified and parsed are the same bytes. Held back are only the signatures that every verifier is to judge.
 */
import { sideBySide } from '../kernel/bounded.ts';
import type { FileRead, Fingerprint } from '../inputs/facts.ts';
import { fileOf } from '../inputs/file-read.ts';
import { walkChain, type Read, type Walked } from './chain.ts';
import { EntrySignatures, EntryTable } from './entry-table.ts';
import { signatureOf } from './layout.ts';
import type { SignatureTold } from './verify-signature.ts';

/** Entries up to which every verifier judges every signature; a program for each takes tens of milliseconds. */
const MOST_FOR_EVERYBODY = 32;

/** Signatures that are begun together: threads that are woken for each alone cost more than they save. */
const BATCH = 16;

/** Judges a signature over the bytes of an entry, without any program. */
export type Ask = (bytes: Uint8Array, signature: FileRead) => Promise<SignatureTold>;

export interface Seen extends Walked {
  readonly entries: EntryTable;
  readonly signatures: EntrySignatures;
  /** Places of the entries whose signatures every verifier judges. */
  readonly everybody: ReadonlySet<number>;
}

/** @param names of the files in ledger/, sorted */
export async function seeLedger(names: readonly string[], read: Read, ask: Ask): Promise<Seen> {
  const entries = new EntryTable();
  const signatures = new EntrySignatures();
  const ends = new Ends();
  const judging = sideBySide(2 * BATCH);
  const waiting: number[] = [];
  const judge = async (): Promise<void> => {
    for (const index of waiting.splice(0)) {
      const held = signatures.release(index);
      if (held !== null)
        await judging.add(async () => {
          signatures.put(index, await ask(held.bytes, held.signature));
        });
    }
  };
  const walked = await walkChain(names, read, async (item, { seq, isSigned }) => {
    const index = entries.size;
    entries.add(item, seq);
    const name = signatureOf(item.file);
    const bytes = isSigned ? await read(name, []) : null;
    const signature = bytes === null || bytes === 'refused' ? null : fileOf(name, bytes);
    signatures.add(signature === null ? null : { bytes: item.bytes, signature });
    const between = ends.add(item.entry.actor.fingerprint, index);
    // The first ones are held until it is known that there are more of them.
    if (between !== null && between >= MOST_FOR_EVERYBODY) waiting.push(between);
    if (waiting.length === BATCH) await judge();
  });
  await judge();
  await judging.end();
  return { ...walked, entries, signatures, everybody: everybodyOf(entries.size, ends) };
}

/**
 * Entries whose signatures every verifier judges. In a short ledger these are all. In a long one, of each person the first and the last:
 * in between the same key signs, and whether the bytes were signed with it is judged of each. What all of them vouch for together, the
 * bytes of every entry and of every signature, is under SHA256SUMS and the checkpoint, which every verifier judges in any case.
 */
function everybodyOf(size: number, ends: Ends): ReadonlySet<number> {
  return size <= MOST_FOR_EVERYBODY ? new Set(Array.from({ length: size }, (_, i) => i)) : ends.all();
}

/** Of each person the first entry and the last one so far. */
class Ends {
  readonly #first = new Map<Fingerprint, number>();
  readonly #last = new Map<Fingerprint, number>();

  /** @returns the entry that is no longer the last one, unless it is the first */
  add(person: Fingerprint, index: number): number | null {
    const before = this.#last.get(person);
    this.#last.set(person, index);
    if (before === undefined) this.#first.set(person, index);
    return before === undefined || before === this.#first.get(person) ? null : before;
  }

  all(): ReadonlySet<number> {
    return new Set([...this.#first.values(), ...this.#last.values()]);
  }
}
