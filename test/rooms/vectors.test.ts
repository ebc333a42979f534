/**
 * The stored vectors of test/vectors, one test a file: whatever lies under good/ is read, whatever lies under bad/ is
 * refused with exactly the code that begins its name. See the README there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseIntent } from '../../src/inputs/intent.ts';
import { parseKeyFile } from '../../src/inputs/key-file.ts';
import { judgePolicy } from '../../src/gates/parity.ts';
import { parseParity, readParity } from '../../src/inputs/parity.ts';
import { parseSignatureFile } from '../../src/inputs/signature-packet.ts';
import { parseTagObject } from '../../src/inputs/tag-object.ts';
import { parseTrust } from '../../src/inputs/trust.ts';
import type { FileRead } from '../../src/inputs/facts.ts';
import { parseCanonical } from '../../src/kernel/canonical.ts';
import { CODES } from '../../src/kernel/codes.ts';
import { gitObjectId } from '../../src/kernel/digest.ts';
import { isGovbootError } from '../../src/kernel/errors.ts';
import { isSafe } from '../../src/kernel/text.ts';
import type { Instant } from '../../src/kernel/time.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import { projectRoot } from '../harness/capabilities.ts';
import { fileOf } from '../harness/facts.ts';

const root = join(projectRoot, 'test', 'vectors');
const DATA = 'intent/good/create.yaml';

interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Where the parser tells each thing that is wrong: they must be exactly one. */
  readonly problems: number;
}

interface Kind {
  readonly ext: string;
  /** How many files there were when this was written: the suite can grow, and never shrinks unseen. */
  readonly good: number;
  readonly bad: number;
  /** What a message says to lead the reader to the place. */
  readonly place: (path: string) => RegExp;
  readonly judge: (file: FileRead) => Refusal | null;
}

const escaped = (text: string): string => text.replace(/[.+]/g, '\\$&');

/** For parsers that throw. */
const thrown =
  (parse: (file: FileRead) => unknown) =>
  (file: FileRead): Refusal | null => {
    try {
      parse(file);
      return null;
    } catch (error) {
      if (!isGovbootError(error)) throw error;
      const problems = error.data['problems'];
      return {
        code: error.code,
        message: error.message,
        problems: Array.isArray(problems) ? problems.length : 1,
      };
    }
  };

/** For parsers that answer. */
const answered =
  (parse: (bytes: Uint8Array) => { readonly is: string; readonly code?: string; readonly wrong?: string }) =>
  ({ bytes }: FileRead): Refusal | null => {
    const { is, code = '', wrong = '' } = parse(bytes);
    return is === 'ok' || is === 'tag' ? null : { code, message: wrong, problems: 1 };
  };

/** Its form, and then what the parity gate says of the policy by itself. */
function judgeParityFile(file: FileRead): Refusal | null {
  const refused = thrown(parseParity)(file);
  if (refused !== null) return refused;
  const findings = judgePolicy(readParity(file)).flatMap((outcome) =>
    outcome.is === 'made' ? outcome.findings : [],
  );
  const [first] = findings;
  return first === undefined ? null : { code: first.code, message: first.message, problems: findings.length };
}

/** As the ref refs/tags/v1.0.0 of a repository in the format that the first header tells. */
function parseTag(bytes: Uint8Array) {
  const format = /^object [0-9a-f]{64}\n/.test(new TextDecoder().decode(bytes)) ? 'sha256' : 'sha1';
  return parseTagObject('v1.0.0', gitObjectId('tag', bytes, format), bytes, format);
}

const inFile = (path: string): RegExp => new RegExp(`^${escaped(path)}: `);
const inBlock = (): RegExp =>
  /\b(file|line|byte|base64|checksum|packets?|subpackets?|signature|algorithm|key|user id|certificate)\b/;

const kinds: Readonly<Record<string, Kind>> = {
  canonical: {
    ...{ ext: 'json', good: 8, bad: 35 },
    place: (path) => new RegExp(`^(${escaped(path)}|\\$\\S*) `),
    judge: thrown(({ bytes, path }) => parseCanonical(bytes, path)),
  },
  intent: { ext: 'yaml', good: 6, bad: 56, place: inFile, judge: thrown(parseIntent) },
  trust: { ext: 'yaml', good: 4, bad: 23, place: inFile, judge: thrown(parseTrust) },
  parity: { ext: 'yaml', good: 6, bad: 53, place: inFile, judge: judgeParityFile },
  signature: { ext: 'asc', good: 7, bad: 46, place: inBlock, judge: answered(parseSignatureFile) },
  'key-file': { ext: 'asc', good: 5, bad: 30, place: inBlock, judge: answered(parseKeyFile) },
  tag: {
    ...{ ext: 'tag', good: 4, bad: 32 },
    place: () => /^the tag( object)? |^refs\/tags\/v1\.0\.0 |^v1\.0\.0 points at /,
    judge: answered(parseTag),
  },
};

const list = (kind: string, verdict: 'good' | 'bad'): string[] =>
  readdirSync(join(root, kind, verdict))
    .sort()
    .map((name) => `${kind}/${verdict}/${name}`);
const read = (path: string): FileRead => fileOf(path, readFileSync(join(root, path)));

describe.each(Object.entries(kinds))('%s', (kind, { ext, good, bad, place, judge }) => {
  test('has all its vectors', () => {
    expect(list(kind, 'good').length).toBeGreaterThanOrEqual(good);
    expect(list(kind, 'bad').length).toBeGreaterThanOrEqual(bad);
    for (const path of [...list(kind, 'good'), ...list(kind, 'bad')])
      expect(basename(path)).toMatch(new RegExp(`^[A-Za-z0-9_.+-]+\\.${ext}$`));
  });

  test.each(list(kind, 'good'))('reads %s', (path) => {
    expect(judge(read(path))).toBeNull();
  });

  test.each(list(kind, 'bad'))('refuses %s', (path) => {
    const [code = ''] = basename(path).split('-');
    expect(Object.keys(CODES)).toContain(code);
    const refusal = judge(read(path));
    expect(refusal).toMatchObject({ code, problems: 1 });
    expect(refusal?.message).toMatch(place(path));
    expect(isSafe(refusal?.message ?? '')).toBe(true);
  });
});

test('every file is of a kind, and none is there twice', () => {
  const all = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    // They are judged one by one: see verifier-vectors.test.ts.
    .filter((path) => !path.startsWith('verifiers/'))
    .sort();
  const tested = Object.keys(kinds).map((kind) => [...list(kind, 'good'), ...list(kind, 'bad')]);
  expect(all).toEqual(['README.md', ...tested.flat()].sort());
  for (const paths of tested) expect(new Set(paths.map((path) => read(path).sha256)).size).toBe(paths.length);
});

// The good signatures are not only well formed: they are valid, for the good keys, to every verifier here, in forty years.
describe('verifies', () => {
  const verifier = makeVerifier();
  let keys: readonly FileRead[];
  beforeAll(async () => {
    const fingerprints = list('key-file', 'good').map(async (path) => {
      const file = read(path);
      const key = await openpgp.readKey({ armoredKey: new TextDecoder().decode(file.bytes) });
      return fileOf(`policies/keys/${key.getFingerprint().toUpperCase()}.asc`, file.bytes);
    });
    keys = await Promise.all(fingerprints);
  });

  /** What is signed, and the signature: beside the intent, or inside the tag. */
  const split = (path: string): { readonly data: Uint8Array; readonly bytes: Uint8Array } => {
    if (!path.startsWith('tag/')) return { data: read(DATA).bytes, bytes: read(path).bytes };
    const seen = parseTag(read(path).bytes);
    if (seen.is === 'problem') throw new Error(seen.wrong);
    return { data: seen.tag.payload, bytes: seen.tag.signature };
  };

  test.each([...list('signature', 'good'), ...list('tag', 'good')])('%s', async (path) => {
    const { data, bytes } = split(path);
    for (const at of ['2026-02-01T00:00:00Z', '2070-01-01T00:00:00Z'] as Instant[]) {
      const facts = await verifier.verify({ data, signature: fileOf(path, bytes), keys, at });
      expect(facts.verifiers.length).toBeGreaterThanOrEqual(1);
      for (const { says } of facts.verifiers)
        expect(says).toMatchObject({ is: 'good', created: '2026-01-02T00:00:00Z' });
    }
  });
});
