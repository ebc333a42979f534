/** RFC 6962 trees against the published vectors of certificate-transparency, and against each other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  GrowingTree,
  hex,
  inclusionProof,
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/evidence/merkle.ts';

// google/certificate-transparency, merkletree/merkle_tree_test.cc: inputs, roots of the first 1 to 8 of them, paths and proofs.
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const NODE_2 = 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125';
const NODE_34 = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
const NODE_5678 = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';
const NODE_78 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const NODE_1234 = 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7';
const LEAF_1 = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
const LEAF_2 = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
const LEAF_5 = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
const NODE_56 = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a';

const leaves = INPUTS.map((input) => leafHash(Buffer.from(input, 'hex')));
const first = (n: number): Uint8Array[] => leaves.slice(0, n);

describe('published vectors', () => {
  it('gives the root of nothing as the hash of nothing', () => {
    expect(hex(merkleRoot([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it.each(ROOTS.map((root, i) => [i + 1, root] as const))('gives the root of %i leaves', (size, root) => {
    expect(hex(merkleRoot(first(size)))).toBe(root);
  });

  it.each([
    [1, 1, []],
    [1, 8, [LEAF_2, NODE_34, NODE_5678]],
    [6, 8, [LEAF_5, NODE_78, NODE_1234]],
    [3, 3, [NODE_2]],
    [2, 5, [LEAF_1, NODE_34, LEAF_5]],
  ])('gives the path of leaf %i of %i', (leaf, size, path) => {
    expect(inclusionProof(leaf - 1, first(size)).map(hex)).toEqual(path);
  });

  it.each([
    [1, 1, []],
    [1, 8, [LEAF_2, NODE_34, NODE_5678]],
    [6, 8, [NODE_56, NODE_78, NODE_1234]],
    [2, 5, [NODE_34, LEAF_5]],
  ])('gives the proof that %i is a prefix of %i', (older, newer, proof) => {
    expect(consistencyProof(older, first(newer)).map(hex)).toEqual(proof);
  });
});

const trees = fc
  .integer({ min: 1, max: 40 })
  .map((n) => Array.from({ length: n }, (_, i) => leafHash(Buffer.from([i]))));
const bit = (hash: Uint8Array): Uint8Array => hash.map((byte, i) => (i === 7 ? byte ^ 1 : byte));

describe('properties', () => {
  it('every leaf of every tree is shown, at its place and no other', () => {
    fc.assert(
      fc.property(trees, fc.nat(39), fc.nat(39), (all, a, b) => {
        const [index, other] = [a % all.length, b % all.length];
        const proof = inclusionProof(index, all);
        const root = merkleRoot(all);
        expect(verifyInclusion(proof, index, all.length, all[index]!, root)).toBe(true);
        if (other !== index) expect(verifyInclusion(proof, other, all.length, all[index]!, root)).toBe(false);
        expect(verifyInclusion(proof, index, all.length, bit(all[index]!), root)).toBe(false);
        expect(verifyInclusion([...proof, all[0]!], index, all.length, all[index]!, root)).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(proof.slice(1), index, all.length, all[index]!, root)).toBe(false);
        expect(verifyInclusion(proof, -1, all.length, all[index]!, root)).toBe(false);
        expect(verifyInclusion(proof, all.length, all.length, all[index]!, root)).toBe(false);
      }),
    );
  });

  it('every prefix of every tree is shown, and no other history', () => {
    fc.assert(
      fc.property(trees, fc.nat(40), (all, m) => {
        const size = m % (all.length + 1);
        const older = { size, root: merkleRoot(all.slice(0, size)) };
        const newer = { size: all.length, root: merkleRoot(all) };
        const proof = consistencyProof(size, all);
        expect(verifyConsistency(proof, older, newer)).toBe(true);
        expect(verifyConsistency(proof, { ...older, root: bit(older.root) }, newer)).toBe(false);
        expect(verifyConsistency([...proof, all[0]!], older, newer)).toBe(false);
        if (size > 0)
          expect(verifyConsistency(proof, older, { ...newer, root: bit(newer.root) })).toBe(false);
        if (proof.length > 0) {
          expect(verifyConsistency(proof.slice(0, -1), older, newer)).toBe(false);
          expect(verifyConsistency([bit(proof[0]!), ...proof.slice(1)], older, newer)).toBe(false);
        }
        expect(verifyConsistency(proof, newer, { ...older, size: older.size - 1 })).toBe(false);
        expect(verifyConsistency(proof, { ...older, size: -1 }, newer)).toBe(false);
      }),
    );
  });

  it('a proof without its first hash shows nothing', () => {
    const newer = { size: 7, root: merkleRoot(first(7)) };
    expect(verifyConsistency([], { size: 3, root: merkleRoot(first(3)) }, newer)).toBe(false);
  });

  it('a leaf never passes for a node', () => {
    const [a, b] = [leaves[0]!, leaves[1]!];
    expect(hex(leafHash(Buffer.concat([a, b])))).not.toBe(hex(merkleRoot([a, b])));
  });
});

describe('a tree that grows', () => {
  it('has the root of any number of first leaves, at every size', () => {
    const many = Array.from({ length: 200 }, (_, i) => leafHash(Buffer.from(String(i))));
    const tree = new GrowingTree();
    expect(hex(tree.root(0))).toBe(hex(merkleRoot([])));
    for (const [i, leaf] of many.entries()) {
      tree.push(leaf);
      expect(tree.size).toBe(i + 1);
      expect(hex(tree.root(i + 1))).toBe(hex(merkleRoot(many.slice(0, i + 1))));
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), (size) => {
        expect(hex(tree.root(size))).toBe(hex(merkleRoot(many.slice(0, size))));
      }),
    );
  });
});
