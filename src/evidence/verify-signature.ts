/**
 * One signature in evidence. It is judged as of the time it was made, by the gates' own judge, so that a key that expired since does
 * not undo what was signed before; a key that was revoked for compromise undoes everything, and a key that was retired does not.
 */
import type { Code } from '../kernel/codes.ts';
import { secondsBetween, type Instant } from '../kernel/time.ts';
import type {
  FileRead,
  Fingerprint,
  KeyFacts,
  KeyPart,
  SignatureFacts,
  VerifierSays,
} from '../inputs/facts.ts';
import { judgeSignature, type Signed } from '../gates/signature.ts';
import { fileOf } from '../inputs/file-read.ts';
import type { Verifier } from '../ports.ts';
import type { Axis, Findings } from './report.ts';

export type SignatureAnswer =
  | { readonly is: 'signed'; readonly signed: Signed }
  | {
      readonly is: 'refused';
      readonly axis: Axis;
      readonly code: Code;
      readonly what: string;
      /** In whose name it is, where that is all that is wrong with it: a key that was revoked. */
      readonly revoked: Fingerprint | null;
    };

/** Who is asked: see the port. */
export type Depth = 'everybody' | 'inside';

/** Seconds by which clocks of signer and auditor may differ. */
const TOLERANCE = 60;

/** What judging a signature takes beside it. */
export interface Judging {
  /** Certificates. */
  readonly keys: readonly FileRead[];
  readonly verifier: Verifier;
  readonly now: Instant;
}

type Telling = Judging & { readonly findings: Findings };

/** An answer, with what an auditor must know of it although nothing is wrong. */
export interface SignatureTold {
  readonly answer: SignatureAnswer;
  readonly notes: readonly string[];
}

/** Judges `signature` (the file `name`) over `data`, as of its own time. */
export async function answerSignature(
  exhibit: Telling,
  data: Uint8Array,
  name: string,
  signature: Uint8Array,
  depth: Depth = 'everybody',
): Promise<SignatureAnswer> {
  const { answer, notes } = await tellSignature(exhibit, data, fileOf(name, signature), depth);
  for (const note of notes) exhibit.findings.note(note);
  return answer;
}

/** The same without telling anybody yet: signatures of a long ledger are judged side by side, and told in order. */
export async function tellSignature(
  judging: Judging,
  data: Uint8Array,
  signature: FileRead,
  depth: Depth,
): Promise<SignatureTold> {
  const { facts, notes } = await asOfItsTime(judging, data, signature, depth);
  const { shape, key } = facts;
  const refuse = (code: Code, what: string, revoked: Fingerprint | null = null): SignatureTold => ({
    answer: { is: 'refused', axis: axisOf(code), code, what, revoked },
    notes,
  });
  if (shape.is === 'malformed') return refuse(shape.code, shape.wrong);
  const { created } = shape.packet;
  if (secondsBetween(judging.now, created) > TOLERANCE)
    return refuse('SIG_FUTURE', `signed at ${created}, and it is ${judging.now}`);
  if (key?.revoked != null)
    return refuse(
      'KEY_REVOKED',
      `key ${key.fingerprint} is revoked: ${key.revoked.reason}; nothing that it signed counts`,
      key.fingerprint,
    );
  const verdict = judgeSignature(facts, created);
  if (verdict.is === 'refused') return refuse(verdict.finding.code, verdict.finding.message);
  const expired =
    key?.expires != null && key.expires <= judging.now
      ? [validThen(key, `has expired since, at ${key.expires}`)]
      : [];
  const { is: _, ...signed } = verdict;
  return { answer: { is: 'signed', signed }, notes: [...notes, ...expired] };
}

/** The date of a signature is what its maker says. */
function validThen({ fingerprint }: Pick<KeyPart, 'fingerprint'>, since: string): string {
  return `VALID_AT_SIGNING: key ${fingerprint} ${since}; what it dated before stands`;
}

/** What the verifiers see of a signature as of its own time. A retirement of the key that came later is noted and left out. */
export async function signatureFacts(
  exhibit: Telling,
  data: Uint8Array,
  name: string,
  signature: Uint8Array,
): Promise<SignatureFacts> {
  const { facts, notes } = await asOfItsTime(exhibit, data, fileOf(name, signature), 'everybody');
  for (const note of notes) exhibit.findings.note(note);
  return facts;
}

async function asOfItsTime(
  { keys, verifier }: Judging,
  data: Uint8Array,
  signature: FileRead,
  depth: Depth,
): Promise<{ readonly facts: SignatureFacts; readonly notes: readonly string[] }> {
  const facts = await verifier.verify({ data, signature, keys, at: null, depth });
  const { key, shape } = facts;
  const issuer = shape.is === 'ok' ? shape.packet.issuerFingerprint : null;
  if (key === null) return { facts, notes: [] };
  const parts = [key, ...key.subkeys.filter(({ fingerprint }) => fingerprint === issuer)];
  const notes = parts.flatMap((part) =>
    part.revoked?.kind === 'soft' ? [validThen(part, `was retired since (${part.revoked.reason})`)] : [],
  );
  return { facts: notes.length === 0 ? facts : asOfSigning(facts, key), notes };
}

/**
 * Without retirements that came later. openpgp.js and sqv have judged the key as of the signature; gpgv knows no time but now and says
 * REVKEYSIG of every revoked key.
 */
function asOfSigning(facts: SignatureFacts, key: KeyFacts): SignatureFacts {
  const unretired = <Part extends KeyPart>(part: Part): Part =>
    part.revoked?.kind === 'soft' ? { ...part, revoked: null } : part;
  const verifiers = facts.verifiers.map((verifier): VerifierSays => {
    const { tool, says } = verifier;
    if (tool !== 'gpgv' || says.is !== 'bad' || says.problem.code !== 'KEY_REVOKED') return verifier;
    return { ...verifier, says: { is: 'abstains', why: 'it knows no time but now, and the key is retired' } };
  });
  return { ...facts, key: { ...unretired(key), subkeys: key.subkeys.map(unretired) }, verifiers };
}

/** What only people can do wrong: too few of them, the wrong ones, or at the wrong moment. */
const DUTIES: readonly string[] = [
  'THRESHOLD',
  'DUTY_SEPARATION',
  'SIGNER_ROLE',
  'SIGNER_NOT_ALLOWED',
  'SIGNER_INACTIVE',
  'APPROVAL_WINDOW',
];

/** Which question a refusal answers. */
export function axisOf(code: string): Axis {
  if (code === 'KEY_REVOKED') return 'revocation';
  if (['SIG_FUTURE', 'SIG_EXPIRED', 'KEY_EXPIRED'].includes(code)) return 'time';
  if (DUTIES.includes(code)) return 'duty';
  if (['SIGNER_UNKNOWN', 'SIG_WEAK', 'SIG_UNSUPPORTED', 'KEY_INVALID', 'KEYRING_SHAPE'].includes(code))
    return 'authenticity';
  return code.startsWith('SIG_') ? 'integrity' : 'policy';
}
