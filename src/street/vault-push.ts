/** Evidence to where it outlives this machine: verified first, then stored, then signed for. */
import { addSeconds } from '../kernel/time.ts';
import { ledgerRoot } from '../evidence/checkpoint.ts';
import type { Ledger } from '../evidence/ledger.ts';
import { hex } from '../evidence/merkle.ts';
import { coveredBy, receiptsOf } from '../evidence/receipts.ts';
import type { VerifyReport } from '../evidence/report.ts';
import { weakness } from '../evidence/vault-ask.ts';
import { vaultPrefix } from '../evidence/vault-layout.ts';
import { push, sealedSet, type Pushed, type SealedSet } from '../evidence/vault-push.ts';
import { writeReceipts } from '../evidence/vault-receipt.ts';
import type { ReceiptObject } from '../inputs/store-receipt.ts';
import type { EvidenceStore, Ports, VaultPlace } from '../ports.ts';
import { assertSound, readHistory } from './history.ts';
import { recordingDeps } from './may-record.ts';
import { openVault, type AskedPlace, type OpenedVault } from './vault-place.ts';

export interface PushOutcome {
  readonly place: VaultPlace;
  /** Objects that were put there now, and all that are there of the sealed evidence. */
  readonly created: number;
  readonly stored: number;
  /** Entries of the ledger that are there. */
  readonly size: number;
  /** Receipts that were made now; empty when there was nothing to tell. */
  readonly receipts: readonly string[];
  /** What is there, and not as it should be. */
  readonly warnings: readonly string[];
}

/** What is to be pushed, once it was verified. */
export interface Kept {
  readonly store: EvidenceStore;
  readonly report: VerifyReport;
  readonly ledger: Ledger;
  readonly sealed: SealedSet;
}

/** @throws EVIDENCE_MISSING, EVIDENCE_INVALID for evidence that does not verify, EVIDENCE_UNDECIDED for one that is not sealed */
export async function keptEvidence(ports: Ports, environment: string): Promise<Kept> {
  // What is verified and what is pushed are the same bytes.
  const history = await readHistory(ports, environment);
  assertSound(history, environment);
  const { store, report, ledger } = history;
  return { store, report, ledger, sealed: await sealedSet(store, ledger) };
}

/** Puts there what is missing, and signs for it. @param profile of the AWS configuration; null as the SDK finds it. @throws VAULT_CONFLICT, VAULT_FAILED, SIGNER and what `keptEvidence` throws */
export async function pushEvidence(
  ports: Ports,
  environment: string,
  asked: AskedPlace,
  profile: string | null = null,
): Promise<PushOutcome> {
  const kept = await keptEvidence(ports, environment);
  const opened = await openVault(ports, environment, asked, profile);
  const { vault } = opened;
  const { mode, origin } = kept.report;
  const prefix = vaultPrefix(mode, origin.environment);
  const covered = coveredBy(receiptsOf(kept.sealed.files), vault.place);
  const pushed = await shown(ports, vault.place.place, (progress) =>
    push({ vault, prefix, sealed: kept.sealed, covered, progress }),
  );
  const receipts = pushed.objects.length === 0 ? [] : await signFor(ports, kept, opened, prefix, pushed);
  const { size, files } = kept.sealed;
  return {
    place: vault.place,
    created: pushed.created,
    stored: files.size,
    size,
    receipts,
    warnings: warningsOf(ports, opened, covered, pushed),
  };
}

async function signFor(
  ports: Ports,
  { store, ledger, report }: Kept,
  { vault, isOwn }: OpenedVault,
  prefix: string,
  { objects }: Pushed,
): Promise<readonly string[]> {
  const { mode, origin } = report;
  const { clock, sign } = await recordingDeps(ports, { store, ledger, environment: origin.environment });
  return writeReceipts(
    {
      ...{ store, vault, prefix, isOwn, mode, origin },
      ledger: { size: ledger.items.length, root_sha256: hex(ledgerRoot(ledger.items)) },
      now: () => clock.now(),
      sign,
    },
    objects,
  );
}

/** Shows how far it is, at every tenth. */
async function shown<T>(
  { clock, emit }: Pick<Ports, 'clock' | 'emit'>,
  place: string,
  work: (progress: (done: number, all: number) => void) => Promise<T>,
): Promise<T> {
  const from = clock.monotonic();
  const tell = (state: 'begin' | 'waiting' | 'done' | 'failed', text: string): void => {
    const ms = state === 'done' || state === 'failed' ? clock.monotonic() - from : null;
    emit({ type: 'progress', key: 'evidence store', state, text, ms });
  };
  tell('begin', `store the evidence in ${place}`);
  try {
    const result = await work((done, all) => {
      if (done % Math.max(1, Math.floor(all / 10)) === 0)
        tell('waiting', `store the evidence in ${place}: ${String(done)} of ${String(all)}`);
    });
    tell('done', `store the evidence in ${place}`);
    return result;
  } catch (error) {
    tell('failed', `store the evidence in ${place}`);
    throw error;
  }
}

/** Seconds. */
const DAY = 86_400;

/** What was stored well, and is not kept as it should be. */
function warningsOf(
  { clock }: Pick<Ports, 'clock'>,
  { vault: { place }, days }: OpenedVault,
  covered: ReadonlyMap<string, ReceiptObject>,
  { objects, listing: { records, newest, strays } }: Pushed,
): readonly string[] {
  const now = clock.now();
  // What was stored a while ago is free that much earlier; a day more for clocks that differ.
  const needed = days === null ? null : addSeconds(now, (days - 1) * DAY);
  const weak = objects.flatMap(({ key, retention }) => {
    const why = weakness(place, retention, retention, now);
    if (why !== null) return [`${key} ${why}`];
    const { until } = retention;
    return needed !== null && until !== null && until < needed && !records.has(key)
      ? [`${key} is held until ${until}, which is less than the ${String(days)} days of its bucket`]
      : [];
  });
  const hidden = [...records]
    .filter(([key, { version }]) => newest.get(key) !== version && (covered.has(key) || covered.size === 0))
    .map(([key]) => key);
  return [
    ...counted('WORM_WEAK', weak),
    ...counted(
      'WORM_SHADOWED',
      hidden.map((key) => `${key} is hidden by something newer`),
    ),
    ...(strays.length === 0
      ? []
      : [
          `${String(strays.length)} names in ${place.place} are of no file of evidence; they were left alone`,
        ]),
  ];
}

function counted(code: string, what: readonly string[]): readonly string[] {
  const [first] = what;
  if (first === undefined) return [];
  const others = what.length === 1 ? '' : `, and ${String(what.length - 1)} more`;
  return [`${code}: ${first}${others}`];
}
