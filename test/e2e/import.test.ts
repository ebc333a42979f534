/**
 * An independent judge of what was made: Terraform's own provider for AWS imports all of it into a plain configuration, and finds
 * nothing to add, to change or to destroy.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetBucketTaggingCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIntent } from '../../src/inputs/intent.ts';
import { parseParity } from '../../src/inputs/parity.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { CLAIM_TAG, FINISHED_TAG } from '../../src/cloud/aws/tags.ts';
import { OWNER_TAGS, ROLE_NAMES, type Blueprint, type RoleName } from '../../src/plan/blueprint.ts';
import { makeBlueprint } from '../../src/plan/make-blueprint.ts';
import { providerMirror, requireOrSkip, whereIs } from '../harness/capabilities.ts';
import { runCommand, type CliResult } from '../harness/cli.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { motoAccount, motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply } from '../harness/operator.ts';
import { plainConfiguration, type Made } from '../harness/plain-terraform.ts';

const WHAT = 'the import of what was made into a plain configuration';
const here = (['moto', 'terraform', 'aws-provider'] as const).every((tool) => requireOrSkip(tool, WHAT));

describe.skipIf(!here)('imported by the provider of Terraform', { timeout: 300_000 }, () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());

  test('all that was made is what a plain configuration says, and a change of it is seen', async () => {
    const governed = await makeGoverned({
      endpoint: moto.endpoint,
      env: motoEnv(moto.endpoint),
      environments: [`dev=${motoAccount}:eu-central-1`],
      locking: 'both',
      github: true,
    });
    const played = await playApply(
      [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'],
      { cwd: governed.folder, env: governed.env, rows: 60 },
    );
    expect(played.screen).toContain('bootstrapped and locked');
    const { b, made } = await whatWasMade(governed, moto);
    const { file, count } = plainConfiguration(b, made, providerBlock(moto.endpoint));
    const terraform = inFolder(join(governed.folder, 'plain'), JSON.stringify(file, null, 2), moto);
    const started = await terraform('init', '-no-color');
    expect(started.code, started.stderr).toBe(0);

    const plan = await terraform('plan', '-no-color', '-lock=false');
    expect(plan.stdout + plan.stderr).toContain(
      `Plan: ${String(count)} to import, 0 to add, 0 to change, 0 to destroy.`,
    );
    expect(count).toBe(21);

    // The judge can say no: versions that are not kept any more.
    await new S3Client(motoClientConfig(moto.endpoint)).send(
      new PutBucketVersioningCommand({
        Bucket: b.names.bucket,
        VersioningConfiguration: { Status: 'Suspended' },
      }),
    );
    const drifted = await terraform(
      'plan',
      '-no-color',
      '-lock=false',
      '-target=aws_s3_bucket_versioning.state',
    );
    expect(drifted.stdout).toContain('1 to import, 0 to add, 1 to change, 0 to destroy.');
  });
});

function providerBlock(endpoint: string) {
  const services = ['s3', 'dynamodb', 'kms', 'iam', 'sts'];
  return {
    region: 'eu-central-1',
    s3_use_path_style: true,
    skip_credentials_validation: true,
    skip_requesting_account_id: true,
    skip_metadata_api_check: true,
    endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
  };
}

function inFolder(
  folder: string,
  main: string,
  moto: Moto,
): (...args: readonly string[]) => Promise<CliResult> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.tf.json'), main);
  const mirror = providerMirror();
  // A mirror by a name of its own: the provider comes from it, and nothing from the network.
  symlinkSync(mirror?.folder ?? '', join(folder, 'mirror'));
  const config = join(folder, 'cli.rc');
  writeFileSync(
    config,
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(join(folder, 'mirror'))}\n  }\n}\n`,
  );
  const env = { ...motoEnv(moto.endpoint), TF_CLI_CONFIG_FILE: config, TF_IN_AUTOMATION: '1', TF_INPUT: '0' };
  return (...args) => runCommand(whereIs('terraform') ?? '', args, { cwd: folder, env, timeout: 120_000 });
}

/** The blueprint from the signed documents, and the few names that only the run or AWS could give. */
async function whatWasMade(
  governed: Governed,
  moto: Moto,
): Promise<{ readonly b: Blueprint; readonly made: Made }> {
  const read = (path: string) => {
    const bytes = readFileSync(join(governed.repo.root, path));
    return { path, bytes, sha256: sha256(bytes) };
  };
  const intent = parseIntent(read('intents/dev.yaml'));
  const parity = parseParity(read('policies/parity.yaml'));
  const first = makeBlueprint(intent, parity, '');
  const options = motoClientConfig(moto.endpoint);
  const tagging = new GetBucketTaggingCommand({ Bucket: first.names.bucket });
  const { TagSet = [] } = await new S3Client(options).send(tagging);
  const tag = (name: string): string => TagSet.find(({ Key }) => Key === name)?.Value ?? '';
  const b = makeBlueprint(intent, parity, tag(OWNER_TAGS.repository));
  const { KeyMetadata } = await new KMSClient(options).send(
    new DescribeKeyCommand({ KeyId: b.names.keyAlias }),
  );
  const iam = new IAMClient(options);
  const found = await Promise.all(
    ROLE_NAMES.map(async (role) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: b.names.roles[role] }));
      return [role, Role] as const;
    }),
  );
  const described = found.map(([role, Role]) => [role, Role?.Description ?? '']);
  // What runs write about themselves is on that role only, and no part of the configuration.
  const ofRuns = (found[0]?.[1]?.Tags ?? []).filter(({ Key }) => Key === CLAIM_TAG || Key === FINISHED_TAG);
  return {
    b,
    made: {
      keyArn: KeyMetadata?.Arn ?? '',
      run: tag(OWNER_TAGS.run),
      operatorTags: Object.fromEntries(ofRuns.map(({ Key = '', Value = '' }) => [Key, Value])),
      descriptions: {
        ...(Object.fromEntries(described) as Record<RoleName, string>),
        key: KeyMetadata?.Description ?? '',
      },
    },
  };
}
