/** `govboot evidence stamp` and `govboot evidence statement`: what people outside are asked to vouch for. Nothing is sent to anybody. */
import { shellWord } from '../kernel/text.ts';
import { preAuthenticationEncoding } from '../inputs/attestation.ts';
import { stateToVouchFor } from '../street/attach.ts';
import { flagOf } from '../street/next-command.ts';
import type { CommandRun } from './command.ts';
import { orMeant } from './meant.ts';
import { assertOutside } from './out-file.ts';

export const evidenceStamp: CommandRun<'evidence stamp'> = async (ports, { environment, out }) => {
  await assertOutside(ports, out);
  const { size, checkpointSha256 } = await orMeant(ports, environment, () =>
    stateToVouchFor(ports, environment),
  );
  await ports.files.create(out, await ports.witnesses.stampRequest(checkpointSha256, ports.random.hex(16)));
  const file = shellWord(out);
  const answer = shellWord(`${out.replace(/\.tsq$/, '')}.tsr`);
  const flag = flagOf(ports.mode);
  ports.emit({
    type: 'result',
    command: 'evidence stamp',
    value: { environment, file: out, size, checkpoint_sha256: checkpointSha256 },
    lines: [
      `${out} asks for a time stamp over the checkpoint, and so over the first ${String(size)} entries of ${environment}; it was not sent`,
      'next:',
      `  curl -H 'Content-Type: application/timestamp-query' --data-binary @${file} URL-OF-THE-AUTHORITY > ${answer}`,
      `  govboot evidence attach ${environment} ${answer} --request ${file} --tsa CERTIFICATE-OF-THE-AUTHORITY${flag}`,
    ],
  });
};

export const evidenceStatement: CommandRun<'evidence statement'> = async (
  ports,
  { environment, out, pae },
) => {
  if (out !== null) await assertOutside(ports, out);
  const { size, statement } = await orMeant(ports, environment, () => stateToVouchFor(ports, environment));
  const bytes = pae ? preAuthenticationEncoding(statement) : statement;
  if (out !== null) await ports.files.create(out, bytes);
  const text = new TextDecoder().decode(bytes);
  const flag = flagOf(ports.mode);
  ports.emit({
    type: 'result',
    command: 'evidence statement',
    value: { environment, file: out, size, pae, statement: text },
    lines:
      out === null
        ? [text.trimEnd()]
        : [
            `${out} says what the first ${String(size)} entries of ${environment} are; whoever signs it vouches for them`,
            'next, once it is signed:',
            `  govboot evidence attach ${environment} ${pae ? 'SIGNATURE' : 'ENVELOPE'} --attestor PUBLIC-KEY${flag}`,
          ],
  });
};
