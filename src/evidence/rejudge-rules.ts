/**
 * The rules as a run recorded them: what was run, what it was asked, what it answered. The recorded answer goes to the gate's own
 * judge once more; nothing that evidence brings is ever run. That the recorded question was the right one is judged here.
 */
import { attempt } from '../kernel/errors.ts';
import { sameJson } from '../kernel/canonical.ts';
import type { BackendLock, Ref } from '../inputs/evidence-documents.ts';
import type { FileRead, RulesFacts } from '../inputs/facts.ts';
import type { RulesPolicy } from '../inputs/rules.ts';
import {
  parseDecision,
  parseRulesInput,
  rulesInput,
  rulesNames,
  type RulesDecision,
  type RulesInput,
} from '../inputs/rules-documents.ts';
import { blobOf, type Exhibit } from './exhibit.ts';
import { blobName } from './layout.ts';

/** A lock, with the entry that vouches for the inputs of its run. */
interface Run {
  readonly lock: BackendLock;
  readonly began: { readonly file: string; readonly entry: { readonly refs: readonly Ref[] } };
}

/** The documents that the rules were told of. */
interface Told {
  readonly intent: FileRead | null;
  readonly parity: FileRead | null;
}

/** What the gate is to judge; null when the policy names no rules, or when something of the record is not there. */
export function recordedRules(
  exhibit: Exhibit,
  one: Run,
  policy: RulesPolicy | null,
  told: Told,
): RulesFacts | null {
  if (policy === null) return null;
  const { input: inputName, decision: decisionName } = rulesNames(policy.file);
  const [rules, input, decision] = [policy.file, inputName, decisionName].map((name) =>
    recorded(exhibit, one, name),
  );
  // A blob that is missing was told as missing; here it only leaves the question open.
  if (rules == null || input == null || decision == null) return null;
  const said = read(exhibit, decision, parseDecision);
  const asked = read(exhibit, input, parseRulesInput);
  if (said === null || asked === null) return null;
  const wrong = (where: FileRead, what: string): void =>
    exhibit.findings.bad('policy', blobName(where.sha256), `POLICY_INTEGRITY: ${where.path} ${what}`);
  for (const what of strayAnswers(said, { rules, input }, policy)) wrong(decision, what);
  for (const what of strayQuestions(asked, one, told)) wrong(input, what);
  exhibit.findings.note(
    `the answer of ${policy.file} was judged as it is recorded; docs/rules.md says how to run the rules again`,
  );
  return {
    file: { is: 'read', value: rules },
    evaluation: {
      is: 'made',
      input: input.bytes,
      answer: { is: 'answered', entrypoints: said.entrypoints, results: said.results },
    },
  };
}

function recorded(exhibit: Exhibit, { began }: Run, name: string): FileRead | null {
  const ref = began.entry.refs.find((each) => each.name === name);
  if (ref !== undefined) return blobOf(exhibit, ref.sha256, name);
  // The entry is signed: what it does not name was never recorded, and no copy can provide it.
  exhibit.findings.bad(
    'policy',
    began.file,
    `POLICY_UNDEFINED: the policy has rules, and the entry names no ${name}`,
  );
  return null;
}

function read<T>({ findings }: Exhibit, file: FileRead, parse: (file: FileRead) => T): T | null {
  return attempt(
    () => parse(file),
    ({ code, message }) => {
      findings.bad('policy', blobName(file.sha256), `${code}: ${message}`);
      return null;
    },
  );
}

/** The answer is that of these rules to this question. */
function strayAnswers(
  said: RulesDecision,
  { rules, input }: { readonly rules: FileRead; readonly input: FileRead },
  { entrypoint }: RulesPolicy,
): readonly string[] {
  const all = [
    ['rules_sha256', said.rules_sha256, rules.sha256],
    ['input_sha256', said.input_sha256, input.sha256],
    ['entrypoint', said.entrypoint, entrypoint],
  ] as const;
  return all
    .filter(([, found, vouched]) => found !== vouched)
    .map(([what, found, vouched]) => `says ${what} ${found}; it is ${vouched}`);
}

/** What the rules were told is what intent, policy, tag and lock say. The caller's name and the time are the run's own word. */
function strayQuestions(asked: RulesInput, { lock }: Run, { intent, parity }: Told): readonly string[] {
  const { backend, confirmation, repo, origin } = lock;
  const late =
    asked.now > confirmation.confirmed_at
      ? [`is of ${asked.now}; it was confirmed at ${confirmation.confirmed_at}`]
      : [];
  // Which of the two is missing was told.
  if (intent === null || parity === null) return late;
  const { account, region, partition } = backend;
  const right = rulesInput({
    environment: origin.environment,
    intent,
    policy: parity,
    tag: { name: repo.tag_name, commit: repo.commit },
    caller: { account, region, partition, arn: asked.caller?.arn ?? '' },
    now: asked.now,
  });
  const fields = (Object.keys(right) as (keyof RulesInput)[]).filter(
    (field) => !sameJson(asked[field], right[field]),
  );
  return [...late, ...fields.map((field) => `has another ${field} than the run`)];
}
