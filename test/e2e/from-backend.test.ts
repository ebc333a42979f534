// A backend that was made by hand is taken over under the names that it has: from its block of Terraform to a plan that adopts it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { runCli, type CliResult } from '../harness/cli.ts';
import { temporaryFolder } from '../harness/git-fixture.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { motoAccount, motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply } from '../harness/operator.ts';

const REGION = 'eu-central-1';

describe.skipIf(!requireOrSkip('moto', 'a backend made by hand, taken over under its own names'))(
  'init --from-backend',
  { timeout: 180_000 },
  () => {
    let moto: Moto;
    beforeAll(async () => {
      moto = await startMoto();
    });
    afterAll(() => moto.stop());
    beforeEach(() => moto.reset());

    /** As somebody would have done it years ago: nothing but a bucket, a table and a key. */
    const byHand = async (): Promise<void> => {
      const s3 = new S3Client(motoClientConfig(moto.endpoint));
      const Bucket = 'terraform-states-of-dev';
      await s3.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
      );
      const TagSet = [{ Key: 'CostCenter', Value: '42' }];
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      const kms = new KMSClient(motoClientConfig(moto.endpoint));
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeyUsage: 'ENCRYPT_DECRYPT' }));
      const TargetKeyId = KeyMetadata?.KeyId ?? '';
      await kms.send(new CreateAliasCommand({ AliasName: 'alias/terraform', TargetKeyId }));
      await new DynamoDBClient(motoClientConfig(moto.endpoint)).send(
        new CreateTableCommand({
          TableName: 'TerraformLocks',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' }],
          // moto keeps what a table was made with, and passes over what UpdateTable says of its encryption.
          SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata?.Arn },
          KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' }],
        }),
      );
    };

    const backendFile = (folder: string, more = ''): string => {
      mkdirSync(join(folder, 'terraform'), { recursive: true });
      const file = join(folder, 'terraform', 'main.tf');
      writeFileSync(
        file,
        `terraform {
  required_version = ">= 1.0"
  backend "s3" {
    bucket         = "terraform-states-of-dev"
    key            = "network.tfstate"
    region         = "${REGION}"
    dynamodb_table = "TerraformLocks"
    kms_key_id     = "alias/terraform"
    encrypt        = true
    role_arn       = "arn:aws:iam::${motoAccount}:role/terraform"
${more}
  }
}
`,
      );
      return join(folder, 'terraform');
    };
    const endpoints = (): string =>
      `    endpoints = { s3 = "${moto.endpoint}", dynamodb = "${moto.endpoint}", sts = "${moto.endpoint}" }`;

    test('is looked at, written as a policy, and planned and applied under its own names', async () => {
      await byHand();
      const folder = temporaryFolder();
      let told: CliResult | null = null;
      const governed = await makeGoverned({
        folder,
        endpoint: moto.endpoint,
        env: motoEnv(moto.endpoint),
        environments: [`dev=${motoAccount}:${REGION}`],
        init: ['--from-backend', backendFile(folder, endpoints())],
        firstIntent: ['--action', 'adopt'],
        onInit: (done) => (told = done),
      });
      const { stdout, stderr } = told as unknown as CliResult;
      expect(stderr).toContain('state-bucket terraform-states-of-dev is there, made by hand');
      expect(stderr).toContain('lock-table TerraformLocks is there, made by hand');
      expect(stderr).toContain('state-key alias/terraform is there, made by hand');
      expect(stderr).toContain('role_arn was not read: whoever applies signs in themselves');
      expect(stdout).toContain(
        `govboot intent new dev --action adopt --endpoint ${moto.endpoint} --key ${governed.keys.alice.fingerprint}`,
      );
      const parity = readFileSync(join(governed.repo.root, 'policies/parity.yaml'), 'utf8');
      expect(parity).toContain('bucket: "terraform-states-of-{environment}"');
      expect(parity).toContain('tolerated: ["CostCenter"]');
      expect(readFileSync(join(governed.repo.root, 'intents/adopt.example.yaml'), 'utf8')).toContain(
        'action: "adopt"',
      );
      const plan = await governed.run(['plan', 'dev']);
      expect(plan.code, plan.stderr).toBe(0);
      const shown = plan.stderr;
      for (const name of ['terraform-states-of-dev', 'TerraformLocks', 'alias/terraform'])
        expect(shown).toMatch(new RegExp(`adopt .*${name}`));
      const played = await playApply(
        [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'],
        { cwd: governed.folder, env: governed.env, rows: 60 },
      );
      expect(played.screen).toContain('bootstrapped and locked');
      const rendered = (await governed.run(['backend', 'render', 'dev'])).stdout;
      expect(rendered).toMatch(/bucket\s+= "terraform-states-of-dev"/);
      expect(rendered).toMatch(/key\s+= "network.tfstate"/);
      expect(rendered).toMatch(/dynamodb_table\s+= "TerraformLocks"/);
    });

    const init = (
      folder: string,
      path: string,
      env: Readonly<Record<string, string>>,
    ): Promise<CliResult> => {
      const print = 'A'.repeat(40);
      return runCli(
        [
          ...['init', 'infra', '--organisation', 'acme', '--environment', `dev=${motoAccount}:${REGION}`],
          ...['--root', print, '--person', `Alice=${print}:release,intent,evidence`, '--from-backend', path],
        ],
        { cwd: folder, env },
      );
    };

    test('without credentials the block alone is taken, and that is said', async () => {
      const folder = temporaryFolder();
      const done = await init(folder, backendFile(folder), {});
      expect(done.code, done.stderr).toBe(0);
      expect(done.stderr).toContain('the cloud was not asked, so the names are those of the block alone');
      const parity = readFileSync(join(folder, 'infra/policies/parity.yaml'), 'utf8');
      expect(parity).toContain('table: "TerraformLocks"');
      expect(parity).toContain('locking: table');
      expect(parity).toContain('state_key: "network.tfstate"');
    });

    test('an address that no block names is not asked, and what is not there is said', async () => {
      const folder = temporaryFolder();
      const stray = await init(folder, backendFile(folder), motoEnv(moto.endpoint));
      expect(stray.stderr).toMatch(/the cloud was not asked.*AWS_ENDPOINT_URL/);
      const other = temporaryFolder();
      const empty = await init(other, backendFile(other, endpoints()), motoEnv(moto.endpoint));
      expect(empty.code, empty.stderr).toBe(0);
      expect(empty.stderr).toContain('state-bucket terraform-states-of-dev is not there; it will be made');
    });
  },
);
