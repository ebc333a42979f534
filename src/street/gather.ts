/** Facts: reads everything the gates judge, once, into plain data. The first half of the street. */
import { isGovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { TOOLS } from '../inputs/parity.ts';
import { holds, parseTrust, personOf, type Trust } from '../inputs/trust.ts';
import type {
  Facts,
  FileRead,
  GovernanceFacts,
  LedgerFacts,
  Maybe,
  Problem,
  SignatureFacts,
  SignedFile,
} from '../inputs/facts.ts';
import { factsOf, readLedger, type Ledger } from '../evidence/ledger.ts';
import { entryName } from '../evidence/layout.ts';
import { readOnce } from '../evidence/once.ts';
import { foundationProblems } from '../evidence/report.ts';
import { verifyEvidence } from '../evidence/verify.ts';
import { listed, listedKeys } from './listed.ts';
import type { EvidenceStore, Ports, Repository } from '../ports.ts';
import { isBelieved, reach, UNASKED, type Doors } from './reach.ts';
import { gatherRules } from './rules-facts.ts';

export const TRUST_FILE = 'policies/trust.yaml';
export const PARITY_FILE = 'policies/parity.yaml';
const KEYS_FOLDER = 'policies/keys';
const TEMPLATES_FOLDER = 'templates';

/** Signatures beside one document: each is given to every verifier, and a folder that no tag covers may hold any number. */
const MOST_SIGNATURES = 32;

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
    readonly templates: readonly FileRead[];
  };
  /** Bytes of each signature file beside a governed document, by path. */
  readonly signatureFiles: readonly FileRead[];
  readonly ledger: Ledger;
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
  const ledgerFacts = {
    ...recorded,
    problems: [...recorded.problems, ...(await forgeries(ports, request, seen, ledger, governance))],
  };
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
    environment: request.environment,
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
    return {
      pinForPath: pins.find((pin) => pin.path === this.repository.root) ?? null,
      pins,
      trust,
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
      templates: this.templates,
    };
  }

  /** A document with every detached signature beside it: `X.asc` and `X.<FINGERPRINT>.asc`. */
  private async signed(path: string): Promise<Maybe<SignedFile>> {
    const read = await this.repository.read(path);
    if (read.is === 'problem') return read;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const files = await listed(() => this.repository.list(folder));
    if (files.is === 'problem') return files;
    const beside = files.value.filter((file) => isSignatureOf(path, file.path));
    if (beside.length > MOST_SIGNATURES)
      return problem(
        'SIG_COUNT',
        `${path} has ${String(beside.length)} signatures beside it, more than ${String(MOST_SIGNATURES)}`,
      );
    this.signatureFiles.push(...beside);
    const signatures = await Promise.all(beside.map((file) => this.verify(read.value.bytes, file)));
    return { is: 'read', value: { file: read.value, signatures } };
  }

  private verify(data: Uint8Array, signature: FileRead): Promise<SignatureFacts> {
    return this.ports.verifier.verify({ data, signature, keys: this.keys, at: this.now });
  }
}

/** What an earlier run left is believed only as far as it is signed: a forged ledger would hide a used nonce or a lock. */
async function forgeries(
  ports: Ports,
  { environment }: Request,
  store: EvidenceStore,
  ledger: Ledger,
  { pins, pinForPath, trust: document }: GovernanceFacts,
): Promise<readonly Problem[]> {
  if (ledger.head === null) return [];
  const trust = document.is === 'read' ? attempt(() => parseTrust(document.value.file)) : null;
  // What the machine pinned goes before what the folder says: a foreign trust file must not make our own ledger look forged.
  const repository = pinForPath?.repository ?? trust?.repository;
  const report = await verifyEvidence({
    store,
    verifier: ports.verifier,
    pins,
    now: ports.clock.now(),
    environment,
    mode: ports.mode,
    ...(repository === undefined ? {} : { repository }),
  });
  return [...foundationProblems(report), ...strangers(ledger, trust, environment)];
}

/** Before the first run nothing in the evidence says who may sign it; then the list of people does, which another gate judges. */
function strangers(ledger: Ledger, trust: Trust | null, environment: string): readonly Problem[] {
  const entries = ledger.items.map(({ entry }) => entry);
  if (trust === null || entries.some(({ type }) => type === 'APPLY_STARTED' || type === 'APPLY_RESUMED'))
    return [];
  return entries
    .filter(({ actor }) => {
      const person = personOf(trust, actor.fingerprint);
      return person === undefined || !holds(person, 'evidence', environment);
    })
    .map(({ seq, actor }) => ({
      code: 'EVIDENCE_INVALID',
      wrong: `${entryName(seq)} is by ${actor.fingerprint}, who may not sign evidence`,
    }));
}

/** The public certificates of a governed repository. */
export async function keyFilesOf(repository: Repository): Promise<readonly FileRead[]> {
  return (await repository.list(KEYS_FOLDER)).filter((file) => file.path.endsWith('.asc'));
}

/** `intents/dev.yaml` is signed by `intents/dev.yaml.asc` and `intents/dev.yaml.<40 HEX>.asc`. */
export function isSignatureOf(path: string, candidate: string): boolean {
  return (
    candidate === `${path}.asc` ||
    (candidate.startsWith(`${path}.`) && /^\.[0-9A-F]{40}\.asc$/.test(candidate.slice(path.length)))
  );
}

function valueOf<T>(maybe: Maybe<T>): T | null {
  return maybe.is === 'read' ? maybe.value : null;
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

function problem(
  code: Problem['code'],
  wrong: string,
): { readonly is: 'problem'; readonly problem: Problem } {
  return { is: 'problem', problem: { code, wrong } };
}
