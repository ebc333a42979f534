/** The same work by other programs of the machine: awscli, and Terraform with the AWS provider. What is not installed is said, with why. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pythonWithMoto, whereIs } from '../harness/capabilities.ts';
import { cleanEnv } from '../harness/cli.ts';
import { motoAccount, motoEnv } from '../harness/moto.ts';
import { timed, type Command, type Run } from './run.ts';

export type Found<T> =
  { readonly is: 'here'; readonly use: T } | { readonly is: 'missing'; readonly why: string };

const missing = (why: string) => ({ is: 'missing', why }) as const;

/** How awscli is started: by the Python that has it, which costs less than a launcher in front of it. */
export async function findAwscli(): Promise<Found<readonly string[]>> {
  for (const python of [pythonWithMoto()?.command, 'python3'])
    if (python !== undefined && (await works(python, ['-m', 'awscli', '--version'])))
      return { is: 'here', use: [python, '-m', 'awscli'] };
  if (whereIs('aws') !== null && (await works('aws', ['--version']))) return { is: 'here', use: ['aws'] };
  return missing('aws is not on PATH');
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await timed({ program, args, cwd: tmpdir(), env: cleanEnv() });
    return true;
  } catch {
    return false;
  }
}

/** Reads that every kind of call is like; each is a process of its own, as in any script. */
const SAMPLE: readonly (readonly string[])[] = [
  ['sts', 'get-caller-identity'],
  ['iam', 'list-roles'],
  ['kms', 'list-keys'],
  ['s3api', 'list-buckets'],
  ['dynamodb', 'list-tables'],
  ['iam', 'list-open-id-connect-providers'],
];

/** Milliseconds that a serial script takes for one call, over a sample of calls. */
export async function awscliMsPerCall(aws: readonly string[], endpoint: string): Promise<number> {
  const [program = 'aws', ...first] = aws;
  const env = cleanEnv({ ...motoEnv(endpoint), AWS_PAGER: '', AWS_DEFAULT_REGION: 'eu-central-1' });
  let total = 0;
  for (const call of SAMPLE)
    total += (await timed({ program, args: [...first, ...call], cwd: tmpdir(), env })).ms;
  return total / SAMPLE.length;
}

export interface Terraform {
  readonly program: string;
  /** A folder laid out as `terraform providers mirror` makes it. */
  readonly mirror: string;
}

/** Folders in which Terraform itself looks (CLI configuration, "Implied Local Mirror Directories"), and where images put one. */
function mirrors(): readonly string[] {
  const config = process.env['TF_CLI_CONFIG_FILE'] ?? '';
  const named = existsSync(config)
    ? [...readFileSync(config, 'utf8').matchAll(/filesystem_mirror\s*\{[^}]*path\s*=\s*"([^"]+)"/g)].map(
        (m) => m[1] ?? '',
      )
    : [];
  return [
    ...named,
    join(homedir(), '.terraform.d', 'plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    '/opt/tf-plugins',
  ];
}

export function findTerraform(): Found<Terraform> {
  const program = whereIs('terraform');
  if (program === null) return missing('terraform is not on PATH');
  const mirror = mirrors().find((folder) =>
    existsSync(join(folder, 'registry.terraform.io', 'hashicorp', 'aws')),
  );
  return mirror === undefined
    ? missing('no local mirror has the AWS provider, and nothing is downloaded')
    : { is: 'here', use: { program, mirror } };
}

/** Applies the same resources once. @returns time and memory of `terraform apply` alone, its `init` left out */
export async function terraformRun(
  { program, mirror }: Terraform,
  endpoint: string,
  withLifecycle: boolean,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'govboot-bench-tf-'));
  const config = join(folder, 'terraformrc');
  writeFileSync(
    config,
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`,
  );
  writeFileSync(join(folder, 'main.tf'), configuration(endpoint, withLifecycle));
  const env = cleanEnv({
    ...motoEnv(endpoint),
    TF_CLI_CONFIG_FILE: config,
    TF_IN_AUTOMATION: '1',
    CHECKPOINT_DISABLE: '1',
  });
  const run = (...args: string[]): Promise<Run> =>
    timed({ program, args: [...args, '-input=false', '-no-color'], cwd: folder, env } satisfies Command);
  await run('init');
  return run('apply', '-auto-approve');
}

/** The resources that a fresh apply makes, as a team would write them. */
function configuration(endpoint: string, withLifecycle: boolean): string {
  const services = ['s3', 'dynamodb', 'kms', 'iam', 'sts']
    .map((service) => `    ${service} = "${endpoint}"`)
    .join('\n');
  const lifecycle = `resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    id     = "version-retention"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration { noncurrent_days = 365 }
  }
}`;
  return `terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region                      = "eu-central-1"
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  endpoints {
${services}
  }
  default_tags { tags = { owner = "platform", environment = "dev" } }
}
locals {
  roles = toset(["operator", "automation", "ci-plan", "ci-apply", "break-glass"])
  trust = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::${motoAccount}:root" } }] })
}
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}
resource "aws_iam_role" "role" {
  for_each           = local.roles
  name               = "bench-dev-\${each.key}"
  assume_role_policy = local.trust
  depends_on         = [aws_iam_openid_connect_provider.github]
}
resource "aws_kms_key" "state" {
  enable_key_rotation = true
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = "arn:aws:iam::${motoAccount}:root" } },
    { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = [for role in aws_iam_role.role : role.arn] } } ] })
}
resource "aws_kms_alias" "state" {
  name          = "alias/bench-dev-tfstate"
  target_key_id = aws_kms_key.state.key_id
}
resource "aws_s3_bucket" "state" { bucket = "bench-dev-tfstate-${motoAccount}" }
resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id
  rule { object_ownership = "BucketOwnerEnforced" }
}
resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
  }
}
resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "s3:*", Principal = "*", Resource = "\${aws_s3_bucket.state.arn}/*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }] })
}
${withLifecycle ? lifecycle : ''}
resource "aws_dynamodb_table" "lock" {
  name                        = "bench-dev-tflock"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = true
  attribute {
    name = "LockID"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.state.arn
  }
}
resource "aws_iam_role_policy" "role" {
  for_each = local.roles
  name     = "state"
  role     = aws_iam_role.role[each.key].name
  policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "\${aws_s3_bucket.state.arn}/*" }] })
}
`;
}
