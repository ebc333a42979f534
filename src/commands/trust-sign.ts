/** `govboot trust sign`: a root key signs the present version, after its holder was told what it changes. */
import { GovbootError } from '../kernel/errors.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import { keptPath, parseTrust, TRUST_FILE, type Trust } from '../inputs/trust.ts';
import type { Ports, Repository } from '../ports.ts';
import { besideOf } from '../street/beside.ts';
import { refuseUnsigned } from '../street/trust-own.ts';
import type { CommandRun } from './command.ts';
import { readDocument, signBeside } from './sign-beside.ts';
import { changesOf } from './trust-lines.ts';

export const trustSign: CommandRun<'trust sign'> = async (ports) => {
  const repository = await ports.repository.open();
  const file = await readDocument(repository, TRUST_FILE);
  const trust = parseTrust(file);
  const before = await versionBefore(ports, repository, trust);
  const { fingerprint } = await ports.signer.identity();
  refuseOthers(fingerprint, trust, before);
  tellChanges(ports, trust, before);
  const made = await signBeside(ports, repository, TRUST_FILE, file.bytes);
  ports.emit({
    type: 'result',
    command: 'trust sign',
    value: { ...made, version: trust.version },
    lines: [
      `signed version ${String(trust.version)} of ${TRUST_FILE} by ${made.signer}: ${made.path}`,
      'next: `govboot trust show` tells whether enough root keys have signed; then commit, then `git tag -s`',
    ],
  });
};

/**
 * The version that this one follows, if it is kept. What it changes is told against that one, so a stranger's must not stand there: with
 * the same people in both, nothing would seem to change.
 * @throws TRUST_GAP, and what is wrong with its signatures
 */
async function versionBefore(
  ports: Ports,
  repository: Repository,
  { version }: Trust,
): Promise<Trust | null> {
  const path = keptPath(version - 1);
  const read = version === 1 ? null : await repository.read(path);
  if (read?.is !== 'read') return null;
  const file = read.value;
  const trust = parseTrust(file);
  if (trust.version !== version - 1)
    throw new GovbootError('TRUST_GAP', `${path} says that it is version ${String(trust.version)}`);
  await refuseUnsigned(
    ports,
    repository,
    { file, trust, beside: await besideOf(repository, path) },
    `restore ${path} with its signatures; until then nobody can tell what version ${String(version)} changes`,
  );
  return trust;
}

/** Roots of the version before sign too: they vouch for whoever takes their place. */
function refuseOthers(fingerprint: Fingerprint, { version, roots }: Trust, before: Trust | null): void {
  const old = before?.roots.keys ?? [];
  if (roots.keys.includes(fingerprint) || old.includes(fingerprint)) return;
  const kept = before === null ? '' : `, nor of ${keptPath(version - 1)}`;
  throw new GovbootError('SIGNER_NOT_ALLOWED', `${fingerprint} is not a root key of ${TRUST_FILE}${kept}`, {
    hint: `sign with one of ${[...new Set([...roots.keys, ...old])].join(', ')}`,
  });
}

/** Whoever signs should have read what they sign; here it is in short. */
function tellChanges(ports: Ports, trust: Trust, before: Trust | null): void {
  const { version } = trust;
  if (before === null) {
    if (version > 1)
      ports.emit({
        type: 'warning',
        text: `${keptPath(version - 1)} is not there: a machine that pinned version ${String(version - 1)} or an earlier one cannot follow`,
      });
    return;
  }
  const changes = changesOf(before, trust);
  ports.emit({
    type: 'note',
    text: [
      `version ${String(version)} changes, of version ${String(before.version)}:`,
      ...(changes.length === 0
        ? ['nothing that counts: no root key, no person, no threshold, no date']
        : changes),
    ].join('\n'),
  });
}
