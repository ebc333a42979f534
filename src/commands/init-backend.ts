/** `govboot init --from-backend`: a policy whose names are those of a backend that somebody made by hand. */
import { GovbootError } from '../kernel/errors.ts';
import { holdsBackend, readBackend, type BackendThere } from '../inputs/backend-block.ts';
import { defaultStateKey } from '../inputs/settings.ts';
import { resolveNames } from '../inputs/names.ts';
import { fill, type Parity } from '../inputs/parity.ts';
import type { Ports } from '../ports.ts';
import type { Asked, FirstEnvironment } from './init-ask.ts';
import type { LockingAsked } from './init-options.ts';
import { USUAL_NAMES, type NamingAsked } from './scaffold.ts';

/** A file with the block, or a folder in which one file has it. @throws USAGE, FILE_MISSING */
export async function readThere(
  ports: Pick<Ports, 'files' | 'folders'>,
  path: string,
): Promise<BackendThere> {
  const names = await ports.folders.files(path);
  if (names === null) return readBackend(await textOf(ports, path), refuseJson(path));
  const found: { readonly file: string; readonly text: string }[] = [];
  for (const name of names.filter((each) => each.endsWith('.tf'))) {
    const file = path === '' || path.endsWith('/') ? `${path}${name}` : `${path}/${name}`;
    const text = await textOf(ports, file);
    if (holdsBackend(text, file)) found.push({ file, text });
  }
  const [only, ...others] = found;
  if (only === undefined)
    throw new GovbootError('USAGE', `no file of ${path} has a backend block`, {
      hint: 'name the file in which `backend "s3"` stands, or the one that is given to -backend-config',
    });
  if (others.length > 0)
    throw new GovbootError(
      'USAGE',
      `several files of ${path} have a backend block: ${found.map(({ file }) => file).join(', ')}`,
      { hint: 'name one of them' },
    );
  return readBackend(only.text, only.file);
}

function refuseJson(path: string): string {
  if (path.endsWith('.json'))
    throw new GovbootError('USAGE', `${path} is JSON, which is not read`, {
      hint: 'write the block as HCL into a file of its own: terraform { backend "s3" { … } }',
    });
  return path;
}

async function textOf({ files }: Pick<Ports, 'files'>, path: string): Promise<string> {
  const bytes = await files.read(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GovbootError('USAGE', `${path} is not UTF-8 text`, { cause });
  }
}

/** What the block says of the environment that it belongs to. */
export function firstOf(there: BackendThere): FirstEnvironment {
  return { account: there.accounts[0] ?? null, region: there.region, locking: lockingOf(there) };
}

function lockingOf({ table, lockfile }: BackendThere): LockingAsked {
  if (table === null) return 'lockfile';
  return lockfile ? 'both' : 'table';
}

export interface Matched {
  readonly asked: Asked & { readonly naming: NamingAsked };
  readonly notes: readonly string[];
}

/**
 * The answers with the names of what is there. The first environment is the one that is there already.
 * @throws USAGE where an answer contradicts the block, or no pattern can stand for its names
 */
export function matched(asked: Asked, there: BackendThere): Matched {
  const [first, ...others] = asked.environments;
  if (first === undefined) return { asked: { ...asked, naming: USUAL_NAMES }, notes: [] };
  if (!first.regions.includes(there.region))
    throw contradiction(`${first.name} is in ${first.regions.join(', ')}`, `region ${there.region}`);
  if (there.accounts.length > 0 && !there.accounts.includes(first.account))
    throw contradiction(
      `${first.name} is in account ${first.account}`,
      `accounts ${there.accounts.join(', ')}`,
    );
  const { account, name: environment } = first;
  const values = { organisation: asked.organisation, environment, account, region: there.region };
  const key = keyOf(there, values);
  const naming: NamingAsked = {
    bucket: patternOf(there.bucket, values),
    namespace: there.bucket.endsWith(`-${account}-${there.region}-an`) ? 'account-regional' : 'global',
    table: there.table === null ? USUAL_NAMES.table : patternOf(there.table, values),
    keyAlias: key.alias === null ? USUAL_NAMES.keyAlias : patternOf(key.alias, values),
  };
  const statePattern = patternOf(there.key, { environment });
  const environments = [first, ...others].map((each) => {
    const stateKey = fill(statePattern, { environment: each.name });
    // Where the name of the environment is not in it, the others cannot have it too, and keep the usual one.
    const isItsOwn = each === first || statePattern.includes('{environment}');
    return isItsOwn && stateKey !== defaultStateKey(each.name) ? { ...each, stateKey } : each;
  });
  return {
    asked: { ...asked, environments, naming },
    notes: [
      ...there.notes,
      ...key.notes,
      ...(there.table === null && !there.lockfile
        ? ['the block names no lock, neither a table nor use_lockfile: the policy asks for a lock file']
        : []),
      ...(there.table !== null && asked.locking === 'lockfile'
        ? [`the table ${there.table} is left as it is: with locking lockfile no table is looked at`]
        : []),
    ],
  };
}

function contradiction(said: string, block: string): GovbootError {
  return new GovbootError('USAGE', `${said}, and the backend block says ${block}`, {
    hint: 'the first --environment is the one that the block is of; name its own account and region',
  });
}

/** A policy names the key by an alias; of an id or the ARN of a key nobody can tell it without asking KMS. */
function keyOf(
  { kmsKey, region }: BackendThere,
  values: Readonly<Record<string, string>>,
): { readonly alias: string | null; readonly notes: readonly string[] } {
  if (kmsKey === null)
    return {
      alias: null,
      notes: [
        'the block names no key: the environment gets one of its own, and the bucket its encryption by it',
      ],
    };
  const alias = /^(?:arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:)?(alias\/.+)$/.exec(kmsKey)?.[1] ?? null;
  if (alias !== null) return { alias, notes: [] };
  const id = kmsKey.replace(/^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\//, '');
  const wanted = fill(USUAL_NAMES.keyAlias, values);
  return {
    alias: null,
    notes: [
      `the block names the key ${kmsKey} by its id, and a policy names a key by its alias: before you plan, run \`aws kms create-alias --region ${region} --alias-name ${wanted} --target-key-id ${id}\`, or write an alias that it has into naming.key_alias; otherwise a new key is made, and what the old one encrypted is readable only to whoever may use that`,
    ],
  };
}

/**
 * What was written must say what the block says: a character that means something in a document would otherwise make another name of it.
 * @throws PARITY
 */
export function refuseOtherNames(parity: Parity, environment: string, there: BackendThere): void {
  const names = resolveNames(parity, environment, there.region);
  const pairs = [
    ['bucket', there.bucket, names.bucket],
    ['key', there.key, names.stateKey],
    ['dynamodb_table', there.table ?? names.table, names.table],
  ] as const;
  for (const [field, said, written] of pairs)
    if (said !== written)
      throw new GovbootError(
        'PARITY',
        `${field} is "${said}" in the block, and the policy would make it "${written}"`,
        {
          hint: 'no policy can say this name; nothing was written',
        },
      );
}

/** The name with what it has of account, region, environment and organisation as placeholders, each where it is a word of its own. */
export function patternOf(name: string, values: Readonly<Record<string, string>>): string {
  const order = ['account', 'region', 'environment', 'organisation'].filter(
    (key) => (values[key] ?? '') !== '',
  );
  let pattern = name;
  for (const key of order) {
    const value = values[key] ?? '';
    const parts = pattern.split(/(\{[a-z]+\})/);
    pattern = parts
      .map((part) => (part.startsWith('{') ? part : part.replace(wordOf(value), `{${key}}`)))
      .join('');
  }
  return fill(pattern, values) === name ? pattern : name;
}

/** As a whole word: "dev" is not in "devops". Values are names of letters, digits and dashes. */
function wordOf(value: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9])${value}(?![A-Za-z0-9])`, 'g');
}
