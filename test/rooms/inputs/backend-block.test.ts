// The backend block of Terraform: what stands there literally is read, and everything else is refused with its line.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdsBackend, readBackend, type BackendThere } from '../../../src/inputs/backend-block.ts';
import { backendBlocks, partialConfiguration } from '../../../src/inputs/hcl.ts';
import { isGovbootError, type GovbootError } from '../../../src/kernel/errors.ts';

const NAMES = 'bucket = "acme-state"\nkey = "dev/terraform.tfstate"\nregion = "eu-central-1"\n';
const block = (body: string): string => `terraform {\n  backend "s3" {\n${body}\n  }\n}\n`;
const PLAIN: BackendThere = {
  bucket: 'acme-state',
  key: 'dev/terraform.tfstate',
  region: 'eu-central-1',
  table: null,
  lockfile: false,
  kmsKey: null,
  accounts: [],
  endpoint: null,
  notes: [],
};

function refusal(read: () => unknown): GovbootError {
  try {
    read();
  } catch (error) {
    if (isGovbootError(error)) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('the values', () => {
  test('of a block among everything else that a configuration has', () => {
    const text = `\ufeff# a comment with backend "s3" { in it\r
/* and another
   { */
variable "x" { default = "}\\"{" }
locals {
  a = "\${lookup({ a = "}" }, "a", "%{ if true }{%{ endif }")} $\${ not"
  policy = <<-EOT
    } backend "s3" { "
  EOT
  list = [1, (2 + 3), { b = "c" }]
}
terraform { // more
  required_version = ">= 1.10"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5" }
  }
  backend "s3" { # the state
    bucket         = "acme-state" # here
    key            = "dev/terraform.tfstate" // there
    region         = "eu-central-1" /* and
    everywhere */
    dynamodb_table = "acme-lock"
    use_lockfile   = true
    encrypt        = true
    kms_key_id     = "alias/acme-state"
    allowed_account_ids = [
      "111111111111", # ours
    ]
    endpoints = { s3 = "http://127.0.0.1:5000", "dynamodb" : "http://127.0.0.1:5000" }
  }
}
resource "aws_s3_bucket" "b" {}
`;
    expect(readBackend(text, 'main.tf')).toEqual({
      ...PLAIN,
      table: 'acme-lock',
      lockfile: true,
      kmsKey: 'alias/acme-state',
      accounts: ['111111111111'],
      endpoint: 'http://127.0.0.1:5000',
    });
  });

  test.each(['backend.hcl', 'dev.s3.tfbackend', 'backend'])('of a partial configuration, %s', (file) => {
    expect(readBackend(`# dev\n${NAMES}`, file)).toEqual(PLAIN);
    expect(readBackend(NAMES.trimEnd(), file)).toEqual(PLAIN);
  });

  test('with escapes as HCL has them', () => {
    const { attributes } = partialConfiguration(
      'a = "q\\"b\\\\s\\u0041\\U0001F600"\nb = "$${x} %%{y} $ %"\nc = -1.5\nd = null\ne = [[], {}]\nf {\n g = false\n}',
      'x.hcl',
    );
    expect(attributes.get('a')).toEqual({ value: 'q"b\\sA😀', line: 1 });
    expect(attributes.get('b')).toEqual({ value: '${x} %{y} $ %', line: 2 });
    expect([...attributes.values()].slice(2).map(({ value }) => value)).toEqual([
      ...[-1.5, null],
      [[], new Map()],
      new Map([['g', false]]),
    ]);
  });

  test('that do not name the backend are passed over, and told with their lines; secrets are not shown', () => {
    const { notes } = readBackend(
      `${NAMES}encrypt = false\nrole_arn = "arn:aws:iam::1:role/r"\nassume_role = { role_arn = "r" }\nsecret_key = "hunter2"\nskip_region_validation = true\nbucket_prefix = "x"\n`,
      'b.hcl',
    );
    expect(notes).toEqual([
      'encrypt = false: the bucket will refuse what is not encrypted with its key',
      'b.hcl:5: role_arn was not read: whoever applies signs in themselves',
      'b.hcl:6: assume_role was not read: whoever applies signs in themselves',
      'b.hcl:7: secret_key is a secret and was not read; take it out of the file',
      'b.hcl:8: skip_region_validation was not read',
      'b.hcl:9: bucket_prefix is not known and was not read',
    ]);
    expect(notes.join()).not.toContain('hunter2');
  });

  test.each([
    ['a file that has one', block(NAMES), true],
    ['a file that speaks of one only', '# backend "s3" {}\nlocals { a = "backend" }\n', false],
    ['a file that does not', 'locals {\n', false],
  ])('are looked for in %s', (_what, text, holds) => expect(holdsBackend(text, 'a.tf')).toBe(holds));
});

describe('what is refused, with its line', () => {
  test.each([
    [
      'a variable',
      'bucket = var.bucket',
      'a.hcl:1: bucket is "var.bucket": only what stands there literally',
    ],
    ['a local', '\nkey = local.key', 'a.hcl:2: key is "local.key"'],
    ['a function', 'key = format("x")', 'a.hcl:1: key is "format("x")"'],
    ['a word that begins like a literal', 'key = true.x', 'key is "true.x"'],
    ['a number that goes on', 'key = 1x', 'key is "1x"'],
    ['a template', 'key = "${terraform.workspace}/x"', 'a.hcl:1: key has "${terraform.workspace}/x"" in it'],
    ['a directive', 'key = "%{ if true }x%{ endif }"', 'key has "%{ if true }'],
    ['a heredoc', 'key = <<EOT\nx\nEOT', 'a.hcl:1: key is a heredoc'],
    ['a sum', 'key = "a" + "b"', 'key is not a literal: "+ "b"" follows it'],
    ['two on a line', 'a = 1 b = 2', 'a is not a literal: "b = 2" follows it'],
    ['a value on the next line', 'key =\n"x"', 'a.hcl:1: key is the end of the line'],
    ['a string over two lines', 'key = "a\nb"', 'a.hcl:1: key: a string is not closed on its line'],
    ['a string to the end', 'key = "a', 'a string is not closed'],
    ['an escape that is none', 'key = "\\x41"', 'key: "\\x41"" is no escape'],
    ['a character that is none', 'key = "\\UFFFFFFFF"', '\\UFFFFFFFF is no character'],
    ['what moves the cursor', 'key = "\\u001b[2J"', 'key is "\\u{1b}[2J", which cannot be printed'],
    ['what turns the line around', 'key = "a\u202eb"', 'which cannot be printed'],
    ['a name twice', 'key = "a"\n\nkey = "b"', 'a.hcl:3: key is there already, in line 1'],
    ['no name', '= 1', '"= 1" is no attribute'],
    ['no value', 'key', 'key has no value'],
    ['no value in an object', 'a = { b }', 'a.b has no value'],
    ['a name twice in an object', 'a = { b = 1, b = 2 }', 'a.b is there twice'],
    ['no name in an object', 'a = { , }', 'a: ", }" is in an object'],
    ['a variable in an object', 'a = { b = var.x }', 'a.b is "var.x }"'],
    ['no comma in a list', 'a = [1 2]', 'a: "2]" is in a list'],
    ['an open list', 'a = [1,', 'a is the end of the line'],
    ['an open object', 'a = {', 'a: the end of the line is in an object'],
    ['an open block', 'a {', 'the block is not closed'],
    ['an open comment', 'a = 1\n/* b', 'a.hcl:2: a comment is not closed'],
    ['lists without end', `a = ${'['.repeat(40)}`, 'nested deeper than 16 levels'],
    ['objects without end', `a = ${'{b='.repeat(40)}`, 'nested deeper than 16 levels'],
    ['blocks without end', 'a {\n'.repeat(40), 'nested deeper than 16 levels'],
  ])('%s', (_what, text, message) => {
    const error = refusal(() => partialConfiguration(text, 'a.hcl'));
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^a\.hcl:\d+: /);
  });

  test.each([
    ['an open terraform block', 'terraform {\n', 'the terraform block is not closed'],
    ['an open backend block', 'terraform { backend "s3" {', 'the block is not closed'],
    ['an open block', 'locals {\n', '} is missing at the end'],
    ['a bracket that closes nothing', 'a = 1 ]\n', '] closes nothing'],
    ['brackets that cross', 'a = ( [ ) ]\n', ') closes nothing'],
    ['an open string', 'a = "b\n', 'a.tf:1: a string is not closed'],
    ['an open template', 'a = "${b\n', 'a.tf:1: a template is not closed'],
    ['an open heredoc', 'a = <<EOT\nx\n', 'a.tf:1: the heredoc EOT is not closed'],
    ['templates without end', `a = ${'"${'.repeat(40)}`, 'nested deeper than 16 levels'],
  ])('in the rest of a configuration: %s', (_what, text, message) => {
    expect(refusal(() => backendBlocks(text, 'a.tf')).message).toContain(message);
  });

  test('what follows a heredoc is the next statement', () => {
    expect(backendBlocks(`a = <<EOT\n{\nEOT\n${block(NAMES)}`, 'a.tf')).toHaveLength(1);
    expect(backendBlocks(`a = <<EOT\n{\nEOT`, 'a.tf')).toEqual([]);
  });

  test.each([
    ['none', 'locals {}\n', 'a.tf has no backend block'],
    ['two', block(NAMES) + block(NAMES), 'a.tf has 2 backend blocks, in lines 2 and 10'],
    ['another type', 'terraform {\n  backend "gcs" {}\n}\n', 'a.tf:2: the backend is of type "gcs"'],
    ['an empty one', block(''), 'a.tf:2: the backend names no bucket'],
    ['no key', block('bucket = "b"'), 'names no key'],
    ['no region', block('bucket = "b"\nkey = "k"'), 'names no region'],
    ['a number as name', block('bucket = 1'), 'a.tf:3: bucket is "1", not a text in quotes'],
    ['an empty name', block('bucket = ""'), 'bucket is "", not a text in quotes'],
    ['a word for a truth', block(`${NAMES}use_lockfile = "yes"`), 'use_lockfile is "yes", not true or false'],
    ['an account by itself', block(`${NAMES}allowed_account_ids = "1"`), 'not a list of texts'],
    [
      'an account as number',
      block(`${NAMES}allowed_account_ids = [1]`),
      'is of another kind, not a list of texts',
    ],
    ['an endpoint of old', block(`${NAMES}endpoint = "http://x"`), 'a.tf:6: endpoint is of older versions'],
    ['endpoints as text', block(`${NAMES}endpoints = "http://x"`), 'not an object of addresses'],
    ['an endpoint that is no text', block(`${NAMES}endpoints = { s3 = 1 }`), 'not an object of addresses'],
    [
      'an endpoint with more in it',
      block(`${NAMES}endpoints = { s3 = "http://x; rm -r /" }`),
      'not an object of addresses',
    ],
    [
      'a key with more in it',
      block(`${NAMES}kms_key_id = "a; rm -r /"`),
      'not the id, ARN or alias of a key',
    ],
    ['no endpoint', block(`${NAMES}endpoints = {}`), 'not an object of addresses'],
    [
      'two endpoints',
      block(`${NAMES}endpoints = { s3 = "http://a", sts = "http://b" }`),
      'names several addresses',
    ],
  ])('%s', (_what, text, message) => {
    const error = refusal(() => readBackend(text, 'a.tf'));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(message);
  });

  test('a file as large as any that is read takes a moment only', () => {
    const large = (piece: string): string => piece.repeat(Math.floor(260_000 / piece.length));
    for (const piece of ['/**/', '""', 'a = 1\n', '<<E\nE\n', '"${a}"', '# x\n']) {
      const from = performance.now();
      expect(backendBlocks(large(piece), 'a.tf')).toEqual([]);
      expect(performance.now() - from).toBeLessThan(5_000);
    }
  });

  test('any text is read or refused, and never takes long', () => {
    const piece = fc.constantFrom(
      ...['terraform', ' ', '{', '}', '[', ']', '(', ')', '"', '\\', '$', '{', '<<E\n', 'E\n', '\n', '='],
      ...['backend "s3" {', '/*', '*/', '#', '//', 'a', '1', ',', ':', '-', 'true', '\u001b', '\ud800', '%{'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        for (const read of [backendBlocks, partialConfiguration])
          try {
            read(pieces.join(''), 'a.tf');
          } catch (error) {
            if (!isGovbootError(error)) throw error;
          }
      }),
      { numRuns: 3000 },
    );
  });
});
