/**
 * Makes test/vectors/verifiers: signatures good and bad, by gpg, OpenPGP.js, sq and rnp, and the table of what every verifier says of
 * them. Run by hand, with all the tools; the keys are new each time, so it never overwrites.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Instant } from '../../src/kernel/time.ts';
import { libraryVersion } from '../../src/world/openpgp.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import {
  askLibrary,
  askProgram,
  NAIVE,
  PROGRAMS,
  versionAsked,
  type Naive,
  type Said,
} from '../harness/naive-verifiers.ts';
import { judge } from '../harness/verifier-judge.ts';
import {
  askingOf,
  filesOf,
  GROUPS,
  TABLE_FOLDER,
  type Vector,
  type VerifierTable,
} from '../harness/verifier-table.ts';
import { DOCUMENT, makeBench, type Bench, type Draft } from './verifier-vectors/bench.ts';
import { file } from './verifier-vectors/file.ts';
import { good } from './verifier-vectors/good.ts';
import { keys } from './verifier-vectors/odd-keys.ts';
import { packets } from './verifier-vectors/odd-packets.ts';
import { withStudio } from './verifier-vectors/studio.ts';
import { times } from './verifier-vectors/times.ts';
import { weak } from './verifier-vectors/weak.ts';

/** Two months after the signatures: everything that was to expire or to be revoked has been. */
const AT = '2026-03-01T00:00:00Z' as Instant;

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

function versions(): Record<(typeof PROGRAMS)[number], string> {
  const found = PROGRAMS.map((program) => [program, versionAsked(program)] as const);
  const missing = found.filter(([, version]) => version === null).map(([program]) => program);
  if (missing.length > 0) throw new Error(`this takes ${missing.join(', ')}, in a version that is known`);
  return Object.fromEntries(found) as Record<(typeof PROGRAMS)[number], string>;
}

async function row(
  table: Pick<VerifierTable, 'keys'>,
  draft: Draft,
  read: (path: string) => Uint8Array,
): Promise<Vector> {
  const names = { data: draft.data ?? DOCUMENT, signature: `${draft.id}.asc`, keys: draft.keys };
  const files = filesOf(table, names, read);
  const { gate, audit } = await judge(makeVerifier(), files, AT);
  const alone = await judge(makeVerifier({ gpgvPath: null, sqvPath: null }), files, AT);
  if (alone.gate !== gate || alone.audit !== audit)
    throw new Error(
      `${draft.id}: ${gate}, ${audit} with all verifiers, ${alone.gate}, ${alone.audit} with OpenPGP.js`,
    );
  const asking = askingOf(files);
  const said = Object.fromEntries(PROGRAMS.map((program) => [program, askProgram(program, asking)]));
  return {
    ...{ id: draft.id, group: draft.group, what: draft.what, ...names, made: draft.made },
    ...{ forged: draft.forged ?? false, holdsUntil: draft.holdsUntil ?? null, govboot: { gate, audit } },
    said: { ...said, 'openpgp.js': await askLibrary(asking) } as Record<Naive, Said>,
  };
}

async function make(bench: Bench, put: (path: string, content: Uint8Array) => void): Promise<VerifierTable> {
  for (const group of [good, times, weak, file, packets, keys]) await group(bench);
  const content = new Map<string, Uint8Array>();
  const keep = (path: string, text: string | Uint8Array): void => {
    if (content.has(path)) throw new Error(`there are two files ${path}`);
    content.set(path, bytesOf(text));
  };
  for (const [name, text] of bench.documents) keep(`data/${name}`, text);
  const used = new Set(bench.drafts.flatMap((draft) => draft.keys));
  const keyFiles = [...bench.keys].filter(([id]) => used.has(id));
  for (const [id, key] of keyFiles) keep(`keys/${id}/${key.name}`, key.content);
  for (const { id, signature } of bench.drafts) keep(`signatures/${id}.asc`, signature);
  const table = {
    made: new Date().toISOString().slice(0, 10),
    at: AT,
    tools: { ...versions(), 'openpgp.js': await libraryVersion() },
    keys: Object.fromEntries(
      keyFiles.map(([id, { name, made }]) => [id, { file: `keys/${id}/${name}`, made }]),
    ),
  };
  const order = Object.keys(GROUPS);
  const drafts = bench.drafts.toSorted((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  const vectors: Vector[] = [];
  for (const draft of drafts) vectors.push(await row(table, draft, (path) => content.get(path)!));
  for (const [path, text] of content) put(path, text);
  return { ...table, vectors };
}

if (existsSync(TABLE_FOLDER)) throw new Error(`${TABLE_FOLDER} exists; move it away first`);
const table = await withStudio((studio) =>
  make(makeBench(studio), (path, content) => {
    mkdirSync(dirname(join(TABLE_FOLDER, path)), { recursive: true });
    writeFileSync(join(TABLE_FOLDER, path), content, { flag: 'wx' });
  }),
);
writeFileSync(join(TABLE_FOLDER, 'table.json'), `${JSON.stringify(table, null, 1)}\n`, { flag: 'wx' });
console.log(`${String(table.vectors.length)} vectors, asked of ${NAIVE.join(', ')}`);
