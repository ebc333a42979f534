/** Facts: reads everything the gates judge, once, into plain data. The first half of the street. */
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { parseTrust, TRUST_FILE, type Trust } from '../inputs/trust.ts';
import type {
  CallerFacts,
  EnvironmentFacts,
  Facts,
  FileRead,
  GovernanceFacts,
  LedgerFacts,
  Maybe,
  Problem,
  SignedFile,
} from '../inputs/facts.ts';
import { factsOf, readLedger, type Ledger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import { choosePin } from '../gates/pin.ts';
import type { Claims, Cloud, CloudTarget, EvidenceStore, Ports, Repository } from '../ports.ts';
import { judgeFoundation, type Foundation } from './forgeries.ts';
import { readSigned, type Verify } from './beside.ts';
import { readTrustVersions, type Between } from './trust-versions.ts';

export const PARITY_FILE = 'policies/parity.yaml';
const KEYS_FOLDER = 'policies/keys';
const TEMPLATES_FOLDER = 'templates';

/** Key files: a trust file lists at most 200 people and 20 roots. */
const MOST_KEYS = 250;

export interface Request {
  readonly environment: string;
  /** Path of the intent, relative to the repository. */
  readonly intent: string;
  readonly resume: boolean;
}

/** What was read, with the doors through which it was read. */
export interface Gathered {
  readonly facts: Facts;
  readonly files: {
    readonly trust: SignedFile | null;
    readonly parity: FileRead | null;
    readonly intent: SignedFile | null;
    readonly keys: readonly FileRead[];
    /** Earlier versions of the trust file, with their signatures. */
    readonly versions: readonly FileRead[];
    readonly templates: readonly FileRead[];
  };
  /** Bytes of each signature file beside a governed document, by path. */
  readonly signatureFiles: readonly FileRead[];
  readonly ledger: Ledger;
  readonly vouched: Foundation['vouched'];
  readonly store: EvidenceStore;
  /** null when the intent could not be read, so that no cloud can be named. */
  readonly remote: { readonly cloud: Cloud; readonly claims: Claims } | null;
}

/** Reads the repository, the ledger, this machine and the caller. Never writes. */
export async function gather(ports: Ports, request: Request): Promise<Gathered> {
  const now = ports.clock.now();
  const repository = await ports.repository.open();
  const reading = new Reading(ports, repository, now);
  const governance = await reading.governance(request.intent);
  const store = ports.evidence(request.environment);
  const seen = readOnce(store);
  const ledger = await readLedger(seen);
  const recorded = factsOf(ledger);
  const { environment } = request;
  const foundation = await judgeFoundation(
    ports,
    { environment, store: seen, ledger },
    governance,
    attemptTrust(governance.trust),
  );
  const ledgerFacts = { ...recorded, problems: [...recorded.problems, ...foundation.problems] };
  const intent = attemptIntent(governance);
  const machine = ports.machine.environment();
  const [source, remote] = await Promise.all([
    reading.source(intent?.tag ?? (await ports.repository.tagsAtHead())[0] ?? '', ledgerFacts),
    reach(ports, intent, machine),
  ]);
  const facts: Facts = {
    now,
    environment,
    intentName: request.intent,
    mode: ports.mode,
    resume: request.resume,
    source,
    governance,
    machine,
    caller: remote.caller,
    ledger: ledgerFacts,
  };
  return {
    facts,
    files: reading.files(governance),
    signatureFiles: reading.signatureFiles,
    ledger,
    vouched: foundation.vouched,
    store,
    remote: remote.doors,
  };
}

class Reading {
  readonly signatureFiles: FileRead[] = [];
  private readonly ports: Ports;
  private readonly repository: Repository;
  private readonly now: Instant;
  private keys: readonly FileRead[] = [];
  private templates: readonly FileRead[] = [];
  private versions: readonly FileRead[] = [];

  constructor(ports: Ports, repository: Repository, now: Instant) {
    this.ports = ports;
    this.repository = repository;
    this.now = now;
  }

  async governance(intentPath: string): Promise<GovernanceFacts> {
    const files = await keyFilesOf(this.repository);
    const isTooMany = files.length > MOST_KEYS;
    this.keys = isTooMany ? [] : files;
    this.templates = (await this.repository.list(TEMPLATES_FOLDER)).filter((file) =>
      file.path.endsWith('.tmpl'),
    );
    const [keys, trust, parity, intent, pins] = await Promise.all([
      this.ports.verifier.keys(this.keys),
      this.signed(TRUST_FILE),
      this.repository.read(PARITY_FILE),
      this.signed(intentPath),
      this.ports.pins.load(),
    ]);
    const pinned = { pinForPath: pins.find((pin) => pin.path === this.repository.root) ?? null, pins };
    const versions = await readTrustVersions(
      this.repository,
      this.verify,
      wayOf(pinned, attemptTrust(trust)),
    );
    this.versions = versions.files;
    return {
      ...pinned,
      trust,
      kept: versions.kept,
      parity,
      intent,
      keys: isTooMany ? [tooManyKeys(files.length)] : keys,
      templates: this.templates,
    };
  }

  async source(tag: string, ledger: LedgerFacts): Promise<Facts['source']> {
    const source = await this.repository.source(tag, ledger.lastTag);
    if (source.tag.is !== 'tag') return source;
    const { payload, signature, sha256, name } = source.tag.tag;
    const file: FileRead = { path: `refs/tags/${name}`, bytes: signature, sha256 };
    return { ...source, tagSignature: await this.verify(payload, file) };
  }

  files(governance: GovernanceFacts): Gathered['files'] {
    return {
      trust: valueOf(governance.trust),
      parity: valueOf(governance.parity),
      intent: valueOf(governance.intent),
      keys: this.keys,
      versions: this.versions,
      templates: this.templates,
    };
  }

  private async signed(path: string): Promise<Maybe<SignedFile>> {
    const { document, beside } = await readSigned(this.repository, path, this.verify);
    this.signatureFiles.push(...beside);
    return document;
  }

  private readonly verify: Verify = (data, signature) =>
    this.ports.verifier.verify({ data, signature, keys: this.keys, at: this.now });
}

function tooManyKeys(count: number): GovernanceFacts['keys'][number] {
  const wrong = `holds ${String(count)} key files, more than ${String(MOST_KEYS)}`;
  return { is: 'problem', file: KEYS_FOLDER, problem: { code: 'KEYRING_SHAPE', wrong } };
}

/** The public certificates of a governed repository. */
export async function keyFilesOf(repository: Repository): Promise<readonly FileRead[]> {
  return (await repository.list(KEYS_FOLDER)).filter((file) => file.path.endsWith('.asc'));
}

function valueOf<T>(maybe: Maybe<T>): T | null {
  return maybe.is === 'read' ? maybe.value : null;
}

/** From the pinned version to the present one; null without a pin that counts, which is told by the gate that judges it. */
function wayOf(pinned: Pick<GovernanceFacts, 'pinForPath' | 'pins'>, trust: Trust | null): Between | null {
  if (trust === null) return null;
  const choice = choosePin(trust.repository, pinned);
  return choice.is === 'pinned' ? { after: choice.pin.trustVersion, before: trust.version } : null;
}

function attemptTrust(trust: GovernanceFacts['trust']): Trust | null {
  return trust.is === 'read' ? attempt(() => parseTrust(trust.value.file)) : null;
}

/** The intent as far as it can be read now; its problems are told by the gate that judges it. */
function attemptIntent(governance: GovernanceFacts): Intent | null {
  const { intent } = governance;
  return intent.is === 'read' ? attempt(() => parseIntent(intent.value.file)) : null;
}

function attempt<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (isGovbootError(error)) return null;
    throw error;
  }
}

export function targetOf(intent: Intent): CloudTarget {
  return {
    provider: intent.provider,
    account: intent.account,
    region: intent.region,
    endpoint: intent.endpoint,
    environment: intent.environment,
    repository: intent.repository,
  };
}

/** Asks the cloud who is calling, but not through an endpoint or a TLS setting that the intent does not cover. */
async function reach(
  ports: Ports,
  intent: Intent | null,
  machine: EnvironmentFacts,
): Promise<{ readonly caller: Maybe<CallerFacts>; readonly doors: Gathered['remote'] }> {
  if (intent === null)
    return {
      caller: problem('IDENTITY', 'not asked: the intent could not be read, so no account is named'),
      doors: null,
    };
  const stray = machine.endpoints.find((override) => override.url !== intent.endpoint);
  if (stray !== undefined)
    return { caller: problem('ENDPOINT', `not asked: ${stray.from} is ${stray.url}`), doors: null };
  const [weak] = machine.weakening;
  if (weak !== undefined)
    return { caller: problem('ENVIRONMENT', `not asked: ${weak.name} is ${weak.value}`), doors: null };
  try {
    const doors = await ports.cloud(targetOf(intent));
    return { caller: { is: 'read', value: await doors.cloud.whoAmI() }, doors };
  } catch (error) {
    if (isGovbootError(error)) return { caller: problem(error.code, error.message), doors: null };
    throw new GovbootError('CLOUD_UNREACHABLE', `the caller could not be asked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function problem(
  code: Problem['code'],
  wrong: string,
): { readonly is: 'problem'; readonly problem: Problem } {
  return { is: 'problem', problem: { code, wrong } };
}
