/** `govboot evidence pull`: back from a store, into an empty folder. */
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import { shellWord } from '../kernel/text.ts';
import { flagOf } from '../street/next-command.ts';
import { pullEvidence } from '../street/vault-pull.ts';
import type { CommandRun } from './command.ts';

export const evidencePull: CommandRun<'evidence pull'> = async (
  ports,
  { environment, from, to, receipts },
) => {
  if (to === '')
    throw new GovbootError('USAGE', 'where to is not said', {
      hint: 'name an empty folder, or one that is not there yet, with --to',
    });
  const pulled = await pullEvidence(ports, environment, from, { to, receipts });
  for (const text of pulled.passed)
    ports.emit({ type: 'warning', text: `not whole there, passed over: ${text}` });
  if (pulled.strays.length > 0)
    ports.emit({
      type: 'warning',
      text: `${String(pulled.strays.length)} names in ${pulled.place.place} are of no file of evidence; they were left alone`,
    });
  ports.emit({
    type: 'result',
    command: 'evidence pull',
    value: toJson({ environment, to, ...pulled }),
    lines: [
      `${to} holds the evidence of ${environment} as ${pulled.place.place} has it: ${String(pulled.files)} files over ${String(pulled.size)} entries`,
      'next:',
      `  govboot verify ${environment} --from ${shellWord(to)}${flagOf(ports.mode)}`,
    ],
  });
};
