/** The Verifier port: every verifier of this machine is asked about every signature, and each answer is kept as a fact. */
import process from 'node:process';
import { isGovbootError } from '../kernel/errors.ts';
import type { FileRead, Problem, VerifierSays } from '../inputs/facts.ts';
import { parseKeyFile } from '../inputs/key-file.ts';
import { parseSignatureFile } from '../inputs/signature-packet.ts';
import { signedParts, startOf, type SignedParts } from '../inputs/signed-digest.ts';
import type { Verifier } from '../ports.ts';
import { readCertificate, type CertificateRead } from './certificate.ts';
import { gpgvSays } from './gpgv.ts';
import { INSIDE_VERSION, insideSays } from './inside.ts';
import { libraryVersion, openpgpSays, type Question } from './openpgp.ts';
import { whereIs } from './programs.ts';
import { versionOf } from './run-program.ts';
import { sqvSays } from './sqv.ts';

export interface VerifierOptions {
  /** Absolute path of gpgv; searched on PATH when left out, not asked when null. */
  readonly gpgvPath?: string | null;
  /** The same of sqv. */
  readonly sqvPath?: string | null;
  /** The governed repository: it must not bring its own verifiers. */
  readonly repository?: string;
}

type Certificate = CertificateRead & { readonly is: 'certificate' };

/** OpenPGP.js always; gpgv and sqv where they are installed. */
export function makeVerifier(options: VerifierOptions = {}): Verifier {
  const { gpgvPath, sqvPath, repository } = options;
  const found = (name: string, path: string | null | undefined): readonly string[] => {
    const program = path === undefined ? whereIs(name, process.env, repository) : path;
    return program === null ? [] : [program];
  };
  const asked: readonly Asked[] = [
    library,
    ...found('gpgv', gpgvPath).map((path) => program('gpgv', path, (question) => gpgvSays(path, question))),
    ...found('sqv', sqvPath).map((path) =>
      program('sqv', path, (question, version) => sqvSays(path, version, question)),
    ),
  ];
  const certificates = readOnce();
  const certificateOf = chooser(certificates);

  return {
    keys: async (files) =>
      (await certificates(files)).map((read) =>
        read.is === 'problem' ? read : { is: 'key', key: read.facts },
      ),

    async verify({ data, signature, keys, at, depth = 'everybody' }) {
      const shape = parseSignatureFile(signature.bytes);
      const parts = shape.is === 'ok' ? signedParts(shape.binary, data) : null;
      const digest = parts === null ? null : startOf(parts);
      const seen = { file: signature.path, sha256: signature.sha256, shape, digest };
      const issuer = shape.is === 'ok' ? shape.packet.issuerFingerprint : null;
      if (shape.is === 'malformed' || parts === null || issuer === null)
        return { ...seen, key: null, verifiers: [] };
      const certificate = await certificateOf(keys, issuer);
      if (certificate === null) return { ...seen, key: null, verifiers: [] };
      const packet = { ...shape.packet, issuerFingerprint: issuer };
      const { binary } = shape;
      const question = {
        ...{ data, armored: signature.bytes, binary, packet, certificate },
        at: at ?? packet.created,
      };
      const verifiers =
        depth === 'inside'
          ? [await saysInside(question, parts)]
          : await Promise.all(asked.map((verifier) => verifier.ask(question)));
      return { ...seen, key: certificate.facts, verifiers };
    },

    tools: () =>
      Promise.all(asked.map(async ({ tool, version }) => ({ name: tool, version: await version() }))),
  };
}

/** One of those whose word is asked for. */
interface Asked {
  readonly tool: VerifierSays['tool'];
  readonly version: () => Promise<string>;
  readonly ask: (question: Question) => Promise<VerifierSays>;
}

const library: Asked = {
  tool: 'openpgp.js',
  version: libraryVersion,
  ask: async (question) => ({
    tool: 'openpgp.js',
    version: await libraryVersion(),
    says: await openpgpSays(question),
  }),
};

/** No library and no program: the bytes and no more. */
async function saysInside(question: Question, parts: SignedParts): Promise<VerifierSays> {
  return { tool: 'node:crypto', version: INSIDE_VERSION, says: await insideSays(question, parts) };
}

/**
 * A program that is there and cannot be used is a "no": verification with one opinion fewer would be a quiet downgrade. It is not asked
 * again afterwards, because one that gives no answer would keep every signature waiting.
 */
function program(
  tool: 'gpgv' | 'sqv',
  path: string,
  says: (question: Question, version: string) => Promise<VerifierSays['says']>,
): Asked {
  let asked: Promise<string> | null = null;
  let unusable: Problem | null = null;
  const version = (): Promise<string> => (asked ??= versionOf(path));
  return {
    tool,
    version,
    async ask(question) {
      let known = 'unknown';
      try {
        known = await version();
        if (unusable === null) return { tool, version: known, says: await says(question, known) };
      } catch (error) {
        if (!isGovbootError(error)) throw error;
        unusable ??= { code: error.code, wrong: error.message };
      }
      return { tool, version: known, says: { is: 'bad', problem: unusable } };
    },
  };
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

/** The same files are given with every signature of a ledger: which of them an issuer has is found once for each list of files. */
function chooser(
  certificates: ReadAll,
): (keys: readonly FileRead[], issuer: string) => Promise<Certificate | null> {
  const known = new WeakMap<readonly FileRead[], Map<string, Certificate>>();
  return async (keys, issuer) => {
    const chosen = known.get(keys) ?? new Map<string, Certificate>();
    known.set(keys, chosen);
    const found = chosen.get(issuer) ?? choose(await certificates(keys), issuer);
    // An issuer is whatever a signature says: of nobody nothing is remembered.
    if (found !== null) chosen.set(issuer, found);
    return found;
  };
}

/** Signatures of all certificates together: each costs a millisecond or so, and that it is worth nothing is known only afterwards. */
const MOST_SIGNATURES = 600;

type ReadAll = (files: readonly FileRead[]) => Promise<readonly CertificateRead[]>;

interface KeyFile {
  readonly signatures: number;
  readonly read: () => Promise<CertificateRead>;
}

/**
 * The same certificates are asked for with every signature. Facts hold for all times, so they may be kept; library objects may not.
 * A file is not read once those before it have used up what there is to spend.
 */
function readOnce(): ReadAll {
  const known = new Map<string, KeyFile>();
  const entryOf = (file: FileRead): KeyFile => {
    const shape = parseKeyFile(file.bytes);
    let reading: Promise<CertificateRead> | null = null;
    return {
      signatures: shape.is === 'ok' ? shape.signatures : 0,
      read: () => (reading ??= readCertificate(file, shape)),
    };
  };
  return (files) => {
    let left = MOST_SIGNATURES;
    return Promise.all(
      files.map((file) => {
        const id = `${file.sha256} ${file.path}`;
        const { signatures, read } = known.get(id) ?? entryOf(file);
        known.set(id, { signatures, read });
        left -= signatures;
        return left < 0 ? Promise.resolve(unread(file.path)) : read();
      }),
    );
  };
}

function unread(file: string): CertificateRead {
  const wrong = `is not read: it and the keys before it carry more than ${String(MOST_SIGNATURES)} signatures; export them without those of others (gpg --export-options export-minimal)`;
  return { is: 'problem', file, problem: { code: 'KEYRING_SHAPE', wrong } };
}
