/** The commands of docs/verify-by-hand.md, as they stand there, on evidence that is good and on evidence that is not. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { proofOf } from '../../../src/evidence/prove.ts';
import { makeVerifier } from '../../../src/world/verifier.ts';
import { projectRoot, requireOrSkip } from '../../harness/capabilities.ts';
import { makeAuthority, type Authority } from '../../harness/authority.ts';
import { makeScene, playApply, testClock, type Cast, type Scene } from '../../harness/evidence-fixture.ts';
import { memoryStore } from '../../harness/memory-store.ts';
import { realCast, revokedKeyFile } from '../../harness/real-crypto.ts';
import { ciKey, playAttestation, playStamp } from '../../harness/witnessing.ts';

const gpg = requireOrSkip('gpg', 'docs/verify-by-hand.md with gpg');
const sqv = requireOrSkip('sqv', 'docs/verify-by-hand.md with sqv');
const openssl = requireOrSkip('openssl', 'docs/verify-by-hand.md with openssl');

/** The second run, which was approved and not asked about at a terminal. */
const RUN_2 = '0d9e4d52-7f0c-4c0e-8d6b-2f6d3b6a1c12';

/** Every block of the page that is marked with `<!-- run: NAME -->`, in order. */
function blocks(): ReadonlyMap<string, string> {
  const page = readFileSync(join(projectRoot, 'docs/verify-by-hand.md'), 'utf8');
  return new Map(
    [...page.matchAll(/<!-- run: ([a-z]+) -->\n```sh\n([^]*?)```\n/g)].map(([, name, code]) => [
      name!,
      code!,
    ]),
  );
}

describe.skipIf(!gpg)('verify by hand', () => {
  const top = mkdtempSync(join(tmpdir(), 'govboot-by-hand-'));
  const good = join(top, 'good');
  const vouched = join(top, 'vouched');
  const kept = join(top, 'kept-checkpoint');
  let tsa: Authority;
  const proof = (entry: number): string => join(top, `proof-${String(entry)}.json`);
  let cast: Cast;

  beforeAll(async () => {
    cast = await realCast();
    tsa = await makeAuthority();
    const store = memoryStore();
    const clock = testClock(instantFromMs(Date.now() - 7_200_000));
    const scene = makeScene({ store, cast, verifier: makeVerifier(), clock });
    // Another person signed the first intent of this name; the page must not hold that against the second.
    await playApply(scene, { intentSigners: ['alice', 'bob', 'root'] });
    writeFileSync(kept, store.files.get('checkpoint')!);
    clock.advance(60);
    await playApply(
      scene,
      {
        supersedes: sha256(store.files.get('.backend.lock')!),
        nonce: 'e2'.repeat(16),
        approval: { approvers: ['bob'] },
      },
      RUN_2,
    );
    write(good, store.files);
    const ledger = await readLedger(store);
    for (const { entry } of ledger.items)
      writeFileSync(proof(entry.seq), await proofOf(store, ledger, { entry: entry.seq, since: null }));
    await vouch(scene);
    write(vouched, store.files);
  }, 120_000);

  /** A time stamp, and after it an attestation. */
  async function vouch({ deps }: Scene): Promise<void> {
    await playStamp(deps, tsa);
    await playAttestation(deps);
    writeFileSync(join(top, 'tsa.pem'), tsa.root);
    writeFileSync(join(top, 'ci.pub'), ciKey);
  }

  const write = (folder: string, files: ReadonlyMap<string, Uint8Array>): void => {
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
  };

  afterAll(() => rmSync(top, { recursive: true, force: true }));

  /** Runs the blocks in one shell, in a copy of the folder. */
  function run(
    options: {
      readonly from?: string;
      readonly tamper?: (folder: string) => void;
      readonly skip?: readonly string[];
      readonly env?: Record<string, string>;
    } = {},
  ): { bad: string[]; good: string[]; stderr: string } {
    const folder = mkdtempSync(join(top, 'copy-'));
    cpSync(options.from ?? good, folder, { recursive: true });
    options.tamper?.(folder);
    const left = [...(options.skip ?? []), ...(sqv ? [] : ['sqv'])];
    const script = [...blocks()].flatMap(([name, code]) => (left.includes(name) ? [] : [code])).join('\n');
    const env = { PATH: process.env['PATH'] ?? '', HOME: top, TMPDIR: top, ...options.env };
    const shell = spawnSync('sh', ['-eu', '-c', `${script}\necho the end`], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    const lines = shell.stdout.split('\n').filter((line) => line !== '');
    // Every line is a verdict; a block that printed anything else, or stopped half-way, decided nothing.
    expect(`${lines.at(-1) ?? ''}${shell.stderr}`).toBe('the end');
    const said = (word: string): string[] =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(6));
    expect(lines.length - 1).toBe(said('BAD').length + said('good').length);
    return { bad: said('BAD'), good: said('good'), stderr: shell.stderr };
  }

  const at = (folder: string, name: string): string => join(folder, name);
  const edit = (name: string, change: (text: string) => string) => (folder: string) => {
    const text = readFileSync(at(folder, name), 'latin1');
    const edited = change(text);
    expect(edited).not.toBe(text);
    writeFileSync(at(folder, name), edited, 'latin1');
  };
  const swap = (one: string, two: string) => (folder: string) => {
    renameSync(at(folder, one), at(folder, 'swap'));
    renameSync(at(folder, two), at(folder, one));
    renameSync(at(folder, 'swap'), at(folder, two));
  };

  it('has the blocks that this test is about', () => {
    expect([...blocks().keys()]).toEqual([
      'home',
      'keys',
      'check',
      'signatures',
      'files',
      'chain',
      'root',
      'anchor',
      'lock',
      'blobs',
      'people',
      'approval',
      'tag',
      'sqv',
      'proof',
      'receipts',
      'witnesses',
    ]);
  });

  it('finds good evidence good, and says who signed', () => {
    const { bad, good: said } = run();
    expect(bad).toEqual([]);
    const { alice, bob, root } = cast;
    for (const file of [
      'ledger/00000000.json',
      'ledger/00000006.json',
      '.backend.lock',
      'checkpoint',
      'SHA256SUMS',
    ]) {
      expect(said).toContainEqual(
        expect.stringMatching(new RegExp(`^${alice.fingerprint}  \\d{4}-\\d\\d-\\d\\d  ${file}$`)),
      );
    }
    expect(said).toContainEqual(
      expect.stringMatching(new RegExp(`^${root.fingerprint}  .*  policies/trust\\.yaml\\.`)),
    );
    expect(said).toContainEqual(
      expect.stringMatching(new RegExp(`^${bob.fingerprint}  .*  intents/dev\\.yaml\\.`)),
    );
    expect(said).toContainEqual(
      expect.stringMatching(new RegExp(`^${bob.fingerprint}  .*  plan\\.${bob.fingerprint}\\.asc$`)),
    );
    expect(said).toContainEqual(expect.stringMatching(/^head [0-9a-f]{64}, 7 entries$/));
    expect(said).toContainEqual(expect.stringMatching(/^root .* over 7 entries$/));
    expect(said).toContainEqual(expect.stringMatching(/^tag v1\.0\.0 of commit 1f1f/));
    expect(said.filter((line) => line.includes('.backend.lock'))).toHaveLength(sqv ? 2 : 1);
  });

  it('finds the checkpoint that was kept elsewhere in the longer ledger', () => {
    expect(run({ env: { ANCHOR: kept } })).toMatchObject({
      bad: [],
      good: expect.arrayContaining([`the first 4 entries are those of ${kept}`]),
    });
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a changed lock',
      edit('.backend.lock', (text) => text.replace('"LIVE"', '"LIVF"')),
      /^\.backend\.lock: BADSIG/,
    ],
    [
      'a changed entry',
      edit('ledger/00000002.json', (text) => text.replace('APPLY_DONE', 'APPLY_GONE')),
      /^ledger\/00000003\.json follows [0-9a-f]{64}, and the file before it is/,
    ],
    [
      'a changed blob',
      (folder) =>
        edit(`blobs/sha256/${readdirSync(at(folder, 'blobs/sha256'))[0]!}`, (text) => `${text} `)(folder),
      /does not hold what its name says$/,
    ],
    [
      'a changed plan',
      (folder) => {
        const blobs = readdirSync(at(folder, 'blobs/sha256')).map((name) => `blobs/sha256/${name}`);
        const plan = blobs.find((name) =>
          readFileSync(at(folder, name), 'utf8').includes(`"run":"${RUN_2}"`),
        );
        edit(plan!, (text) => text.replace('"steps":[]', '"steps":[ ]'))(folder);
      },
      /^plan\.[0-9A-F]{40}\.asc: BADSIG/,
    ],
    [
      'a changed journal',
      edit(`runs/${RUN_2}/journal.jsonl`, (text) => text.replace('done', 'gone')),
      /^runs\/[0-9a-f-]{36}\/journal\.jsonl: FAILED$/,
    ],
    [
      'a changed root',
      edit('checkpoint', (text) => text.replace(/\n.*\n$/, `\n${'A'.repeat(43)}=\n`)),
      /^checkpoint: 7 AAAA/,
    ],
    [
      'an entry taken out',
      (folder) => ['json', 'json.asc'].forEach((end) => rmSync(at(folder, `ledger/00000002.${end}`))),
      /^there is no entry 2, but ledger\/00000003\.json$/,
    ],
    [
      'a tail cut off',
      (folder) => ['json', 'json.asc'].forEach((end) => rmSync(at(folder, `ledger/00000006.${end}`))),
      /^checkpoint: 7 .*and there are 6 entries/,
    ],
    [
      'swapped signatures',
      swap('ledger/00000001.json.asc', 'ledger/00000002.json.asc'),
      /^ledger\/00000001\.json: BADSIG/,
    ],
    [
      'renumbered entries',
      swap('ledger/00000001.json', 'ledger/00000002.json'),
      /^ledger\/00000001\.json does not say that it is entry 1$/,
    ],
    [
      'another file',
      (folder) => writeFileSync(at(folder, 'notes.txt'), 'x'),
      /^not listed in SHA256SUMS: notes\.txt$/,
    ],
    [
      'no signature',
      (folder) => rmSync(at(folder, 'ledger/00000001.json.asc')),
      /^ledger\/00000001\.json: 0 signatures no VALIDSIG$/,
    ],
    [
      'a key under another name',
      (folder) =>
        renameSync(at(folder, `keys/${cast.bob.fingerprint}.asc`), at(folder, `keys/${'0'.repeat(40)}.asc`)),
      /^keys\/0{40}\.asc holds [0-9A-F]{40}$/,
    ],
    [
      'a key that is gone',
      (folder) => rmSync(at(folder, `keys/${cast.alice.fingerprint}.asc`)),
      /^ledger\/00000000\.json: ERRSIG/,
    ],
  ])('finds %s', (_name, tamper, wanted) => {
    expect(run({ tamper }).bad).toContainEqual(expect.stringMatching(wanted));
  });

  it('finds a signature from the future and a signature by a revoked key', async () => {
    const future = await cast.alice.sign(
      readFileSync(join(good, 'ledger/00000001.json')),
      instantFromMs(Date.now() + 86_400_000),
    );
    expect(
      run({ tamper: (folder) => writeFileSync(at(folder, 'ledger/00000001.json.asc'), future) }).bad,
    ).toContain('ledger/00000001.json: dated in the future');
    const revoked = await revokedKeyFile(cast.alice);
    expect(
      run({ tamper: (folder) => writeFileSync(at(folder, `keys/${cast.alice.fingerprint}.asc`), revoked) })
        .bad,
    ).toContain('ledger/00000001.json: REVKEYSIG');
  });

  it('finds another history by the checkpoint that was kept', () => {
    const other = join(top, 'other-checkpoint');
    writeFileSync(other, readFileSync(kept, 'utf8').replace(/\n.*\n$/, `\n${'A'.repeat(43)}=\n`));
    expect(run({ env: { ANCHOR: other } }).bad).toEqual([
      `the first 4 of 7 entries are not those of ${other}`,
    ]);
  });

  it.skipIf(!sqv)('finds it with sqv too', () => {
    const bad = run({ tamper: swap('ledger/00000001.json.asc', 'ledger/00000002.json.asc') }).bad;
    expect(bad).toContain('ledger/00000001.json: sqv refuses it');
  });

  // The proof needs the functions of the root, and that the number of entries.
  const OTHERS = ['signatures', 'files', 'anchor', 'lock', 'blobs', 'people', 'approval', 'tag', 'sqv'];

  it('follows a proof from any entry to the root', () => {
    for (let entry = 0; entry < 7; entry++) {
      const { bad, good: said } = run({
        env: { PROOF: proof(entry) },
        skip: OTHERS,
      });
      expect(bad).toEqual([]);
      expect(said).toContain('the entry is in the ledger of the checkpoint');
    }
  }, 120_000);

  it('does not follow a proof that was changed', () => {
    const text = readFileSync(proof(5), 'utf8');
    const changes: readonly (readonly [string, RegExp])[] = [
      [text.replace('"index":5', '"index":4'), /does not say that it is entry 4/],
      [
        text.replace(/("path":\[")./, '$1x').replace('x', text.includes('"path":["0') ? '1' : '0'),
        /leads to [0-9a-f]{64}, not to the root/,
      ],
      [
        text.replace(/"entry":"[^"]*"/, /"entry":"[^"]*"/.exec(readFileSync(proof(4), 'utf8'))![0]),
        /entry of the proof: BADSIG/,
      ],
    ];
    for (const [changed, wanted] of changes) {
      const file = join(top, 'changed-proof.json');
      writeFileSync(file, changed);
      const { bad } = run({ env: { PROOF: file }, skip: OTHERS });
      expect(bad).toContainEqual(expect.stringMatching(wanted));
    }
  }, 120_000);

  describe.skipIf(!openssl)('what others vouched for', () => {
    const env = { TSA: join(top, 'tsa.pem'), ATTESTOR: join(top, 'ci.pub') };
    const vouching = (tamper: (folder: string) => void = () => undefined) =>
      run({ from: vouched, env, skip: OTHERS, tamper });

    it('holds', () => {
      expect(vouching()).toMatchObject({
        bad: [],
        good: expect.arrayContaining([
          expect.stringMatching(/^the first 7 entries were there by .* GMT$/),
          'the first 8 entries are attested',
        ]),
      });
    });

    it.each<[string, (folder: string) => void, RegExp]>([
      [
        'a time stamp of somebody else',
        () =>
          writeFileSync(
            env.TSA,
            tsa.own.map((byte, i) => (i === 300 ? byte ^ 1 : byte)),
          ),
        /^ledger\/00000007\.json: openssl refuses the time stamp$/,
      ],
      [
        'a key of somebody else',
        () => {
          const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
          writeFileSync(env.ATTESTOR, publicKey.export({ type: 'spki', format: 'pem' }));
        },
        /^ledger\/00000008\.json: openssl refuses the attestation$/,
      ],
      [
        'another history, before the time stamp',
        edit('ledger/00000002.json', (text) => text.replace('APPLY_DONE', 'APPLY_GONE')),
        /^ledger\/00000007\.json: openssl refuses the time stamp$/,
      ],
      [
        'another history, before the attestation',
        edit('ledger/00000002.json', (text) => text.replace('APPLY_DONE', 'APPLY_GONE')),
        /^ledger\/00000008\.json: openssl refuses the attestation$/,
      ],
    ])('finds %s', (_name, tamper, wanted) => {
      const kept = [env.TSA, env.ATTESTOR].map((file) => [file, readFileSync(file)] as const);
      expect(vouching(tamper).bad).toContainEqual(expect.stringMatching(wanted));
      for (const [file, bytes] of kept) writeFileSync(file, bytes);
    });
  });
});
