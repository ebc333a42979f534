/** Who may sign an intent, what they sign, and who is missing afterwards. As the list of people here says; that it is signed itself is for the gates. */
import { GovbootError } from '../kernel/errors.ts';
import { humanSeconds, secondsBetween, type Instant } from '../kernel/time.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import {
  holds,
  isActive,
  personOf,
  thresholdOf,
  type Person,
  type Role,
  type Trust,
} from '../inputs/trust.ts';
import { divide } from '../gates/intent.ts';
import { countSigners, judgeSignatures } from '../gates/signers.ts';
import type { Ports } from '../ports.ts';
import { readSigned } from '../street/beside.ts';
import { keyFilesOf } from '../street/gather.ts';

const SIDES = ['intent', 'approver'] as const satisfies readonly Role[];

/** People who may sign on one of the sides today. */
function able(trust: Trust, environment: string, roles: readonly Role[], now: Instant): readonly Person[] {
  return trust.people.filter(
    (person) => isActive(person, now) && roles.some((role) => holds(person, role, environment)),
  );
}

function named(people: readonly Person[]): string {
  return people.map(({ name, fingerprint }) => `${name} (${fingerprint})`).join(', ');
}

/**
 * A signature that does not count is not only useless: the gate refuses the intent until it is gone.
 * @throws SIGNER_NOT_ALLOWED, SIGNER_INACTIVE, SIGNER_ROLE
 */
export function refuseOthers(
  trust: Trust,
  { environment }: Pick<Intent, 'environment'>,
  fingerprint: Fingerprint,
  now: Instant,
): Person {
  const others = able(trust, environment, SIDES, now);
  const hint =
    others.length === 0
      ? 'nobody may sign it today; begin a new list of people with `govboot trust next`'
      : `those who may: ${named(others)}; choose the key with --key`;
  const data = { key: fingerprint, environment };
  const person = personOf(trust, fingerprint);
  if (person === undefined)
    throw new GovbootError(
      'SIGNER_NOT_ALLOWED',
      `the key ${fingerprint} is of nobody whom policies/trust.yaml lists`,
      { hint, data },
    );
  if (!isActive(person, now))
    throw new GovbootError(
      'SIGNER_INACTIVE',
      `${person.name} is listed from ${person.valid_from} until ${person.valid_until}, and it is ${now}`,
      { hint, data },
    );
  if (!SIDES.some((role) => holds(person, role, environment)))
    throw new GovbootError(
      'SIGNER_ROLE',
      `${person.name} has neither the role intent nor approver for environment "${environment}", but ${person.roles.join(', ')}`,
      { hint, data },
    );
  return person;
}

/** The wish in short, for whoever is about to sign it. */
export function wishLines(trust: Trust, intent: Intent, now: Instant): readonly string[] {
  const { requester, not_before, expires } = intent;
  const who = personOf(trust, requester)?.name ?? 'somebody who is not listed';
  const left = secondsBetween(now, expires);
  const window = left <= 0 ? 'it is over' : `${humanSeconds(left)} are left`;
  return [
    `environment  ${intent.environment}: account ${intent.account}, ${intent.region}`,
    `action       ${intent.action}${intent.supersedes === null ? '' : ` lock ${intent.supersedes}`}`,
    `source       tag ${intent.tag}, commit ${intent.commit}`,
    `window       ${not_before} until ${expires}; ${window}`,
    `requester    ${who} (${requester})`,
    `reason       ${intent.reason} (${intent.ticket})`,
    ...(intent.endpoint === null ? [] : [`endpoint     ${intent.endpoint}`]),
  ];
}

export interface SignersStanding {
  readonly lines: readonly string[];
  /** One sentence for each signature, or more, that is missing or wrong. */
  readonly missing: readonly string[];
}

/** Reads the signatures anew, and says whose count and who is missing. */
export async function standingOf(
  ports: Pick<Ports, 'repository' | 'verifier'>,
  path: string,
  { trust, intent, now }: { readonly trust: Trust; readonly intent: Intent; readonly now: Instant },
): Promise<SignersStanding> {
  const repository = await ports.repository.open();
  const keys = await keyFilesOf(repository);
  const { document } = await readSigned(repository, path, (data, signature) =>
    ports.verifier.verify({ data, signature, keys, at: now }),
  );
  if (document.is === 'problem') return { lines: [], missing: [document.problem.wrong] };
  const { environment } = intent;
  const judged = judgeSignatures(path, document.value.signatures, now);
  const { signers, findings } = countSigners({
    signed: judged.signed,
    trust,
    roles: SIDES,
    environment,
    now,
  });
  const sides = divide(signers, intent, trust, environment);
  const bad = [...judged.findings, ...findings].map(({ code, message }) => `${message} [${code}]`);
  const hasAsked = sides.signers.some(({ primary }) => primary === intent.requester);
  const requester = personOf(trust, intent.requester);
  const missing = [
    ...bad,
    ...(hasAsked
      ? []
      : [`the requester ${requester === undefined ? intent.requester : named([requester])} has not signed`]),
    ...lacking('intent', sides.signers.length + (hasAsked ? 0 : 1)),
    ...lacking('approver', sides.approvers.length),
  ];
  function lacking(role: (typeof SIDES)[number], have: number): readonly string[] {
    const short = thresholdOf(trust, role, environment) - have;
    if (short <= 0) return [];
    const done = new Set([...signers.map(({ primary }) => primary), intent.requester]);
    const could = able(trust, environment, [role], now).filter(({ fingerprint }) => !done.has(fingerprint));
    return [
      `${String(short)} more of role ${role}: ${could.length === 0 ? 'nobody who could is listed' : named(could)}`,
    ];
  }
  const have = [
    ...sides.signers.map(({ name }) => `${name} asks`),
    ...sides.approvers.map(({ name }) => `${name} approves`),
  ];
  return {
    missing,
    lines: [
      `signed so far: ${have.length === 0 ? 'nobody who counts' : have.join(', ')}`,
      ...(missing.length === 0
        ? ['nobody else has to sign']
        : ['still missing:', ...missing.map((line) => `  ${line}`)]),
    ],
  };
}
