/** Where a repository and its environments stand: read offline, judged by the gates, written nowhere. */
import { attempt } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import type { FileRead, LedgerFacts, Mode, SourceFacts } from '../inputs/facts.ts';
import type { Parity } from '../inputs/parity.ts';
import { personOf } from '../inputs/trust.ts';
import type { BackendLock } from '../inputs/evidence-documents.ts';
import { factsOf, readLedger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import type { VerifyReport } from '../evidence/report.ts';
import { judge } from '../gates/index.ts';
import { judgeSignatures } from '../gates/signers.ts';
import type { GateVerdict } from '../gates/verdict.ts';
import type { Look } from '../doctor/facts.ts';
import type { Ports } from '../ports.ts';
import { driftOnRecord, type DriftFound } from './drift-on-record.ts';
import { readPolicy } from './environments.ts';
import { attemptTrust, gather } from './gather.ts';
import { look, unlooked } from './look.ts';
import { readTrustState, type TrustState } from './trust-state.ts';
import { storesTold, type StoreTold } from './vault-told.ts';
import { verifyHere } from './verify-here.ts';

export interface WaitingIntent {
  readonly path: string;
  readonly intent: Intent;
  /** Names of the listed people whose good signatures lie beside it, else their keys. */
  readonly signedBy: readonly string[];
  /** What stands between it and an apply, gate by gate; the caller is not among it. */
  readonly refused: readonly GateVerdict[];
}

export interface EnvironmentStanding {
  readonly name: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly ledger: LedgerFacts;
  readonly lock: BackendLock | null;
  /** The last drift on record since that lock was written. */
  readonly drift: DriftFound | null;
  /** What receipts tell of stores; none was asked. */
  readonly stores: Look<readonly StoreTold[]>;
  /** `left` where there is no evidence. */
  readonly evidence: Look<VerifyReport>;
  readonly waiting: readonly WaitingIntent[];
  /** How many more wait, which end later. */
  readonly unjudged: number;
  readonly used: number;
  readonly expired: number;
}

export interface Standing {
  readonly mode: Mode;
  readonly now: Instant;
  readonly root: Look<string>;
  readonly trust: Look<TrustState>;
  /** Annotated tags at HEAD, newest first. */
  readonly tags: Look<readonly string[]>;
  readonly source: Look<SourceFacts>;
  readonly policy: Look<Parity>;
  /** Intents that cannot be read. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
  readonly environments: readonly EnvironmentStanding[];
}

/** Intents of one environment that are judged; whoever has more of them waiting has another problem. */
const MOST_WAITING = 2;
const INTENTS_FOLDER = 'intents';
/** As `init` writes it: to be read by people, and no intent. */
const EXAMPLE = 'intents/example.yaml';

/** @param ports without a cloud. @param name null: all of the policy */
export async function readStanding(ports: Ports, name: string | null): Promise<Standing> {
  const now = ports.clock.now();
  const { mode } = ports;
  const root = await look(async () => (await ports.repository.open()).root);
  if (root.is !== 'seen') {
    const none = unlooked('there is no repository');
    const nothing = { trust: none, tags: none, source: none, policy: none };
    return { mode, now, root, ...nothing, unreadable: [], environments: [] };
  }
  const [trust, tags, policy, intents] = await Promise.all([
    look(() => readTrustState(ports)),
    look(() => ports.repository.tagsAtHead()),
    look(() => readPolicy(ports)),
    readIntents(ports),
  ]);
  const [tag = ''] = tags.is === 'seen' ? tags.value : [];
  const source = await look(async () => (await ports.repository.open()).source(tag, null));
  const known = policy.is === 'seen' ? Object.entries(policy.value.environments) : [];
  const environments: EnvironmentStanding[] = [];
  // One after the other: each has every signature of its evidence verified, by programs of their own.
  for (const [environment, { account, regions }] of known.filter(([each]) => name === null || each === name))
    environments.push({
      ...{ name: environment, account, regions },
      ...(await standingOf(ports, environment, intents.read, now)),
    });
  return { mode, now, root, trust, tags, source, policy, unreadable: intents.unreadable, environments };
}

interface IntentRead {
  readonly file: FileRead;
  readonly intent: Intent;
}

async function readIntents(
  ports: Ports,
): Promise<{ readonly read: readonly IntentRead[]; readonly unreadable: Standing['unreadable'] }> {
  const files = await look(async () =>
    (await ports.repository.open()).list(
      INTENTS_FOLDER,
      (path) => path.endsWith('.yaml') && path !== EXAMPLE,
    ),
  );
  if (files.is !== 'seen')
    return {
      read: [],
      unreadable: files.is === 'failed' ? [{ path: INTENTS_FOLDER, why: files.problem.wrong }] : [],
    };
  const unreadable: { path: string; why: string }[] = [];
  const read = files.value.flatMap((file) =>
    attempt(
      () => [{ file, intent: parseIntent(file) }],
      ({ code, message }) => {
        unreadable.push({ path: file.path, why: `${message} [${code}]` });
        return [];
      },
    ),
  );
  return { read, unreadable };
}

async function standingOf(
  ports: Ports,
  environment: string,
  intents: readonly IntentRead[],
  now: Instant,
): Promise<Omit<EnvironmentStanding, 'name' | 'account' | 'regions'>> {
  const store = readOnce(ports.evidence(environment));
  const found = await readLedger(store);
  const ledger = factsOf(found);
  const evidence =
    ledger.size === 0 && found.problems.length === 0
      ? unlooked('there is none yet')
      : await look(() => verifyHere(ports, environment, { store }));
  const own = intents.filter(({ intent }) => intent.environment === environment);
  const isUsed = ({ intent: { nonce }, file }: IntentRead): boolean =>
    file.sha256 === ledger.lock?.intentSha256 || ledger.nonces.some((used) => used.nonce === nonce);
  const open = own.filter((each) => !isUsed(each));
  const waiting = open
    .filter(({ intent }) => intent.expires > now)
    .toSorted((a, b) => (a.intent.expires < b.intent.expires ? -1 : 1));
  const judged: WaitingIntent[] = [];
  for (const each of waiting.slice(0, MOST_WAITING))
    judged.push(await judgeWaiting(ports, environment, each));
  return {
    ledger,
    lock: found.lock?.document ?? null,
    evidence,
    drift: driftOnRecord(found),
    stores: await look(() => storesTold(ports, environment, { store, ledger: found })),
    waiting: judged,
    unjudged: waiting.length - judged.length,
    used: own.length - open.length,
    expired: open.length - waiting.length,
  };
}

/** The very gates of `check`. Who calls is not asked here, so identity is not among them. */
async function judgeWaiting(
  ports: Ports,
  environment: string,
  { file, intent }: IntentRead,
): Promise<WaitingIntent> {
  const { facts, files } = await gather(ports, { environment, intent: file.path, resume: false });
  const { verdicts } = judge(facts);
  const trust = attemptTrust(facts.governance.trust);
  const { signed } = judgeSignatures(file.path, files.intent?.signatures ?? [], facts.now);
  return {
    path: file.path,
    intent,
    signedBy: [...new Set(signed.map(({ primary }) => primary))].map(
      (print) => (trust === null ? undefined : personOf(trust, print)?.name) ?? print,
    ),
    refused: verdicts.filter(({ gate, status }) => gate !== 'identity' && status !== 'pass'),
  };
}
