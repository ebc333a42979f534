/** People behind signatures. They are counted by primary fingerprint: two signatures of one person, or of two subkeys, are one. */
import type { Instant } from '../kernel/time.ts';
import type { Fingerprint, SignatureFacts } from '../inputs/facts.ts';
import { holds, isActive, personOf, type Person, type Role, type Trust } from '../inputs/trust.ts';
import { judgeSignature, type Signed } from './signature.ts';
import { finding, type Finding } from './verdict.ts';

/** A listed person, and the signature by which they stand here. */
export interface Signer extends Signed {
  readonly name: string;
  readonly person: Person;
}

export interface JudgedSignatures {
  readonly signed: readonly Signed[];
  readonly findings: readonly Finding[];
}

export interface CountedSigners {
  /** Each person once, in the order of their files. */
  readonly signers: readonly Signer[];
  readonly findings: readonly Finding[];
}

/** Every signature beside a document. One that is bad is a finding, however many good ones there are. */
export function judgeSignatures(
  what: string,
  signatures: readonly SignatureFacts[],
  now: Instant,
): JudgedSignatures {
  if (signatures.length === 0)
    return { signed: [], findings: [finding('SIG_MISSING', `${what} has no signature`)] };
  const signed: Signed[] = [];
  const findings: Finding[] = [];
  for (const facts of signatures) {
    const verdict = judgeSignature(facts, now);
    if (verdict.is === 'refused') {
      findings.push(verdict.finding);
    } else {
      const { is: _, ...rest } = verdict;
      signed.push(rest);
    }
  }
  return { signed, findings };
}

/** The listed, active people behind accepted signatures, each with at least one of the roles. Everybody else is a finding. */
export function countSigners(input: {
  readonly signed: readonly Signed[];
  readonly trust: Trust;
  readonly roles: readonly Role[];
  readonly environment: string;
  readonly now: Instant;
}): CountedSigners {
  const signers = new Map<Fingerprint, Signer>();
  const findings: Finding[] = [];
  for (const signature of input.signed) {
    const person = personOf(input.trust, signature.primary);
    const wrong = standingFinding(signature, input);
    if (wrong !== null) findings.push(wrong);
    else if (person !== undefined && !signers.has(signature.primary))
      signers.set(signature.primary, { ...signature, name: person.name, person });
  }
  return { signers: [...signers.values()], findings };
}

/** THRESHOLD when fewer people than needed stand there. */
export function thresholdFindings(
  what: string,
  role: string,
  needed: number,
  who: readonly { readonly name: string }[],
  hint?: string,
): readonly Finding[] {
  if (who.length >= needed) return [];
  const names = who.map(({ name }) => name);
  const have = names.length === 0 ? 'nobody' : names.join(', ');
  return [
    finding(
      'THRESHOLD',
      `${what}: ${String(names.length)} of ${String(needed)} people of role ${role} signed: ${have}`,
      {
        ...(hint === undefined ? {} : { hint }),
        data: { what, role, have: names.length, needed, who: names },
      },
    ),
  ];
}

/** Why whoever has this key may not sign: not listed, not active, or without any of the roles. Null when they may. */
export function standingFinding(
  { file, primary }: Pick<Signed, 'file' | 'primary'>,
  {
    trust,
    roles,
    environment,
    now,
  }: {
    readonly trust: Trust;
    readonly roles: readonly Role[];
    readonly environment: string;
    readonly now: Instant;
  },
): Finding | null {
  const person = personOf(trust, primary);
  if (person === undefined)
    return finding(
      'SIGNER_NOT_ALLOWED',
      `${file}: signed by ${primary}, whom policies/trust.yaml does not list`,
      { data: { file, primary } },
    );
  const data = { file, primary, name: person.name };
  if (!isActive(person, now))
    return finding(
      'SIGNER_INACTIVE',
      `${file}: ${person.name} is listed from ${person.valid_from} until ${person.valid_until}, and it is ${now}`,
      { data },
    );
  if (!roles.some((role) => holds(person, role, environment)))
    return finding(
      'SIGNER_ROLE',
      `${file}: ${person.name} has not the role ${roles.join(' or ')} for environment "${environment}"`,
      { data },
    );
  return null;
}
