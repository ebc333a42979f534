/**
 * The Merkle tree of RFC 6962 §2.1 over whole files: leaves are hashed after a 0x00, nodes after a 0x01, so that neither can pass for the
 * other, and an odd tree is split at the largest power of two, never padded with a copy. The same root comes from printf and sha256sum.
 */
import { sameBytes } from '../kernel/canonical.ts';
import { sha256Raw } from '../kernel/digest.ts';

export type Hash = Uint8Array;

const LEAF = new Uint8Array([0x00]);
const NODE = new Uint8Array([0x01]);

/** Hash of one leaf: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Hash {
  return sha256Raw(LEAF, data);
}

function nodeHash(left: Hash, right: Hash): Hash {
  return sha256Raw(NODE, left, right);
}

/** Largest power of two smaller than n, for n > 1. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH over leaf hashes (RFC 6962 §2.1). The root of nothing is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  const [first] = leaves;
  if (first === undefined) return sha256Raw();
  if (leaves.length === 1) return first;
  const k = split(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, k)), merkleRoot(leaves.slice(k)));
}

/** Octets of a hash. */
const OCTETS = 32;

/** Hashes one after the other in one array: 32 octets each, where an object for each takes some hundred. */
class HashList {
  #bytes = new Uint8Array(64 * OCTETS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(hash: Hash): void {
    const at = this.#size * OCTETS;
    if (at === this.#bytes.length) {
      const more = new Uint8Array(this.#bytes.length * 2);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(hash, at);
    this.#size += 1;
  }

  at(index: number): Hash {
    return this.#bytes.subarray(index * OCTETS, (index + 1) * OCTETS);
  }
}

/**
 * A tree that leaves are added to: it keeps the hash of every complete subtree, two for a leaf, so that the root over any number of
 * first leaves takes as many steps as that number has digits (RFC 6962 §2.1).
 */
export class GrowingTree {
  readonly #rows: HashList[] = [];

  get size(): number {
    return this.#rows[0]?.size ?? 0;
  }

  push(leaf: Hash): void {
    let hash = leaf;
    for (let level = 0; ; level++) {
      const row = (this.#rows[level] ??= new HashList());
      row.push(hash);
      if (row.size % 2 === 1) return;
      hash = nodeHash(row.at(row.size - 2), hash);
    }
  }

  /** MTH over the first `size` leaves, or over all where there are fewer. */
  root(size: number): Hash {
    let root: Hash | null = null;
    let rest = Math.min(size, this.size);
    for (const row of this.#rows) {
      // What the tree has beside larger complete subtrees stands to the right of them.
      if (rest % 2 === 1) root = root === null ? row.at(rest - 1) : nodeHash(row.at(rest - 1), root);
      rest = half(rest);
    }
    return root ?? sha256Raw();
  }
}

/** PATH(m, D[n]), leaf to root (RFC 6962 §2.1.1). Empty for an index outside the tree. */
export function inclusionProof(index: number, leaves: readonly Hash[]): Hash[] {
  if (index < 0 || index >= leaves.length || leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...inclusionProof(index, leaves.slice(0, k)), merkleRoot(leaves.slice(k))]
    : [...inclusionProof(index - k, leaves.slice(k)), merkleRoot(leaves.slice(0, k))];
}

/** Whether `leaf` is number `index` of the tree of `size` leaves with this root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(
  proof: readonly Hash[],
  index: number,
  size: number,
  leaf: Hash,
  root: Hash,
): boolean {
  if (index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
}

/** PROOF(m, D[n]): that the first `size` leaves are a prefix of all (RFC 6962 §2.1.2). Empty where nothing needs to be shown. */
export function consistencyProof(size: number, leaves: readonly Hash[]): Hash[] {
  return size <= 0 || size >= leaves.length ? [] : subProof(size, leaves, true);
}

function subProof(m: number, leaves: readonly Hash[], whole: boolean): Hash[] {
  if (m === leaves.length) return whole ? [] : [merkleRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subProof(m, leaves.slice(0, k), whole), merkleRoot(leaves.slice(k))]
    : [...subProof(m - k, leaves.slice(k), false), merkleRoot(leaves.slice(0, k))];
}

interface Tree {
  readonly size: number;
  readonly root: Hash;
}

/** Whether the older tree is a prefix of the newer one (RFC 9162 §2.1.4.2). */
export function verifyConsistency(proof: readonly Hash[], older: Tree, newer: Tree): boolean {
  if (older.size < 0 || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && sameBytes(older.root, merkleRoot([]));
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : [...proof];
  const [start, ...rest] = path;
  if (start === undefined) return false;
  let at = older.size - 1;
  let last = newer.size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [old, young] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, young] = [nodeHash(sibling, old), nodeHash(sibling, young)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      young = nodeHash(young, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(old, older.root) && sameBytes(young, newer.root);
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  return 2 ** Math.round(Math.log2(n)) === n;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export function hex(hash: Hash): string {
  let text = '';
  for (const byte of hash) text += PAIRS[byte] ?? '';
  return text;
}
