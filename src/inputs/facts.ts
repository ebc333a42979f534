/**
 * Facts: what this machine, the repository and the cloud were seen to be. Plain data, gathered once by the rooms that do I/O,
 * judged by the gates. A fact never says whether it is good.
 */
import type { Code } from '../kernel/codes.ts';
import type { Sha256 } from '../kernel/digest.ts';
import type { Json } from '../kernel/json.ts';
import type { Instant } from '../kernel/time.ts';
import type { TagRead } from './tag-object.ts';
import type { SignatureShape } from './signature-packet.ts';
import type { DigestStart } from './signed-digest.ts';

/** 40 upper-case hexadecimal characters: the v4 fingerprint of a primary key (RFC 9580 §5.5.4.2). */
export type Fingerprint = string & { readonly __brand: 'Fingerprint' };

export function isFingerprint(text: string): text is Fingerprint {
  return /^[0-9A-F]{40}$/.test(text);
}

/** A file that was read once: these bytes are the ones hashed, verified and parsed. */
export interface FileRead {
  /** Relative to the repository root, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

/** Something wrong that was seen while reading, with the code under which a gate refuses it. */
export interface Problem {
  readonly code: Code;
  /** The wrong value or place. */
  readonly wrong: string;
}

// --- OpenPGP ---------------------------------------------------------------------------------------------------------

/** A primary key or a subkey: what is true of it alone. */
export interface KeyPart {
  readonly fingerprint: string;
  readonly algorithm: string;
  /** RSA modulus length in bits; null for elliptic curves. */
  readonly bits: number | null;
  readonly created: Instant;
  readonly expires: Instant | null;
  readonly revoked: Revoked | null;
}

/** `soft` leaves earlier signatures valid; `hard` leaves none. */
export interface Revoked {
  readonly kind: 'hard' | 'soft';
  readonly reason: string;
}

/** One public certificate of policies/keys, as both shape and content were seen; itself its primary key. */
export interface KeyFacts extends KeyPart {
  readonly file: string;
  readonly fingerprint: Fingerprint;
  /** Primary and subkeys that are bound and allowed to sign, upper-case hex; expired and revoked ones too. */
  readonly signingKeys: readonly string[];
  /** Those of them that are subkeys. */
  readonly subkeys: readonly KeyPart[];
  readonly userIds: readonly string[];
}

export type KeyRead =
  | { readonly is: 'key'; readonly key: KeyFacts }
  | { readonly is: 'problem'; readonly file: string; readonly problem: Problem };

/** What one verifier says of one signature. Exit codes are no verdict: see world/gpgv.ts and world/sqv.ts. */
export interface VerifierSays {
  /** `node:crypto` with our own parser, where only the bytes of a signature are in question. */
  readonly tool: 'openpgp.js' | 'gpgv' | 'sqv' | 'node:crypto';
  readonly version: string;
  readonly says:
    | {
        readonly is: 'good';
        readonly primary: Fingerprint;
        readonly signingKey: string;
        readonly created: Instant;
      }
    | { readonly is: 'bad'; readonly problem: Problem }
    /** It could not be asked this question, which is no answer to it: not for, not against. */
    | { readonly is: 'abstains'; readonly why: string };
}

/** One `.asc` file beside the bytes that it signs. */
export interface SignatureFacts {
  readonly file: string;
  readonly sha256: Sha256;
  /** The armored file's own form, judged without any library: see signature-packet.ts. */
  readonly shape: SignatureShape;
  /** The start of the digest, as the packet says it and as we found it; null when the file is malformed. */
  readonly digest: DigestStart | null;
  /** The certificate that the issuer subpacket names, if policies/keys holds it. */
  readonly key: KeyFacts | null;
  readonly verifiers: readonly VerifierSays[];
}

/** A document together with every detached signature found beside it (`X.asc`, `X.<FINGERPRINT>.asc`). */
export interface SignedFile {
  readonly file: FileRead;
  readonly signatures: readonly SignatureFacts[];
}

export type Maybe<T> =
  { readonly is: 'read'; readonly value: T } | { readonly is: 'problem'; readonly problem: Problem };

// --- the repository --------------------------------------------------------------------------------------------------

export interface SourceFacts {
  /** Absolute path of the work tree, links resolved. */
  readonly root: string;
  readonly objectFormat: 'sha1' | 'sha256';
  /** Replace refs, grafts, alternates, shallow history, hooks, filters …: REPLACE_REFS or REPO_UNSAFE. */
  readonly repositoryProblems: readonly Problem[];
  /** Object name of the commit that HEAD resolves to; null in an empty repository. */
  readonly head: string | null;
  /** The tag that was asked for, read as raw bytes. */
  readonly tag: TagRead;
  /** The signature inside the tag object over its payload; null when unsigned or malformed. */
  readonly tagSignature: SignatureFacts | null;
  readonly tree: Maybe<TreeFacts>;
  /** How the tag's commit stands to the last one used, from the ledger; null when there was none. */
  readonly lastUsed: { readonly tag: string; readonly commit: string; readonly descends: boolean } | null;
}

export interface TreeFacts {
  /** SHA-256 over the lines `<mode> <sha256 of content> <path>\n` of the tagged tree, sorted by path bytes; evidence/ and intents/ left out. */
  readonly tagged: Sha256;
  /** The same over the files on disk. */
  readonly onDisk: Sha256;
  readonly files: number;
  /** Paths that differ, at most 20, each with how. */
  readonly differences: readonly {
    readonly path: string;
    readonly how: 'missing' | 'extra' | 'changed' | 'mode' | 'unsafe';
  }[];
}

// --- trust, policy, intent -------------------------------------------------------------------------------------------

/** What the operator's machine pinned, outside the repository. */
export interface PinFacts {
  readonly file: string;
  readonly repository: string;
  readonly path: string | null;
  readonly roots: readonly Fingerprint[];
  readonly threshold: number;
  readonly trustVersion: number;
  readonly pinnedAt: Instant;
}

/** An earlier version of the trust file, as policies/trust keeps it. */
export interface KeptTrust {
  /** By the name of its file; what the file itself says is for a gate to compare. */
  readonly version: number;
  readonly file: FileRead;
  /** null: not on the way from the pinned version to the present one, or farther on it than one run goes. */
  readonly signatures: Maybe<readonly SignatureFacts[]> | null;
}

export interface GovernanceFacts {
  /** The pin made for this folder; refuses another repository id in it. */
  readonly pinForPath: PinFacts | null;
  readonly pins: readonly PinFacts[];
  readonly trust: Maybe<SignedFile>;
  /** Earlier versions of the trust file, lowest number first. */
  readonly kept: Maybe<readonly KeptTrust[]>;
  readonly parity: Maybe<FileRead>;
  readonly intent: Maybe<SignedFile>;
  readonly keys: readonly KeyRead[];
  /** templates/ of the repository. */
  readonly templates: readonly FileRead[];
}

/** What became of the rules that the parity policy names, compiled from Rego. */
export interface RulesFacts {
  readonly file: Maybe<FileRead>;
  readonly evaluation:
    | { readonly is: 'made'; readonly input: Uint8Array; readonly answer: RulesAnswer }
    | { readonly is: 'left'; readonly why: string };
}

/** What the engine answered. Whether the answer is a yes is for the gate. */
export type RulesAnswer =
  | {
      readonly is: 'answered';
      readonly entrypoints: readonly string[];
      /** The result set as it came: nothing of it is taken for granted. */
      readonly results: Json;
    }
  | { readonly is: 'no entrypoint'; readonly entrypoints: readonly string[] }
  /** An error, a missing function, a trap, too much time, too much memory. */
  | { readonly is: 'failed'; readonly why: string };

// --- this machine and the caller -------------------------------------------------------------------------------------

export interface EnvironmentFacts {
  /** Variables and options that weaken this process, by name, with a safe value: NODE_TLS_REJECT_UNAUTHORIZED, NODE_OPTIONS … */
  readonly weakening: readonly Setting[];
  /** Endpoint overrides in force: variable or profile setting → URL. */
  readonly endpoints: readonly { readonly from: string; readonly url: string }[];
  /** Proxy variables in force. No call goes through a proxy: whoever set one is mistaken about where calls go. */
  readonly proxies: readonly Setting[];
  /** Where the AWS configuration would have credentials from, beside files, variables and a sign-in. */
  readonly credentials: readonly CredentialSource[];
}

export interface Setting {
  readonly name: string;
  readonly value: string;
}

/** `from` is the variable, setting or file that says so. */
export type CredentialSource =
  | { readonly is: 'program'; readonly from: string; readonly command: string }
  | { readonly is: 'address'; readonly from: string; readonly url: string }
  /** What the SDK might read and this program cannot could say anything. */
  | { readonly is: 'unreadable'; readonly from: string; readonly why: string };

/** A program that a policy can list, and this machine has; hashed before it was started. */
export interface ProgramFacts {
  readonly name: string;
  /** Links resolved. */
  readonly path: string;
  /** null when it may be run, but not read. */
  readonly sha256: string | null;
}

export interface CallerFacts {
  /** `arn:aws:sts::123456789012:assumed-role/x/y` (STS GetCallerIdentity). */
  readonly arn: string;
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  /** Seconds until the credentials end; null when they do not say. */
  readonly expiresInSeconds: number | null;
}

// --- evidence --------------------------------------------------------------------------------------------------------

export interface LedgerFacts {
  /** Number of entries; 0 when there is no ledger. */
  readonly size: number;
  readonly headSha256: Sha256 | null;
  readonly lastTime: Instant | null;
  /** Nonces of intents whose apply began, each with the SHA-256 of the intent. */
  readonly nonces: readonly { readonly nonce: string; readonly intentSha256: string; readonly run: string }[];
  readonly lastTag: { readonly tag: string; readonly commit: string } | null;
  /** A run that began and neither ended nor failed for good. */
  readonly unfinished: {
    readonly run: string;
    readonly intentSha256: string;
    readonly since: Instant;
  } | null;
  /** `.backend.lock`, if there is one. */
  readonly lock: {
    readonly sha256: Sha256;
    readonly intentSha256: string;
    readonly tag: string;
    /** Version of the trust file under which it was made. */
    readonly trustVersion: number;
  } | null;
  /** Versions of the trust file that are on record here, each with the name that it had: the one of the lock, and those kept when a run began. */
  readonly trustOnRecord: readonly {
    readonly version: number;
    readonly sha256: Sha256;
    readonly name: string;
  }[];
  /** The ledger or lock on disk is not consistent; reading stops the run. */
  readonly problems: readonly Problem[];
}

/** Everything the gates judge. */
export interface Facts {
  readonly now: Instant;
  readonly environment: string;
  readonly intentName: string;
  readonly mode: Mode;
  readonly resume: boolean;
  readonly source: SourceFacts;
  readonly governance: GovernanceFacts;
  readonly machine: EnvironmentFacts;
  /** Of the tools that a policy can list, those that are here. */
  readonly programs: readonly ProgramFacts[];
  /** null when the policy names no rules, or could not be read. */
  readonly rules: RulesFacts | null;
  readonly caller: Maybe<CallerFacts>;
  readonly ledger: LedgerFacts;
}

/** LIVE writes to a cloud; REHEARSAL is everything but the cloud, and says so in every record. */
export type Mode = 'LIVE' | 'REHEARSAL';
