/** The doors to the outside: one to three methods each. Types only; cloud/ and world/ implement them, main.ts wires them. */
import type { Event } from './kernel/events.ts';
import type { Sha256 } from './kernel/digest.ts';
import type { Instant } from './kernel/time.ts';
import type {
  CallerFacts,
  EnvironmentFacts,
  FileRead,
  Fingerprint,
  KeyRead,
  Maybe,
  Mode,
  PinFacts,
  ProgramFacts,
  RulesAnswer,
  SignatureFacts,
  SourceFacts,
} from './inputs/facts.ts';
import type { StampFacts } from './inputs/stamp.ts';
import type { Blueprint } from './plan/blueprint.ts';
import type { Holder, Known, Observation, Profile, ResourceSpec } from './plan/control.ts';
import type { Step } from './plan/step.ts';

export interface Clock {
  /** Wall clock, claimed. */
  now(): Instant;
  /** Milliseconds that never go back; for deadlines and expiry. */
  monotonic(): number;
  /** Waits; rejects with INTERRUPTED when the run is interrupted. */
  pause(ms: number): Promise<void>;
}

export interface Random {
  /** Version 4 UUID (RFC 9562 §5.4). */
  uuid(): string;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
}

export type Emit = (event: Event) => void;

/** Reads the governed repository. Every file is read once, never through a link, and with a size limit. */
export interface Repository {
  /** Absolute path of the work tree. */
  readonly root: string;
  /** Files directly under the folder whose names match; read once for the life of the port. */
  list(folder: string, isWanted?: (path: string) => boolean): Promise<readonly FileRead[]>;
  read(path: string): Promise<Maybe<FileRead>>;
  /** Facts of the tag and tree. `lastCommit` is the commit of the last tag used, for the rollback check. */
  source(
    tag: string,
    lastUsed: { readonly tag: string; readonly commit: string } | null,
  ): Promise<SourceFacts>;
}

/** Forgets what was read, so that every digest can be computed again before the first write. */
export interface RepositoryOpener {
  open(): Promise<Repository>;
  /** Annotated tags at HEAD, newest first; for `intent new`. */
  tagsAtHead(): Promise<readonly string[]>;
  /** Where a file lies, or would lie, in the work tree, links followed; null when it is outside. */
  placeOf(path: string): Promise<string | null>;
}

/** OpenPGP verification, by openpgp.js and, where installed, gpgv and sqv. */
export interface Verifier {
  keys(files: readonly FileRead[]): Promise<readonly KeyRead[]>;
  /** @param signature the armored file; @param at instant at which validity is judged; null is that of the signature itself */
  verify(input: {
    readonly data: Uint8Array;
    readonly signature: FileRead;
    readonly keys: readonly FileRead[];
    readonly at: Instant | null;
    /**
     * `inside` asks node:crypto alone whether the bytes were signed with that key: no program is started, and the key is judged by its
     * facts alone. For the many signatures of a long ledger; everybody is asked without it.
     */
    readonly depth?: 'everybody' | 'inside';
  }): Promise<SignatureFacts>;
  /** Names and versions of the verifiers in use. */
  tools(): Promise<readonly { readonly name: string; readonly version: string }[]>;
}

export interface SignerInfo {
  readonly fingerprint: Fingerprint;
  readonly userId: string;
  /** `agent` through gpg and its agent (cards too), `software` from a key file. */
  readonly backend: 'agent' | 'software';
  readonly tool: string;
}

/** Makes detached, armored, class 00 signatures. What was made is checked at once with the verifier by the caller. */
export interface Signer {
  identity(): Promise<SignerInfo>;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What people outside vouch for evidence with, in their own formats. Nothing is sent to anybody. */
export interface Witnesses {
  /** DER of a TimeStampReq that asks for the authority's certificate (RFC 3161 §2.4.1). @param nonce 32 hexadecimal characters */
  stampRequest(imprint: Sha256, nonce: string): Promise<Uint8Array>;
  /**
   * Takes a TimeStampResp apart; it may come from anybody, and never makes this throw.
   * @param about `roots` is PEM with the certificates that the asker trusts; `request`, the DER that was answered
   * @throws USAGE for roots that are none
   */
  readStamp(
    response: Uint8Array,
    about: { readonly roots: Uint8Array | null; readonly request: Uint8Array | null },
  ): Promise<Maybe<StampFacts>>;
  /** @param keys PEM with public keys. @returns SHA-256 of the key (SubjectPublicKeyInfo) that signed; null when none did. @throws USAGE */
  signedBy(keys: Uint8Array, data: Uint8Array, signature: Uint8Array): Promise<Sha256 | null>;
}

/** The evidence folder of one environment. Names are relative, with `/`. */
export interface EvidenceStore {
  readonly where: string;
  /**
   * Every file below the folder ('' is all of it), whatever its kind, as sorted names relative to the store; empty when there is no
   * such folder. What is not a plain file is listed too, so that it cannot hide: `read` refuses it.
   */
  list(folder: string): Promise<readonly string[]>;
  /** null when there is no such file. @throws FILE_UNSAFE */
  read(name: string): Promise<Uint8Array | null>;
  /** Creates exclusively and syncs, then the folder; the file appears whole or not at all. @throws EVIDENCE_WRITE, FILE_EXISTS */
  create(name: string, bytes: Uint8Array): Promise<void>;
  /** Replaces by write, sync, rename: for the derived heads only (SHA256SUMS, checkpoint, .backend.lock on supersede). */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Appends `line` and a line feed, and syncs: the journal. `line` itself has no line feed. */
  append(name: string, line: string): Promise<void>;
}

/** The same, where nothing is to be written: verify reads what an auditor was handed through this door. */
export type EvidenceReader = Pick<EvidenceStore, 'where' | 'list' | 'read'>;

/** Where copies of evidence are kept, as a receipt tells it. */
export interface VaultPlace {
  readonly kind: 'folder' | 's3';
  /** An absolute path, or `s3://BUCKET`. */
  readonly place: string;
  /** The account that must own the bucket; null where the store has no such thing. */
  readonly account: string | null;
  readonly region: string | null;
  /** null is the provider's own. */
  readonly endpoint: string | null;
}

/** Until when nobody can change or delete a version, as the store itself tells it. */
export interface Retention {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE' | 'none';
  readonly until: Instant | null;
}

export interface VaultVersion {
  readonly key: string;
  /** As the store names it; `none` where it has no versions. */
  readonly version: string;
  /** A marker says that the key was deleted; the versions under it are there all the same. */
  readonly is: 'object' | 'marker';
  /** Whether who asks for the key alone gets this one. */
  readonly latest: boolean;
}

/** One version, as it is now. */
export interface VaultObject {
  readonly version: string;
  readonly bytes: number;
  readonly retention: Retention;
  /** @throws FILE_UNSAFE when it is larger than a file of evidence can be */
  read(): Promise<Uint8Array>;
}

/** Where evidence is kept besides: nothing in it is ever overwritten or deleted through this door. Keys are plain names with `/`. */
export interface EvidenceVault {
  readonly place: VaultPlace;
  /** Every version of every key that begins so; of one key the newest first. Names are the store's, and may be anything. */
  versions(prefix: string): Promise<readonly VaultVersion[]>;
  /** null when there is no such version. */
  open(key: string, version: string): Promise<VaultObject | null>;
  /** Only where nothing has that key. @returns the new version; null when something has it already */
  create(key: string, bytes: Uint8Array): Promise<{ readonly version: string } | null>;
}

/** Which vault is opened. */
export type VaultTarget = VaultPlace & Pick<CloudTarget, 'environment' | 'repository' | 'profile'>;

/** Writes human-made documents (init, intent, trust, backend file). Never overwrites. */
export interface Files {
  create(path: string, bytes: Uint8Array | string): Promise<void>;
  exists(path: string): Promise<boolean>;
  read(path: string): Promise<Uint8Array>;
}

/** The trust file and its signatures: of all that people write, the only files that are ever changed, and only to begin a next version. */
export interface TrustFiles {
  /** @param was what must be there now. @throws FILE_UNSAFE when it is not */
  replace(path: string, was: Uint8Array, bytes: Uint8Array): Promise<void>;
  /** Takes a signature away that is kept elsewhere already. */
  remove(path: string): Promise<void>;
}

export interface Pins {
  readonly file: string;
  load(): Promise<readonly PinFacts[]>;
  save(pin: PinFacts): Promise<void>;
}

/** The controlling terminal itself, not stdin. */
export interface Terminal {
  /** Why nobody can be asked, or null. */
  unusable(): string | null;
  /** Asks for one line. Answers what happened; never throws on "no". */
  ask(prompt: { readonly text: string; readonly timeoutMs: number }): Promise<Answer>;
}

export type Answer =
  | { readonly is: 'typed'; readonly text: string }
  | { readonly is: 'pasted' }
  | { readonly is: 'timeout' }
  | { readonly is: 'cancelled' };

export interface RunContext {
  readonly run: string;
  /** An earlier sitting began this step, and how that ended is not known. */
  readonly unsure?: boolean;
  readonly blueprint: Blueprint;
  readonly known: Known;
}

export interface Performed {
  readonly requestIds: readonly { readonly call: string; readonly id: string }[];
  /** Identifiers learned, e.g. `state-key.arn`. */
  readonly known: Known;
  readonly retries: number;
}

/** A store. `table` is data; the planner never calls the other methods. */
export interface Cloud {
  readonly profile: Profile;
  readonly table: readonly ResourceSpec[];
  whoAmI(): Promise<CallerFacts>;
  observe(blueprint: Blueprint): Promise<Observation>;
  /**
   * Idempotent: "exists already" is read back, compared, and taken over only if it is provably ours.
   * @param onWritten told once the write is accepted and others may build on it, with the identifiers learned; never before, and not at
   * all where the store does not know it earlier than the end
   */
  perform(step: Step, context: RunContext, onWritten?: (known: Known) => void): Promise<Performed>;
  /** The step is next: whatever must be looked at before it may be looked at now. Writes nothing, and never fails. */
  lookAhead?(step: Step, context: RunContext): void;
}

/** Whose the environment is instead of this run's. */
export type Taken =
  /** Another run is at work. */
  | ({ readonly is: 'busy' } & Holder)
  /** A run that the ledger at hand does not know has finished. */
  | ({ readonly is: 'finished' } & Holder);

export type ClaimAnswer = { readonly is: 'held'; readonly requestIds: Performed['requestIds'] } | Taken;

/** What a claim is judged by. */
export interface ClaimContext extends RunContext {
  /** Runs that the ledger at hand has on record. */
  readonly knownRuns: ReadonlySet<string>;
}

/** The first write of a run, which a second operator's run sees. */
export interface Claims {
  /** Whose the environment is, without writing anything; null when it is free, or this run's. */
  look(context: ClaimContext, at: Instant): Promise<Taken | null>;
  take(context: ClaimContext, holder: string, at: Instant): Promise<ClaimAnswer>;
  /**
   * Everything is written and was read back: frees the claim and marks the environment as finished by this run, in one write.
   * @returns who has taken the claim over meanwhile, and nothing is written then; null when it was still ours
   */
  release(context: RunContext, holder: string, at: Instant): Promise<Holder | null>;
}

/** Asks for what an option did not say. For scaffolding only: a confirmation never goes through it. */
export interface Wizard {
  readonly interactive: boolean;
  ask(question: {
    readonly message: string;
    readonly initial?: string;
    readonly problem: (text: string) => string | null;
  }): Promise<string>;
  /** One of several. @returns its value */
  choose(question: {
    readonly message: string;
    readonly choices: readonly Choice[];
    readonly initial?: string;
  }): Promise<string>;
  /** Asks without showing what is typed: the passphrase of a key file. */
  secret(message: string): Promise<string>;
}

export interface Choice {
  readonly value: string;
  readonly text: string;
  /** What it means, shown while it is the one that would be taken. */
  readonly about?: string;
}

/** What this machine suggests to whoever writes the first documents. Suggestions only: they are shown, and can be answered otherwise. */
export interface Suggestions {
  /** @param dir the folder that is to be governed, which need not be there yet */
  about(dir: string): Promise<Suggested>;
  /** Keys that gpg could sign with here, cards included; none where there is no gpg. */
  secretKeys(): Promise<readonly OwnKey[]>;
  /** The armored certificate as gpg has it; null when it has none. */
  publicKey(fingerprint: Fingerprint): Promise<Uint8Array | null>;
}

export interface Suggested {
  /** Its name, without the folders above. */
  readonly folder: string;
  /** How to get there from where the program was started; null when it is there. */
  readonly way: string | null;
  readonly isRepository: boolean;
  /** Where `origin` is, as host and path: `github.com` and `acme/infra`. */
  readonly origin: { readonly host: string; readonly path: string } | null;
  /** user.name of git. */
  readonly person: string | null;
  /** AWS_REGION, or the region of the profile in use. */
  readonly region: string | null;
}

export interface OwnKey {
  readonly fingerprint: Fingerprint;
  readonly userId: string;
}

/** Names of the files directly in a folder, sorted; null when it is no folder. */
export interface Folders {
  files(path: string): Promise<readonly string[] | null>;
  /** The same, with the folders in it. */
  entries(path: string): Promise<readonly string[] | null>;
}

export interface Machine {
  environment(): EnvironmentFacts;
  /** Names, versions and SHA-256 of the tools that took part. */
  tools(): Promise<
    readonly { readonly name: string; readonly version: string; readonly sha256: string | null }[]
  >;
  /** Of the named programs those that are here, hashed; none of them is started. */
  programs(names: readonly string[]): Promise<readonly ProgramFacts[]>;
}

/** What lies at a path, links followed once. */
export interface PlaceFacts {
  readonly path: string;
  readonly is: 'missing' | 'file' | 'folder' | 'other';
  /** Permission bits; null where the system has none, or nothing lies there. */
  readonly mode: number | null;
  /** Whether this user may write it, or, where nothing lies there, make it. */
  readonly writable: boolean;
  /** Free bytes of its disk for this user; null where nobody says. */
  readonly freeBytes: number | null;
}

/** What a program says of itself; null where it gave no version within a few seconds. */
export interface ProgramVersion {
  readonly name: string;
  readonly path: string;
  readonly version: string | null;
}

/** What only `govboot doctor` asks of this machine. It writes nothing, and nothing in it waits longer than a few seconds. */
export interface Checkup {
  /** Node, which is always there, and of the named programs those that are here. */
  programs(names: readonly string[]): Promise<readonly ProgramVersion[]>;
  /** Version of the gpg-agent that runs; null when none does. It is not started. @throws TOOL when it cannot be asked */
  agent(): Promise<string | null>;
  /** @param path relative to the repository, or absolute */
  place(path: string): Promise<PlaceFacts>;
  /** What should be for this user alone, as far as it is here: the key file of --key, gpg's folder, AWS credentials. */
  readonly secrets: readonly { readonly what: string; readonly path: string }[];
}

/** The time as the cloud tells it to anybody who asks, without credentials. */
export interface CloudClock {
  /** Milliseconds since the epoch, to the second, beside what this machine's clock said then. @throws CLOUD_UNREACHABLE */
  ask(target: Pick<CloudTarget, 'region'>): Promise<{ readonly cloud: Instant; readonly here: Instant }>;
}

/** The team's own rules, compiled to WebAssembly. They reach nothing, and are ended when they take too long or too much. */
export interface Rules {
  /** @param question `input` is JSON. Never throws for what the rules do. */
  evaluate(question: {
    readonly module: Uint8Array;
    readonly entrypoint: string;
    readonly input: Uint8Array;
  }): Promise<RulesAnswer>;
}

/** Everything a command may use; made once by main. */
export interface Ports {
  readonly mode: Mode;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly repository: RepositoryOpener;
  readonly verifier: Verifier;
  readonly signer: Signer;
  readonly witnesses: Witnesses;
  readonly evidence: (environment: string) => EvidenceStore;
  /** Evidence that lies elsewhere: a folder of one environment, or an archive of it. @throws FILE_MISSING, FILE_UNSAFE, BUNDLE_UNSAFE */
  readonly exhibit: (path: string) => Promise<EvidenceReader>;
  /** Made on first use. @throws FILE_MISSING for a folder that is not there */
  readonly vault: (target: VaultTarget) => Promise<EvidenceVault>;
  readonly files: Files;
  readonly trustFiles: TrustFiles;
  readonly pins: Pins;
  readonly terminal: Terminal;
  /** Made on first use: SDK clients are loaded when they are used. */
  readonly cloud: (target: CloudTarget) => Promise<{ readonly cloud: Cloud; readonly claims: Claims }>;
  readonly machine: Machine;
  /** Made on first use. */
  readonly checkup: () => Promise<Checkup>;
  readonly cloudClock: CloudClock;
  readonly rules: Rules;
  /** Whether the run was asked to stop (SIGINT, SIGTERM); from the first question on, running steps are let end. */
  readonly interrupted: () => boolean;
  readonly wizard: Wizard;
  readonly suggestions: Suggestions;
  readonly folders: Folders;
  /** The program's own policies/ and templates/, for `init`. */
  readonly scaffold: (path: string) => Promise<Uint8Array>;
}

export interface CloudTarget {
  readonly provider: 'aws';
  readonly account: string;
  readonly region: string;
  /** Named by the intent; null means the provider's own. */
  readonly endpoint: string | null;
  readonly environment: string;
  readonly repository: string;
  /** Of the AWS configuration, where one run asks several accounts; null as the SDK finds it. */
  readonly profile: string | null;
}
