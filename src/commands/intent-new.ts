/** `govboot intent new`: writes an intent for the tag at HEAD, from the policy and what was asked. */
import { fileOf } from '../inputs/file-read.ts';
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import { addSeconds } from '../kernel/time.ts';
import { INTENT_SCHEMA, parseIntent, type Intent } from '../inputs/intent.ts';
import { isOfLock } from '../inputs/intent-action.ts';
import { parseParity, type Parity } from '../inputs/parity.ts';
import { parseTrust, TRUST_FILE } from '../inputs/trust.ts';
import { factsOf, readLedger } from '../evidence/ledger.ts';
import { PARITY_FILE } from '../street/gather.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { askIntent, isAsking } from './intent-ask.ts';
import { hoursOf, policyOf, requesterOf, tagsAtHead, type IntentAsked } from './intent-asked.ts';
import { intentText } from './intent-text.ts';
import { askToWrite } from './questions.ts';
import { readDocument } from './sign-beside.ts';

type Options = CommandOptions['intent new'];

export const intentNew: CommandRun<'intent new'> = async (ports, options) => {
  const repository = await ports.repository.open();
  const trust = parseTrust(await readDocument(repository, TRUST_FILE));
  const parity = parseParity(await readDocument(repository, PARITY_FILE));
  const asking = isAsking(ports, options);
  const asked = asking
    ? await askIntent(ports, options, { trust, parity })
    : await given(ports, options, parity);
  const { account } = policyOf(parity, asked.environment);
  const source = await repository.source(asked.tag, null);
  if (source.tag.is === 'problem') throw new GovbootError(source.tag.code, source.tag.wrong);
  if (source.tree.is === 'problem')
    throw new GovbootError(source.tree.problem.code, source.tree.problem.wrong);
  const now = ports.clock.now();
  const intent: Intent = {
    schema: INTENT_SCHEMA,
    repository: trust.repository,
    environment: asked.environment,
    provider: parity.provider,
    account,
    region: asked.region,
    action: asked.action,
    tag: asked.tag,
    commit: source.tag.tag.commit,
    tree_sha256: source.tree.value.tagged,
    reason: asked.reason,
    ticket: asked.ticket,
    requester: asked.requester,
    not_before: now,
    expires: addSeconds(now, 3600 * asked.hours),
    nonce: ports.random.hex(16),
    supersedes: await supersededBy(ports, asked),
    endpoint: asked.endpoint,
  };
  const path = asked.out;
  const text = `${await schemaLine(ports, path)}${intentText(intent)}`;
  parseIntent(fileOf(path, text));
  if (asking)
    await askToWrite(
      ports,
      `${path} would be, to be signed byte for byte:\n${text.trimEnd()}`,
      `write ${path}?`,
    );
  await ports.files.create(path, text);
  ports.emit({
    type: 'result',
    command: 'intent new',
    value: { path, intent: toJson(intent) },
    lines: [
      `wrote ${path}: ${intent.action} ${intent.environment} from ${intent.tag}, until ${intent.expires}`,
      `next: read it, then \`govboot intent sign ${path} --key ${intent.requester}\`, or with the file of that key`,
    ],
  });
};

/** From options alone, as scripts give them. */
async function given(ports: Ports, options: Options, parity: Parity): Promise<IntentAsked> {
  const { environment } = options;
  if (environment === null)
    throw new GovbootError('USAGE', "missing required argument 'environment'", {
      hint: `name one of ${Object.keys(parity.environments).join(', ')}, or run it at a terminal, where it asks`,
    });
  const policy = policyOf(parity, environment);
  return {
    environment,
    tag: await tagOf(ports, options),
    region: options.region ?? policy.regions[0] ?? '',
    reason: needed(options.reason, '--reason'),
    ticket: needed(options.ticket, '--ticket'),
    requester: requesterOf(options.requester ?? (await ports.signer.identity()).fingerprint),
    hours: hoursOf(options.hours, parity),
    action: options.action ?? 'create',
    endpoint: options.endpoint,
    out: options.out ?? `intents/${environment}.yaml`,
  };
}

async function tagOf(ports: Ports, options: Options): Promise<string> {
  if (options.tag !== null) return options.tag;
  const [tag, ...others] = await tagsAtHead(ports);
  if (others.length > 0)
    throw new GovbootError('USAGE', `several tags point at HEAD: ${[tag, ...others].join(', ')}`, {
      hint: 'choose one with --tag',
    });
  return tag;
}

function needed(value: string | null, option: string): string {
  if (value === null)
    throw new GovbootError('USAGE', `${option} is missing`, { hint: `give it with ${option} TEXT` });
  return value;
}

async function supersededBy(
  ports: Ports,
  { action, environment }: Pick<IntentAsked, 'action' | 'environment'>,
): Promise<string | null> {
  if (!isOfLock(action)) return null;
  const { lock } = factsOf(await readLedger(ports.evidence(environment)));
  if (lock === null)
    throw new GovbootError('LOCK_SUPERSEDES', `there is no lock of ${environment} to ${action}`, {
      hint: 'use --action create, or adopt for a backend that was made by hand',
    });
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
