/** `govboot show`: one signed record, in full or one field of it, verified first. */
import { GovbootError } from '../kernel/errors.ts';
import { toJson, type Json } from '../kernel/json.ts';
import { nearest } from '../kernel/text.ts';
import type { Mode } from '../inputs/facts.ts';
import { parseLock } from '../inputs/evidence-documents.ts';
import { blobName } from '../evidence/layout.ts';
import { environmentsOf } from '../street/environments.ts';
import { isBelieved, readHistory, type History } from '../street/history.ts';
import { flagOf } from '../street/next-command.ts';
import type { CommandRun } from './command.ts';
import { fieldOf } from './field.ts';

/** @throws EVIDENCE_INVALID, EVIDENCE_UNDECIDED, and then shows nothing; EVIDENCE_MISSING, USAGE */
export const show: CommandRun<'show'> = async (ports, { environment, record, field }) => {
  await environmentsOf(ports, environment);
  const history = await readHistory(ports, environment);
  assertVerified(history, environment, `govboot verify ${environment}${flagOf(ports.mode)}`);
  const found =
    record === null
      ? lockOf(history, environment, ports.mode)
      : /^\d{1,8}$/.test(record) && Number(record) < history.ledger.items.length
        ? entryOf(history, Number(record))
        : await runOf(history, record);
  const value = field === null ? found.value : fieldOf(found.value, field);
  ports.emit({
    type: 'result',
    command: 'show',
    value: { environment, record: found.file, field, value },
    lines: linesOf(value),
  });
};

interface Found {
  /** Its name in the evidence. */
  readonly file: string;
  readonly value: Json;
}

/** A script that reads a field believes it, so that what cannot be believed is not printed. */
function assertVerified(history: History, environment: string, hint: string): void {
  if (isBelieved(history)) return;
  const { entries, findings } = history;
  const [first] = findings;
  const what = first === undefined ? '' : `: ${first.file}: ${first.what}`;
  throw new GovbootError(
    entries === 'invalid' ? 'EVIDENCE_INVALID' : 'EVIDENCE_UNDECIDED',
    `the evidence of ${environment} does not verify, so nothing of it is shown${what}`,
    { hint },
  );
}

function lockOf({ ledger, store }: History, environment: string, mode: Mode): Found {
  if (ledger.lock === null)
    throw new GovbootError('EVIDENCE_MISSING', `there is no lock of ${environment} in ${store.where}`, {
      hint: `an entry of its ledger is shown by number: \`govboot show ${environment} 0${flagOf(mode)}\``,
    });
  return { file: '.backend.lock', value: toJson(ledger.lock.document) };
}

function entryOf({ ledger }: History, number: number): Found {
  const item = ledger.items[number];
  if (item === undefined) throw new GovbootError('EVIDENCE_MISSING', `there is no entry ${String(number)}`);
  return { file: item.file, value: toJson(item.entry) };
}

/** The lock that a run wrote; its last entry where it wrote none. */
async function runOf(history: History, prefix: string): Promise<Found> {
  const { ledger, store } = history;
  const withRun = ledger.items.flatMap(({ entry }) => ('run' in entry.body ? [entry.body.run] : []));
  const runs = [...new Set(withRun)];
  const meant = runs.filter((run) => run.startsWith(prefix.toLowerCase()));
  const [run] = meant;
  if (run === undefined || meant.length > 1) throw noRecord(prefix, meant, runs, ledger.items.length);
  const own = ledger.items.filter(({ entry }) => 'run' in entry.body && entry.body.run === run);
  const locked = own.flatMap(({ entry }) => (entry.type === 'LOCK_WRITTEN' ? [entry.body.lock_sha256] : []));
  const [digest] = locked;
  if (digest === undefined) return entryOf(history, own.at(-1)?.entry.seq ?? 0);
  const bytes = await store.read(blobName(digest));
  if (bytes === null) throw new GovbootError('EVIDENCE_MISSING', `${blobName(digest)} is not there`);
  return { file: blobName(digest), value: toJson(parseLock(bytes, blobName(digest))) };
}

/** Characters of an id from which on a slip can be told from another id. */
const SHORTEST_ID = 6;

function noRecord(
  asked: string,
  meant: readonly string[],
  runs: readonly string[],
  entries: number,
): GovbootError {
  if (meant.length > 1)
    return new GovbootError('USAGE', `${String(meant.length)} runs begin with "${asked}"`, {
      hint: `name more of it: ${meant.join(', ')}`,
    });
  const near =
    asked.length < SHORTEST_ID
      ? undefined
      : nearest(
          asked,
          runs.map((run) => run.slice(0, asked.length)),
        );
  return new GovbootError('USAGE', `"${asked}" is no entry and no run on record`, {
    hint:
      near === undefined
        ? `entries are 0 to ${String(entries - 1)}; runs are in \`govboot log\``
        : `did you mean ${near}?`,
  });
}

/** A plain value as it is, without quotes; everything else as JSON that people can read. */
function linesOf(value: Json): readonly string[] {
  if (typeof value === 'string') return value.split('\n');
  if (typeof value === 'object' && value !== null) return JSON.stringify(value, null, 2).split('\n');
  return [String(value)];
}
