/** What the rules are given and what they answered, as documents: kept byte for byte in the evidence, read back by auditors. */
import { fileOf } from './file-read.ts';
import * as z from 'zod';
import { canonicalBytes } from '../kernel/canonical.ts';
import { sha256 } from '../kernel/digest.ts';
import type { Json } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import { json, parseStrict } from './evidence-documents.ts';
import type { CallerFacts, FileRead, RulesFacts } from './facts.ts';
import type { RulesPolicy } from './rules.ts';
import { hex64, instant } from './schema.ts';
import { parseYaml } from './yaml.ts';

export const DECISION_SCHEMA = 'govboot.rules-decision/v1';

/** The document that the rules are given: plain data, and nothing else. */
const inputSchema = z.strictObject({
  api: z.literal(1),
  environment: z.string(),
  intent: json,
  policy: json,
  tag: z.strictObject({ name: z.string(), commit: z.string() }),
  caller: z
    .strictObject({ account: z.string(), region: z.string(), partition: z.string(), arn: z.string() })
    .nullable(),
  now: instant,
});
export type RulesInput = z.output<typeof inputSchema>;

/** What it is made of. */
export interface RulesQuestion {
  readonly environment: string;
  readonly intent: FileRead;
  readonly policy: FileRead;
  readonly tag: { readonly name: string; readonly commit: string };
  readonly caller: Omit<CallerFacts, 'expiresInSeconds'> | null;
  readonly now: Instant;
}

/** @throws YAML */
export function rulesInput({ environment, intent, policy, tag, caller, now }: RulesQuestion): RulesInput {
  return {
    api: 1,
    environment,
    intent: written(intent),
    policy: written(policy),
    tag: { name: tag.name, commit: tag.commit },
    caller:
      caller === null
        ? null
        : { account: caller.account, region: caller.region, partition: caller.partition, arn: caller.arn },
    now,
  };
}

/** As it is written: a later version may have other defaults, and an auditor must get the same document from the same file. */
function written({ bytes, path }: FileRead): Json {
  return parseYaml(bytes, path).value as Json;
}

/** What the rules answered, and what exactly was asked. */
const decisionSchema = z.strictObject({
  schema: z.literal(DECISION_SCHEMA),
  rules_sha256: hex64,
  entrypoint: z.string(),
  input_sha256: hex64,
  /** Every entrypoint of the compiled rules. */
  entrypoints: z.array(z.string()),
  /** The result set, as the engine gave it. */
  results: json,
});
export type RulesDecision = z.output<typeof decisionSchema>;

/** @throws NOT_CANONICAL, SCHEMA */
export function parseRulesInput({ bytes, path }: FileRead): RulesInput {
  return parseStrict(inputSchema, bytes, path);
}

/** @throws NOT_CANONICAL, SCHEMA */
export function parseDecision({ bytes, path }: FileRead): RulesDecision {
  return parseStrict(decisionSchema, bytes, path);
}

/** The names under which a ledger entry refers to the input and the decision of the rules in `file`. */
export function rulesNames(file: string): { readonly input: string; readonly decision: string } {
  return { input: `${file}#input`, decision: `${file}#decision` };
}

/** Rules, input and decision, for the record; nothing where no rules answered. */
export function rulesRecord(policy: RulesPolicy | null, rules: RulesFacts | null): readonly FileRead[] {
  if (policy === null || rules?.file.is !== 'read' || rules.evaluation.is !== 'made') return [];
  const { input, answer } = rules.evaluation;
  if (answer.is !== 'answered') return [];
  const decision: RulesDecision = {
    schema: DECISION_SCHEMA,
    rules_sha256: rules.file.value.sha256,
    entrypoint: policy.entrypoint,
    input_sha256: sha256(input),
    entrypoints: [...answer.entrypoints],
    results: answer.results,
  };
  const names = rulesNames(policy.file);
  return [rules.file.value, fileOf(names.input, input), fileOf(names.decision, canonicalBytes(decision))];
}
