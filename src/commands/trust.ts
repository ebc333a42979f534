/** `govboot trust pin|show|sign`: who is trusted, and by whom that is said. */
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { PinFacts } from '../inputs/facts.ts';
import { parseTrust, type Trust } from '../inputs/trust.ts';
import { TRUST_FILE } from '../street/gather.ts';
import type { Ports } from '../ports.ts';
import type { CommandRun } from './command.ts';
import { parseRoot } from './scaffold.ts';
import { readDocument, signBeside } from './sign-beside.ts';

export const trustPin: CommandRun<'trust pin'> = async (ports, { roots, threshold }) => {
  const { trust, root } = await readTrust(ports);
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
  const pin: PinFacts = {
    file: ports.pins.file,
    repository: trust.repository,
    path: root,
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

export const trustShow: CommandRun<'trust show'> = async (ports) => {
  const { trust, root } = await readTrust(ports);
  const pins = await ports.pins.load();
  const here =
    pins.find((pin) => pin.path === root) ?? pins.find((pin) => pin.repository === trust.repository) ?? null;
  ports.emit({
    type: 'result',
    command: 'trust show',
    value: { trust: toJson(trust), pin: here === null ? null : toJson(here) },
    lines: [
      `repository ${trust.repository}, trust version ${String(trust.version)}, expires ${trust.expires}`,
      here === null
        ? 'pinned here: nothing; nothing passes until `govboot trust pin`'
        : `pinned here: ${here.roots.join(', ')} since ${here.pinnedAt} (${here.file})`,
      `root keys, ${String(trust.roots.threshold)} of ${String(trust.roots.keys.length)}:`,
      ...trust.roots.keys.map((print) => `  ${print}`),
      'people:',
      ...trust.people.map(
        (p) =>
          `  ${p.fingerprint}  ${p.name}: ${p.roles.join(', ')}${p.environments === undefined ? '' : ` in ${p.environments.join(', ')}`}, until ${p.valid_until}`,
      ),
    ],
  });
};

export const trustSign: CommandRun<'trust sign'> = async (ports) => {
  const repository = await ports.repository.open();
  const file = await readDocument(repository, TRUST_FILE);
  const trust = parseTrust(file);
  const { fingerprint } = await ports.signer.identity();
  if (!trust.roots.keys.includes(fingerprint)) {
    throw new GovbootError('SIGNER_NOT_ALLOWED', `${fingerprint} is not a root key of ${TRUST_FILE}`, {
      hint: `sign with one of ${trust.roots.keys.join(', ')}`,
    });
  }
  const made = await signBeside(ports, repository, TRUST_FILE, file.bytes);
  ports.emit({
    type: 'result',
    command: 'trust sign',
    value: made,
    lines: [`signed ${TRUST_FILE} by ${made.signer}: ${made.path}`, 'next: commit, then `git tag -s`'],
  });
};

async function readTrust(ports: Ports): Promise<{ readonly trust: Trust; readonly root: string }> {
  const repository = await ports.repository.open();
  return { trust: parseTrust(await readDocument(repository, TRUST_FILE)), root: repository.root };
}
