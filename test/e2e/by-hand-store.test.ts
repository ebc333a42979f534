// The lines of docs/verify-by-hand.md that ask a store, as they stand there, with the AWS CLI, on a store that an apply pushed to.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, requireOrSkip } from '../harness/capabilities.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply } from '../harness/operator.ts';

const BUCKET = 'acme-dev-evidence-123456789012-eu-central-1';
const RECEIPT = 'receipts/00000004.json';
/** Each costs three starts of the AWS CLI. */
const OBJECTS = ['dev/ledger/00000000.json', 'dev/ledger/00000002.json', 'dev/heads/00000004/checkpoint'];

const able = (['moto', 'aws', 'jq'] as const)
  .map((tool) => requireOrSkip(tool, 'docs/verify-by-hand.md with the AWS CLI'))
  .every((isHere) => isHere);

function block(name: string): string {
  const page = readFileSync(join(projectRoot, 'docs/verify-by-hand.md'), 'utf8');
  const [, code] = new RegExp(`<!-- store: ${name} -->\\n\`\`\`sh\\n([^]*?)\`\`\`\\n`).exec(page) ?? [];
  if (code === undefined) throw new Error(`the page has no block ${name}`);
  return code;
}

interface Named {
  key: string;
  version_id: string;
}

describe.skipIf(!able)('the receipt of a store, by hand', { timeout: 240_000 }, () => {
  let moto: Moto;
  let s3: S3Client;
  let evidence: string;
  beforeAll(async () => {
    moto = await startMoto();
    s3 = new S3Client(motoClientConfig(moto.endpoint));
    const governed = await makeGoverned({
      endpoint: moto.endpoint,
      env: motoEnv(moto.endpoint, 'eu-central-1'),
      environments: ['dev=123456789012:eu-central-1'],
      init: ['--evidence-store', '30'],
    });
    const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'];
    const played = await playApply(args, { cwd: governed.folder, env: governed.env, rows: 120 });
    expect(played.screen).toContain(`s3://${BUCKET}, ${RECEIPT}`);
    evidence = join(governed.folder, 'infra', 'evidence', 'dev');
  }, 240_000);
  afterAll(async () => {
    s3.destroy();
    await moto.stop();
  });

  /** Runs blocks in one shell, in a copy of the evidence whose receipt names only some objects. */
  async function run(
    blocks: readonly string[],
    change: (objects: Named[]) => void = () => undefined,
  ): Promise<{ readonly out: string[]; readonly err: string }> {
    const top = mkdtempSync(join(tmpdir(), 'govboot-by-hand-store-'));
    cpSync(evidence, top, { recursive: true });
    const receipt = JSON.parse(readFileSync(join(top, RECEIPT), 'utf8')) as { objects: Named[] };
    receipt.objects = receipt.objects.filter(({ key }) => OBJECTS.includes(key));
    expect(receipt.objects).toHaveLength(OBJECTS.length);
    change(receipt.objects);
    writeFileSync(join(top, RECEIPT), JSON.stringify(receipt));
    const home = mkdtempSync(join(tmpdir(), 'govboot-gnupg-'));
    const shell = spawn('sh', ['-c', blocks.map(block).join('\n')], {
      cwd: top,
      env: {
        ...process.env,
        ...motoEnv(moto.endpoint, 'eu-central-1'),
        ...{ AWS_ENDPOINT_URL: moto.endpoint, AWS_CONFIG_FILE: '/dev/null', AWS_PAGER: '', GNUPGHOME: home },
        // A CLI that knows nothing of the endpoint gets nowhere.
        ...{ HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
      },
    });
    const [out, err] = [shell.stdout, shell.stderr].map(async (stream) => {
      let text = '';
      for await (const part of stream) text += String(part);
      return text;
    }) as [Promise<string>, Promise<string>];
    return { out: (await out).split('\n').filter((line) => line !== ''), err: await err };
  }

  /** The versions of a key, newest first. */
  const versionsOf = async (key: string): Promise<readonly string[]> => {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: key }));
    return Versions.map(({ VersionId }) => VersionId ?? '');
  };

  test('good: each version is what the receipt says, and held; nothing is hidden', async () => {
    const { out, err } = await run(['versions', 'hidden']);
    expect(err).toBe('');
    expect(out.filter((line) => line.startsWith('good  '))).toHaveLength(OBJECTS.length);
    expect(out.filter((line) => line.startsWith('BAD'))).toEqual([]);
    const held = out.filter((line) => line.startsWith('      held: '));
    expect(held).toHaveLength(OBJECTS.length);
    for (const line of held)
      expect(line).toMatch(/held: COMPLIANCE\s+(\S{19})\S*; the receipt says COMPLIANCE until \1Z$/);
    expect(out.slice(-2)).toEqual(['null', '[]']);
  });

  test('covered: by its version it is good all the same, and what is hidden is listed', async () => {
    const [, covered = '', deleted = ''] = OBJECTS;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: covered, Body: 'another history' }));
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: deleted }));
    const { out, err } = await run(['versions', 'hidden']);
    expect(err).toBe('');
    expect(out.filter((line) => line.startsWith('good  '))).toHaveLength(OBJECTS.length);
    // The key with a mark of a deletion, then all that is not the newest under its name.
    const listed = out.slice(out.indexOf('['));
    expect(listed.filter((line) => line.includes(deleted))).toHaveLength(2);
    expect(listed.filter((line) => line.includes(covered))).toHaveLength(1);

    const [newest = ''] = await versionsOf(covered);
    const led = await run(['versions'], (objects) => {
      for (const one of objects) if (one.key === covered) one.version_id = newest;
    });
    expect(led.out).toContain(`BAD   ${covered} is something else`);
    const lost = await run(['versions'], (objects) => {
      for (const one of objects)
        if (one.key === covered) one.version_id = '00000000-0000-4000-8000-000000000000';
    });
    expect(lost.out).toContain(`BAD   ${covered} cannot be read`);
    expect(lost.err).not.toBe('');
  });
});
