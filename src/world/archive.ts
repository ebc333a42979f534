/**
 * Evidence in an archive, as `tar -czf dev.tgz -C evidence dev` makes it. It comes from anybody: it is read in memory, member by member,
 * nothing of it is ever written to the disk, and what could mean two things, or something else than files and folders, is refused.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../kernel/errors.ts';
import {
  BLOCK,
  decode,
  folded,
  parseHeader,
  parsePax,
  plainName,
  shownName,
  unsafe,
  type Header,
} from './tar-header.ts';

export interface ArchiveLimits {
  /** Of what is unfolded, headers and padding too. */
  readonly bytes: number;
  readonly fileBytes: number;
  readonly members: number;
}

/** A ledger of 100,000 entries is a third of it. */
export const ARCHIVE_LIMITS: ArchiveLimits = {
  bytes: 1024 * 1024 * 1024,
  fileBytes: 64 * 1024 * 1024,
  members: 500_000,
};

/** Bytes that an extended header or a long name may have. */
const MAX_EXTRA = 16 * 1024;

/** Files by their names. @param path a plain file. @throws BUNDLE_UNSAFE */
export async function readArchive(
  path: string,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const file = createReadStream(path, { start: 0, end: 1 });
  let start = Buffer.alloc(0);
  for await (const chunk of file) start = Buffer.concat([start, chunk as Buffer]);
  const raw = createReadStream(path);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return readMembers(raw, limits);
  const gunzip = createGunzip();
  raw.on('error', (error) => gunzip.destroy(error));
  try {
    return await readMembers(raw.pipe(gunzip), limits);
  } catch (error) {
    // zlib's own errors have codes of the form Z_DATA_ERROR.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw unsafe(`cannot be unfolded: ${messageOf(error)}`);
    throw error;
  } finally {
    raw.destroy();
  }
}

/** The members of an archive that is not compressed. @throws BUNDLE_UNSAFE */
export async function readMembers(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const blocks = takeFrom(source, limits.bytes);
  const members = collectMembers(limits);
  let extra: Extra = {};
  for (;;) {
    const block = await blocks.take(BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const header = parseHeader(block);
    const isFile = header.kind === 'file';
    const size = isFile ? (extra.size ?? header.size) : header.size;
    if (size > (isFile ? limits.fileBytes : MAX_EXTRA))
      throw unsafe(`has ${shownName(extra.name ?? header.name)} of ${String(size)} bytes`);
    const body = await blocks.take(size);
    await blocks.take((BLOCK - (size % BLOCK)) % BLOCK);
    if (header.kind === 'file' || header.kind === 'folder') {
      members.add(header, extra.name ?? header.name, body);
      extra = {};
    } else extra = { ...extra, ...extraOf(header, body) };
  }
  if (extra.name !== undefined || extra.size !== undefined) throw unsafe('ends with a name and no file');
  await blocks.onlyZeros();
  return members.files;
}

/** What one header says of the next. */
interface Extra {
  readonly name?: string;
  readonly size?: number;
}

function extraOf({ kind }: Header, body: Uint8Array): Extra {
  if (kind === 'long-name') {
    if (body.at(-1) !== 0) throw unsafe('holds a long name without an end');
    return { name: decode(body.subarray(0, -1)) };
  }
  const found = parsePax(body);
  const meant = [...found].filter(([key]) => !/^(?:[acm]time|[ug]id|[ug]name|comment)$/.test(key));
  let extra: Extra = {};
  for (const [key, value] of meant) {
    // What holds for all files after it would be overlooked by a reader who looks at one of them.
    if (kind === 'pax-global' || (key !== 'path' && key !== 'size'))
      throw unsafe(`holds an extended header with ${shownName(key)}`);
    if (key === 'path') extra = { ...extra, name: value };
    else if (/^(?:0|[1-9][0-9]{0,15})$/.test(value)) extra = { ...extra, size: Number(value) };
    else throw unsafe(`holds an extended header with the size ${shownName(value)}`);
  }
  return extra;
}

/** Names are unique, also where case or Unicode form is not told apart, and nothing is both a file and a folder. */
function collectMembers(limits: ArchiveLimits): {
  readonly files: ReadonlyMap<string, Uint8Array>;
  add(header: Header, name: string, body: Uint8Array): void;
} {
  const files = new Map<string, Uint8Array>();
  const known = new Map<string, { readonly name: string; readonly is: 'file' | 'folder' }>();
  const know = (name: string, is: 'file' | 'folder', isItself: boolean): void => {
    const twin = known.get(folded(name));
    if (twin !== undefined && twin.name !== name)
      throw unsafe(`has ${shownName(twin.name)} and ${shownName(name)}, which some systems take for one`);
    if (twin !== undefined && (twin.is !== is || (isItself && is === 'file')))
      throw unsafe(`has ${shownName(name)} twice`);
    known.set(folded(name), { name, is });
  };
  let count = 0;
  return {
    files,
    add({ kind }, name, body) {
      count += 1;
      if (count > limits.members) throw unsafe(`has more than ${String(limits.members)} members`);
      const plain = plainName(name, kind);
      if (plain === '') return;
      const parts = plain.split('/');
      for (let n = 1; n < parts.length; n++) know(parts.slice(0, n).join('/'), 'folder', false);
      know(plain, kind === 'folder' ? 'folder' : 'file', true);
      if (kind !== 'folder') files.set(plain, body);
    },
  };
}

/** Reads so and so many bytes at a time, and counts them. */
function takeFrom(
  source: AsyncIterable<Uint8Array>,
  most: number,
): { take(length: number): Promise<Uint8Array>; onlyZeros(): Promise<void> } {
  const stream = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let seen = 0;
  const more = async (): Promise<Uint8Array | null> => {
    const next = await stream.next();
    if (next.done === true) return null;
    seen += next.value.length;
    if (seen > most) throw unsafe(`unfolds to more than ${String(most)} bytes`);
    return next.value;
  };
  return {
    async take(length) {
      const parts = [rest];
      let have = rest.length;
      while (have < length) {
        const next = await more();
        if (next === null) throw unsafe('is cut off');
        parts.push(next);
        have += next.length;
      }
      const all = parts.length === 1 ? rest : Buffer.concat(parts);
      rest = all.subarray(length);
      // A copy: what is kept of a small file must not keep a large chunk alive.
      return new Uint8Array(all.subarray(0, length));
    },
    async onlyZeros() {
      for (let next: Uint8Array | null = rest; next !== null; next = await more())
        if (next.some((byte) => byte !== 0)) throw unsafe('goes on after its end');
    },
  };
}
