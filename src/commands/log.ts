/** `govboot log`: the ledger as a history, verified first. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { toJson, type Json } from '../kernel/json.ts';
import type { Ports } from '../ports.ts';
import { environmentsOf } from '../street/environments.ts';
import { intentOf, intentsOf, isBelieved, namesOf, readHistory, type History } from '../street/history.ts';
import { flagOf } from '../street/next-command.ts';
import type { CommandRun } from './command.ts';
import { told } from './log-lines.ts';

/** @throws EVIDENCE_INVALID, EVIDENCE_UNDECIDED after all was shown; EVIDENCE_MISSING for one that was named and has none */
export const log: CommandRun<'log'> = async (ports, { environment }) => {
  const logs: Json[] = [];
  const doubts: GovbootError[] = [];
  for (const name of await environmentsOf(ports, environment)) {
    const history = await readHistory(ports, name).catch((error: unknown) => {
      if (environment === null && isGovbootError(error) && error.code === 'EVIDENCE_MISSING') return null;
      throw error;
    });
    if (history === null) {
      ports.emit(headOf(name, `${name}: no record yet`));
      continue;
    }
    logs.push(toJson(await show(ports, name, history)));
    const doubt = doubtOf(`${name}${flagOf(ports.mode)}`, name, history);
    if (doubt !== null) doubts.push(doubt);
  }
  ports.emit({ type: 'result', command: 'log', value: { mode: ports.mode, logs }, lines: [] });
  const worst = doubts.find(({ code }) => code === 'EVIDENCE_INVALID') ?? doubts[0];
  if (worst !== undefined) throw worst;
};

const row = (section: string) => ({ type: 'row', command: 'log', section, mend: null }) as const;

function headOf(section: string, text: string) {
  return { ...row(section), label: '', status: 'plain', text } as const;
}

const HEADS: Readonly<Record<History['entries'], string>> = {
  verified: 'verified',
  open: 'each signed; not sealed yet, as a run did not finish',
  undecided: 'NOT VERIFIED',
  invalid: 'NOT VALID',
};

async function show(ports: Ports, name: string, history: History) {
  const { ledger, entries } = history;
  const [intents, names] = [await intentsOf(history), await namesOf(history, ports)];
  const rehearsal = ports.mode === 'REHEARSAL' ? ', of rehearsals' : '';
  const count = `${String(ledger.items.length)} ${ledger.items.length === 1 ? 'entry' : 'entries'}${rehearsal}`;
  ports.emit(headOf(name, `${name}: ${count}, ${HEADS[entries]}`));
  const [first] = history.findings;
  if (first !== undefined)
    ports.emit({
      ...row(name),
      label: 'evidence',
      status: entries === 'invalid' ? 'wrong' : 'warning',
      text: `${first.file}: ${first.what}${entries === 'open' ? '' : '; what follows is not verified'}`,
      mend: `govboot ${entries === 'open' ? `apply ${name} --resume` : `verify ${name}`}${flagOf(ports.mode)}`,
    });
  const shown = ledger.items.map(({ entry }) => {
    const intent = intents.get(intentOf(entry) ?? '') ?? null;
    const { what, isBad } = told(entry, intent);
    const by = names.get(entry.actor.fingerprint) ?? entry.actor.fingerprint;
    const run = 'run' in entry.body ? entry.body.run : null;
    const doubt = isBelieved(history) ? '' : 'unverified: ';
    ports.emit({
      ...row(name),
      label: `${String(entry.seq)}  ${entry.time}`,
      status: isBad ? 'warning' : 'plain',
      text: `${doubt}${what}; by ${by.replace(/ <[^>]*>$/, '')}${run === null ? '' : `, run ${run.slice(0, 8)}`}`,
    });
    const { seq, time, type } = entry;
    const wish =
      intent === null ? null : { action: intent.action, reason: intent.reason, ticket: intent.ticket };
    return { seq, time, type, what, by, fingerprint: entry.actor.fingerprint, run, intent: wish };
  });
  return { environment: name, entries, findings: history.findings, history: shown };
}

function doubtOf(asked: string, name: string, { entries }: History): GovbootError | null {
  const hint = `govboot verify ${asked}`;
  switch (entries) {
    case 'verified':
    case 'open':
      return null;
    case 'undecided':
      return new GovbootError('EVIDENCE_UNDECIDED', `the ledger of ${name} could not be verified`, { hint });
    case 'invalid':
      return new GovbootError('EVIDENCE_INVALID', `the evidence of ${name} is not valid`, { hint });
  }
}
