/** `govboot backend render`: backend.tf and backend.hcl from the authorized templates and what the lock says was made. */
import { GovbootError } from '../kernel/errors.ts';
import { parseIntent } from '../inputs/intent.ts';
import { parseParity } from '../inputs/parity.ts';
import { blobName } from '../evidence/layout.ts';
import { readLedger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import { verifyEvidence } from '../evidence/verify.ts';
import { makeBlueprint } from '../plan/make-blueprint.ts';
import { BACKEND_TEMPLATES, renderBackend } from '../plan/render.ts';
import { sha256 } from '../kernel/digest.ts';
import type { FileRead, Mode } from '../inputs/facts.ts';
import type { EvidenceStore, Ports } from '../ports.ts';
import { flagOf } from '../street/next-command.ts';
import { judgingHere } from '../street/verify-here.ts';
import type { CommandRun } from './command.ts';
import { orMeant } from './meant.ts';

type Lock = NonNullable<Awaited<ReturnType<typeof readLedger>>['lock']>;

export const backendRender: CommandRun<'backend render'> = async (ports, { environment, format, out }) => {
  const store = readOnce(ports.evidence(environment));
  const lock = await orMeant(ports, environment, () => lockOf(store, environment, ports.mode));
  await assertBelievable(ports, store, environment);
  const { document } = lock;
  // Everything comes from the evidence of the lock, not from files that may have changed since.
  const intent = parseIntent(await blob(store, document.intent.sha256, document.intent.file));
  const parity = parseParity(await blob(store, document.policy.parity_sha256, 'policies/parity.yaml'));
  const templates = new Map<string, string>();
  for (const name of Object.values(BACKEND_TEMPLATES)) {
    const digest = document.policy.templates[name];
    if (digest === undefined) throw new GovbootError('PARITY_TEMPLATE', `the lock does not name ${name}`);
    templates.set(
      name,
      new TextDecoder('utf-8', { fatal: true }).decode((await blob(store, digest, name)).bytes),
    );
  }
  const blueprint = makeBlueprint(intent, parity, document.origin.repository);
  const files = renderBackend(templates, blueprint, document.backend.known, {
    endpoint: document.backend.endpoint,
  });
  const names = { tf: 'backend.tf', hcl: 'backend.hcl' } as const;
  if (out === null) {
    ports.emit({
      type: 'result',
      command: 'backend render',
      value: { format, text: files[format], lock: lock.sha256 },
      lines: files[format].replace(/\n$/, '').split('\n'),
    });
    return;
  }
  const targets = (['tf', 'hcl'] as const).map(
    (kind) => [`${out.replace(/\/$/, '')}/${names[kind]}`, files[kind]] as const,
  );
  for (const [path] of targets)
    if (await ports.files.exists(path)) throw new GovbootError('FILE_EXISTS', `would overwrite ${path}`);
  for (const [path, text] of targets) await ports.files.create(path, text);
  ports.emit({
    type: 'result',
    command: 'backend render',
    value: { files: targets.map(([path]) => path), lock: lock.sha256 },
    lines: [
      ...targets.map(([path]) => `wrote ${path}`),
      'next: terraform init, or tofu init; use backend.tf alone, or backend.hcl with -backend-config',
    ],
  });
};

async function lockOf(store: EvidenceStore, environment: string, mode: Mode): Promise<Lock> {
  const { lock } = await readLedger(store);
  if (lock === null)
    throw new GovbootError('EVIDENCE_MISSING', `there is no lock of ${environment} in ${store.where}`, {
      hint: `run \`govboot apply ${environment}${flagOf(mode)}\` first`,
    });
  return lock;
}

/** Whoever changes the lock says where the state goes: it is believed only as far as it is signed. @throws EVIDENCE_INVALID, EVIDENCE_UNDECIDED */
async function assertBelievable(ports: Ports, store: EvidenceStore, environment: string): Promise<void> {
  const { answers } = await verifyEvidence({
    ...(await judgingHere(ports)),
    store,
    environment,
  });
  const bad = answers.flatMap(({ findings }) => findings).find(({ is }) => is === 'bad');
  if (bad !== undefined)
    throw new GovbootError('EVIDENCE_INVALID', `${bad.file}: ${bad.what}`, {
      hint: `govboot verify ${environment}${flagOf(ports.mode)}`,
    });
  // Without a pin anybody could have made it, and it would be just as good.
  const unknown = answers.find(({ axis }) => axis === 'authenticity')?.findings[0];
  if (unknown !== undefined)
    throw new GovbootError('EVIDENCE_UNDECIDED', `${unknown.file}: ${unknown.what}`, { hint: unknown.hint });
}

async function blob(store: EvidenceStore, digest: string, path: string): Promise<FileRead> {
  const bytes = await store.read(blobName(digest));
  if (bytes === null) throw new GovbootError('EVIDENCE_MISSING', `${blobName(digest)} (${path}) is missing`);
  const found = sha256(bytes);
  if (found !== digest)
    throw new GovbootError('EVIDENCE_INVALID', `${blobName(digest)} (${path}) is ${found}`);
  return { path, bytes, sha256: found };
}
