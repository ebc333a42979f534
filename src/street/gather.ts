/** Facts: reads everything the gates judge, once, into plain data. The first half of the street. */
import { attempt } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { TOOLS } from '../inputs/parity.ts';
import { parseTrust, TRUST_FILE, type Trust } from '../inputs/trust.ts';
import type { Facts, FileRead, GovernanceFacts, LedgerFacts, Maybe, SignedFile } from '../inputs/facts.ts';
import { factsOf, readLedger, type Ledger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import { choosePin } from '../gates/pin.ts';
import type { EvidenceStore, Ports, Repository } from '../ports.ts';
import { readSigned, type Verify } from './beside.ts';
import { judgeFoundation, type Foundation } from './forgeries.ts';
import { listed, listedKeys } from './listed.ts';
import { isBelieved, reach, UNASKED, type Doors } from './reach.ts';
import { gatherRules } from './rules-facts.ts';
import { readTrustVersions, type Between } from './trust-versions.ts';

export const PARITY_FILE = 'policies/parity.yaml';
const KEYS_FOLDER = 'policies/keys';
const TEMPLATES_FOLDER = 'templates';

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
  readonly remote: Doors | null;
}

/** Reads the repository, the ledger, this machine and the caller. Never writes. */
export async function gather(ports: Ports, request: Request): Promise<Gathered> {
  const now = ports.clock.now();
  // Before any of them is started: one that was replaced could put the right one back.
  const programs = await ports.machine.programs(TOOLS);
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
  // The provider itself may be asked meanwhile; an address that a document names, only once that is known to be signed.
  const isNamed = intent !== null && intent.endpoint !== null;
  const [source, early] = await Promise.all([
    reading.source(intent?.tag ?? (await ports.repository.tagsAtHead())[0] ?? '', ledgerFacts),
    isNamed ? UNASKED : reach(ports, intent, machine),
  ]);
  const seenSoFar: Facts = {
    now,
    environment,
    intentName: request.intent,
    mode: ports.mode,
    resume: request.resume,
    source,
    governance,
    machine,
    programs,
    rules: null,
    caller: early.caller,
    ledger: ledgerFacts,
  };
  const remote = isNamed && isBelieved(seenSoFar) ? await reach(ports, intent, machine) : early;
  const asked: Facts = { ...seenSoFar, caller: remote.caller };
  return {
    facts: { ...asked, rules: await gatherRules(ports.rules, repository, asked) },
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
    const [keyFiles, templates] = await Promise.all([
      listedKeys(() => keyFilesOf(this.repository)),
      listed(() => this.repository.list(TEMPLATES_FOLDER)),
    ]);
    this.keys = valueOf(keyFiles) ?? [];
    this.templates = (valueOf(templates) ?? []).filter((file) => file.path.endsWith('.tmpl'));
    const [keys, trust, parity, intent, pins] = await Promise.all([
      this.ports.verifier.keys(this.keys),
      this.signed(TRUST_FILE),
      // Policy and templates are judged by one gate, which cannot judge the one without the other.
      templates.is === 'problem' ? templates : this.repository.read(PARITY_FILE),
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
      keys:
        keyFiles.is === 'problem' ? [{ is: 'problem', file: KEYS_FOLDER, problem: keyFiles.problem }] : keys,
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

/** The public certificates of a governed repository. */
export async function keyFilesOf(repository: Repository): Promise<readonly FileRead[]> {
  return repository.list(KEYS_FOLDER, (path) => path.endsWith('.asc'));
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

/** The trust file as far as it can be read; its problems are told by the gate that judges it. */
export function attemptTrust(trust: GovernanceFacts['trust']): Trust | null {
  return trust.is === 'read'
    ? attempt(
        () => parseTrust(trust.value.file),
        () => null,
      )
    : null;
}

/** The intent as far as it can be read now; its problems are told by the gate that judges it. */
function attemptIntent(governance: GovernanceFacts): Intent | null {
  const { intent } = governance;
  return intent.is === 'read'
    ? attempt(
        () => parseIntent(intent.value.file),
        () => null,
      )
    : null;
}
