/**
 * The stored table of what verifiers say (test/vectors/verifiers, shown in docs/verifiers.md). What is asked, of every vector:
 * govboot itself, with whatever verifiers are installed and with OpenPGP.js alone, which must both be what the table says; the bare
 * library; and every other tool that is here. What is not here is named at the end of the run.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CODES } from '../../src/kernel/codes.ts';
import { isSafe } from '../../src/kernel/text.ts';
import { libraryVersion } from '../../src/world/openpgp.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import { capability, recordNotRun, requireOrSkip } from '../harness/capabilities.ts';
import {
  askLibrary,
  askProgram,
  PROGRAMS,
  versionAsked,
  type Naive,
  type Said,
} from '../harness/naive-verifiers.ts';
import { judge } from '../harness/verifier-judge.ts';
import {
  askingOf,
  compare,
  filesOf,
  GROUPS,
  readTable,
  TABLE_FOLDER,
  type Vector,
} from '../harness/verifier-table.ts';

const table = readTable();
const { vectors } = table;
const rows = vectors.map((vector) => [vector.id, vector] as const);
const today = new Date().toISOString().slice(0, 10);

describe('the table', () => {
  test('has at least sixty vectors, of every group, each with its own name', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(60);
    expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length);
    const counts = Object.keys(GROUPS).map((group) => {
      const count = vectors.filter((vector) => vector.group === group).length;
      expect(count).toBeGreaterThanOrEqual(5);
      return `${group} ${String(count)}`;
    });
    console.log(`${String(vectors.length)} vectors: ${counts.join(', ')}`);
  });

  test('was made with every tool, and says how', () => {
    for (const tool of [/^gpg /, /^OpenPGP\.js: /, /^sq /, /^rnp /, /^by hand: /])
      expect(vectors.filter(({ made }) => made.some((step) => tool.test(step))).length).toBeGreaterThan(0);
    for (const { made } of [...vectors, ...Object.values(table.keys)]) expect(made.length).toBeGreaterThan(0);
  });

  test('has every code with which a signature or a key can be refused', () => {
    const answers = new Set(vectors.flatMap(({ govboot }) => [govboot.gate, govboot.audit]));
    const codes = Object.keys(CODES).filter((code) =>
      /^(SIG|KEY)_|^KEYRING_SHAPE$|^SIGNER_UNKNOWN$/.test(code),
    );
    // These two are of no signature alone: there is none, or the verifiers are not what they should be.
    const others = ['SIG_MISSING', 'SIG_DISAGREE'];
    expect([...answers].sort()).toEqual(['good', ...codes].filter((code) => !others.includes(code)).sort());
  });

  test('names every file that lies there, and no other', () => {
    const named = [
      'table.json',
      ...vectors.flatMap(({ data, signature }) => [`data/${data}`, `signatures/${signature}`]),
      ...Object.values(table.keys).map(({ file }) => file),
    ];
    const there = readdirSync(TABLE_FOLDER, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(TABLE_FOLDER.length + 1));
    expect(there.sort()).toEqual([...new Set(named)].sort());
  });
});

// govboot's word must not depend on which programs a machine has.
describe.each([
  ['with whatever is installed', makeVerifier()],
  ['with OpenPGP.js alone', makeVerifier({ gpgvPath: null, sqvPath: null })],
])('govboot, %s', (_what, verifier) => {
  test.each(rows)('%s', async (_id, vector) => {
    const files = filesOf(table, vector);
    const { gate, audit, message } = await judge(verifier, files, table.at);
    expect({ gate, audit }).toEqual(vector.govboot);
    expect(isSafe(message)).toBe(true);
    // Wherever one of them says good and another no, the refusal tells who said what.
    const { verifiers } = await verifier.verify({ ...files, at: table.at });
    const kinds = new Set(verifiers.map(({ says }) => says.is));
    if (gate !== 'good' && gate !== 'KEYRING_SHAPE' && kinds.has('good') && kinds.has('bad'))
      for (const { tool, version, says } of verifiers)
        expect(message).toContain(`${tool} ${version} ${says.is === 'abstains' ? 'cannot say' : 'says'}`);
  });
});

function check(tool: Naive, version: string, vector: Vector, said: Said, changes: string[]): void {
  const isSameVersion = version === table.tools[tool];
  const comparison = compare(vector, vector.said[tool], said, { isSameVersion, today });
  if (comparison.is === 'broken') expect.fail(`${tool} ${version} on ${vector.id}: ${comparison.how}`);
  if (comparison.is === 'changed') changes.push(`${vector.id}: ${comparison.how}`);
}

/** Says at the end of the run how a tool of another version differs from the table. */
function tellChanges(tool: Naive, version: string, changes: readonly string[]): void {
  if (version === table.tools[tool] && changes.length === 0) return;
  const how = changes.length === 0 ? 'its yes and no are the same' : changes.join('; ');
  recordNotRun(
    `word for word, what ${tool} ${version} says of ${String(vectors.length)} signatures`,
    `the table is of ${table.tools[tool]}: ${how}`,
  );
}

describe('OpenPGP.js, bare', async () => {
  const version = await libraryVersion();
  const changes: string[] = [];
  test.each(rows)('%s', async (_id, vector) => {
    check('openpgp.js', version, vector, await askLibrary(askingOf(filesOf(table, vector))), changes);
  });
  afterAll(() => tellChanges('openpgp.js', version, changes));
});

for (const program of PROGRAMS) {
  const what = `what ${program} says of ${String(vectors.length)} signatures`;
  const isHere = requireOrSkip(program, what);
  const version = versionAsked(program);
  if (isHere && version === null) {
    const found = capability(program);
    recordNotRun(
      what,
      `the command line of ${found.present ? found.version : 'this version'} is not known here`,
    );
  }
  describe.skipIf(version === null)(program, () => {
    const changes: string[] = [];
    test.each(rows)('%s', (_id, vector) => {
      const said = askProgram(program, askingOf(filesOf(table, vector)));
      check(program, version ?? '', vector, said, changes);
    });
    afterAll(() => tellChanges(program, version ?? '', changes));
  });
}

describe('a tool that says something else than the table', () => {
  const yes: Said = { good: true, exit: 0, words: 'GOODSIG' };
  const no: Said = { good: false, exit: 1, words: 'BADSIG' };
  const other = { isSameVersion: false, today: '2026-11-25' };
  const bad = { forged: false, holdsUntil: null, govboot: { gate: 'SIG_FORMAT', audit: 'SIG_FORMAT' } };
  const good = { ...bad, govboot: { gate: 'good', audit: 'good' } };

  test('is broken when it is of the same version, in word, exit code or answer', () => {
    const same = { ...other, isSameVersion: true };
    expect(compare(bad, no, no, same).is).toBe('same');
    expect(compare(bad, no, { ...no, words: 'ERRSIG' }, same)).toEqual({
      is: 'broken',
      how: 'it said no (1): BADSIG; now it says no (1): ERRSIG',
    });
    expect(compare(bad, no, { ...no, exit: 2 }, same).is).toBe('broken');
    expect(compare(bad, no, yes, same).is).toBe('broken');
    const due = { ...bad, holdsUntil: '2026-11-25' };
    expect(compare(due, no, yes, same).is).toBe('changed');
    expect(compare({ ...due, holdsUntil: '2026-11-26' }, no, yes, same).is).toBe('broken');
  });

  test('is news when it is of another version, and no more than words are not even that', () => {
    expect(compare(bad, no, { ...no, words: 'ERRSIG', exit: 2 }, other).is).toBe('same');
    expect(compare(bad, no, yes, other).is).toBe('changed');
    expect(compare(bad, yes, no, other).is).toBe('changed');
    expect(compare(good, no, yes, other).is).toBe('changed');
  });

  test('is broken, whatever its version, when a forgery is good to it, or what we promise to auditors is bad', () => {
    expect(compare({ ...bad, forged: true }, no, yes, other).is).toBe('broken');
    expect(compare({ ...bad, forged: true }, yes, no, other).is).toBe('changed');
    expect(compare(good, yes, no, other).is).toBe('broken');
    const audited = { ...bad, govboot: { gate: 'KEY_EXPIRED', audit: 'good' } };
    expect(compare(audited, yes, no, other).is).toBe('broken');
  });
});
