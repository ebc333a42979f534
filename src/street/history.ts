/** The ledger with all that a reader needs beside it: who signed, why it was done, and whether any of it is to be believed. */
import { fileOf } from '../inputs/file-read.ts';
import { attempt, GovbootError } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import type { LedgerEntry } from '../inputs/evidence-documents.ts';
import { parseIntent, type Intent } from '../inputs/intent.ts';
import { sha256 } from '../kernel/digest.ts';
import { blobName, keyName } from '../evidence/layout.ts';
import { factsOf, readLedger, type Ledger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import {
  foundationProblems,
  type Axis,
  type EvidenceFinding,
  type VerifyReport,
} from '../evidence/report.ts';
import type { EvidenceStore, Ports } from '../ports.ts';
import { flagOf } from './next-command.ts';
import { verifyHere } from './verify-here.ts';

export interface History {
  readonly store: EvidenceStore;
  readonly ledger: Ledger;
  readonly report: VerifyReport;
  /**
   * How far the entries themselves may be believed; what is not decided of policy or lock does not touch them. `open`: each is signed
   * and follows the one before, and the seal over them is left to a run that did not finish.
   */
  readonly entries: 'verified' | 'open' | 'undecided' | 'invalid';
  /** What speaks against them; the first is told. */
  readonly findings: readonly EvidenceFinding[];
}

/** Axes that are about the entries: what they say, who signed them, when, and that none is missing. */
const OF_ENTRIES: readonly Axis[] = ['integrity', 'authenticity', 'time', 'revocation', 'chain', 'origin'];

/** Reads the files once: what is shown is what was verified. @throws EVIDENCE_MISSING */
export async function readHistory(ports: Ports, environment: string): Promise<History> {
  const store = readOnce(ports.evidence(environment));
  const report = await verifyHere(ports, environment, { store });
  const ledger = await readLedger(store);
  const answers = report.answers.filter(({ axis }) => OF_ENTRIES.includes(axis));
  const all = report.answers.flatMap(({ findings }) => findings);
  const bad = all.filter(({ is }) => is === 'bad');
  const open = answers.flatMap(({ findings }) => findings);
  return {
    ...{ store, ledger, report },
    entries:
      bad.length > 0
        ? 'invalid'
        : open.length === 0
          ? 'verified'
          : isOpen(ledger, open)
            ? 'open'
            : 'undecided',
    findings: [...bad, ...open],
  };
}

/** Nothing but the seal is missing, and a run that did not finish has it still to make. */
function isOpen(ledger: Ledger, findings: readonly EvidenceFinding[]): boolean {
  return (
    factsOf(ledger).unfinished !== null &&
    findings.every(({ axis }) => axis === 'integrity' || axis === 'chain')
  );
}

export function isBelieved({ entries }: Pick<History, 'entries'>): boolean {
  return entries === 'verified' || entries === 'open';
}

/** Nothing is copied from, or added to, evidence that does not verify; receipts are among it. @throws EVIDENCE_INVALID */
export function assertSound({ report }: Pick<History, 'report'>, environment: string): void {
  const forged = report.answers
    .filter(({ axis }) => axis === 'store')
    .flatMap(({ findings }) => findings.filter(({ is }) => is === 'bad'))
    .map(({ file, what }) => `store: ${file}: ${what}`);
  const [wrong] = [...foundationProblems(report).map((problem) => problem.wrong), ...forged];
  if (wrong === undefined) return;
  throw new GovbootError('EVIDENCE_INVALID', `the evidence of ${environment} does not verify: ${wrong}`, {
    hint: `\`govboot verify ${environment}${flagOf(report.mode)}\` tells all of it; nothing was written`,
  });
}

/** The intents that the entries name, by their digest; one that is not stored, or is another, is left out. */
export async function intentsOf({ ledger, store }: History): Promise<ReadonlyMap<string, Intent>> {
  const digests = new Set(ledger.items.flatMap(({ entry }) => intentOf(entry) ?? []));
  const found = new Map<string, Intent>();
  for (const digest of digests) {
    const bytes = await store.read(blobName(digest));
    if (bytes === null || sha256(bytes) !== digest) continue;
    const intent = attempt(
      () => parseIntent(fileOf(blobName(digest), bytes)),
      () => null,
    );
    if (intent !== null) found.set(digest, intent);
  }
  return found;
}

export function intentOf({ body }: LedgerEntry): string | null {
  return 'intent_sha256' in body ? body.intent_sha256 : null;
}

/** First user id of each signer's stored certificate. */
export async function namesOf(
  { ledger, store }: History,
  { verifier }: Pick<Ports, 'verifier'>,
): Promise<ReadonlyMap<Fingerprint, string>> {
  const prints = new Set(ledger.items.map(({ entry }) => entry.actor.fingerprint));
  const files = [];
  for (const print of prints) {
    const path = keyName(print);
    const bytes = await store.read(path);
    if (bytes !== null) files.push(fileOf(path, bytes));
  }
  const keys = await verifier.keys(files);
  return new Map(
    keys.flatMap((read) => {
      const [name] = read.is === 'key' ? read.key.userIds : [];
      return read.is === 'key' && name !== undefined ? [[read.key.fingerprint, name] as const] : [];
    }),
  );
}
