/** Gate 2: enough of the right people want exactly this, once, now, and no one of them stands on both sides. */
import { humanSeconds, secondsBetween } from '../kernel/time.ts';
import type { Facts } from '../inputs/facts.ts';
import type { Intent } from '../inputs/intent.ts';
import { placeOf } from '../inputs/places.ts';
import { holds, thresholdOf, type Trust } from '../inputs/trust.ts';
import { valueOf, type Documents, type Parsed } from './documents.ts';
import type { Signed } from './signature.ts';
import { countSigners, judgeSignatures, thresholdFindings, type Signer } from './signers.ts';
import {
  finding,
  left,
  made,
  verdictOf,
  when,
  type CheckId,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

export interface IntentJudgement {
  readonly verdict: GateVerdict;
  /** The requester first. */
  readonly signers: readonly Signer[];
  readonly approvers: readonly Signer[];
}

/** @param trusted the trust file, null when it does not hold: then no signer counts */
export function judgeIntent(facts: Facts, documents: Documents, trusted: Trust | null): IntentJudgement {
  const document = documents.intent;
  if (document.is === 'refused') {
    const rest: readonly CheckId<'intent'>[] = [
      'signers',
      'requester',
      'duties',
      'scope',
      'repository',
      'source',
      'window',
      'nonce',
    ];
    const outcomes = [
      made('document', document.findings),
      judgeUnread(facts),
      ...rest.map((check) => left(check, 'the intent could not be read')),
    ];
    return { verdict: verdictOf('intent', outcomes, ''), signers: [], approvers: [] };
  }
  const { signed, findings } = judgeSignatures(document.path, document.signatures, facts.now);
  const people = judgePeople(document, signed, facts, trusted);
  const outcomes: readonly Outcome<'intent'>[] = [
    made('document'),
    made('signatures', findings),
    ...people.outcomes,
    made('scope', scopeFindings(document, facts)),
    judgeRepository(document, documents),
    judgeSource(document, facts),
    judgeWindow(document, signed, documents, facts),
    judgeNonce(document, facts),
  ];
  const approved =
    people.approvers.length === 0
      ? 'no approver is demanded'
      : `approved by ${people.approvers.map(({ name }) => name).join(', ')}`;
  const because = `${document.path} is signed by ${people.signers.map(({ name }) => name).join(', ')}; ${approved}; ${endOf(document, facts)}`;
  const { signers, approvers } = people;
  return { verdict: verdictOf('intent', outcomes, because), signers, approvers };
}

/** Signatures are over bytes: what is wrong with them is told even where the bytes are no intent. */
function judgeUnread({ governance: { intent }, now }: Facts): Outcome<'intent'> {
  if (intent.is === 'problem') return left('signatures', 'the intent could not be read');
  const { file, signatures } = intent.value;
  return made('signatures', judgeSignatures(file.path, signatures, now).findings);
}

interface People {
  readonly outcomes: readonly Outcome<'intent'>[];
  readonly signers: readonly Signer[];
  readonly approvers: readonly Signer[];
}

function judgePeople(
  document: Parsed<Intent>,
  signed: readonly Signed[],
  { environment, now }: Facts,
  trust: Trust | null,
): People {
  const { value: intent, path } = document;
  if (trust === null || signed.length === 0) {
    const why = trust === null ? 'the trust file does not hold' : 'there is no accepted signature';
    const outcomes = (['signers', 'requester', 'duties'] as const).map((check) => left(check, why));
    return { outcomes, signers: [], approvers: [] };
  }
  const counted = countSigners({ signed, trust, roles: ['intent', 'approver'], environment, now });
  const requester = counted.signers.find(({ primary }) => primary === intent.requester);
  const isRequester = requester !== undefined && holds(requester.person, 'intent', environment);
  const signedInVain = requester === undefined && signed.some(({ primary }) => primary === intent.requester);
  const sides = divide(counted.signers, intent, trust, environment);
  return {
    outcomes: [
      made('signers', counted.findings),
      // Why a person who signed does not count is told by the check of the signers.
      signedInVain
        ? left('requester', 'the requester signed and does not count')
        : made(
            'requester',
            when(!isRequester, () => requesterFinding(document, requester)),
          ),
      made('duties', dutyFindings(path, sides, trust, environment)),
    ],
    signers: sides.signers,
    approvers: sides.approvers,
  };
}

function requesterFinding(
  { value: { requester: print }, places }: Parsed<Intent>,
  requester: Signer | undefined,
): Finding {
  const detail = { data: { requester: print }, place: placeOf(places, ['requester']) };
  return requester === undefined
    ? finding('THRESHOLD', `the requester ${print} has not signed`, {
        ...detail,
        hint: 'the person named as requester signs too',
      })
    : finding('SIGNER_ROLE', `the requester ${requester.name} has not the role intent`, detail);
}

export interface Sides {
  readonly signers: readonly Signer[];
  readonly approvers: readonly Signer[];
  /** Those who hold the role, whichever side they were put on, the requester too. */
  readonly couldApprove: readonly Signer[];
  readonly requester: string;
}

/**
 * Puts each person on one side. The requester asks; whoever can only ask, or only approve, does that; of those who can do both, as
 * many ask as the threshold still needs, and the rest approve. No other division meets both thresholds where this one does not.
 */
export function divide(people: readonly Signer[], intent: Intent, trust: Trust, environment: string): Sides {
  const can = (role: 'intent' | 'approver', { person }: Signer): boolean => holds(person, role, environment);
  const requester = people.filter(({ primary }) => primary === intent.requester);
  const others = people.filter(({ primary }) => primary !== intent.requester);
  const onlyAsk = others.filter((person) => can('intent', person) && !can('approver', person));
  const onlyApprove = others.filter((person) => !can('intent', person) && can('approver', person));
  const both = others.filter((person) => can('intent', person) && can('approver', person));
  const asking = [...requester.filter((person) => can('intent', person)), ...onlyAsk];
  const lacking = Math.max(0, thresholdOf(trust, 'intent', environment) - asking.length);
  return {
    signers: [...asking, ...both.slice(0, lacking)],
    approvers: [...onlyApprove, ...both.slice(lacking)],
    couldApprove: people.filter((person) => can('approver', person)),
    requester: intent.requester,
  };
}

function dutyFindings(path: string, sides: Sides, trust: Trust, environment: string): readonly Finding[] {
  const needed = thresholdOf(trust, 'approver', environment);
  const ask = thresholdFindings(path, 'intent', thresholdOf(trust, 'intent', environment), sides.signers);
  if (sides.approvers.length >= needed || sides.couldApprove.length < needed)
    return [...ask, ...thresholdFindings(path, 'approver', needed, sides.approvers)];
  // There would be enough if somebody were allowed to approve what they asked for.
  const twice = sides.couldApprove
    .filter((person) => !sides.approvers.includes(person))
    .map(({ name }) => name);
  return [
    ...ask,
    finding(
      'DUTY_SEPARATION',
      `${path}: ${twice.join(', ')} asked for it and cannot approve it too; ${String(sides.approvers.length)} of ${String(needed)} others approved`,
      { data: { who: twice, needed, have: sides.approvers.length } },
    ),
  ];
}

function scopeFindings(
  { value: intent, places }: Parsed<Intent>,
  { environment }: Facts,
): readonly Finding[] {
  return when(intent.environment !== environment, () =>
    finding('INTENT_SCOPE', `the intent is for environment "${intent.environment}", not "${environment}"`, {
      data: { asked: environment, intent: intent.environment },
      place: placeOf(places, ['environment']),
    }),
  );
}

function judgeRepository({ value: intent, places }: Parsed<Intent>, documents: Documents): Outcome<'intent'> {
  const trust = valueOf(documents.trust);
  if (trust === null) return left('repository', 'the trust file could not be read');
  return made(
    'repository',
    when(intent.repository !== trust.repository, () =>
      finding(
        'INTENT_SCOPE',
        `the intent is for repository ${intent.repository}, and this is ${trust.repository}`,
        {
          data: { found: trust.repository, intent: intent.repository },
          place: placeOf(places, ['repository']),
        },
      ),
    ),
  );
}

/** The name binds nothing by itself: the commit and the SHA-256 of the tree do. */
function judgeSource(
  { value: intent, places }: Parsed<Intent>,
  { source: { tag, tree } }: Facts,
): Outcome<'intent'> {
  const wrong = (what: 'commit' | 'tree', found: string): Finding => {
    const field = what === 'tree' ? 'tree_sha256' : what;
    return finding('INTENT_SOURCE', `the intent names ${what} ${intent[field]}, and the tag has ${found}`, {
      data: { what, named: intent[field], found },
      place: placeOf(places, [field]),
    });
  };
  const findings = [
    ...(tag.is === 'tag'
      ? [
          ...when(intent.tag !== tag.tag.name, () =>
            finding('INTENT_SCOPE', `the intent is for tag ${intent.tag}, and this is ${tag.tag.name}`, {
              data: { found: tag.tag.name, intent: intent.tag },
              place: placeOf(places, ['tag']),
            }),
          ),
          ...when(intent.commit !== tag.tag.commit, () => wrong('commit', tag.tag.commit)),
        ]
      : []),
    ...(tree.is === 'read'
      ? when(intent.tree_sha256 !== tree.value.tagged, () => wrong('tree', tree.value.tagged))
      : []),
  ];
  const isComplete = tag.is === 'tag' && tree.is === 'read';
  return isComplete || findings.length > 0
    ? made('source', findings)
    : left('source', 'the tag or its tree could not be read');
}

/**
 * The run that is resumed was begun with this very intent, and in its window. What people wanted then is half made; to finish it takes no
 * new wish, and there would be no other way to: a run is finished with the intent that it was begun with.
 */
function runToFinish(
  { value: intent, sha256 }: Parsed<Intent>,
  { resume, ledger: { unfinished, problems } }: Facts,
): string | null {
  if (!resume || unfinished === null || problems.length > 0) return null;
  const { run, intentSha256, since } = unfinished;
  return intentSha256 === sha256 && since >= intent.not_before && since < intent.expires ? run : null;
}

function endOf(document: Parsed<Intent>, facts: Facts): string {
  const { expires } = document.value;
  if (facts.now < expires) return `it ends at ${expires}`;
  const run = runToFinish(document, facts);
  return run === null
    ? `it ended at ${expires}`
    : `it ended at ${expires}, and run ${run} was begun before that`;
}

function judgeWindow(
  document: Parsed<Intent>,
  signed: readonly Signed[],
  documents: Documents,
  facts: Facts,
): Outcome<'intent'> {
  const { value: intent, places } = document;
  const { now } = facts;
  const late = signed.filter(({ created }) => created > intent.expires);
  const parity = valueOf(documents.parity);
  const seconds = secondsBetween(intent.not_before, intent.expires);
  const longest = parity === null ? null : parity.intent.max_window_hours * 3600;
  const wrong = (field: 'not_before' | 'expires', text: string): Finding =>
    finding('INTENT_WINDOW', text, {
      data: { notBefore: intent.not_before, expires: intent.expires, now },
      place: placeOf(places, [field]),
    });
  const findings = [
    ...when(now < intent.not_before, () =>
      wrong('not_before', `the intent begins at ${intent.not_before}, and it is ${now}`),
    ),
    ...when(now >= intent.expires && runToFinish(document, facts) === null, () =>
      wrong('expires', `the intent ended at ${intent.expires}, and it is ${now}`),
    ),
    ...late.map(({ file, created }) =>
      wrong('expires', `${file} was made at ${created}, after it ended at ${intent.expires}`),
    ),
    ...(longest === null
      ? []
      : when(seconds > longest, () =>
          wrong(
            'expires',
            `the intent lasts ${humanSeconds(seconds)}, and the policy allows ${humanSeconds(longest)}`,
          ),
        )),
  ];
  return longest === null && findings.length === 0
    ? left('window', 'the parity policy, which says how long it may be, could not be read')
    : made('window', findings);
}

/** The same intent may be seen again: then its lock is there, or its run is resumed, and the immutability gate judges that. */
function judgeNonce(
  { value: { nonce }, sha256, places }: Parsed<Intent>,
  { ledger }: Facts,
): Outcome<'intent'> {
  if (ledger.problems.length > 0) return left('nonce', 'the ledger is not consistent');
  const used = ledger.nonces.find((entry) => entry.nonce === nonce && entry.intentSha256 !== sha256);
  return made(
    'nonce',
    used === undefined
      ? []
      : [
          finding('INTENT_REPLAY', `nonce ${nonce} was used by another intent, in run ${used.run}`, {
            data: { nonce, run: used.run, intentSha256: used.intentSha256 },
            place: placeOf(places, ['nonce']),
          }),
        ],
  );
}
