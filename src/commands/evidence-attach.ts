/** `govboot evidence attach`: what somebody outside vouched for, checked and put on record. */
import { toJson } from '../kernel/json.ts';
import { attachAttestation, attachStamp, type Attached } from '../street/attach.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { orMeant } from './meant.ts';

export const evidenceAttach: CommandRun<'evidence attach'> = async (ports, options) => {
  const { environment, by } = options;
  const attached = await orMeant(ports, environment, () => attach(ports, options));
  const { file, isNew, size, who } = attached;
  const kind = by.is === 'authority' ? 'time stamp' : 'attestation';
  const until = attached.by === null ? '' : `; they were there by ${attached.by}`;
  ports.emit({
    type: 'result',
    command: 'evidence attach',
    value: toJson({ environment, kind, ...attached }),
    lines: [
      `${isNew ? 'on record' : 'on record already'}: ${file} names the ${kind} of ${who} over the first ${String(size)} entries${until}`,
    ],
  });
};

async function attach(
  ports: Ports,
  { environment, file, by }: CommandOptions['evidence attach'],
): Promise<Attached> {
  const bytes = await ports.files.read(file);
  if (by.is === 'attestor') {
    const keys = await ports.files.read(by.attestor);
    return attachAttestation(ports, environment, { bytes, keys, file });
  }
  const roots = await ports.files.read(by.tsa);
  const request = by.request === null ? null : await ports.files.read(by.request);
  return attachStamp(ports, environment, { bytes, roots, request });
}
