/** The Signer port: who signs the evidence, and through what. */
import { GovbootError } from '../kernel/errors.ts';
import { isFingerprint, type Fingerprint } from '../inputs/facts.ts';
import type { Signer } from '../ports.ts';
import { makeFileSigner, type FileSpec } from './file-signer.ts';
import { makeGpgSigner, type GpgSpec } from './gpg-signer.ts';

export type SignerSpec =
  | ({ readonly kind: 'gpg' } & GpgSpec)
  | ({ readonly kind: 'file' } & FileSpec)
  /** There is no key; `why` is said when one is needed. */
  | { readonly kind: 'none'; readonly why: string };

/** Nothing is read or started before the signer is first used. */
export function makeSigner(spec: SignerSpec): Signer {
  switch (spec.kind) {
    case 'gpg':
      return makeGpgSigner(spec);
    case 'file':
      return makeFileSigner(spec);
    case 'none': {
      const refuse = async (): Promise<never> => {
        throw new GovbootError('SIGNER', spec.why);
      };
      return { identity: refuse, sign: refuse };
    }
  }
}

/** What `--key` names: a fingerprint that gpg knows (spaces and lower case are as people copy it), or else a key file. */
export function parseSignerSpec(text: string): SignerSpec {
  const print = text.replaceAll(' ', '').toUpperCase();
  if (isFingerprint(print)) return { kind: 'gpg', key: print satisfies Fingerprint };
  // A short key id can be made to collide, and is no path that anybody means.
  if (/^(0X)?([0-9A-F]{8}|[0-9A-F]{16})$/.test(print) || /^0X[0-9A-F]{40}$/.test(print))
    return { kind: 'none', why: `"${text}" is not a whole fingerprint of 40 hexadecimal characters` };
  if (text.trim() === '') return { kind: 'none', why: 'no signing key was named' };
  return { kind: 'file', path: text };
}
