/**
 * The team's own rules, by positive attestation: they pass only if they answered exactly one object, deny nothing, and name exactly
 * the ids that the policy lists. What is silent, of another shape, or in error has not agreed. Rules can refuse more than the gates
 * do, and allow nothing.
 */
import { sha256 } from '../kernel/digest.ts';
import type { Code } from '../kernel/codes.ts';
import { clip, nearest } from '../kernel/text.ts';
import type { FileRead, RulesAnswer, RulesFacts } from '../inputs/facts.ts';
import type { RulesPolicy } from '../inputs/rules.ts';
import { exceptionFields, readAnswer, type Denial } from '../inputs/rules-answer.ts';
import { finding, left, made, when, type Finding, type Outcome } from './verdict.ts';

/** Characters of a foreign text that are shown. */
const SHOWN = 300;

export function judgeRules(policy: RulesPolicy | null, rules: RulesFacts | null): Outcome<'parity'> {
  if (policy === null) return made('rules');
  if (rules === null) return left('rules', 'the rules were not read');
  const { file, evaluation } = rules;
  if (file.is === 'problem') return made('rules', [wrongFile(policy, file.problem.wrong)]);
  const changed = changedFindings(policy, file.value);
  if (changed.length > 0) return made('rules', changed);
  return evaluation.is === 'left'
    ? left('rules', evaluation.why)
    : made('rules', answerFindings(policy, evaluation.answer));
}

/** What rules add to what the gate says when it passes. */
export function attestedBy(policy: RulesPolicy | null): string {
  return policy === null ? '' : `; ${policy.file} attests ${policy.attests.join(', ')}`;
}

function changedFindings(policy: RulesPolicy, { path, bytes }: FileRead): readonly Finding[] {
  // Hashed here and not taken over: these are the bytes that were run.
  const found = sha256(bytes);
  return when(found !== policy.sha256, () =>
    wrongFile(policy, `${path} has SHA-256 ${found}, not ${policy.sha256}`),
  );
}

function wrongFile({ file, sha256: authorized }: RulesPolicy, wrong: string): Finding {
  return finding('POLICY_INTEGRITY', wrong, { data: { file, authorized, wrong } });
}

function answerFindings(policy: RulesPolicy, answer: RulesAnswer): readonly Finding[] {
  if (answer.is === 'failed') return [of(policy, 'POLICY_ERROR', clip(answer.why, SHOWN))];
  const excepting = exceptionFindings(policy, answer);
  if (excepting.length > 0) return excepting;
  if (answer.is === 'no entrypoint') return [unknownEntrypoint(policy, answer.entrypoints)];
  const read = readAnswer(answer.results);
  if (read.is === 'undefined') return [of(policy, 'POLICY_UNDEFINED', 'has no value')];
  if (read.is === 'malformed') return [of(policy, 'POLICY_SHAPE', read.wrong)];
  return [...denied(read.deny), ...unattested(policy, read.pass, read.deny)];
}

/** Something wrong with what the entrypoint did. */
function of({ file, entrypoint }: RulesPolicy, code: Code, wrong: string, hint?: string): Finding {
  return finding(code, `${file}: ${entrypoint}: ${wrong}`, {
    ...(hint === undefined ? {} : { hint }),
    data: { file, entrypoint },
  });
}

/** conftest lets through whatever a rule named `exception` matches. Here nothing may be named so, lest somebody believes in it. */
function exceptionFindings(
  policy: RulesPolicy,
  answer: Exclude<RulesAnswer, { readonly is: 'failed' }>,
): readonly Finding[] {
  const entrypoints = answer.entrypoints.filter((path) => /(^|\/)exception/i.test(path));
  const fields = answer.is === 'answered' ? exceptionFields(answer.results) : [];
  return [
    ...entrypoints.map((path) => `${policy.file} has an entrypoint ${clip(path, SHOWN)}`),
    ...fields.map((key) => `${policy.entrypoint} answers with a field "${clip(key, SHOWN)}"`),
  ].map((wrong) => of(policy, 'POLICY_EXCEPTION', wrong));
}

function unknownEntrypoint(policy: RulesPolicy, known: readonly string[]): Finding {
  const near = nearest(policy.entrypoint, known);
  const hint =
    near === undefined ? `the entrypoints are ${clip(known.join(', '), SHOWN)}` : `did you mean "${near}"?`;
  return of(policy, 'POLICY_UNDEFINED', 'there is no such entrypoint', hint);
}

function denied(deny: readonly Denial[]): readonly Finding[] {
  return deny.map(({ id, message }) => {
    const rule = clip(id, SHOWN);
    return finding('PARITY', `${rule}: ${clip(message, SHOWN)}`, {
      hint: `change what ${rule} is about, or the rule itself, after review`,
      data: { rule },
    });
  });
}

function unattested(
  policy: RulesPolicy,
  pass: readonly string[],
  deny: readonly Denial[],
): readonly Finding[] {
  // Of what is denied more is told than that nobody attests it.
  const missing = policy.attests.filter(
    (id) => !pass.includes(id) && !deny.some((denial) => denial.id === id),
  );
  const foreign = pass.filter((id) => !policy.attests.includes(id));
  return [
    ...when(missing.length > 0, () =>
      of(policy, 'POLICY_UNDEFINED', `${missing.join(', ')} is not attested`),
    ),
    ...when(foreign.length > 0, () =>
      of(
        policy,
        'POLICY_UNDEFINED',
        `attests ${clip(foreign.join(', '), SHOWN)}, which the policy does not list`,
        'list it under rules.attests in policies/parity.yaml, after review',
      ),
    ),
  ];
}
