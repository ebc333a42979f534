/**
 * The property of verify: for any ledger and any single change, the change is told and named, and no report is clean. Keys are made up,
 * so that thousands of changes take seconds; with real ones, every byte of a signature is tried in tamper.test.ts.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { append } from '../../../src/evidence/append.ts';
import { parseCheckpoint, type Checkpoint } from '../../../src/evidence/checkpoint.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { seal } from '../../../src/evidence/seal.ts';
import { verifyEvidence } from '../../../src/evidence/verify.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { makeAuthority } from '../../harness/authority.ts';
import { fakeScene, playApply, type Scene } from '../../harness/evidence-fixture.ts';
import { memoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { witnesses } from '../../harness/witnesses.ts';
import { ciKey, playAttestation, playStamp } from '../../harness/witnessing.ts';

interface Made {
  readonly scene: Scene;
  readonly store: MemoryStore;
  /** Sealed states before it, each a whole folder that its signer could put back. */
  readonly earlier: readonly MemoryStore[];
}

/** What happened to an environment, in order: applies that each supersede the lock, refusals, and what others vouched for. */
type Story = readonly ('apply' | 'refusal' | 'stamp' | 'attestation')[];

const authority = makeAuthority();

const made = new Map<string, Promise<Made>>();

/** Stories are few and their ledgers always the same, so each is made once. */
function ledgerOf(story: Story): Promise<Made> {
  const key = story.join();
  const known = made.get(key) ?? make(story);
  made.set(key, known);
  return known;
}

async function make(story: Story): Promise<Made> {
  const store = memoryStore();
  const scene = fakeScene(store);
  const earlier: MemoryStore[] = [];
  await playApply(scene);
  for (const [n, what] of story.entries()) {
    earlier.push(store.copy());
    scene.clock.advance(60);
    if (what === 'apply') {
      const nonce = sha256(`nonce ${String(n)}`).slice(0, 32);
      await playApply(
        scene,
        { supersedes: sha256(store.files.get('.backend.lock')!), nonce },
        `run-${String(n)}`,
      );
      continue;
    }
    if (what === 'stamp') {
      await playStamp(scene.deps, await authority);
      continue;
    }
    if (what === 'attestation') {
      await playAttestation(scene.deps);
      continue;
    }
    await append(scene.deps, await readLedger(store), {
      type: 'GATE_FAIL',
      mode: 'LIVE',
      refs: [],
      body: {
        run: `refused-${String(n)}`,
        intent: 'intents/dev.yaml',
        intent_sha256: null,
        findings: [{ where: 'x', code: 'PARITY', message: String(n) }],
      },
    });
    await seal(scene.deps);
  }
  return { scene, store, earlier };
}

/** Numbers pick files, bytes and entries of whatever ledger it is. */
type Change =
  | { readonly is: 'flip'; readonly file: number; readonly at: number; readonly mask: number }
  | { readonly is: 'remove'; readonly file: number }
  | { readonly is: 'add'; readonly name: string; readonly like: number }
  | { readonly is: 'rename'; readonly file: number; readonly suffix: string }
  | { readonly is: 'swap'; readonly one: number; readonly two: number }
  | { readonly is: 'exchange'; readonly one: number; readonly two: number }
  | { readonly is: 'cut'; readonly to: number };

const number = fc.nat({ max: 1_000_000 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    is: fc.constant('flip' as const),
    file: number,
    at: number,
    mask: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ is: fc.constant('remove' as const), file: number }),
  fc.record({
    is: fc.constant('add' as const),
    name: fc.constantFrom(
      'x',
      'ledger/copy.json',
      'ledger/00000099.json',
      'ledger/00000099.json.asc',
      `blobs/sha256/${'0'.repeat(64)}`,
      'runs/other/journal.jsonl',
      'keys/x.asc',
      'über',
      'checkpoint.old',
    ),
    like: number,
  }),
  fc.record({
    is: fc.constant('rename' as const),
    file: number,
    suffix: fc.constantFrom('x', '.bak', '/x', ' '),
  }),
  fc.record({ is: fc.constant('swap' as const), one: number, two: number }),
  fc.record({ is: fc.constant('exchange' as const), one: number, two: number }),
  fc.record({ is: fc.constant('cut' as const), to: number }),
);

interface Changed {
  readonly store: MemoryStore;
  /** One of these must be the file of a finding. */
  readonly named: readonly string[];
  readonly anchor?: Checkpoint;
}

/** The folder with the change in it; null where nothing changes by it. */
function changed({ store, earlier }: Made, what: Change): Changed | null {
  const copy = store.copy();
  const { files } = copy;
  const names = [...store.files.keys()];
  const pick = (n: number): string => names[n % names.length]!;
  const exchange = (one: string, two: string): void => {
    const [a, b] = [files.get(one)!, files.get(two)!];
    files.set(one, b).set(two, a);
  };
  const isSame = (one: string, two: string): boolean => sha256(files.get(one)!) === sha256(files.get(two)!);
  switch (what.is) {
    case 'flip': {
      const name = pick(what.file);
      const bytes = files.get(name)!.slice();
      const at = what.at % bytes.length;
      bytes[at] = bytes[at]! ^ what.mask;
      files.set(name, bytes);
      return { store: copy, named: [name] };
    }
    case 'remove':
      files.delete(pick(what.file));
      return { store: copy, named: [pick(what.file)] };
    case 'add':
      files.set(what.name, files.get(pick(what.like))!);
      return { store: copy, named: [what.name] };
    case 'rename': {
      const name = pick(what.file);
      files.set(`${name}${what.suffix}`, files.get(name)!);
      files.delete(name);
      return { store: copy, named: [name, `${name}${what.suffix}`] };
    }
    case 'swap': {
      const [one, two] = [pick(what.one), pick(what.two)];
      if (isSame(one, two)) return null;
      exchange(one, two);
      return { store: copy, named: [one, two] };
    }
    case 'exchange': {
      const entries = names.filter((name) => /^ledger\/\d+\.json$/.test(name));
      const [one, two] = [entries[what.one % entries.length]!, entries[what.two % entries.length]!];
      if (one === two) return null;
      exchange(one, two);
      exchange(`${one}.asc`, `${two}.asc`);
      return { store: copy, named: [one, two] };
    }
    case 'cut': {
      const before = earlier[what.to % Math.max(1, earlier.length)];
      if (before === undefined) return null;
      const gone = names.filter((name) => /^ledger\/\d+\.json$/.test(name) && !before.files.has(name));
      return { store: before.copy(), named: gone, anchor: parseCheckpoint(store.files.get('checkpoint')!) };
    }
  }
}

const story: fc.Arbitrary<Story> = fc.array(
  fc.constantFrom('apply' as const, 'refusal' as const, 'stamp' as const, 'attestation' as const),
  { maxLength: 3 },
);

async function verified({ scene }: Made, { store, anchor }: Omit<Changed, 'named'>) {
  const { verifier, pins, clock } = scene;
  const witnessPins = { authorities: (await authority).root, attestors: ciKey };
  const asked = (await readLedger(store).catch(() => null))?.items.map(({ entry }) => entry.type) ?? [];
  const input = {
    ...{ store, verifier, witnesses, pins, now: clock.now(), environment: 'dev' },
    // Who names a witness and has none is told so, and nothing was changed.
    witnessPins: {
      authorities: asked.includes('TIME_STAMPED') ? witnessPins.authorities : null,
      attestors: asked.includes('ATTESTED') ? witnessPins.attestors : null,
    },
  };
  return verifyEvidence(anchor === undefined ? input : { ...input, anchor });
}

it('says nothing against any ledger that nobody changed', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (told) => {
      const good = await ledgerOf(told);
      const report = await verified(good, {
        store: good.store,
        anchor: parseCheckpoint(good.store.files.get('checkpoint')!),
      });
      expect(report.answers.flatMap(({ findings }) => findings)).toEqual([]);
      expect(report).toMatchObject({ overall: 'ok', chain: 'ok' });
    }),
    { numRuns: 20 },
  );
}, 120_000);

it('names the file of any single change to any ledger', async () => {
  await fc.assert(
    fc.asyncProperty(story, change, async (told, what) => {
      const good = await ledgerOf(told);
      const bad = changed(good, what);
      fc.pre(bad !== null);
      const report = await verified(good, bad);
      expect(report.overall).not.toBe('ok');
      const files = report.answers.flatMap(({ findings }) => findings.map(({ file }) => file));
      expect(
        bad.named.some((name) => files.includes(name)),
        `${bad.named.join(' or ')} in ${files.join(', ')}`,
      ).toBe(true);
    }),
    { numRuns: Number(process.env['GOVBOOT_CHANGES'] ?? 400) },
  );
}, 600_000);
