/** `govboot intent sign|check`. */
import { GovbootError } from '../kernel/errors.ts';
import { parseIntent } from '../inputs/intent.ts';
import { parseSignatureFile } from '../inputs/signature-packet.ts';
import { parseTrust, TRUST_FILE } from '../inputs/trust.ts';
import { emitVerdicts } from '../pipeline.ts';
import type { Repository } from '../ports.ts';
import { besideOf } from '../street/beside.ts';
import { gather } from '../street/gather.ts';
import { withoutCloud } from '../street/parts.ts';
import { judge } from '../gates/index.ts';
import type { CommandRun } from './command.ts';
import { refuseOthers, standingOf, wishLines } from './intent-signers.ts';
import { readDocument, signBeside } from './sign-beside.ts';

export const intentSign: CommandRun<'intent sign'> = async (ports, { file }) => {
  const repository = await ports.repository.open();
  const document = await readDocument(repository, file);
  const intent = parseIntent(document);
  const trust = parseTrust(await readDocument(repository, TRUST_FILE));
  const now = ports.clock.now();
  const { fingerprint } = await ports.signer.identity();
  const signer = refuseOthers(trust, intent, fingerprint, now);
  await refuseTwice(repository, file, fingerprint);
  ports.emit({
    type: 'note',
    text: [`${signer.name} signs ${file}:`, ...wishLines(trust, intent, now)].join('\n'),
  });
  const made = await signBeside(ports, repository, file, document.bytes);
  const standing = await standingOf(ports, file, { trust, intent, now });
  ports.emit({
    type: 'result',
    command: 'intent sign',
    value: { ...made, environment: intent.environment, missing: [...standing.missing] },
    lines: [
      `signed ${file} by ${made.signer}: ${made.path}`,
      ...standing.lines,
      standing.missing.length === 0
        ? `next: govboot check ${intent.environment} --intent ${file}`
        : 'next: pass the file and its signatures on to whoever is missing; then `govboot check`',
    ],
  });
};

/** A second signature of one person counts for nothing, and one that is not needed is one more that can go wrong. */
async function refuseTwice(repository: Repository, file: string, fingerprint: string): Promise<void> {
  const own = `${file}.${fingerprint}.asc`;
  for (const { path, bytes } of await besideOf(repository, file)) {
    const shape = parseSignatureFile(bytes);
    const isOwn = shape.is === 'ok' && shape.packet.issuerFingerprint === fingerprint;
    if (path === own || isOwn)
      throw new GovbootError('FILE_EXISTS', `${path} is a signature by ${fingerprint} already`, {
        hint: 'one signature of a person is enough; if the intent was changed since, write a new one with `govboot intent new`',
        data: { file: path },
      });
  }
}

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
