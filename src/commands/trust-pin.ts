/** `govboot trust pin`: the root keys of a repository, from paper. */
import { GovbootError } from '../kernel/errors.ts';
import type { PinFacts } from '../inputs/facts.ts';
import { parseTrust, TRUST_FILE, type Trust } from '../inputs/trust.ts';
import type { Ports } from '../ports.ts';
import { besideOf } from '../street/beside.ts';
import { refuseUnsigned } from '../street/trust-own.ts';
import type { CommandRun } from './command.ts';
import { parseRoot } from './init-options.ts';
import { readDocument } from './sign-beside.ts';

export const trustPin: CommandRun<'trust pin'> = async (ports, { roots, threshold }) => {
  const repository = await ports.repository.open();
  const file = await readDocument(repository, TRUST_FILE);
  const trust = parseTrust(file);
  const given = [...new Set(roots.map(parseRoot))];
  if (given.length === 0) {
    throw new GovbootError(
      'USAGE',
      'no --root was given: a pin must come from a copy that this repository did not write',
      {
        hint: `the trust file names ${trust.roots.keys.join(', ')}; compare with paper, then give each one with --root`,
        data: { listed: [...trust.roots.keys] },
      },
    );
  }
  const strange = given.filter((print) => !trust.roots.keys.includes(print));
  const forgotten = trust.roots.keys.filter((print) => !given.includes(print));
  if (strange.length > 0)
    throw new GovbootError('TRUST_INVALID', `${strange.join(', ')} is not a root key of ${TRUST_FILE}`, {
      hint: 'do not go on: the file names other root keys than your paper copy; ask its owner',
    });
  if (forgotten.length > 0)
    throw new GovbootError(
      'TRUST_INVALID',
      `${TRUST_FILE} names root keys that you did not give: ${forgotten.join(', ')}`,
      { hint: 'compare each with paper and give all of them with --root' },
    );
  assertThreshold(trust, given.length, threshold);
  // The paper has no version number, and a pin does not go back: one from a file that nobody signed could bar every true one.
  await refuseUnsigned(
    ports,
    repository,
    { file, trust, beside: await besideOf(repository, TRUST_FILE) },
    'pin a version that its root keys have signed: `govboot trust sign`',
  );
  await refuseOlder(ports, trust);
  const pin: PinFacts = {
    file: ports.pins.file,
    repository: trust.repository,
    path: repository.root,
    roots: given,
    threshold: trust.roots.threshold,
    trustVersion: trust.version,
    pinnedAt: ports.clock.now(),
  };
  await ports.pins.save(pin);
  ports.emit({
    type: 'result',
    command: 'trust pin',
    value: { repository: pin.repository, roots: [...given], threshold: pin.threshold, file: pin.file },
    lines: [
      `pinned repository ${pin.repository}`,
      ...given.map((print) => `  root ${print}`),
      `  threshold ${String(pin.threshold)} of ${String(given.length)}, trust version ${String(pin.trustVersion)}`,
      `in ${pin.file}`,
    ],
  });
};

/** The threshold comes from paper too: a file that asks for fewer signatures than its owners agreed on is a forgery. */
function assertThreshold({ roots }: Trust, given: number, asked: string | null): void {
  const hint = 'read from paper how many root keys must sign, and give it with --threshold';
  if (asked === null && given > 1)
    throw new GovbootError('USAGE', `--threshold is missing: ${String(given)} root keys were given`, {
      hint,
    });
  const threshold = asked ?? '1';
  if (!/^[1-9][0-9]?$/.test(threshold))
    throw new GovbootError('USAGE', `--threshold is "${threshold}", not a whole number`, { hint });
  if (Number(threshold) !== roots.threshold)
    throw new GovbootError(
      'TRUST_INVALID',
      `${TRUST_FILE} asks for ${String(roots.threshold)} root signatures, and you gave ${threshold}`,
      { hint: 'do not go on: the file asks for another number than your paper copy; ask its owner' },
    );
}

/** A pin does not go back. */
async function refuseOlder(ports: Ports, trust: Trust): Promise<void> {
  const before = (await ports.pins.load()).find(({ repository }) => repository === trust.repository);
  if (before !== undefined && before.trustVersion > trust.version)
    throw new GovbootError(
      'TRUST_ROLLBACK',
      `${TRUST_FILE} is version ${String(trust.version)}; version ${String(before.trustVersion)} was pinned before`,
      {
        hint: `use a clone that is up to date; who was taken off the list would be on it again`,
        data: { found: trust.version, accepted: before.trustVersion },
      },
    );
}
