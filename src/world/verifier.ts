/** The Verifier port: every verifier of this machine is asked about every signature, and each answer is kept as a fact. */
import process from 'node:process';
import { isGovbootError } from '../kernel/errors.ts';
import type { FileRead, VerifierSays } from '../inputs/facts.ts';
import { parseSignatureFile } from '../inputs/signature-packet.ts';
import type { Verifier } from '../ports.ts';
import { readCertificate, type CertificateRead } from './certificate.ts';
import { versionOf } from './gnupg.ts';
import { gpgvSays } from './gpgv.ts';
import { libraryVersion, openpgpSays, type Question } from './openpgp.ts';
import { whereIs } from './programs.ts';

export interface VerifierOptions {
  /** Absolute path of gpgv; searched on PATH when left out, not asked when null. */
  readonly gpgvPath?: string | null;
  /** The governed repository: it must not bring its own gpgv. */
  readonly repository?: string;
}

type Certificate = CertificateRead & { readonly is: 'certificate' };

/** OpenPGP.js always, gpgv where it is installed. */
export function makeVerifier(options: VerifierOptions = {}): Verifier {
  const gpgv =
    options.gpgvPath === undefined ? whereIs('gpgv', process.env, options.repository) : options.gpgvPath;
  const certificates = readOnce();
  let asked: Promise<string> | null = null;
  const gpgvVersion = (program: string): Promise<string> => (asked ??= versionOf(program));

  return {
    keys: async (files) =>
      (await Promise.all(files.map(certificates))).map((read) =>
        read.is === 'problem' ? read : { is: 'key', key: read.facts },
      ),

    async verify({ data, signature, keys, at }) {
      const shape = parseSignatureFile(signature.bytes);
      const seen = { file: signature.path, sha256: signature.sha256, shape };
      const issuer = shape.is === 'ok' ? shape.packet.issuerFingerprint : null;
      if (shape.is === 'malformed' || issuer === null) return { ...seen, key: null, verifiers: [] };
      const certificate = choose(await Promise.all(keys.map(certificates)), issuer);
      if (certificate === null) return { ...seen, key: null, verifiers: [] };
      const packet = { ...shape.packet, issuerFingerprint: issuer };
      const question = { data, armored: signature.bytes, binary: shape.binary, packet, certificate, at };
      const answers = [
        askLibrary(question),
        ...(gpgv === null ? [] : [askGpgv(gpgv, gpgvVersion, question)]),
      ];
      const verifiers = await Promise.all(answers);
      return { ...seen, key: certificate.facts, verifiers };
    },

    async tools() {
      const library = { name: 'openpgp.js', version: await libraryVersion() };
      return gpgv === null ? [library] : [library, { name: 'gpgv', version: await gpgvVersion(gpgv) }];
    },
  };
}

async function askLibrary(question: Question): Promise<VerifierSays> {
  return { tool: 'openpgp.js', version: await libraryVersion(), says: await openpgpSays(question) };
}

/** A gpgv that is there and cannot be used is a "no": verification with one opinion fewer would be a quiet downgrade. */
async function askGpgv(
  program: string,
  version: (program: string) => Promise<string>,
  question: Question,
): Promise<VerifierSays> {
  try {
    return { tool: 'gpgv', version: await version(program), says: await gpgvSays(program, question) };
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return {
      tool: 'gpgv',
      version: 'unknown',
      says: { is: 'bad', problem: { code: error.code, wrong: error.message } },
    };
  }
}

/** The key that a signature names by its whole fingerprint; one that may sign goes before one that only lists the subkey. */
function choose(reads: readonly CertificateRead[], issuer: string): Certificate | null {
  const all = reads.filter((read) => read.is === 'certificate');
  return (
    all.find(({ facts }) => facts.fingerprint === issuer) ??
    all.find(({ facts }) => facts.signingKeys.includes(issuer)) ??
    all.find(({ prints }) => prints.includes(issuer)) ??
    null
  );
}

/** The same certificate is asked for with every signature. Facts hold for all times, so they may be kept; library objects may not. */
function readOnce(): (file: FileRead) => Promise<CertificateRead> {
  const known = new Map<string, Promise<CertificateRead>>();
  return (file) => {
    const id = `${file.sha256} ${file.path}`;
    const read = known.get(id) ?? readCertificate(file);
    known.set(id, read);
    return read;
  };
}
