/**
 * What is kept of every entry while a long ledger is verified, some two hundred octets each: its place, digest and time, and who signed it
 * when. Whole are only the entries that a later question is about.
 */
import { instantFromMs, msOf, type Instant } from '../kernel/time.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import type { FileRead, Fingerprint } from '../inputs/facts.ts';
import type { LedgerItem, LinkedEntry } from './chain.ts';
import type { LedgerTree } from './checkpoint.ts';
import { entryName } from './layout.ts';
import { GrowingTree, leafHash, type Hash } from './merkle.ts';
import type { SignatureAnswer, SignatureTold } from './verify-signature.ts';

/** Types that no judge asks about once chain and signature are judged. A type that is not named here is kept. */
const UNASKED: readonly LedgerEntry['type'][] = ['GATE_FAIL', 'PLAN_REFUSED', 'DECLINED', 'DRIFT_FOUND'];

/** An entry that is kept whole, and its place among all that could be read. */
export interface KeptEntry extends LinkedEntry {
  readonly index: number;
}

/** The bytes of an entry and its signature. */
export interface SignedEntry {
  readonly bytes: Uint8Array;
  readonly signature: FileRead;
}

/** Who signed an entry, as far as standing and time are judged from it. */
export type EntryAnswer =
  | { readonly is: 'signed'; readonly signed: { readonly primary: Fingerprint; readonly created: Instant } }
  | Extract<SignatureAnswer, { is: 'refused' }>;

/** What is known of the signature of one entry: there is none, it is still to be judged, or it was. */
export type EntrySignature =
  | { readonly is: 'missing' }
  | ({ readonly is: 'held' } & SignedEntry)
  | { readonly is: 'judged'; readonly answer: EntryAnswer; readonly notes: readonly string[] };

/** Every entry that could be read, by its place among them. */
export class EntryTable implements LedgerTree {
  readonly kept: KeptEntry[] = [];
  first: LinkedEntry | null = null;
  head: LinkedEntry | null = null;
  readonly #tree = new GrowingTree();
  readonly #numbers: number[] = [];
  readonly #seqs: number[] = [];
  readonly #times: number[] = [];
  readonly #actors: number[] = [];
  readonly #people = new Numbered();

  get size(): number {
    return this.#tree.size;
  }

  add(item: LedgerItem, number: number): void {
    const { entry, bytes, file, sha256: digest } = item;
    const linked = { file, sha256: digest, entry };
    if (!UNASKED.includes(entry.type) || entry.refs.length > 0)
      this.kept.push({ ...linked, index: this.size });
    this.first ??= linked;
    this.head = linked;
    this.#tree.push(leafHash(bytes));
    this.#numbers.push(number);
    this.#seqs.push(entry.seq);
    this.#times.push(msOf(entry.time));
    this.#actors.push(this.#people.numberOf(entry.actor.fingerprint));
  }

  root(size: number): Hash {
    return this.#tree.root(size);
  }

  numberAt(index: number): number {
    return valueAt(this.#numbers, index);
  }

  fileAt(index: number): string {
    return entryName(this.numberAt(index));
  }

  /** As the entry says it. */
  seqAt(index: number): number {
    return valueAt(this.#seqs, index);
  }

  msAt(index: number): number {
    return valueAt(this.#times, index);
  }

  timeAt(index: number): Instant {
    return instantFromMs(this.msAt(index));
  }

  actorAt(index: number): Fingerprint {
    return this.#people.textOf(valueAt(this.#actors, index)) as Fingerprint;
  }

  /** The last entry that says a number below `seq`, by its place; null when there is none. */
  before(seq: number): number | null {
    const index = this.#seqs.findLastIndex((each) => each < seq);
    return index < 0 ? null : index;
  }
}

function valueAt(column: readonly number[], index: number): number {
  return column[index] ?? NOBODY;
}

/** In the place of who signed, where nobody is known to have. */
const NOBODY = -1;

/** Signatures of entries by their places: held until somebody asks, or judged and put down. */
export class EntrySignatures {
  readonly #held = new Map<number, SignedEntry>();
  readonly #signers: number[] = [];
  readonly #created: number[] = [];
  readonly #people = new Numbered();
  readonly #refused = new Map<number, EntryAnswer>();
  /** By note, the first entry whose signature gave rise to it: the same is said of thousands. */
  readonly #notes = new Map<string, number>();

  /** Of the next entry. @param signed null where there is no signature */
  add(signed: SignedEntry | null): void {
    if (signed !== null) this.#held.set(this.#signers.length, signed);
    this.#signers.push(NOBODY);
    this.#created.push(0);
  }

  /** Hands out what is held of an entry, and keeps it no longer; null when nothing is. */
  release(index: number): SignedEntry | null {
    const held = this.#held.get(index) ?? null;
    this.#held.delete(index);
    return held;
  }

  put(index: number, { answer, notes }: SignatureTold): void {
    if (answer.is === 'refused') this.#refused.set(index, answer);
    else {
      this.#signers[index] = this.#people.numberOf(answer.signed.primary);
      this.#created[index] = msOf(answer.signed.created);
    }
    for (const note of notes) this.#notes.set(note, Math.min(index, this.#notes.get(note) ?? index));
  }

  at(index: number): EntrySignature {
    const held = this.#held.get(index);
    if (held !== undefined) return { is: 'held', ...held };
    const notes = [...this.#notes].flatMap(([note, first]) => (first === index ? [note] : []));
    const refused = this.#refused.get(index);
    if (refused !== undefined) return { is: 'judged', answer: refused, notes };
    const signer = valueAt(this.#signers, index);
    if (signer === NOBODY) return { is: 'missing' };
    const primary = this.#people.textOf(signer) as Fingerprint;
    const created = instantFromMs(valueAt(this.#created, index));
    return { is: 'judged', answer: { is: 'signed', signed: { primary, created } }, notes };
  }
}

/** Texts by small numbers, each kept once. */
class Numbered {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  textOf(number: number): string {
    return this.#texts[number] ?? '';
  }
}
