/** `govboot intent sign|check`. */
import { GovbootError } from '../kernel/errors.ts';
import { parseIntent } from '../inputs/intent.ts';
import { emitVerdicts } from '../pipeline.ts';
import { gather } from '../street/gather.ts';
import { withoutCloud } from '../street/parts.ts';
import { judge } from '../gates/index.ts';
import type { CommandRun } from './command.ts';
import { readDocument, signBeside } from './sign-beside.ts';

export const intentSign: CommandRun<'intent sign'> = async (ports, { file }) => {
  const repository = await ports.repository.open();
  const document = await readDocument(repository, file);
  const intent = parseIntent(document);
  const made = await signBeside(ports, repository, file, document.bytes);
  ports.emit({
    type: 'result',
    command: 'intent sign',
    value: { ...made, environment: intent.environment },
    lines: [
      `signed ${file} by ${made.signer}: ${made.path}`,
      `next: govboot check ${intent.environment} --intent ${file}`,
    ],
  });
};

/** Judges document and signatures only: no cloud is asked, so the gates that need one are left out. */
export const intentCheck: CommandRun<'intent check'> = async (ports, { file }) => {
  const repository = await ports.repository.open();
  const intent = parseIntent(await readDocument(repository, file));
  const request = { environment: intent.environment, intent: file, resume: false };
  const { facts } = await gather(withoutCloud(ports, 'intent check'), request);
  const verdicts = judge(facts).verdicts.filter(
    (verdict) => verdict.gate === 'intent' || verdict.gate === 'parity',
  );
  emitVerdicts(ports.emit, verdicts);
  if (verdicts.some((verdict) => verdict.status !== 'pass'))
    throw new GovbootError('GATES_REFUSED', `the intent ${file} is refused`, {
      hint: 'mend what each line says and run it again',
    });
  ports.emit({
    type: 'result',
    command: 'intent check',
    value: { file, environment: intent.environment, passed: true },
    lines: [
      `${file} is a good intent for ${intent.environment}`,
      `next: govboot check ${intent.environment} --intent ${file}`,
    ],
  });
};
