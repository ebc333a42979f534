/**
 * What others vouch for evidence with: RFC 3161 time stamps, read by PKI.js, and raw signatures, checked by node:crypto. Nothing is sent
 * anywhere. PKI.js tells of a wrong signature without an error, and judges no algorithm; this file asks so that neither passes for a yes.
 */
import { createPublicKey, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Maybe } from '../inputs/facts.ts';
import { MOST_STAMP_BYTES, type StampFacts } from '../inputs/stamp.ts';
import type { Witnesses } from '../ports.ts';

export function makeWitnesses(): Witnesses {
  return {
    stampRequest: async (imprint, nonce) => (await import('./time-stamp.ts')).requestBytes(imprint, nonce),
    readStamp,
    signedBy,
  };
}

async function readStamp(
  response: Uint8Array,
  { roots, request }: { readonly roots: Uint8Array | null; readonly request: Uint8Array | null },
): Promise<Maybe<StampFacts>> {
  const pinned = roots === null ? null : certificatesOf(roots);
  try {
    if (response.length > MOST_STAMP_BYTES) throw new Error(`it has ${String(response.length)} bytes`);
    const { stampFacts } = await import('./time-stamp.ts');
    return { is: 'read', value: await stampFacts(response, pinned, request) };
  } catch (error) {
    return {
      is: 'problem',
      problem: { code: 'ATTACHMENT_INVALID', wrong: clip(safe(messageOf(error)), 200) },
    };
  }
}

const BLOCK = /-----BEGIN ([A-Z ]+)-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----/g;

/** @throws USAGE: what the asker pins must be what they meant */
function certificatesOf(pem: Uint8Array): readonly Uint8Array[] {
  return blocksOf(pem, 'CERTIFICATE').map((block) =>
    orUsage('certificate', () => new X509Certificate(block).raw),
  );
}

function blocksOf(pem: Uint8Array, label: 'CERTIFICATE' | 'PUBLIC KEY'): readonly string[] {
  const found = [...new TextDecoder().decode(pem.subarray(0, MOST_STAMP_BYTES)).matchAll(BLOCK)];
  const wrong = found.find(([, name]) => name !== label);
  if (found.length === 0 || wrong !== undefined)
    throw new GovbootError(
      'USAGE',
      `a PEM file of ${label} is wanted, and this one has ${wrong?.[1] ?? 'none'}`,
      { hint: `give a PEM file with one or more blocks of ${label}` },
    );
  return found.map(([block]) => block);
}

/** The curves and sizes that are strong enough, with the digest that goes with each. */
function digestFor(key: KeyObject): string | null | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return null;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= 2_048) return 'sha256';
  if (type !== 'ec') return undefined;
  return { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' }[details?.namedCurve ?? ''];
}

/** @throws USAGE for a file that holds no public key, or one that is too weak */
async function signedBy(keys: Uint8Array, data: Uint8Array, signature: Uint8Array): Promise<Sha256 | null> {
  for (const block of blocksOf(keys, 'PUBLIC KEY')) {
    const key = orUsage('public key', () => createPublicKey(block));
    const digest = digestFor(key);
    if (digest === undefined)
      throw new GovbootError(
        'USAGE',
        `a key of type ${key.asymmetricKeyType ?? 'unknown'} ${key.asymmetricKeyDetails?.namedCurve ?? String(key.asymmetricKeyDetails?.modulusLength ?? '')} vouches for nothing here`,
        { hint: 'Ed25519, ECDSA over P-256, P-384 or P-521, or RSA from 2048 bits' },
      );
    // RFC 4055 §5, RFC 5758 §3.2: as `openssl dgst -sign` and the key services of clouds make them.
    if (verify(digest, data, key, signature)) return sha256(key.export({ type: 'spki', format: 'der' }));
  }
  return null;
}

function orUsage<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new GovbootError('USAGE', `a ${what} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
