/** Facts of a policy that names rules and lists programs: what the engine answered is simply written down. */
import { sha256 } from '../../src/kernel/digest.ts';
import type { Json } from '../../src/kernel/json.ts';
import type { FileRead, ProgramFacts, RulesAnswer, RulesFacts } from '../../src/inputs/facts.ts';
import { encode, fileOf, goodFacts, PARITY_YAML, type FactsOverrides } from './facts.ts';

export const RULES_FILE: FileRead = fileOf('policies/rules.wasm', 'compiled rules');
export const ATTESTS = ['ACME-001', 'ACME-002'] as const;
const GIT: ProgramFacts = { name: 'git', path: '/usr/bin/git', sha256: sha256('git') };

/** PARITY_YAML with rules, and with git listed. */
export const RULED_YAML = `${PARITY_YAML}rules:
  file: ${RULES_FILE.path}
  sha256: "${RULES_FILE.sha256}"
  entrypoint: govboot/decision
  attests: [${ATTESTS.join(', ')}]
tools:
  git: ["${String(GIT.sha256)}"]
`;

export const YES: Json = [{ result: { pass: [...ATTESTS], deny: [] } }];

export function answered(results: Json, entrypoints: readonly string[] = ['govboot/decision']): RulesAnswer {
  return { is: 'answered', entrypoints, results };
}

export function rulesFacts(answer: RulesAnswer = answered(YES)): RulesFacts {
  return {
    file: { is: 'read', value: RULES_FILE },
    evaluation: { is: 'made', input: encode('{"api":1}\n'), answer },
  };
}

/** What `goodFacts` needs for a policy with rules that all hold. */
export function ruled(overrides: FactsOverrides = {}): FactsOverrides {
  return { parity: RULED_YAML, rules: rulesFacts(), programs: [GIT], ...overrides };
}

export const ruledFacts = (overrides: FactsOverrides = {}): ReturnType<typeof goodFacts> =>
  goodFacts(ruled(overrides));
