/** `govboot drift`: the live backend against its lock. Reads the cloud, changes nothing there; what drifted is put on record. */
import { mapBounded } from '../kernel/bounded.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { entryName } from '../evidence/layout.ts';
import { hasDrifted, type Drift } from '../plan/drift.ts';
import type { Ports } from '../ports.ts';
import { lookForDrift, type DriftSeen } from '../street/drift.ts';
import { recordDrift } from '../street/drift-record.ts';
import { describeDrift } from '../street/drift-words.ts';
import { environmentsOf } from '../street/environments.ts';
import { flagOf } from '../street/next-command.ts';
import { pushAfter } from '../street/vault-after.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { asJson, headline, worstOf, type Outcome } from './drift-outcome.ts';
import { watchDrift } from './drift-watch.ts';

type Options = CommandOptions['drift'];

/** Environments that are read at once: each has some twenty calls under way, in an account of its own. */
export const SIDE_BY_SIDE = 8;

/** @throws DRIFT_FOUND, DRIFT_UNREADABLE, and what kept an environment from being looked at, the worst first */
export const drift: CommandRun<'drift'> = async (ports, options) => {
  const names = await namesOf(ports, options);
  // What each environment was told to be, so that a watch says the same thing once.
  const before = new Map<string, string>();
  if (options.watch) return watchDrift(ports, options, () => round(ports, names, options, before));
  const outcomes = await round(ports, names, options, before);
  ports.emit({ type: 'result', command: 'drift', value: asJson(ports.mode, outcomes), lines: [] });
  const worst = worstOf(outcomes);
  if (worst !== null) throw worst;
};

async function namesOf(ports: Ports, { environment, all }: Options): Promise<readonly string[]> {
  if (environment !== null) return environmentsOf(ports, environment);
  const names = await environmentsOf(ports, null);
  if (all || names.length === 1) return names;
  throw new GovbootError('USAGE', `which environment? The policy names ${names.join(', ')}`, {
    hint: 'name one, or look at all of them with --all',
  });
}

/** Looks at every environment once, tells each as soon as it is known, and all of them in one table at the end. */
async function round(
  ports: Ports,
  names: readonly string[],
  options: Options,
  before: Map<string, string>,
): Promise<readonly Outcome[]> {
  const outcomes = await mapBounded(names, SIDE_BY_SIDE, async (name) => {
    const outcome = await lookAt(ports, name, options);
    const told = wordsOf(outcome);
    if (before.get(name) === told)
      ports.emit({
        ...row(name),
        label: '',
        status: 'plain',
        text: `${headline(outcome)}; as at the last look`,
      });
    // Alone, its error says it.
    else if (outcome.is !== 'untold' || options.all || options.watch) tell(ports, outcome);
    before.set(name, told);
    return outcome;
  });
  if (options.all) tellAll(ports, outcomes);
  return outcomes;
}

async function lookAt(ports: Ports, environment: string, options: Options): Promise<Outcome> {
  const profile = options.profile?.replaceAll('{environment}', environment) ?? null;
  try {
    if (options.all && (await ports.evidence(environment).list('')).length === 0)
      return { is: 'none', environment };
    const seen = await lookForDrift(ports, { environment, profile });
    if (seen.report.drifts.length === 0) return { is: 'same', environment, seen };
    const record = await recordDrift(ports, seen).catch((error: unknown) => {
      if (isGovbootError(error)) return { why: error.message };
      throw error;
    });
    const isNew = 'file' in record && record.isNew;
    const store = isNew ? await pushAfter(ports, environment, { ledger: seen.ledger, profile }) : null;
    return { is: hasDrifted(seen.report) ? 'drifted' : 'unreadable', environment, seen, record, store };
  } catch (error) {
    if (!isGovbootError(error) || error.code === 'INTERRUPTED') throw error;
    return { is: 'untold', environment, error };
  }
}

const row = (section: string) => ({ type: 'row', command: 'drift', section, mend: null }) as const;

/** All that is told of it, but for when and where it was put on record. */
function wordsOf(outcome: Outcome): string {
  const drifts = outcome.is === 'none' || outcome.is === 'untold' ? [] : outcome.seen.report.drifts;
  return JSON.stringify([headline(outcome), drifts]);
}

function tell(ports: Ports, outcome: Outcome): void {
  const { environment } = outcome;
  const head = { ...row(environment), label: '', status: 'plain', text: headline(outcome) } as const;
  ports.emit(head);
  if (outcome.is === 'none' || outcome.is === 'untold') return;
  const { seen } = outcome;
  for (const one of seen.report.drifts)
    ports.emit({
      ...row(environment),
      label: one.control ?? one.resource,
      status: one.is === 'unreadable' ? 'warning' : 'wrong',
      text: `${one.is}: ${describeDrift(one)}${sinceOf(one, seen)}`,
    });
  if (seen.unfinished !== null)
    ports.emit({
      ...row(environment),
      label: 'run',
      status: 'warning',
      text: `run ${seen.unfinished} has not finished, which may be why`,
      mend: `govboot apply ${environment} --resume${flagOf(ports.mode)}`,
    });
  if (outcome.is === 'same') return;
  const { record, store } = outcome;
  if ('why' in record) ports.emit({ type: 'warning', text: `this is not on record: ${record.why}` });
  else {
    const since = record.isNew ? 'on record' : 'on record since it was first seen';
    const kept = store?.is === 'stored' ? `, stored in ${store.place.place}` : '';
    const text = `${since}: ${record.file}${kept}`;
    ports.emit({ ...row(environment), label: 'record', status: 'plain', text });
  }
}

function sinceOf(one: Drift, { since, ledger }: DriftSeen): string {
  const seq = one.control === null ? undefined : since.get(one.control);
  if (seq === undefined) return '';
  return `; recorded since ${entryName(seq)}, ${ledger.items[seq]?.entry.time ?? 'whenever'}`;
}

const STATUS = {
  same: 'ok',
  drifted: 'wrong',
  unreadable: 'warning',
  untold: 'warning',
  none: 'left',
} as const;

function tellAll(ports: Ports, outcomes: readonly Outcome[]): void {
  const count = (is: Outcome['is']): number => outcomes.filter((one) => one.is === is).length;
  const text = `${String(outcomes.length)} environments: ${String(count('same'))} as locked, ${String(count('drifted'))} drifted, ${String(count('unreadable') + count('untold'))} not known, ${String(count('none'))} without a record`;
  ports.emit({ ...row('all'), label: '', status: 'plain', text });
  for (const outcome of outcomes)
    ports.emit({
      ...row('all'),
      label: outcome.environment,
      status: STATUS[outcome.is],
      text: headline(outcome).slice(outcome.environment.length + 2),
    });
}
