/** The questions of `govboot intent new`: what no option said, with what policy, git and evidence suggest. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { intentSchema } from '../inputs/intent.ts';
import type { IntentAction } from '../inputs/intent-action.ts';
import type { Parity } from '../inputs/parity.ts';
import { holds, isActive, type Trust } from '../inputs/trust.ts';
import { factsOf, readLedger } from '../evidence/ledger.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions } from './command.ts';
import { hoursOf, policyOf, requesterOf, tagsAtHead, type IntentAsked } from './intent-asked.ts';
import { askFor, chooseFrom } from './questions.ts';

type Options = CommandOptions['intent new'];

interface Policies {
  readonly trust: Trust;
  readonly parity: Parity;
}

/** Whether somebody is there, and something is missing that has no default. */
export function isAsking({ wizard }: Pick<Ports, 'wizard'>, options: Options): boolean {
  return (
    wizard.interactive && (options.environment === null || options.reason === null || options.ticket === null)
  );
}

export async function askIntent(
  ports: Ports,
  options: Options,
  { trust, parity }: Policies,
): Promise<IntentAsked> {
  // Without a tag the answers would be in vain.
  const tags = options.tag === null ? await tagsAtHead(ports) : [options.tag];
  const environment = options.environment ?? (await askEnvironment(ports, parity));
  const { regions } = policyOf(parity, environment);
  const action = options.action ?? (await askAction(ports, environment));
  const tag = await oneOf(ports, tags, {
    about: 'The signed release that is used. Several tags point at HEAD.',
    message: 'tag',
  });
  const region =
    options.region ??
    (await oneOf(ports, regions, {
      about: `Where ${environment} is. The policy allows several regions.`,
      message: 'region',
    }));
  const reason =
    options.reason ??
    (await askLine(ports, 'reason', {
      about:
        'Why it is done, in a line: it is shown before the confirmation, and stays in the evidence for ever.',
      message: 'reason',
    }));
  const ticket =
    options.ticket ??
    (await askLine(ports, 'ticket', {
      about: 'Where it was decided: the number of a ticket, a change or minutes that an auditor can find.',
      message: 'ticket',
    }));
  const requester =
    options.requester === null
      ? await askRequester(ports, trust, environment)
      : requesterOf(options.requester);
  const most = parity.intent.max_window_hours;
  const hours =
    options.hours === null
      ? await askFor(ports, {
          about: `How long it can be used, from now on: approvals and apply must fit in. The policy allows ${String(most)} hours.`,
          message: 'hours',
          initial: String(hoursOf(null, parity)),
          read: (text) => hoursOf(text, parity),
        })
      : hoursOf(options.hours, parity);
  const out = options.out ?? (await askOut(ports, environment));
  return {
    environment,
    tag,
    region,
    reason,
    ticket,
    requester,
    hours,
    action,
    endpoint: options.endpoint,
    out,
  };
}

/** The only one there is, or the one that is chosen. */
async function oneOf(
  ports: Ports,
  values: readonly string[],
  question: { readonly about: string; readonly message: string },
): Promise<string> {
  const [first = '', ...others] = values;
  if (others.length === 0) return first;
  return chooseFrom(ports, {
    ...question,
    choices: values.map((value) => ({ value, text: value })),
    initial: first,
  });
}

async function askEnvironment(ports: Ports, parity: Parity): Promise<string> {
  const all = Object.entries(parity.environments);
  const [only, second] = all;
  // Whether it is the right one is seen in the file, which is shown before it is written.
  if (only !== undefined && second === undefined) return only[0];
  return chooseFrom(ports, {
    about: 'The one environment that this intent is for; it can be used for no other.',
    message: 'environment',
    choices: all.map(([value, { account, regions }]) => ({
      value,
      text: value,
      about: `account ${account}, ${regions.join(', ')}`,
    })),
  });
}

const ACTIONS: Readonly<Record<IntentAction, string>> = {
  create: 'the backend does not exist yet',
  adopt: 'one that was made by hand, or whose evidence is lost, is taken over',
  supersede: 'the policy has changed, and the locked backend is to follow it',
  correct: 'somebody changed the locked backend, and it is brought back to what its lock says',
};

async function askAction(ports: Ports, environment: string): Promise<IntentAction> {
  const { lock } = factsOf(await readLedger(ports.evidence(environment)));
  const offered = lock === null ? (['create', 'adopt'] as const) : (['supersede', 'correct'] as const);
  const [first] = offered;
  const chosen = await chooseFrom(ports, {
    about:
      lock === null
        ? `What is to be done with the backend of ${environment}, which has no lock here.`
        : `What is to be done with the backend of ${environment}. It is locked; the intent will name that lock.`,
    message: 'action',
    choices: offered.map((value) => ({ value, text: value, about: ACTIONS[value] })),
    initial: first,
  });
  return chosen as IntentAction;
}

async function askLine(
  ports: Ports,
  field: 'reason' | 'ticket',
  question: { readonly about: string; readonly message: string },
): Promise<string> {
  return askFor(ports, {
    ...question,
    read: (text) => {
      const read = intentSchema.shape[field].safeParse(text);
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      throw new GovbootError(
        'USAGE',
        text === '' ? 'an intent without it is refused' : `${field}: ${issue?.message ?? 'not usable'}`,
      );
    },
  });
}

/** The key that was named with --key, or one of the people who may ask; those whose key is on this machine come first. */
async function askRequester(ports: Ports, trust: Trust, environment: string): Promise<Fingerprint> {
  const named = await ports.signer.identity().catch((error: unknown) => {
    // No key was named; one that was named and cannot be used is told.
    if (isGovbootError(error) && error.code === 'SIGNER' && error.data['key'] === null) return null;
    throw error;
  });
  if (named !== null) return named.fingerprint;
  const now = ports.clock.now();
  const able = trust.people.filter((person) => holds(person, 'intent', environment) && isActive(person, now));
  if (able.length === 0)
    throw new GovbootError('SIGNER_ROLE', `nobody may ask for ${environment} today`, {
      hint: 'give somebody the role intent in policies/trust.yaml, with `govboot trust next`',
    });
  const own = new Set((await ports.suggestions.secretKeys()).map(({ fingerprint }) => fingerprint));
  const here = able.filter(({ fingerprint }) => own.has(fingerprint));
  const [first] = [...here, ...able];
  const chosen = await chooseFrom(ports, {
    about: 'Who asks: signs the intent, and approves nothing of it.',
    message: 'requester',
    choices: [...here, ...able.filter((person) => !here.includes(person))].map(({ name, fingerprint }) => ({
      value: fingerprint,
      text: own.has(fingerprint) ? `${name} (key on this machine)` : name,
      about: `key ${fingerprint}`,
    })),
    ...(first === undefined ? {} : { initial: first.fingerprint }),
  });
  return requesterOf(chosen);
}

/** intents/dev.yaml or, where that is taken, another name. */
async function askOut(ports: Ports, environment: string): Promise<string> {
  const usual = `intents/${environment}.yaml`;
  if (!(await ports.files.exists(usual))) return usual;
  let n = 2;
  const next = (): string => `intents/${environment}-${String(n)}.yaml`;
  while (await ports.files.exists(next())) n += 1;
  return askFor(ports, {
    about: `${usual} is there already, and an intent is used once. Another name is given to \`check\`, \`plan\` and \`apply\` with --intent.`,
    message: 'file',
    initial: next(),
    read: (text) => {
      if (!/^[A-Za-z0-9_./-]+\.yaml$/.test(text))
        throw new GovbootError('USAGE', 'a path that ends with .yaml, of letters, digits and _ . / -');
      return text;
    },
  });
}
