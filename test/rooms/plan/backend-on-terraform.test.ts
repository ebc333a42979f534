/** The rendered files as Terraform itself takes them, on an AWS of this machine: what is written lands under our own key. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKEND_TEMPLATES, renderBackend } from '../../../src/plan/render.ts';
import { projectRoot, requireOrSkip, whereIs } from '../../harness/capabilities.ts';
import { motoAccount, motoClientConfig, motoEnv, startMoto, type Moto } from '../../harness/moto.ts';
import { blueprint } from './fixtures.ts';

const WHAT = 'Terraform on the rendered backend files';
const here = [requireOrSkip('moto', WHAT), requireOrSkip('terraform', WHAT)].every(Boolean);
const templates = new Map(
  Object.values(BACKEND_TEMPLATES).map((name) => [
    name,
    readFileSync(join(projectRoot, 'templates', name), 'utf8'),
  ]),
);
const OUTPUT = 'output "greeting" {\n  value = "hello"\n}\n';

describe.skipIf(!here)(WHAT, () => {
  const b = { ...blueprint(), account: motoAccount };
  const folder = mkdtempSync(join(tmpdir(), 'govboot-terraform-'));
  let moto: Moto;
  let arn = '';

  beforeAll(async () => {
    moto = await startMoto();
    const config = motoClientConfig(moto.endpoint, b.region);
    const s3 = new S3Client(config);
    await s3.send(
      new CreateBucketCommand({
        Bucket: b.names.bucket,
        CreateBucketConfiguration: { LocationConstraint: b.region as never },
      }),
    );
    await new DynamoDBClient(config).send(
      new CreateTableCommand({
        TableName: b.names.table,
        AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    arn = (await new KMSClient(config).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  });

  afterAll(async () => {
    await moto.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs terraform in a folder of its own, with `files`, and answers its exit status and all that it said. */
  async function terraform(
    name: string,
    files: Readonly<Record<string, string>>,
    ...commands: readonly (readonly string[])[]
  ) {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
    // Nothing of the caller's: neither a CLI configuration nor an account.
    const env = {
      PATH: process.env['PATH'],
      HOME: place,
      TF_CLI_CONFIG_FILE: '/dev/null',
      CHECKPOINT_DISABLE: '1',
      ...motoEnv(moto.endpoint, b.region),
    };
    let said = '';
    let status: number | null = 0;
    for (const [command, ...args] of commands) {
      const child = spawn(whereIs('terraform')!, [command!, ...args], {
        cwd: place,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes) => (said += String(bytes)));
      status = await new Promise((resolve) => child.once('close', resolve));
      if (status !== 0) break;
    }
    return { status, said };
  }

  const render = (endpoint: string | null, more: Partial<typeof b> = {}) =>
    renderBackend(templates, { ...b, ...more }, { 'state-key.arn': arn }, { endpoint });
  const INIT = ['init', '-input=false', '-no-color'];
  const APPLY = ['apply', '-auto-approve', '-input=false', '-no-color'];

  async function encryptionOf(key: string) {
    const { ServerSideEncryption, SSEKMSKeyId } = await new S3Client(
      motoClientConfig(moto.endpoint, b.region),
    ).send(new HeadObjectCommand({ Bucket: b.names.bucket, Key: key }));
    return { ServerSideEncryption, SSEKMSKeyId };
  }

  it.each(['table', 'lockfile', 'both'] as const)(
    'backend.tf with locking by %s keeps the state under our key',
    async (locking) => {
      const stateKey = `${locking}/terraform.tfstate`;
      const { tf } = render(moto.endpoint, { locking, stateKey });
      const files = { 'backend.tf': tf, 'main.tf': OUTPUT };
      const { status, said } = await terraform(
        `tf-${locking}`,
        files,
        ['fmt', '-check', '-diff'],
        INIT,
        APPLY,
      );
      expect(said).not.toContain('Error');
      expect(status).toBe(0);
      expect(await encryptionOf(stateKey)).toEqual({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: arn });
    },
  );

  it('backend.hcl does the same for an empty block', async () => {
    const stateKey = 'hcl/terraform.tfstate';
    const { hcl } = render(moto.endpoint, { stateKey });
    const files = { 'backend.hcl': hcl, 'main.tf': `terraform {\n  backend "s3" {}\n}\n\n${OUTPUT}` };
    const { status, said } = await terraform('hcl', files, [...INIT, '-backend-config=backend.hcl'], APPLY);
    expect(said).not.toContain('Error');
    expect(status).toBe(0);
    expect(await encryptionOf(stateKey)).toEqual({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: arn });
  });

  it('the file for AWS lets the right account in, and ends any other before the state is read', async () => {
    const right = await terraform('aws', { 'backend.tf': render(null).tf }, INIT);
    expect(right.said).toContain('Successfully configured the backend "s3"');
    const wrong = await terraform(
      'aws-wrong',
      { 'backend.tf': render(null, { account: '999999999999' }).tf },
      INIT,
    );
    expect(wrong.status).not.toBe(0);
    expect(wrong.said).toContain(`AWS account ID not allowed: ${motoAccount}`);
  });
});
