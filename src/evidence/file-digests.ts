/** SHA-256 of every file that was read, by its name. Those of the ledger, which may be hundreds of thousands, take 32 octets each. */
import type { Sha256 } from '../kernel/digest.ts';
import { entryName, parseEntryName, signatureOf } from './layout.ts';
import { hex } from './merkle.ts';

const OCTETS = 32;

/** What can be asked. */
export interface Digests {
  /** Files that were read. */
  readonly size: number;
  get(name: string): Sha256 | null;
  /** All of them, in no order. */
  all(): readonly (readonly [name: string, digest: Sha256])[];
}

export class FileDigests implements Digests {
  readonly #others = new Map<string, Sha256>();
  readonly #ledger: Uint8Array;
  readonly #isKnown: Uint8Array;
  #count = 0;

  /** @param most files in ledger/; an entry of a higher number than there are files is kept like any other file */
  constructor(most: number) {
    this.#ledger = new Uint8Array(most * OCTETS);
    this.#isKnown = new Uint8Array(most);
  }

  get size(): number {
    return this.#others.size + this.#count;
  }

  get(name: string): Sha256 | null {
    const place = this.#placeOf(name);
    if (place === null) return this.#others.get(name) ?? null;
    return this.#isKnown[place] === 1 ? this.#at(place) : null;
  }

  has(name: string): boolean {
    const place = this.#placeOf(name);
    return place === null ? this.#others.has(name) : this.#isKnown[place] === 1;
  }

  set(name: string, digest: Sha256): void {
    const place = this.#placeOf(name);
    if (place === null) {
      this.#others.set(name, digest);
      return;
    }
    for (let i = 0; i < OCTETS; i++)
      this.#ledger[place * OCTETS + i] = nibble(digest, 2 * i) * 16 + nibble(digest, 2 * i + 1);
    if (this.#isKnown[place] !== 1) this.#count += 1;
    this.#isKnown[place] = 1;
  }

  all(): readonly (readonly [name: string, digest: Sha256])[] {
    const found = [...this.#others];
    for (const [place, isKnown] of this.#isKnown.entries()) {
      if (isKnown !== 1) continue;
      const name = entryName(Math.floor(place / 2));
      found.push([place % 2 === 0 ? name : signatureOf(name), this.#at(place)]);
    }
    return found;
  }

  #at(place: number): Sha256 {
    return hex(this.#ledger.subarray(place * OCTETS, (place + 1) * OCTETS)) as Sha256;
  }

  #placeOf(name: string): number | null {
    const found = parseEntryName(name);
    if (found === null) return null;
    const place = 2 * found.seq + (found.is === 'entry' ? 0 : 1);
    return place < this.#isKnown.length ? place : null;
  }
}

/** Of a lower-case hexadecimal digit: 0 to 9 are 0x30 to 0x39, a to f are 0x61 to 0x66. */
function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 0x0f) + (code >> 6) * 9;
}
