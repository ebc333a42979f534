/** The rules that the parity policy names: read, and run on what was gathered, once it is known that somebody released them. */
import { readDocuments, valueOf } from '../gates/documents.ts';
import { judge } from '../gates/index.ts';
import type { Facts, RulesFacts } from '../inputs/facts.ts';
import { rulesInput } from '../inputs/rules-documents.ts';
import { canonicalBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Repository, Rules } from '../ports.ts';

/** @param facts all others; they decide whether rules are run at all */
export async function gatherRules(
  engine: Rules,
  repository: Repository,
  facts: Facts,
): Promise<RulesFacts | null> {
  const documents = readDocuments(facts);
  const policy = valueOf(documents.parity)?.rules ?? null;
  if (policy === null) return null;
  const file = await repository.read(policy.file);
  const leave = (why: string): RulesFacts => ({ file, evaluation: { is: 'left', why } });
  if (file.is === 'problem') return leave('the rules could not be read');
  if (sha256(file.value.bytes) !== policy.sha256) return leave('the rules are not those of the policy');
  // Nothing is run that nobody released: until the source gate passes, these are a stranger's rules.
  const source = judge(facts).verdicts.find(({ gate }) => gate === 'source');
  if (source?.status !== 'pass') return leave('rules are run only once the source gate passes');
  const input = documents.intent.is === 'parsed' ? inputOf(facts) : null;
  if (input === null) return leave('the intent could not be read');
  const answer = await engine.evaluate({ module: file.value.bytes, entrypoint: policy.entrypoint, input });
  return { file, evaluation: { is: 'made', input, answer } };
}

/** null when one of the documents that rules are told of is not there; told by the gate that judges it. */
function inputOf({ environment, governance, source, caller, now }: Facts): Uint8Array | null {
  const { intent, parity } = governance;
  const { tag } = source;
  if (intent.is !== 'read' || parity.is !== 'read' || tag.is !== 'tag') return null;
  const input = rulesInput({
    environment,
    intent: intent.value.file,
    policy: parity.value,
    tag: tag.tag,
    caller: caller.is === 'read' ? caller.value : null,
    now,
  });
  return canonicalBytes(input);
}
