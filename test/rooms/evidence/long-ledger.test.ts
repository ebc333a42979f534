/**
 * A ledger of more entries than every verifier judges: what is wrong with one of those in between, which are judged as they are read and
 * then put down, is told as it is in a short ledger.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { addSeconds } from '../../../src/kernel/time.ts';
import { append } from '../../../src/evidence/append.ts';
import { readExhibit } from '../../../src/evidence/exhibit.ts';
import { entryName, signatureOf } from '../../../src/evidence/layout.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { collectFindings, type VerifyReport } from '../../../src/evidence/report.ts';
import { seal } from '../../../src/evidence/seal.ts';
import type { Verifier } from '../../../src/ports.ts';
import {
  fakeScene,
  makeScene,
  playApply,
  START,
  type Role,
  type Scene,
} from '../../harness/evidence-fixture.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { verifyScene as verify } from '../../harness/verify-scene.ts';

type Fake = ReturnType<typeof fakeScene> & { readonly store: MemoryStore };

/** Four entries of an apply, then refusals. */
const REFUSED = 45;
/** Between the first and the last entry of Alice, and beyond the first 32. */
const AT = 38;
const [ENTRY, SIGNATURE] = [entryName(AT), signatureOf(entryName(AT))];

async function refuse({ deps, store }: Pick<Scene, 'deps' | 'store'>): Promise<void> {
  await append(deps, await readLedger(store), {
    type: 'GATE_FAIL',
    mode: 'LIVE',
    refs: [],
    body: {
      run: 'refused',
      intent: 'intents/dev.yaml',
      intent_sha256: null,
      findings: [{ where: 'x', code: 'PARITY', message: 'x' }],
    },
  });
}

/** @param by who signs, and who the entry says it was, where it is not Alice */
async function long(
  by: (seq: number) => { readonly signer: Role; readonly actor: Role } | null = () => null,
): Promise<Fake> {
  const store = memoryStore();
  const scene = fakeScene(store);
  await playApply(scene);
  for (let seq = 4; seq < REFUSED; seq++) {
    scene.clock.advance(1);
    const other = by(seq);
    const { deps } = other === null ? scene : makeScene({ ...scene, operator: other.signer });
    const actor = scene.cast[other?.actor ?? 'alice'].fingerprint;
    await refuse({ store, deps: { ...deps, actor } });
  }
  await seal(scene.deps);
  return { ...scene, store };
}

function told(report: VerifyReport): string[] {
  return report.answers.flatMap(({ findings }) =>
    findings.map(({ axis, file, what }) => `${axis}: ${file}: ${what}`),
  );
}

let whole: Fake;
beforeAll(async () => {
  whole = await long();
});

/** The same ledger over a copy of its files, after something was done to it. */
function changed(change: (files: Map<string, Uint8Array>) => void): Fake {
  const store = whole.store.copy();
  change(store.files);
  return { ...whole, store };
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 0x01 : byte));
}

/** Writes an entry anew and signs it, as whoever holds that key could. */
async function rewritten(
  edit: (entry: Record<string, Json>) => void,
  { by = 'alice', at }: { readonly by?: Role; readonly at?: typeof START } = {},
): Promise<Fake> {
  const { store, cast, clock } = changed(() => undefined);
  const entry = JSON.parse(new TextDecoder().decode(store.files.get(ENTRY))) as Record<string, Json>;
  edit(entry);
  const bytes = canonicalBytes(entry);
  store.files.set(ENTRY, bytes).set(SIGNATURE, await cast[by].sign(bytes, at ?? clock.now()));
  return { ...whole, store };
}

describe('an entry between the first and the last of its signer', () => {
  it('is judged inside, once, and its bytes are not kept', async () => {
    expect(told(await verify(whole))).toEqual([]);
    const { store, verifier, clock } = whole;
    const { ledger, files } = await readExhibit(store, verifier, clock.now(), collectFindings(), []);
    expect(ledger.entries.size).toBe(REFUSED);
    expect(ledger.items.map(({ entry }) => entry.type)).toEqual([
      'GENESIS',
      'APPLY_STARTED',
      'APPLY_DONE',
      'LOCK_WRITTEN',
    ]);
    expect([...files.keys()].filter((name) => name.startsWith('ledger/'))).toEqual([]);
    expect(ledger.signatures.at(AT)).toEqual({
      is: 'judged',
      notes: [],
      answer: {
        is: 'signed',
        signed: { primary: whole.cast.alice.fingerprint, created: ledger.entries.timeAt(AT) },
      },
    });
    // Not known to be in between before there were 33 of them; and the last one.
    expect(ledger.signatures.at(31).is).toBe('held');
    expect(ledger.signatures.at(REFUSED - 1).is).toBe('held');
    expect([...ledger.everybody]).toEqual([0, REFUSED - 1]);
  });

  it('is read once, as every other file, also where something is wrong with it', async () => {
    const broken = changed((files) => {
      files.delete(ENTRY);
      files.delete(entryName(40));
      files.delete(signatureOf(entryName(40)));
      files.set(entryName(42), new Uint8Array()).set('ledger/copy.json', files.get(entryName(3))!);
    });
    for (const scene of [whole, broken]) {
      const reads: string[] = [];
      const read = async (name: string): Promise<Uint8Array | null> => {
        reads.push(name);
        return scene.store.read(name);
      };
      await verify(scene, { store: { ...scene.store, read } });
      expect(reads.toSorted()).toEqual([...scene.store.files.keys()].sort());
    }
  });

  it.each<[string, (files: Map<string, Uint8Array>) => void, string[]]>([
    [
      'with a byte flipped',
      (files) => files.set(ENTRY, flip(files.get(ENTRY)!, 20)),
      [`integrity: ${ENTRY}: SHA-256 is`],
    ],
    [
      'with a byte of its signature flipped',
      (files) => files.set(SIGNATURE, flip(files.get(SIGNATURE)!, 80)),
      [`integrity: ${SIGNATURE}: SHA-256 is`, `integrity: ${SIGNATURE}: over ${ENTRY}: SIG_`],
    ],
    [
      'with the signature of another',
      (files) => {
        const other = signatureOf(entryName(39));
        const [own, next] = [files.get(SIGNATURE)!, files.get(other)!];
        files.set(SIGNATURE, next).set(other, own);
      },
      [
        `integrity: ${SIGNATURE}: over ${ENTRY}: SIG_BAD`,
        `integrity: ${signatureOf(entryName(39))}: over ${entryName(39)}: SIG_BAD`,
      ],
    ],
    [
      'that is missing',
      (files) => files.delete(ENTRY),
      [
        `chain: ${ENTRY}: MISSING: its signature is there, the entry is not`,
        `extras: ${ENTRY}: MISSING: SHA256SUMS lists it`,
      ],
    ],
    [
      'that is missing with its signature',
      (files) => [ENTRY, SIGNATURE].forEach((name) => files.delete(name)),
      [`chain: ${ENTRY}: GAP: BROKEN_CHAIN(38): entry 38 is not there, a later one is`],
    ],
    [
      'without its signature',
      (files) => files.delete(SIGNATURE),
      [`chain: ${SIGNATURE}: MISSING: the entry is there, its signature is not`],
    ],
    [
      'in the place of another',
      (files) => {
        const next = entryName(39);
        files.set(next, files.get(ENTRY)!).set(signatureOf(next), files.get(SIGNATURE)!);
      },
      [`chain: ${entryName(39)}: BROKEN_CHAIN(39): says that it is entry 38, not 39`],
    ],
    [
      'that changed its place with the next',
      (files) => {
        for (const nameOf of [entryName, (seq: number) => signatureOf(entryName(seq))]) {
          const [one, two] = [files.get(nameOf(38))!, files.get(nameOf(39))!];
          files.set(nameOf(38), two).set(nameOf(39), one);
        }
      },
      [
        `chain: ${ENTRY}: BROKEN_CHAIN(38): says that it is entry 39, not 38`,
        `time: ${entryName(39)}: TIME: is dated`,
      ],
    ],
    [
      'with a copy beside it',
      (files) => files.set('ledger/copy.json', files.get(ENTRY)!),
      [`chain: ledger/copy.json: FORK: follows the same entry as ${ENTRY}`],
    ],
  ])('%s is named', async (_name, change, expected) => {
    const report = await verify(changed(change));
    expect(report.overall).toBe('bad');
    for (const each of expected) expect(told(report).join('\n')).toContain(each);
  });

  it.each<[string, () => Promise<Fake>, string]>([
    [
      'signed by another than it says',
      () => rewritten((entry) => (entry['actor'] = { fingerprint: whole.cast.bob.fingerprint })),
      `authenticity: ${SIGNATURE}: is by A0C0FFEE`,
    ],
    [
      'dated before the one before',
      () => rewritten((entry) => (entry['time'] = START)),
      `time: ${ENTRY}: TIME: is dated ${START}, before ${entryName(37)}`,
    ],
    [
      'dated in the future',
      () => rewritten((entry) => (entry['time'] = '2027-01-01T00:00:00Z')),
      `time: ${ENTRY}: is dated 2027-01-01T00:00:00Z, and it is`,
    ],
    [
      'with a signature that is older',
      () => rewritten(() => undefined, { at: addSeconds(START, -60) }),
      `time: ${SIGNATURE}: was made at 2026-11-22T11:59:00Z, before ${ENTRY}`,
    ],
    [
      'with a signature from the future',
      () => rewritten(() => undefined, { at: addSeconds(START, 86_400) }),
      `time: ${SIGNATURE}: over ${ENTRY}: SIG_FUTURE`,
    ],
    [
      'signed with a key that is not there',
      () => rewritten(() => undefined, { by: 'root' }),
      `authenticity: ${SIGNATURE}: `,
    ],
  ])('%s is named', async (_name, make, expected) => {
    const report = await verify(await make());
    expect(report.overall).toBe('bad');
    expect(told(report).join('\n')).toContain(expected);
  });

  it.each<[Role, string]>([
    ['bob', 'SIGNER_ROLE'],
    ['mallory', 'SIGNER_UNKNOWN'],
  ])('by %s, who may not sign evidence, is named each time', async (who, code) => {
    const scene = await long((seq) => (seq > 33 && seq % 2 === 0 ? { signer: who, actor: who } : null));
    const found = told(await verify(scene)).filter((each) => each.includes(code));
    expect(found).toHaveLength(6);
    expect(found[2]).toContain(SIGNATURE);
  });

  it('gives rise to a note that is told once', async () => {
    const { cast } = whole;
    const ended = { ...cast.alice.facts, expires: addSeconds(whole.clock.now(), -1) };
    const verifier: Verifier = {
      ...whole.verifier,
      verify: async (input) => {
        const facts = await whole.verifier.verify(input);
        return facts.key?.fingerprint === cast.alice.fingerprint ? { ...facts, key: ended } : facts;
      },
    };
    const { notes } = await verify(whole, { verifier });
    expect(notes.filter((note) => note.startsWith('VALID_AT_SIGNING'))).toHaveLength(1);
  });

  it('passes on what a verifier did not expect', async () => {
    const verifier: Verifier = {
      ...whole.verifier,
      verify: (input) =>
        input.depth === 'inside' ? Promise.reject(new TypeError('not mine')) : whole.verifier.verify(input),
    };
    await expect(verify(whole, { verifier })).rejects.toThrow(TypeError);
  });
});

describe('a name far beyond the last entry', () => {
  it('is told with as many gaps as a person reads, not with millions', async () => {
    const scene = changed((files) => files.set('ledger/99999999.json', files.get(ENTRY)!));
    const gaps = told(await verify(scene)).filter((each) => each.includes('GAP'));
    expect(gaps).toHaveLength(101);
    expect(gaps.at(-1)).toContain('entries up to 99999998 are not there, a later one is');
  });
});

describe('what a run left unsealed', () => {
  it('excuses no signature that is none, also where the first entry is destroyed', async () => {
    const { store } = changed(() => undefined);
    await refuse(makeScene({ ...whole, store }));
    const cosigned = `.backend.lock.${whole.cast.bob.fingerprint}.asc`;
    store.files
      .set(entryName(0), new Uint8Array())
      .set('checkpoint.asc', store.files.get(SIGNATURE)!)
      .set(cosigned, store.files.get(SIGNATURE)!);
    const found = told(await verify({ ...whole, store })).join('\n');
    expect(found).toContain('integrity: checkpoint.asc: over checkpoint: SIG_BAD');
    expect(found).toContain(`integrity: ${cosigned}: over .backend.lock: SIG_BAD`);
    expect(found).toContain(`integrity: ${entryName(REFUSED)}: 1 entries are not sealed yet`);
  });
});

describe('what is no plain file', () => {
  it('is told first, in the order of the names, and is not missing', async () => {
    const scene = changed((files) => [ENTRY, 'checkpoint'].forEach((name) => files.delete(name)));
    for (const name of [ENTRY, 'checkpoint']) scene.store.unsafe.add(name);
    const found = told(await verify(scene));
    expect(found.slice(0, 2)).toEqual([
      'integrity: checkpoint: checkpoint is a link',
      `integrity: ${ENTRY}: ${ENTRY} is a link`,
    ]);
    expect(found.join('\n')).not.toContain(`extras: ${ENTRY}`);
  });
});

describe('an entry that was listed and is gone when it is read', () => {
  it('leaves a gap where its signature is not there either', async () => {
    const scene = changed((files) => files.delete(SIGNATURE));
    const read = async (name: string): Promise<Uint8Array | null> =>
      name === ENTRY ? null : scene.store.read(name);
    expect(told(await verify(scene, { store: { ...scene.store, read } }))).toContain(
      `chain: ${ENTRY}: GAP: BROKEN_CHAIN(38): entry 38 is not there, a later one is`,
    );
  });

  it('is missing', async () => {
    const read = async (name: string): Promise<Uint8Array | null> =>
      name === ENTRY ? null : whole.store.read(name);
    const found = told(await verify(whole, { store: { ...whole.store, read } }));
    expect(found).toContain(`chain: ${ENTRY}: MISSING: its signature is there, the entry is not`);
    expect(found).toContain(`extras: ${ENTRY}: MISSING: SHA256SUMS lists it`);
  });
});
