/** From what the verifiers saw to one answer. Empty is not good: no verifier, or two that disagree, is a refusal. */
import type { Code } from '../kernel/codes.ts';
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, SignatureFacts } from '../inputs/facts.ts';

export type Judged =
  | {
      readonly is: 'good';
      readonly primary: Fingerprint;
      readonly signingKey: string;
      readonly created: Instant;
    }
  | { readonly is: 'bad'; readonly code: Code; readonly wrong: string };

/** Good only if the file has the one accepted form and every verifier says good of the same key. */
export function judgeSignature(facts: SignatureFacts): Judged {
  if (facts.shape.is === 'malformed') return bad(facts.shape.code, facts.shape.wrong);
  const [first, ...others] = facts.verifiers;
  if (first === undefined) return bad('SIGNER_UNKNOWN', 'no verifier could judge it');
  for (const { tool, says } of facts.verifiers) {
    if (says.is === 'good') continue;
    const split = facts.verifiers.some((other) => other.says.is === 'good');
    return split
      ? bad('SIG_DISAGREE', `${tool} says ${says.problem.code}: ${says.problem.wrong}; another says good`)
      : bad(says.problem.code, says.problem.wrong);
  }
  if (first.says.is !== 'good') return bad('SIG_BAD', 'not good');
  const { primary, signingKey, created } = first.says;
  const other = others.find(
    ({ says }) => says.is !== 'good' || says.primary !== primary || says.signingKey !== signingKey,
  );
  if (other !== undefined) return bad('SIG_DISAGREE', `${first.tool} and ${other.tool} name different keys`);
  return { is: 'good', primary, signingKey, created };
}

function bad(code: Code, wrong: string): Judged {
  return { is: 'bad', code, wrong };
}
