/**
 * `govboot trust next`: begins the next version. The present one is kept with its signatures, byte for byte, since whoever pinned an
 * earlier one walks over it; then its number goes up by one, and everything else is left to be edited by hand.
 */
import { canonicalBytes, sameBytes } from '../kernel/canonical.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import { sha256 } from '../kernel/digest.ts';
import type { FileRead } from '../inputs/facts.ts';
import { keptPath, parseTrust, TRUST_FILE, type Trust } from '../inputs/trust.ts';
import type { Ports, Repository } from '../ports.ts';
import { besideOf } from '../street/beside.ts';
import { refuseUnsigned } from '../street/trust-own.ts';
import type { CommandRun } from './command.ts';
import { readDocument } from './sign-beside.ts';

export const trustNext: CommandRun<'trust next'> = async (ports) => {
  const repository = await ports.repository.open();
  const file = await readDocument(repository, TRUST_FILE);
  const trust = parseTrust(file);
  const next = raised(file, trust);
  const beside = await signaturesOf(repository, file, trust.version);
  // What was never in force is not kept.
  await refuseUnsigned(
    ports,
    repository,
    { file, trust, beside: beside.map(({ signature }) => signature) },
    `version ${String(trust.version)} is not in force, so it can be edited as it is; have it signed, then begin the next one`,
  );
  const kept = [
    ...beside.map(({ signature, to }) => ({ to, bytes: signature.bytes })),
    { to: keptPath(trust.version), bytes: file.bytes },
  ];
  for (const { to, bytes } of kept) await refuseOther(ports, to, bytes);
  for (const { to, bytes } of kept) if (!(await ports.files.exists(to))) await ports.files.create(to, bytes);
  // Signatures first: without them the present version is unsigned, and this command can be run again.
  for (const { path } of await besideOf(repository, TRUST_FILE)) await ports.trustFiles.remove(path);
  await ports.trustFiles.replace(TRUST_FILE, file.bytes, next);
  ports.emit({
    type: 'result',
    command: 'trust next',
    value: { kept: kept.map(({ to }) => to), version: trust.version + 1 },
    lines: [
      `kept version ${String(trust.version)} as ${keptPath(trust.version)}, with ${String(beside.length)} ${beside.length === 1 ? 'signature' : 'signatures'}`,
      `${TRUST_FILE} is version ${String(trust.version + 1)} now, and not signed`,
      `next: edit people, root keys and expiry; then \`govboot trust sign\`, by enough root keys of version ${String(trust.version)} and of the new one`,
    ],
  });
};

/** The same bytes with the next number. Comments and order stay: they are what the next reader compares. */
function raised({ bytes }: FileRead, trust: Trust): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const number = /^version:[ ]+[0-9]+(?=[ ]*(?:#.*)?$)/gm;
  const lines = text.match(number) ?? [];
  const changed = text.replace(number, `version: ${String(trust.version + 1)}`);
  const after = new TextEncoder().encode(changed);
  const isRight =
    lines.length === 1 &&
    sameBytes(
      canonicalBytes(toJson(parseTrust({ path: TRUST_FILE, bytes: after, sha256: sha256(after) }))),
      canonicalBytes(toJson({ ...trust, version: trust.version + 1 })),
    );
  if (!isRight)
    throw new GovbootError('TRUST_INVALID', `${TRUST_FILE} does not have its version on a line of its own`, {
      hint: `write \`version: ${String(trust.version)}\` at the beginning of a line, sign it, and run this again`,
    });
  return after;
}

interface Beside {
  readonly signature: FileRead;
  /** Where it is kept. */
  readonly to: string;
}

/** The signatures of the present version; also those that a run before this one had moved already. */
async function signaturesOf(
  repository: Repository,
  file: FileRead,
  version: number,
): Promise<readonly Beside[]> {
  const target = keptPath(version);
  const kept = await repository.read(target);
  const moved =
    kept.is === 'read' && sameBytes(kept.value.bytes, file.bytes) ? await besideOf(repository, target) : [];
  const found = new Map(moved.map((signature) => [signature.path, { signature, to: signature.path }]));
  for (const signature of await besideOf(repository, TRUST_FILE)) {
    const to = `${target}${signature.path.slice(TRUST_FILE.length)}`;
    found.set(to, { signature, to });
  }
  return [...found.values()];
}

async function refuseOther(ports: Ports, path: string, bytes: Uint8Array): Promise<void> {
  try {
    if (!sameBytes(await ports.files.read(path), bytes))
      throw new GovbootError('FILE_EXISTS', `${path} exists already, and is another file`, {
        hint: 'find out which of the two was in force; nothing is overwritten',
      });
  } catch (error) {
    if (!isGovbootError(error) || error.code !== 'FILE_MISSING') throw error;
  }
}
