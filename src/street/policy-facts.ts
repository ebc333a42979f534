/** What the parity policy asks to be looked at beside the documents: the programs that it lists, and the rules that it names. */
import { readDocuments, valueOf } from '../gates/documents.ts';
import { judge } from '../gates/index.ts';
import type { Facts, RulesFacts } from '../inputs/facts.ts';
import type { RulesPolicy } from '../inputs/rules.ts';
import { rulesInput } from '../inputs/rules-documents.ts';
import { canonicalBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Ports, Repository } from '../ports.ts';

/** @param facts all others; they decide whether rules are run at all */
export async function policyFacts(
  { machine, rules }: Pick<Ports, 'machine' | 'rules'>,
  repository: Repository,
  facts: Facts,
): Promise<Pick<Facts, 'programs' | 'rules'>> {
  const parity = valueOf(readDocuments(facts).parity);
  if (parity === null) return { programs: [], rules: null };
  const [programs, ran] = await Promise.all([
    machine.programs(Object.keys(parity.tools)),
    parity.rules === null ? null : rulesFacts(rules, repository, facts, parity.rules),
  ]);
  return { programs, rules: ran };
}

async function rulesFacts(
  rules: Ports['rules'],
  repository: Repository,
  facts: Facts,
  policy: RulesPolicy,
): Promise<RulesFacts> {
  const file = await repository.read(policy.file);
  const leave = (why: string): RulesFacts => ({ file, evaluation: { is: 'left', why } });
  if (file.is === 'problem') return leave('the rules could not be read');
  if (sha256(file.value.bytes) !== policy.sha256) return leave('the rules are not those of the policy');
  // Nothing is run that nobody released: until the source gate passes, these are a stranger's rules.
  const source = judge(facts).verdicts.find(({ gate }) => gate === 'source');
  const { tag } = facts.source;
  if (source?.status !== 'pass' || tag.is !== 'tag')
    return leave('rules are run only once the source gate passes');
  const { parity, intent } = facts.governance;
  if (parity.is !== 'read' || intent.is !== 'read' || readDocuments(facts).intent.is !== 'parsed')
    return leave('the intent could not be read');
  const input = canonicalBytes(
    rulesInput({
      environment: facts.environment,
      intent: intent.value.file,
      policy: parity.value,
      tag: tag.tag,
      caller: facts.caller.is === 'read' ? facts.caller.value : null,
      now: facts.now,
    }),
  );
  const answer = await rules.evaluate({ module: file.value.bytes, entrypoint: policy.entrypoint, input });
  return { file, evaluation: { is: 'made', input, answer } };
}
