// Inputs made to exhaust: each is refused by the real program, and takes at most 2 s of processor time and 200 MB of memory more than
// the same command does over good ones. Processor time is what a hostile file costs, however busy the machine is.
import { spawn } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { splitPackets } from '../../src/inputs/packets.ts';
import * as openpgp from 'openpgp';
import { projectRoot } from '../harness/capabilities.ts';
import { cleanEnv, govbootPath } from '../harness/cli.ts';
import { gitRepoAt, tagPayload, writeTagObject } from '../harness/git-fixture.ts';
import { armored } from '../harness/keys.ts';
import { govern, type Fixture } from '../harness/script-fixture.ts';

const MORE_CPU_MS = 2_000;
const MORE_KB = 200 * 1024;

interface Cost {
  readonly cpuMs: number;
  readonly maxRssKb: number;
}
interface Ended extends Cost {
  readonly code: number | null;
  readonly said: string;
}

/** `govboot check dev`, measured. */
async function check(fixture: Fixture): Promise<Ended> {
  const args = [join(projectRoot, 'test/fixtures/measured/run.mjs'), govbootPath];
  const child = spawn(process.execPath, [...args, '--repo', fixture.root, 'check', 'dev', '--rehearse'], {
    cwd: fixture.root,
    env: cleanEnv(fixture.env),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out = '', err = '', measured = ''] = await Promise.all([
    ...[1, 2, 3].map((fd) => text(child.stdio[fd] as NodeJS.ReadableStream)),
  ]);
  return { ...(JSON.parse(measured) as Cost), code: await code, said: out + err };
}

async function inCopy<T>(use: (fixture: Fixture) => Promise<T>): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), 'govboot-hostile-'));
  const fixture = await govern('# with: applied', work);
  const result = await use(fixture!);
  rmSync(work, { recursive: true });
  return result;
}

const K = 256 * 1024;
const many = (line: (i: number) => string, most = K - 100): string => {
  const lines: string[] = [];
  for (let i = 0, size = 0; size < most; i++) size += lines.push(line(i)) && lines[i]!.length;
  return lines.join('').slice(0, most);
};
const INTENT = 'intents/dev.yaml';
const write =
  (path: string, content: string | Uint8Array) =>
  ({ root }: Fixture): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
/** A file of so many bytes that takes no room. */
const sparse =
  (path: string, bytes: number) =>
  ({ root }: Fixture): void => {
    const file = openSync(join(root, path), 'w');
    ftruncateSync(file, bytes);
    closeSync(file);
  };
const keyFile = (path: string): string => readFileSync(path, 'utf8');

/** A certificate whose packets are changed before it is put into policies/keys again. */
const certificate =
  (
    change: (
      packets: readonly { readonly tag: number; readonly body: Uint8Array }[],
    ) => readonly Uint8Array[],
  ) =>
  async ({ root, env }: Fixture): Promise<void> => {
    const path = join(root, 'policies/keys', `${env['ALICE']!}.asc`);
    const { data } = await openpgp.unarmor(keyFile(path));
    writeFileSync(path, armored('publicKey', Buffer.concat(change(splitPackets(data as Uint8Array, 'BUG')))));
  };
function packet(tag: number, body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Uint8Array.from([0xc0 | tag, 255, ...length, ...body]);
}
const hostileRsa = (bits: number, exponentBits: number): Uint8Array =>
  packet(
    6,
    Uint8Array.from([
      ...[4, 0x65, 0, 0, 0, 1],
      ...[bits >> 8, bits & 0xff, ...Array<number>(bits / 8).fill(0xff)],
      ...[exponentBits >> 8, exponentBits & 0xff, ...Array<number>(exponentBits / 8).fill(0xff)],
    ]),
  );

type Hostile = (fixture: Fixture) => void | Promise<void>;
const HOSTILE: readonly (readonly [string, Hostile])[] = [
  [
    'an intent of 36,000 keys',
    write(
      INTENT,
      many((i) => `k${String(i)}:\n`),
    ),
  ],
  ['an intent of 36,000 keys in one line', write(INTENT, `{${many((i) => `k${String(i)},`)}}`)],
  ['an intent of 50,000 empty maps', write(INTENT, `people:\n${many(() => '- {}\n')}`)],
  ['an intent of brackets', write(INTENT, '['.repeat(K - 1))],
  [
    'an intent of nested maps',
    write(
      INTENT,
      many(() => '{a: '),
    ),
  ],
  [
    'an intent of comments',
    write(
      INTENT,
      many(() => '#\n'),
    ),
  ],
  ['an intent of one word', write(INTENT, `reason: "${'x'.repeat(K - 100)}"\n`)],
  ['an intent of escapes', write(INTENT, `reason: "${'\\u202e'.repeat(K / 6 - 100)}"\n`)],
  ['an intent of combining marks', write(INTENT, `reason: "e${'\u0301'.repeat(K / 2 - 100)}"\n`)],
  ['an intent of 1 GB', sparse(INTENT, 2 ** 30)],
  [
    'a signature file of 64 KiB of packets',
    write(`${INTENT}.asc`, armored('signature', Buffer.alloc(48_000, Buffer.from([0x88, 0])))),
  ],
  ['a signature file of 1 GB', sparse(`${INTENT}.asc`, 2 ** 30)],
  [
    'a thousand signature files',
    (fixture) => {
      const signature = keyFile(join(fixture.root, `${INTENT}.asc`));
      for (let i = 0; i < 1_000; i++)
        write(`${INTENT}.${i.toString(16).toUpperCase().padStart(40, '0')}.asc`, signature)(fixture);
    },
  ],
  [
    'five thousand intents',
    (fixture) => {
      for (let i = 0; i < 5_000; i++) write(`intents/n${String(i)}.yaml`, 'x')(fixture);
      write(INTENT, 'x')(fixture);
    },
  ],
  [
    'a trust file of 15,000 environments',
    write(
      'policies/trust.yaml',
      `thresholds: {release: {environments: {${many((i) => `k${String(i)}: x, `)}}}}\n`,
    ),
  ],
  [
    'a policy of 15,000 templates',
    write('policies/parity.yaml', `templates:\n${many((i) => `  k${String(i)}: 1\n`)}`),
  ],
  [
    'a key file of 16,384 bits with an exponent as large',
    certificate(([, ...rest]) => [
      hostileRsa(16_384, 16_384),
      ...rest.map(({ tag, body }) => packet(tag, body)),
    ]),
  ],
  [
    'a key file with an exponent of 3,072 bits',
    certificate(([, ...rest]) => [
      hostileRsa(3_072, 3_072),
      ...rest.map(({ tag, body }) => packet(tag, body)),
    ]),
  ],
  [
    'a key file of hundreds of certifications',
    certificate(([primary, id, certification]) => [
      ...[primary!, id!].map(({ tag, body }) => packet(tag, body)),
      ...Array.from({ length: 495 }, () => packet(2, certification!.body)),
    ]),
  ],
  ['a key file of 1 GB', (fixture) => sparse(`policies/keys/${fixture.env['ALICE']!}.asc`, 2 ** 30)(fixture)],
  [
    'four thousand key files',
    (fixture) => {
      const key = keyFile(join(fixture.root, 'policies/keys', `${fixture.env['ALICE']!}.asc`));
      for (let i = 0; i < 4_000; i++)
        write(`policies/keys/${i.toString(16).toUpperCase().padStart(40, '0')}.asc`, key)(fixture);
    },
  ],
  [
    'a tag object of 100 MB',
    ({ root }) => {
      const repo = gitRepoAt(root);
      const commit = repo.git(['rev-parse', 'HEAD']);
      writeTagObject(
        repo,
        tagPayload({ name: 'v1.0.0', commit, message: 'x'.repeat(100 * 1024 * 1024) }),
        'v1.0.0',
      );
    },
  ],
  [
    'a tag object of armor lines',
    ({ root }) => {
      const repo = gitRepoAt(root);
      const commit = repo.git(['rev-parse', 'HEAD']);
      const message = many(() => '-----BEGIN PGP SIGNATURE-----\n', 60_000);
      writeTagObject(repo, tagPayload({ name: 'v1.0.0', commit, message }), 'v1.0.0');
    },
  ],
  [
    'twenty thousand tags',
    ({ root }) => {
      const repo = gitRepoAt(root);
      const commit = repo.git(['rev-parse', 'HEAD']);
      repo.git(
        ['update-ref', '--stdin'],
        Array.from({ length: 20_000 }, (_, i) => `create refs/tags/x${String(i)} ${commit}\n`).join(''),
      );
      repo.git(['tag', '-d', 'v1.0.0']);
    },
  ],
  [
    'a ledger entry of brackets',
    write('evidence/rehearsal/dev/ledger/00000000.json', '['.repeat(2 * 1024 * 1024)),
  ],
  ['a ledger entry of 1 GB', sparse('evidence/rehearsal/dev/ledger/00000001.json', 2 ** 30)],
  ['a lock of 1 GB', sparse('evidence/rehearsal/dev/.backend.lock', 2 ** 30)],
  [
    'a list of checksums of 8 MB',
    write(
      'evidence/rehearsal/dev/SHA256SUMS',
      many((i) => `${'0'.repeat(64)}  k${String(i)}\n`, 8 * 1024 * 1024),
    ),
  ],
  ['a checkpoint of 1 GB', sparse('evidence/rehearsal/dev/checkpoint', 2 ** 30)],
  [
    'a pin file of 1 GB',
    ({ env }) => {
      const file = openSync(join(env['XDG_CONFIG_HOME']!, 'govboot/pins.json'), 'w');
      ftruncateSync(file, 2 ** 30);
      closeSync(file);
    },
  ],
];

let base: Ended;
beforeAll(async () => {
  base = await inCopy(check);
  expect(base.said).toContain('all gates pass');
}, 120_000);

describe('an input that is made to exhaust', () => {
  test.each(HOSTILE)('is refused, and costs little: %s', { timeout: 120_000 }, async (_what, hostile) => {
    const { code, said, cpuMs, maxRssKb } = await inCopy(async (fixture) => {
      await hostile(fixture);
      return check(fixture);
    });
    expect(said).toMatch(/govboot: error: /);
    expect(said).toMatch(/hint: /);
    expect(said.length).toBeLessThan(64 * 1024);
    expect([0, 1, 70, null]).not.toContain(code);
    expect(cpuMs - base.cpuMs).toBeLessThan(MORE_CPU_MS);
    expect(maxRssKb - base.maxRssKb).toBeLessThan(MORE_KB);
  });
});
