/**
 * One signature in evidence. It is judged as of the time it was made, by the gates' own judge, so that a key that expired since does
 * not undo what was signed before; a key that was revoked for compromise undoes everything, and a key that was retired does not.
 */
import type { Code } from '../kernel/codes.ts';
import { addSeconds } from '../kernel/time.ts';
import type { Fingerprint, KeyFacts, KeyPart, SignatureFacts, VerifierSays } from '../inputs/facts.ts';
import { parseSignatureFile } from '../inputs/signature-packet.ts';
import { judgeSignature, type Signed } from '../gates/signature.ts';
import { fileOf } from '../inputs/file-read.ts';
import type { Exhibit } from './exhibit.ts';
import type { Axis } from './report.ts';

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

/** Judges `signature` (the file `name`) over `data`, as of its own time. */
export async function answerSignature(
  exhibit: Exhibit,
  data: Uint8Array,
  name: string,
  signature: Uint8Array,
  depth: Depth = 'everybody',
): Promise<SignatureAnswer> {
  const facts = await signatureFacts(exhibit, data, name, signature, depth);
  const { shape, key } = facts;
  if (shape.is === 'malformed') return refused(shape.code, shape.wrong);
  const { created } = shape.packet;
  if (created > addSeconds(exhibit.now, TOLERANCE)) {
    return refused('SIG_FUTURE', `signed at ${created}, and it is ${exhibit.now}`);
  }
  if (key?.revoked != null) {
    return refused(
      'KEY_REVOKED',
      `key ${key.fingerprint} is revoked: ${key.revoked.reason}; nothing that it signed counts`,
      key.fingerprint,
    );
  }
  const verdict = judgeSignature(facts, created);
  if (verdict.is === 'refused') return refused(verdict.finding.code, verdict.finding.message);
  if (key?.expires != null && key.expires <= exhibit.now)
    noteValidThen(exhibit, key, `has expired since, at ${key.expires}`);
  const { is: _, ...signed } = verdict;
  return { is: 'signed', signed };
}

/** Nothing is wrong, and an auditor must know it all the same: the date of a signature is what its maker says. */
function noteValidThen(
  { findings }: Exhibit,
  { fingerprint }: Pick<KeyPart, 'fingerprint'>,
  since: string,
): void {
  findings.note(`VALID_AT_SIGNING: key ${fingerprint} ${since}; what it dated before stands`);
}

/** What the verifiers see of a signature as of its own time. A retirement of the key that came later is noted and left out. */
export async function signatureFacts(
  exhibit: Exhibit,
  data: Uint8Array,
  name: string,
  signature: Uint8Array,
  depth: Depth = 'everybody',
): Promise<SignatureFacts> {
  const shape = parseSignatureFile(signature);
  const at = shape.is === 'ok' ? shape.packet.created : exhibit.now;
  const facts = await exhibit.verifier.verify({
    data,
    signature: fileOf(name, signature),
    keys: exhibit.keys,
    at,
    depth,
  });
  const { key } = facts;
  const issuer = shape.is === 'ok' ? shape.packet.issuerFingerprint : null;
  if (key === null) return facts;
  const parts = [key, ...key.subkeys.filter(({ fingerprint }) => fingerprint === issuer)];
  const retired = parts.flatMap(({ fingerprint, revoked }) =>
    revoked?.kind === 'soft' ? [{ fingerprint, reason: revoked.reason }] : [],
  );
  for (const part of retired) noteValidThen(exhibit, part, `was retired since (${part.reason})`);
  return retired.length === 0 ? facts : asOfSigning(facts, key);
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

function refused(code: Code, what: string, revoked: Fingerprint | null = null): SignatureAnswer {
  return { is: 'refused', axis: axisOf(code), code, what, revoked };
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
