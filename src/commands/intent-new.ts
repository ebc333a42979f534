/** `govboot intent new`: writes an intent for the tag at HEAD, from the policy and what was asked. */
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import { addSeconds } from '../kernel/time.ts';
import { INTENT_SCHEMA, parseIntent, type Intent } from '../inputs/intent.ts';
import { isOfLock } from '../inputs/intent-action.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import { parseParity, type Parity } from '../inputs/parity.ts';
import { parseTrust, TRUST_FILE } from '../inputs/trust.ts';
import { factsOf, readLedger } from '../evidence/ledger.ts';
import { sha256 } from '../kernel/digest.ts';
import { PARITY_FILE } from '../street/gather.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { hintFor } from './meant.ts';
import { readDocument } from './sign-beside.ts';

type Options = CommandOptions['intent new'];

export const intentNew: CommandRun<'intent new'> = async (ports, options) => {
  const repository = await ports.repository.open();
  const trust = parseTrust(await readDocument(repository, TRUST_FILE));
  const parity = parseParity(await readDocument(repository, PARITY_FILE));
  const environment = environmentOf(parity, options.environment);
  const tagName = await tagOf(ports, options);
  const source = await repository.source(tagName, null);
  if (source.tag.is === 'problem') throw new GovbootError(source.tag.code, source.tag.wrong);
  if (source.tree.is === 'problem')
    throw new GovbootError(source.tree.problem.code, source.tree.problem.wrong);
  const now = ports.clock.now();
  const intent: Intent = {
    schema: INTENT_SCHEMA,
    repository: trust.repository,
    environment: options.environment,
    provider: parity.provider,
    account: environment.account,
    region: options.region ?? environment.regions[0] ?? '',
    action: options.action,
    tag: tagName,
    commit: source.tag.tag.commit,
    tree_sha256: source.tree.value.tagged,
    reason: await answer(ports, options.reason, 'why is it done?', '--reason'),
    ticket: await answer(ports, options.ticket, 'where was it decided (ticket)?', '--ticket'),
    requester: await requesterOf(ports, options.requester),
    not_before: now,
    expires: addSeconds(now, 3600 * hoursOf(options.hours, parity)),
    nonce: ports.random.hex(16),
    supersedes: await supersededBy(ports, options),
    endpoint: options.endpoint,
  };
  const path = options.out ?? `intents/${options.environment}.yaml`;
  const text = `${await schemaLine(ports, path)}${renderIntent(intent)}`;
  const bytes = new TextEncoder().encode(text);
  parseIntent({ path, bytes, sha256: sha256(bytes) });
  await ports.files.create(path, text);
  ports.emit({
    type: 'result',
    command: 'intent new',
    value: { path, intent: toJson(intent) },
    lines: [
      `wrote ${path}: ${intent.action} ${intent.environment} from ${intent.tag}, until ${intent.expires}`,
      `next: read it, then \`govboot intent sign ${path}\``,
    ],
  });
};

function environmentOf(parity: Parity, name: string): Parity['environments'][string] {
  const environment = Object.hasOwn(parity.environments, name) ? parity.environments[name] : undefined;
  if (environment === undefined) {
    throw new GovbootError('PARITY', `"${name}" is not an environment of ${PARITY_FILE}`, {
      hint: hintFor(name, Object.keys(parity.environments)),
    });
  }
  return environment;
}

async function tagOf(ports: Ports, options: Options): Promise<string> {
  if (options.tag !== null) return options.tag;
  const [tag, ...others] = await ports.repository.tagsAtHead();
  if (tag === undefined)
    throw new GovbootError('TAG_MISSING', 'no annotated tag points at HEAD', {
      hint: 'commit everything, then `git tag -s v1.0.0 -m "…"`',
    });
  if (others.length > 0)
    throw new GovbootError('USAGE', `several tags point at HEAD: ${[tag, ...others].join(', ')}`, {
      hint: 'choose one with --tag',
    });
  return tag;
}

async function answer(ports: Ports, given: string | null, message: string, option: string): Promise<string> {
  if (given !== null) return given;
  if (!ports.wizard.interactive)
    throw new GovbootError('USAGE', `${option} is missing`, { hint: `give it with ${option} TEXT` });
  return ports.wizard.ask({
    message,
    problem: (text) => (text === '' ? 'an intent without it is refused' : null),
  });
}

async function requesterOf(ports: Ports, given: string | null): Promise<Fingerprint> {
  const print = given ?? (await ports.signer.identity()).fingerprint;
  if (!isFingerprint(print))
    throw new GovbootError(
      'USAGE',
      `--requester is "${print}", not a fingerprint of 40 upper-case hexadecimal characters`,
    );
  return print;
}

function hoursOf(text: string, parity: Parity): number {
  const hours = Number(text);
  const most = parity.intent.max_window_hours;
  if (!/^[0-9]+$/.test(text) || hours < 1 || hours > most)
    throw new GovbootError('USAGE', `--hours is "${text}", not a whole number from 1 to ${String(most)}`, {
      hint: 'the most is intent.max_window_hours of the policy',
    });
  return hours;
}

async function supersededBy(ports: Ports, options: Options): Promise<string | null> {
  if (!isOfLock(options.action)) return null;
  const { lock } = factsOf(await readLedger(ports.evidence(options.environment)));
  if (lock === null)
    throw new GovbootError(
      'LOCK_SUPERSEDES',
      `there is no lock of ${options.environment} to ${options.action}`,
      {
        hint: 'use --action create, or adopt for a backend that was made by hand',
      },
    );
  return lock.sha256;
}

const SCHEMA_FILE = 'policies/schemas/intent.schema.json';

/** For editors: where the schema lies, seen from the intent. Repositories from before the schemas do without. */
async function schemaLine(ports: Ports, path: string): Promise<string> {
  const folders = path.split('/').slice(0, -1);
  const isInside = !path.startsWith('/') && folders.every((folder) => !['', '.', '..'].includes(folder));
  if (!isInside || !(await ports.files.exists(SCHEMA_FILE))) return '';
  return `# yaml-language-server: $schema=${'../'.repeat(folders.length)}${SCHEMA_FILE}\n`;
}

/** YAML with one comment a field: what a person signs, a person must understand. Strings are JSON strings, which YAML 1.2 reads alike. */
function renderIntent(intent: Intent): string {
  const lines: readonly (readonly [keyof Intent, string])[] = [
    ['schema', 'format of this document'],
    ['repository', "the repository that is pinned on the operator's machine"],
    ['environment', 'the one environment this holds for'],
    ['provider', ''],
    ['account', ''],
    ['region', ''],
    [
      'action',
      'create: a new backend; adopt: one that is there; supersede: change a locked one; correct: bring it back to its lock',
    ],
    ['tag', 'the signed tag'],
    ['commit', ''],
    ['tree_sha256', 'SHA-256 over the tagged files, independent of git'],
    ['reason', ''],
    ['ticket', 'where it was decided'],
    ['requester', 'who asks; never one of the approvers'],
    ['not_before', ''],
    ['expires', ''],
    ['nonce', 'used once'],
    ['supersedes', 'SHA-256 of the lock that is superseded or corrected'],
    ['endpoint', "null: the provider's own endpoints"],
  ];
  const body = lines.map(
    ([key, comment]) => `${comment === '' ? '' : `# ${comment}\n`}${key}: ${JSON.stringify(intent[key])}\n`,
  );
  return `# An intent: one person's wish to bootstrap one environment once. Sign it with \`govboot intent sign\`.\n${body.join('')}`;
}
