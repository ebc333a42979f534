/** `govboot init`: scaffolds a governed repository. Everything is asked and judged first; then files are made, none is overwritten. */
import { fileOf } from '../inputs/file-read.ts';
import { sameBytes } from '../kernel/canonical.ts';
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { sha256 } from '../kernel/digest.ts';
import type { FileRead, Fingerprint, KeyRead } from '../inputs/facts.ts';
import type { BackendThere } from '../inputs/backend-block.ts';
import { TRUST_FILE } from '../inputs/trust.ts';
import { PARITY_FILE } from '../street/gather.ts';
import type { Ports } from '../ports.ts';
import type { CommandRun } from './command.ts';
import { intentText } from './intent-text.ts';
import { ask, type Asked, type InitOptions } from './init-ask.ts';
import { firstOf, matched, readThere, refuseOtherNames } from './init-backend.ts';
import { fillReadme } from './init-ceremony.ts';
import { keyIn, type KeysSeen } from './init-people.ts';
import { look } from './init-look.ts';
import { draftIntent, prove, type Proof } from './init-proof.ts';
import { nextLines, summaryLines, tellKept } from './init-told.ts';
import { fillParity, fillTrust, type NamingAsked } from './scaffold.ts';
import { askToWrite } from './questions.ts';

const TEMPLATES = ['backend.tf.tmpl', 'backend.hcl.tmpl'] as const;

/** Schemas of what people write: in the repository itself, so that editors find them where there is no network. */
const SCHEMAS = ['parity', 'trust', 'intent'].map((name) => `${name}.schema.json`);

/** Where there is one already, it is left alone, and what it lacks is told. */
const KEPT = ['README.md', '.gitignore', '.gitattributes', 'intents/example.yaml', 'evidence/README.md'];

type Documents = Map<string, Uint8Array | string>;

export const init: CommandRun<'init'> = async (ports, options) => {
  const at = (path: string): string => (options.dir === '.' ? path : `${options.dir}/${path}`);
  // Before anybody is asked anything: nobody answers twenty questions to be told that it was in vain.
  await refuseThere(ports, at, [PARITY_FILE, TRUST_FILE]);
  const there = options.fromBackend === null ? null : await readThere(ports, options.fromBackend);
  const suggested = await ports.suggestions.about(options.dir);
  const asked = await ask(ports, options, suggested, there === null ? null : firstOf(there));
  const composed =
    there === null ? await compose(ports, options, asked) : await takeOver(ports, options, asked, there);
  const { documents, proof, written } = composed;
  const { create, kept } = await sortOut(ports, at, documents);
  if (asked.wasAsked) {
    await askToWrite(ports, summaryLines(asked, [...create.keys()]).join('\n'), 'write these files?');
    // Asked for once, so that from here on a signal lets the writing end.
    if (ports.interrupted()) throw new GovbootError('INTERRUPTED', 'interrupted before anything was written');
  }
  for (const [path, content] of create) await ports.files.create(at(path), content);
  await tellKept(ports, at, kept);
  ports.emit({
    type: 'result',
    command: 'init',
    value: {
      dir: options.dir,
      repository: proof.trust.repository,
      files: [...create.keys()].sort(),
      kept,
      keys: [...written].sort(),
      missing_keys: [...proof.missing],
      judged: [...proof.lines],
    },
    lines: [
      `scaffolded ${options.dir} (repository ${proof.trust.repository}):`,
      ...[...create.keys()].sort().map((path) => `  ${path}`),
      'judged by the gates, as if it were signed:',
      ...proof.lines.map((line) => `  ${line}`),
      ...nextLines(asked, proof, {
        suggested,
        dir: options.dir,
        page: create.has('README.md') ? 'README.md' : 'CEREMONY.md',
        intent: composed.intent,
      }),
    ],
  });
};

interface Composed {
  readonly documents: Documents;
  readonly proof: Proof;
  /** Keys among them. */
  readonly written: readonly Fingerprint[];
  /** Options of the first intent. */
  readonly intent: readonly string[];
}

/** The same for a backend that is there: with its names, and the intent that takes it over. */
async function takeOver(
  ports: Ports,
  options: InitOptions,
  given: Asked,
  there: BackendThere,
): Promise<Composed> {
  const { asked, notes } = matched(given, there);
  const [environment] = asked.environments;
  const region = there.region === environment?.regions[0] ? [] : [`--region ${there.region}`];
  const endpoint = there.endpoint === null ? [] : [`--endpoint ${there.endpoint}`];
  const intent = ['--action adopt', ...region, ...endpoint];
  const first = await compose(ports, options, asked, intent);
  refuseOtherNames(first.proof.parity, environment?.name ?? '', there);
  const name = environment?.name ?? '';
  const seen = await look(ports, first.proof, name, there);
  for (const text of [...notes, ...seen.notes]) ports.emit({ type: 'note', text });
  for (const text of seen.warnings) ports.emit({ type: 'warning', text });
  const composed =
    seen.tags.length === 0
      ? first
      : await compose(ports, options, { ...asked, tolerated: seen.tags }, intent);
  const { parity, trust } = composed.proof;
  const target = { environment: name, region: there.region, action: 'adopt' as const };
  const example = intentText({
    ...draftIntent(parity, trust, target, ports.clock.now()),
    endpoint: there.endpoint,
  });
  composed.documents.set(
    'intents/adopt.example.yaml',
    `# An example, for reading: \`govboot intent new ${name} ${intent.join(' ')}\` writes the real one once there is a signed tag.\n${example}`,
  );
  return composed;
}

/** @throws what a gate would refuse */
async function compose(
  ports: Ports,
  options: InitOptions,
  asked: Asked & { readonly naming?: NamingAsked; readonly tolerated?: readonly string[] },
  intent: readonly string[] = [],
): Promise<Composed> {
  const documents: Documents = new Map();
  const templates: FileRead[] = [];
  for (const name of TEMPLATES)
    templates.push(fileOf(`templates/${name}`, await ports.scaffold(`templates/${name}`)));
  const parity = fillParity(await scaffoldText(ports, `${PARITY_FILE}.tmpl`), {
    ...asked,
    templates: templates.map(({ path, bytes }) => [path.slice('templates/'.length), sha256(bytes)]),
  });
  const trust = fillTrust(await scaffoldText(ports, `${TRUST_FILE}.tmpl`), {
    ...asked,
    repository: ports.random.uuid(),
    now: ports.clock.now(),
  });
  const { files, reads } = await keyFiles(ports, asked, options.keyFiles);
  const proof = prove(
    { parity: fileOf(PARITY_FILE, parity), trust: fileOf(TRUST_FILE, trust), templates, keys: reads },
    ports.clock.now(),
  );
  for (const { path, bytes } of [...templates, ...files]) documents.set(path, bytes);
  for (const name of SCHEMAS)
    documents.set(`policies/schemas/${name}`, await ports.scaffold(`docs/schemas/${name}`));
  for (const name of ['intents/example.yaml', 'evidence/README.md', '.gitattributes', '.gitignore'])
    documents.set(name, await ports.scaffold(`templates/init/${name.replace(/^\./, 'dot-')}`));
  documents.set(
    'README.md',
    fillReadme(await scaffoldText(ports, 'templates/init/README.md'), asked, intent),
  );
  // Last, so that a run that was cut off can be begun again: everything before is the same every time.
  documents.set(PARITY_FILE, parity).set(TRUST_FILE, trust);
  const written = reads.flatMap((read) => (read.is === 'key' ? [read.key.fingerprint] : []));
  return { documents, proof, written, intent };
}

/** The keys of everybody who is named: from files, or else as gpg has them. */
async function keyFiles(
  ports: Ports,
  { roots, people, keys }: Asked,
  paths: readonly string[],
): Promise<{ readonly files: readonly FileRead[]; readonly reads: readonly KeyRead[] }> {
  const wanted = [...new Set([...roots, ...people.map(({ fingerprint }) => fingerprint)])];
  const seen: KeysSeen = new Map(keys);
  for (const path of paths) {
    const found = await keyIn(ports, path).catch((error: unknown) => {
      throw isGovbootError(error) && error.code === 'KEYRING_SHAPE' ? notNamed(path, error.message) : error;
    });
    if (!wanted.includes(found.fingerprint)) throw notNamed(path, `it is ${found.fingerprint}`);
    seen.set(found.fingerprint, found.bytes);
  }
  for (const print of wanted) {
    const bytes = seen.has(print) ? null : await ports.suggestions.publicKey(print);
    if (bytes !== null) seen.set(print, bytes);
  }
  const files = wanted.flatMap((print) => {
    const bytes = seen.get(print);
    return bytes === undefined ? [] : [fileOf(`policies/keys/${print}.asc`, bytes)];
  });
  const reads = await ports.verifier.keys(files);
  const [wrong] = reads.flatMap((read) => (read.is === 'problem' ? [read] : []));
  if (wrong !== undefined)
    throw new GovbootError(wrong.problem.code, `${wrong.file}: ${wrong.problem.wrong}`);
  return { files, reads };
}

function notNamed(path: string, why: string): GovbootError {
  return new GovbootError(
    'KEYRING_SHAPE',
    `${path} is not the public key of any root or person that was named: ${why}`,
  );
}

/** What is to be made, and what is there already and stays as it is. @throws FILE_EXISTS where another file stands in the way */
async function sortOut(
  ports: Ports,
  at: (path: string) => string,
  documents: Documents,
): Promise<{ readonly create: Documents; readonly kept: readonly string[] }> {
  const create: Documents = new Map();
  const kept: string[] = [];
  const inTheWay: string[] = [];
  for (const [path, content] of documents) {
    if (!(await ports.files.exists(at(path)))) create.set(path, content);
    else if (path === 'README.md') {
      kept.push(path);
      // The team's own page stays; ours lies beside it.
      const other = 'CEREMONY.md';
      if (await ports.files.exists(at(other))) kept.push(other);
      else create.set(other, content);
    } else if (KEPT.includes(path)) kept.push(path);
    else if (!sameBytes(await ports.files.read(at(path)), fileOf(path, content).bytes)) inTheWay.push(path);
  }
  refuseInTheWay(inTheWay.map(at));
  return { create, kept };
}

async function refuseThere(
  ports: Ports,
  at: (path: string) => string,
  paths: readonly string[],
): Promise<void> {
  const there: string[] = [];
  for (const path of paths) if (await ports.files.exists(at(path))) there.push(at(path));
  refuseInTheWay(there);
}

function refuseInTheWay(files: readonly string[]): void {
  if (files.length === 0) return;
  throw new GovbootError('FILE_EXISTS', `would overwrite ${files.join(', ')}`, {
    data: { files: [...files] },
    hint: 'nothing was written; choose an empty folder, or move the files away',
  });
}

async function scaffoldText(ports: Ports, path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(await ports.scaffold(path));
}
