/** What git never checks when it reads: the bytes of an object against its name, and the indexes that say where an object lies. */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Forge } from '../forge.ts';
import { gitRepoAt, type GitRepo } from '../git-fixture.ts';
import { bytesOf, replacedBytes } from './bytes.ts';

/** Raw bytes of an object, which would not survive as text. */
export function rawObject({ root }: GitRepo, type: string, name: string): Buffer {
  const { status, stdout, stderr } = spawnSync('git', ['cat-file', type, name], { cwd: root });
  if (status !== 0) throw new Error(`git cat-file ${type} ${name}: ${stderr.toString()}`);
  return stdout;
}

/** object NAME OLD NEW: other bytes under the name of an object. */
export const looseObject: Forge = ({ cwd }, [name = '', from = '', to = '']) => {
  const repo = gitRepoAt(cwd);
  const oid = repo.git(['rev-parse', name]);
  const type = repo.git(['cat-file', '-t', oid]);
  const content = replacedBytes(rawObject(repo, type, oid), bytesOf(from), bytesOf(to));
  const path = join(cwd, '.git', 'objects', oid.slice(0, 2), oid.slice(2));
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const header = Buffer.from(`${type} ${String(content.length)}\0`);
  writeFileSync(path, deflateSync(Buffer.concat([header, content])));
};

/** Changes a file that ends in the SHA-1 of all before it (gitformat-pack(5), gitformat-commit-graph(5)). */
function rewriteIndex(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes);
  createHash('sha1')
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  rmSync(path);
  writeFileSync(path, bytes);
}

/** Where a chunk begins (gitformat-chunk(5)); the table of chunks stands after `header` bytes. */
function chunkOf(bytes: Buffer, header: number, id: string): number {
  for (let at = header; bytes.readUInt32BE(at) !== 0; at += 12)
    if (bytes.toString('latin1', at, at + 4) === id) return Number(bytes.readBigUInt64BE(at + 4));
  throw new Error(`there is no chunk ${id}`);
}

/** The position of an object among sorted names of 20 bytes. */
function positionOf(bytes: Buffer, names: number, oid: string): number {
  const at = bytes.indexOf(Buffer.from(oid, 'hex'), names);
  if (at < 0 || (at - names) % 20 !== 0) throw new Error(`${oid} is not in the index`);
  return (at - names) / 20;
}

/** Lets each of two objects lie where the other does. */
function swapPlaces(
  bytes: Buffer,
  names: number,
  places: number,
  length: number,
  oids: readonly string[],
): void {
  const [a = 0, b = 0] = oids.map((oid) => places + length * positionOf(bytes, names, oid));
  const kept = Buffer.from(bytes.subarray(a, a + length));
  bytes.copyWithin(a, b, b + length);
  kept.copy(bytes, b);
}

/** Everything into one pack, no object as a difference to another. @returns the folder of packs, and the names of objects */
function packed(
  cwd: string,
  names: readonly string[],
): { readonly folder: string; readonly oids: readonly string[] } {
  const repo = gitRepoAt(cwd);
  const oids = names.map((name) => repo.git(['rev-parse', name]));
  repo.git(['repack', '-adq', '--depth=0', '--window=0']);
  return { folder: join(cwd, '.git', 'objects', 'pack'), oids };
}

/** pack-index A B: the index of the pack says of each of two objects that it lies where the other does. */
export const packIndex: Forge = ({ cwd }, names) => {
  const { folder, oids } = packed(cwd, names);
  const [index = ''] = readdirSync(folder).filter((name) => name.endsWith('.idx'));
  rewriteIndex(join(folder, index), (bytes) => {
    // Version 2: 8 bytes, a fan-out of 256 numbers, then names of 20 bytes, checksums of 4, and places of 4.
    const count = bytes.readUInt32BE(8 + 255 * 4);
    swapPlaces(bytes, 1032, 1032 + count * 24, 4, oids);
  });
};

/** multi-pack-index A B: the same lie in the index over all packs, which git asks first. */
export const multiPackIndex: Forge = ({ cwd }, names) => {
  const { folder, oids } = packed(cwd, names);
  gitRepoAt(cwd).git(['multi-pack-index', 'write', '--no-progress']);
  rewriteIndex(join(folder, 'multi-pack-index'), (bytes) => {
    swapPlaces(bytes, chunkOf(bytes, 12, 'OIDL'), chunkOf(bytes, 12, 'OOFF'), 8, oids);
  });
};

/** commit-graph CHILD PARENT: a commit graph that says of a commit that it comes after another. */
export const commitGraph: Forge = ({ cwd }, names) => {
  const repo = gitRepoAt(cwd);
  const [child = '', parent = ''] = names.map((name) => repo.git(['rev-parse', `${name}^{commit}`]));
  repo.git([
    '-c',
    'commitGraph.generationVersion=1',
    'commit-graph',
    'write',
    '--reachable',
    '--no-progress',
  ]);
  rewriteIndex(join(cwd, '.git', 'objects', 'info', 'commit-graph'), (bytes) => {
    const all = chunkOf(bytes, 8, 'OIDL');
    // A commit is its tree (20 bytes), two parents (4 each), and generation and time (8), of which the first 30 bits are the generation.
    const place = (oid: string): number => chunkOf(bytes, 8, 'CDAT') + 36 * positionOf(bytes, all, oid);
    bytes.writeUInt32BE(positionOf(bytes, all, parent), place(child) + 20);
    bytes.copy(bytes, place(child) + 28, place(parent) + 28, place(parent) + 32);
  });
};

/** tree-bomb REF: a commit whose tree has 40,000 folders of 40,000 folders: three small objects, 1,600,000,000 paths. */
export const treeBomb: Forge = ({ cwd }, [ref = '']) => {
  const repo = gitRepoAt(cwd);
  const write = (type: string, bytes: Uint8Array): string =>
    repo.git(['hash-object', '-t', type, '-w', '--stdin'], bytes);
  const wide = (oid: string): string =>
    write(
      'tree',
      Buffer.concat(
        Array.from({ length: 40_000 }, (_, i) =>
          Buffer.concat([Buffer.from(`40000 ${String(i).padStart(5, '0')}\0`), Buffer.from(oid, 'hex')]),
        ),
      ),
    );
  const leaf = Buffer.concat([
    Buffer.from('100644 x\0'),
    Buffer.from(write('blob', Buffer.from('x')), 'hex'),
  ]);
  const bomb = wide(wide(write('tree', leaf)));
  repo.git(['update-ref', ref, repo.git(['commit-tree', bomb, '-p', 'HEAD', '-m', 'small'])]);
};

/** folded-tree REF: a commit whose tree is one object of 400,000,000 bytes, which git keeps in less than a thousandth of that. */
export const foldedTree: Forge = ({ cwd }, [ref = '']) => {
  const repo = gitRepoAt(cwd);
  const write = (type: string, bytes: Uint8Array): string =>
    repo.git(['hash-object', '-t', type, '-w', '--literally', '--stdin'], bytes);
  const tree = write('tree', Buffer.alloc(400_000_000));
  const by = 'Mallory <mallory@example.com> 1700000000 +0000';
  const commit = write(
    'commit',
    Buffer.from(
      `tree ${tree}\nparent ${repo.git(['rev-parse', 'HEAD'])}\nauthor ${by}\ncommitter ${by}\n\nsmall\n`,
    ),
  );
  repo.git(['update-ref', ref, commit]);
};
