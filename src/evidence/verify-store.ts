/**
 * The answer `store`: what receipts say that others hold, and, where a store is asked, whether it still is so. A receipt is a record:
 * signed by a person of role evidence. It also shows what the folder itself cannot: that it once held more, or something else.
 */
import { mapBounded } from '../kernel/bounded.ts';
import { isGovbootError } from '../kernel/errors.ts';
import { addSeconds } from '../kernel/time.ts';
import type { StoreReceipt } from '../inputs/store-receipt.ts';
import type { EvidenceVault } from '../ports.ts';
import type { Exhibit } from './exhibit.ts';
import { CHECKPOINT, parseEntryName, parseReceiptName, RECEIPTS_FOLDER, signatureOf } from './layout.ts';
import { receiptsFor, receiptsOf, type ReceiptFile } from './receipts.ts';
import { hex } from './merkle.ts';
import { answerOf, type Answer, type VerifyReport } from './report.ts';
import { askVault } from './vault-ask.ts';
import { listVault, parseVaultKey, vaultPrefix, type VaultListing } from './vault-layout.ts';
import { PARALLEL } from './vault-push.ts';
import { roleProblem, trustAt, type TrustInForce } from './verify-trust.ts';
import { answerSignature } from './verify-signature.ts';

/** Seconds by which a signature may seem older than what it is about. */
const TOLERANCE = 60;

const HINT_LOST = 'find out what happened to it; `govboot evidence pull` fetches what the store holds';

/** Judges receipts, and asks the vault where there is one. @returns no answer where there is neither */
export async function judgeStore(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  origin: VerifyReport['origin'],
  vault: EvidenceVault | null,
): Promise<{ readonly answers: readonly Answer[]; readonly limits: readonly string[] }> {
  const receipts = receiptsOf(exhibit.files);
  judgeLoneSignatures(exhibit);
  for (const file of receipts) await judgeReceipt(exhibit, trust, origin, file);
  if (receipts.length === 0 && vault === null)
    return {
      answers: [],
      limits: ['whether it is kept anywhere else: there is no receipt; `govboot evidence push` makes one'],
    };
  const established = vault === null ? claimedBy(receipts) : await asked(exhibit, origin, vault, receipts);
  return {
    answers: [answerOf(exhibit.findings.all, 'store', established)],
    limits:
      vault === null
        ? ['whether the store is still as the receipts say: `govboot verify --store` asks it']
        : [],
  };
}

function judgeLoneSignatures({ files, findings }: Exhibit): void {
  for (const name of files.keys())
    if (parseReceiptName(name)?.is === 'signature' && !files.has(name.replace(/\.asc$/, '')))
      findings.undecided('store', name, 'a signature without its receipt, as an interrupted push leaves it');
}

async function judgeReceipt(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  origin: VerifyReport['origin'],
  { file, bytes, signature, read }: ReceiptFile,
): Promise<void> {
  const { findings, ledger } = exhibit;
  const bad = (what: string, name = file): void => {
    findings.bad('store', name, what);
  };
  if (read.is === 'problem') {
    bad(read.what);
    return;
  }
  const { receipt } = read;
  const { size, root_sha256: root } = receipt.ledger;
  if (receipt.origin.environment !== origin.environment || receipt.origin.repository !== origin.repository)
    bad(`ORIGIN_MISMATCH: is of ${receipt.origin.repository}/${receipt.origin.environment}`);
  if (receipt.mode !== ledger.first?.entry.mode) bad(`ORIGIN_MISMATCH: is of mode ${receipt.mode}`);
  if (parseReceiptName(file)?.size !== size)
    bad(`is of ${String(size)} entries, which its name does not say`);
  if (ledger.entries.size < size)
    findings.bad(
      'store',
      file,
      `TRUNCATED: was made of ${String(size)} entries; ${String(ledger.entries.size)} are there`,
      HINT_LOST,
    );
  else if (hex(ledger.entries.root(size)) !== root)
    findings.bad('store', file, 'INCONSISTENT: the entries are not those that it was made of', HINT_LOST);
  else judgeCopies(exhibit, file, receipt);
  if (signature === null) {
    bad('MISSING: nobody signed the receipt', signatureOf(file));
    return;
  }
  await judgeSigner(exhibit, trust, { file, bytes, signature, receipt });
}

/** What never changes is here as the receipt says that it is there. */
function judgeCopies({ digests, findings }: Exhibit, file: string, receipt: StoreReceipt): void {
  const prefix = vaultPrefix(receipt.mode, receipt.origin.environment);
  for (const { key, sha256: digest } of receipt.objects) {
    const place = parseVaultKey(prefix, key);
    if (place === null) findings.bad('store', file, `names ${key}, which no file of evidence is called`);
    else if (place.size === null) {
      const own = digests.get(place.name);
      if (own === null) findings.bad('store', place.name, `MISSING: ${file} names it`, HINT_LOST);
      else if (own !== digest)
        findings.bad('store', place.name, `SHA-256 is ${own}; ${file} says ${digest}`, HINT_LOST);
    }
  }
}

async function judgeSigner(
  exhibit: Exhibit,
  trust: readonly TrustInForce[],
  made: {
    readonly file: string;
    readonly bytes: Uint8Array;
    readonly signature: Uint8Array;
    readonly receipt: StoreReceipt;
  },
): Promise<void> {
  const { findings, ledger } = exhibit;
  const { file, bytes, signature, receipt } = made;
  const name = signatureOf(file);
  const answer = await answerSignature(exhibit, bytes, name, signature);
  if (answer.is === 'refused') {
    findings.bad('store', name, `over ${file}: ${answer.code}: ${answer.what}`);
    return;
  }
  const { signed } = answer;
  const { size } = receipt.ledger;
  const sealed = size <= ledger.entries.size ? ledger.entries.timeAt(size - 1) : null;
  if (sealed !== null && addSeconds(signed.created, TOLERANCE) < sealed)
    findings.bad('store', name, `was made at ${signed.created}, before the last entry, at ${sealed}`);
  const inForce = trustAt(trust, size - 1);
  if (inForce === null) {
    findings.undecided('store', name, `signed by ${signed.primary}; no trust file says whether they might`);
    return;
  }
  const wrong = roleProblem(signed, inForce, receipt.origin.environment);
  if (wrong !== null) findings.bad('store', name, wrong);
}

/** What the receipts claim. */
function claimedBy(receipts: readonly ReceiptFile[]): string {
  const all = receipts.flatMap(({ read }) => (read.is === 'receipt' ? [read.receipt] : []));
  const places = [...new Set(all.map(({ store }) => store.place))];
  const told = places.map((place) => {
    const of = all.filter(({ store }) => store.place === place);
    const count = new Set(of.flatMap(({ objects }) => objects.map(({ key }) => key))).size;
    return `${String(count)} objects in ${place}${untilOf(of)}`;
  });
  return `receipts tell of ${told.join('; ')}; the store was not asked`;
}

function untilOf(receipts: readonly StoreReceipt[]): string {
  const [first] = receipts
    .flatMap(({ objects }) => objects.map(({ retention }) => retention.until ?? ''))
    .sort();
  return first === undefined || first === ''
    ? ', held by nothing that the store tells'
    : `, held until ${first} or longer`;
}

/** A store that does not answer decides nothing, and takes no other answer away. */
async function asked(
  exhibit: Exhibit,
  origin: VerifyReport['origin'],
  vault: EvidenceVault,
  receipts: readonly ReceiptFile[],
): Promise<string> {
  try {
    return await judgeVault(exhibit, origin, vault, receipts);
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    const what = `could not be asked: ${error.code}: ${error.message}`;
    exhibit.findings.undecided('store', vault.place.place, what, error.hint);
    return '';
  }
}

/** Everything that the receipts tell of this place, read by its version; and whether the store knows of more than there is here. */
async function judgeVault(
  exhibit: Exhibit,
  origin: VerifyReport['origin'],
  vault: EvidenceVault,
  files: readonly ReceiptFile[],
): Promise<string> {
  const { findings, ledger, now } = exhibit;
  const { place } = vault.place;
  const mode = ledger.first?.entry.mode ?? 'LIVE';
  const prefix = vaultPrefix(mode, origin.environment);
  const listing = await listVault(vault, prefix);
  judgeLonger(exhibit, prefix, listing, place);
  const receipts = receiptsFor(files, vault.place);
  if (receipts.length === 0)
    findings.undecided(
      'store',
      RECEIPTS_FOLDER,
      `no receipt tells of ${place}`,
      'run `govboot evidence push`, which makes one',
    );
  const asked = await mapBounded(
    receipts.flatMap(({ objects }) => objects),
    PARALLEL,
    (object) => askVault(vault, listing, object, { now, read: true }),
  );
  for (const { code, key, what, hint } of asked.flat()) findings.bad('store', key, `${code}: ${what}`, hint);
  return `${place} was asked: ${String(asked.length)} objects are there, by their versions, as the receipts say${untilOf(receipts)}`;
}

/** The store is an anchor: what it holds and this folder does not was cut off here, or put there by somebody else. */
function judgeLonger(
  { ledger, findings }: Exhibit,
  prefix: string,
  { records }: VaultListing,
  place: string,
): void {
  const beyond = [...records.keys()].flatMap((key) => {
    const name = parseVaultKey(prefix, key)?.name ?? '';
    const entry = parseEntryName(name);
    return entry?.is === 'entry' && entry.seq >= ledger.entries.size ? [name] : [];
  });
  const [first] = beyond.sort();
  if (first !== undefined)
    findings.bad(
      'store',
      CHECKPOINT,
      `TRUNCATED: ${String(ledger.entries.size)} entries are here; ${place} holds ${first}`,
      HINT_LOST,
    );
}
