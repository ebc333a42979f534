/** `govboot doctor`: what is missing or wrong on this machine and in this repository, and what mends it. Read-only. */
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import { diagnose } from '../doctor/index.ts';
import type { Diagnosis, Section } from '../doctor/facts.ts';
import { checkUp } from '../street/checkup.ts';
import type { CommandRun } from './command.ts';

const HEADS: Readonly<Record<Section, string>> = {
  machine: 'this machine',
  repository: 'this repository',
  cloud: 'the cloud',
};

/** @throws NOT_READY when something is wrong; warnings, and what was not looked at, are told and change nothing */
export const doctor: CommandRun<'doctor'> = async (ports, { environment, offline }) => {
  const facts = await checkUp(ports, { environment, offline });
  const all = diagnose(facts);
  let before: Section | null = null;
  for (const { section, check: label, status, text, mend } of all) {
    const row = { type: 'row', command: 'doctor', section } as const;
    if (section !== before)
      ports.emit({
        ...row,
        label: '',
        status: 'plain',
        text: headOf(section, facts.environment),
        mend: null,
      });
    before = section;
    ports.emit({ ...row, label, status, text, mend });
  }
  const counts = countsOf(all);
  ports.emit({
    type: 'result',
    command: 'doctor',
    value: toJson({ environment: facts.environment, ...counts, checks: all }),
    lines: [
      `${String(counts.ok)} ok, ${String(counts.warnings)} warned, ${String(counts.wrong)} wrong, ${String(counts.left)} left out`,
    ],
  });
  if (counts.wrong === 0) return;
  const wrong = all.filter(({ status }) => status === 'wrong');
  throw new GovbootError('NOT_READY', `wrong: ${wrong.map(({ check }) => check).join(', ')}`, {
    data: { checks: wrong.map(({ check }) => check) },
  });
};

function headOf(section: Section, environment: string | null): string {
  return section === 'cloud' && environment !== null
    ? `${HEADS[section]}, for ${environment}`
    : HEADS[section];
}

function countsOf(all: readonly Diagnosis[]) {
  const count = (wanted: Diagnosis['status']): number => all.filter(({ status }) => status === wanted).length;
  return { ok: count('ok'), warnings: count('warning'), wrong: count('wrong'), left: count('left') };
}
