/**
 * What a Terraform backend of type s3 says of the place where a state is (Terraform and OpenTofu, "Backend Type: s3"). Only names are
 * taken; how somebody reaches it is theirs, and what would be a secret is neither read nor shown.
 */
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import { backendBlocks, partialConfiguration, type Attribute, type Block, type Literal } from './hcl.ts';

export interface BackendThere {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  readonly table: string | null;
  readonly lockfile: boolean;
  /** As it is written: id, ARN or alias; null where the bucket's own default holds. */
  readonly kmsKey: string | null;
  readonly accounts: readonly string[];
  readonly endpoint: string | null;
  /** What was passed over, and why that matters. */
  readonly notes: readonly string[];
}

/** How a caller signs in, or how calls are made: no names of the backend. */
const NOT_READ = [
  ...['profile', 'shared_credentials_file', 'shared_credentials_files', 'shared_config_files'],
  ...['role_arn', 'assume_role', 'assume_role_with_web_identity', 'session_name', 'external_id'],
  ...['assume_role_duration_seconds', 'assume_role_policy', 'assume_role_policy_arns', 'assume_role_tags'],
  ...['assume_role_transitive_tag_keys', 'forbidden_account_ids', 'max_retries', 'retry_mode'],
  ...[
    'custom_ca_bundle',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'insecure',
    'ec2_metadata_service_endpoint',
  ],
  ...['ec2_metadata_service_endpoint_mode', 'iam_endpoint', 'sts_endpoint', 'sts_region', 'acl'],
  ...['workspace_key_prefix', 'use_path_style', 'force_path_style', 'use_dualstack_endpoint'],
  ...['use_fips_endpoint', 'use_legacy_workflow', 'skip_s3_checksum', 'skip_region_validation'],
  ...['skip_credentials_validation', 'skip_metadata_api_check', 'skip_requesting_account_id'],
] as const;

const SECRETS = ['access_key', 'secret_key', 'token', 'sse_customer_key'] as const;

/** Meaning of what is passed over, where it has one for whoever takes the backend over. */
const MEANING: Readonly<Record<string, string>> = {
  role_arn: 'whoever applies signs in themselves',
  assume_role: 'whoever applies signs in themselves',
  acl: 'access control lists are switched off',
  workspace_key_prefix: 'the roles reach the one state key only, and not the states of other workspaces',
};

/**
 * @param file its name decides what it is: `.tf` holds a whole configuration, every other name the attributes alone
 * @throws USAGE naming file and line
 */
export function readBackend(text: string, file: string): BackendThere {
  return backendOf(file.endsWith('.tf') ? onlyBlock(text, file) : partialConfiguration(text, file), file);
}

/** Whether a file of a folder holds a backend block. @throws USAGE when it cannot be understood */
export function holdsBackend(text: string, file: string): boolean {
  // Stepping over a whole configuration is left to the files that speak of a backend at all.
  return /\bbackend\b/.test(text) && backendBlocks(text, file).length > 0;
}

function onlyBlock(text: string, file: string): Block {
  const blocks = backendBlocks(text, file);
  const [block, second] = blocks;
  if (block === undefined)
    throw refused(
      `${file} has no backend block`,
      'name the file in which `backend "s3"` stands, or its folder',
    );
  if (second !== undefined)
    throw refused(
      `${file} has ${String(blocks.length)} backend blocks, in lines ${blocks.map(({ line }) => String(line)).join(' and ')}`,
      'name a file with one of them',
    );
  if (block.type !== 's3')
    throw refused(
      `${file}:${String(block.line)}: the backend is of type "${block.type}"`,
      'only a backend "s3" can be taken over',
    );
  return block;
}

function backendOf({ attributes, line }: Block, file: string): BackendThere {
  const fields = new Fields(attributes, file, line);
  const backend = {
    bucket: fields.needed('bucket'),
    key: fields.needed('key'),
    region: fields.needed('region'),
    table: fields.text('dynamodb_table') ?? fields.text('lock_table'),
    lockfile: fields.flag('use_lockfile') ?? false,
    kmsKey: fields.like('kms_key_id', /^[A-Za-z0-9/:_-]+$/, 'the id, ARN or alias of a key'),
    accounts: fields.list('allowed_account_ids'),
    endpoint: fields.endpoint(),
  };
  const encrypt = fields.flag('encrypt');
  return {
    ...backend,
    notes: [
      ...(encrypt === false
        ? ['encrypt = false: the bucket will refuse what is not encrypted with its key']
        : []),
      ...fields.passedOver(),
    ],
  };
}

class Fields {
  private readonly attributes: ReadonlyMap<string, Attribute>;
  private readonly file: string;
  private readonly line: number;
  private readonly read = new Set<string>();

  constructor(attributes: ReadonlyMap<string, Attribute>, file: string, line: number) {
    this.attributes = attributes;
    this.file = file;
    this.line = line;
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value !== null) return value;
    throw refused(
      `${this.file}:${String(this.line)}: the backend names no ${name}`,
      `add ${name} = "…" to a copy of the block; where it comes from -backend-config, name that file instead`,
    );
  }

  text(name: string): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string' || value === '') throw this.wrong(name, value, 'a text in quotes');
    return value;
  }

  /** A text that goes into commands which somebody may copy. */
  like(name: string, form: RegExp, rule: string): string | null {
    const value = this.text(name);
    if (value !== null && !form.test(value)) throw this.wrong(name, value, rule);
    return value;
  }

  flag(name: string): boolean | null {
    const value = this.value(name);
    if (value === null || typeof value === 'boolean') return value;
    throw this.wrong(name, value, 'true or false');
  }

  list(name: string): readonly string[] {
    const value = this.value(name) ?? [];
    const items = Array.isArray(value) ? (value as readonly Literal[]) : [null];
    return items.map((item) => {
      if (typeof item !== 'string') throw this.wrong(name, value, 'a list of texts');
      return item;
    });
  }

  /** One address for all services, as an emulator has it. */
  endpoint(): string | null {
    for (const old of ['endpoint', 'dynamodb_endpoint'])
      if (this.value(old) !== null)
        throw refused(
          `${this.place(old)}: ${old} is of older versions of Terraform`,
          'write it as endpoints = { s3 = "…", dynamodb = "…", sts = "…" } in a copy of the block',
        );
    const value = this.value('endpoints');
    if (value === null) return null;
    if (!(value instanceof Map)) throw this.wrong('endpoints', value, 'an object of addresses');
    const [first, ...others] = [...new Set((value as ReadonlyMap<string, Literal>).values())];
    if (typeof first !== 'string' || !/^https?:\/\/[A-Za-z0-9.:[\]_-]+\/?$/.test(first))
      throw this.wrong('endpoints', value, 'an object of addresses');
    if (others.length > 0)
      throw refused(
        `${this.place('endpoints')}: endpoints names several addresses`,
        'an intent names one endpoint for all services',
      );
    return first;
  }

  passedOver(): readonly string[] {
    return [...this.attributes].flatMap(([name, { line }]) => {
      if (this.read.has(name)) return [];
      const where = `${this.file}:${String(line)}: ${name}`;
      if (SECRETS.some((secret) => secret === name))
        return [`${where} is a secret and was not read; take it out of the file`];
      const meaning = MEANING[name];
      if (NOT_READ.some((known) => known === name))
        return [`${where} was not read${meaning === undefined ? '' : `: ${meaning}`}`];
      return [`${where} is not known and was not read`];
    });
  }

  private value(name: string): Literal {
    this.read.add(name);
    return this.attributes.get(name)?.value ?? null;
  }

  private place(name: string): string {
    return `${this.file}:${String(this.attributes.get(name)?.line ?? this.line)}`;
  }

  private wrong(name: string, value: Literal, rule: string): GovbootError {
    const shown = typeof value === 'object' ? 'of another kind' : `"${clip(safe(String(value)), 60)}"`;
    return refused(`${this.place(name)}: ${name} is ${shown}, not ${rule}`, 'correct a copy of the block');
  }
}

function refused(message: string, hint: string): GovbootError {
  return new GovbootError('USAGE', message, { hint });
}
