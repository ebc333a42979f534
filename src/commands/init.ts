/** `govboot init`: scaffolds a governed repository. Everything is checked first; then files are made, none is overwritten. */
import { GovbootError } from '../kernel/errors.ts';
import { sha256 } from '../kernel/digest.ts';
import { parseParity } from '../inputs/parity.ts';
import { parseTrust } from '../inputs/trust.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import {
  fillParity,
  fillTrust,
  parseEnvironment,
  parseGithub,
  parsePerson,
  parseRoot,
  type EnvironmentAsked,
  type PersonAsked,
} from './scaffold.ts';
import type { Fingerprint } from '../inputs/facts.ts';

type Options = CommandOptions['init'];

const TEMPLATES = ['backend.tf.tmpl', 'backend.hcl.tmpl'] as const;

/** Schemas of what people write: in the repository itself, so that editors find them where there is no network. */
const SCHEMAS = ['parity', 'trust', 'intent'].map((name) => `${name}.schema.json`);

export const init: CommandRun<'init'> = async (ports, options) => {
  const asked = await ask(ports, options);
  const documents = new Map<string, Uint8Array | string>();
  const digests: (readonly [string, string])[] = [];
  for (const name of TEMPLATES) {
    const bytes = await ports.scaffold(`templates/${name}`);
    documents.set(`templates/${name}`, bytes);
    digests.push([name, sha256(bytes)]);
  }
  const parity = fillParity(await scaffoldText(ports, 'policies/parity.yaml.tmpl'), {
    ...asked,
    templates: digests,
  });
  const trust = fillTrust(await scaffoldText(ports, 'policies/trust.yaml.tmpl'), {
    repository: ports.random.uuid(),
    now: ports.clock.now(),
    roots: asked.roots,
    people: asked.people,
  });
  documents.set('policies/parity.yaml', parity).set('policies/trust.yaml', trust);
  // What is written must be what the gates will read.
  parseParity(asFile('policies/parity.yaml', parity));
  const repository = parseTrust(asFile('policies/trust.yaml', trust)).repository;
  const copied = await keyFiles(ports, asked, options.keyFiles, documents);
  for (const name of ['intents/example.yaml', 'evidence/README.md', '.gitattributes'])
    documents.set(name, await ports.scaffold(`templates/init/${name.replace(/^\./, 'dot-')}`));
  for (const name of SCHEMAS)
    documents.set(`policies/schemas/${name}`, await ports.scaffold(`docs/schemas/${name}`));
  await createAll(ports, options.dir, documents);
  const prefix = options.dir === '.' ? '' : `cd ${options.dir} && `;
  const missing = [...new Set([...asked.roots, ...asked.people.map((p) => p.fingerprint)])].filter(
    (print) => !copied.includes(print),
  );
  ports.emit({
    type: 'result',
    command: 'init',
    value: { dir: options.dir, repository, files: [...documents.keys()].sort(), missing_keys: missing },
    lines: [
      `scaffolded ${options.dir} (repository ${repository}):`,
      ...[...documents.keys()].sort().map((path) => `  ${path}`),
      'next:',
      ...missing.map((print) => `  gpg --armor --export ${print} > policies/keys/${print}.asc`),
      `  ${prefix}govboot trust sign --key FINGERPRINT`,
      '  git add -A && git commit, then git tag -s',
      "  govboot trust pin --root FINGERPRINT   on each operator's machine, from paper",
      `  govboot intent new ${asked.environments[0]?.name ?? 'dev'}`,
    ],
  });
};

interface Asked {
  readonly organisation: string;
  readonly environments: readonly EnvironmentAsked[];
  readonly locking: string;
  readonly github: ReturnType<typeof parseGithub> | null;
  readonly roots: readonly Fingerprint[];
  readonly people: readonly PersonAsked[];
}

async function ask(ports: Ports, options: Options): Promise<Asked> {
  const organisation =
    options.organisation ??
    (await question(
      ports,
      'short name of the organisation, used in resource names',
      '--organisation',
      (text) =>
        /^[a-z][a-z0-9-]{0,31}$/.test(text) ? null : 'lower-case letters, digits and dashes, a letter first',
    ));
  const environments =
    options.environments.length > 0
      ? options.environments
      : [
          await question(
            ports,
            'first environment, as NAME=ACCOUNT:REGION',
            '--environment',
            refusal(parseEnvironment),
          ),
        ];
  const roots =
    options.roots.length > 0
      ? options.roots
      : [await question(ports, 'fingerprint of the root key', '--root', refusal(parseRoot))];
  const people =
    options.people.length > 0
      ? options.people
      : [
          await question(
            ports,
            'first person, as NAME=FINGERPRINT:release,intent,evidence',
            '--person',
            refusal(parsePerson),
          ),
        ];
  return {
    organisation,
    locking: options.locking,
    environments: ownAccounts(environments.map(parseEnvironment)),
    roots: roots.map(parseRoot),
    people: people.map(parsePerson),
    github: options.github === null ? null : parseGithub(options.github, options.githubIds),
  };
}

/** @throws USAGE when two environments would share an account: the parity gate would refuse it, after everything was signed */
function ownAccounts(environments: readonly EnvironmentAsked[]): readonly EnvironmentAsked[] {
  const hint = 'give each environment a name and an account of its own';
  environments.forEach(({ name, account }, i) => {
    const earlier = environments.slice(0, i);
    if (earlier.some((other) => other.name === name))
      throw new GovbootError('USAGE', `environment ${name} is given twice`, { hint });
    const twin = earlier.find((other) => other.account === account);
    if (twin !== undefined)
      throw new GovbootError('USAGE', `${twin.name} and ${name} would share account ${account}`, { hint });
  });
  return environments;
}

async function question(
  ports: Ports,
  message: string,
  option: string,
  problem: (text: string) => string | null,
): Promise<string> {
  if (!ports.wizard.interactive)
    throw new GovbootError('USAGE', `${option} is missing`, {
      hint: 'see the examples of `govboot init --help`',
    });
  return ports.wizard.ask({ message, problem });
}

function refusal(parse: (text: string) => unknown): (text: string) => string | null {
  return (text) => {
    try {
      parse(text);
      return null;
    } catch (error) {
      return error instanceof GovbootError ? error.message : 'not understood';
    }
  };
}

/** A key file is known by its fingerprint, and must be one that was asked for. */
async function keyFiles(
  ports: Ports,
  asked: Asked,
  paths: readonly string[],
  documents: Map<string, Uint8Array | string>,
): Promise<readonly string[]> {
  const wanted = [...new Set([...asked.roots, ...asked.people.map((person) => person.fingerprint)])];
  const copied: string[] = [];
  for (const path of paths) {
    const bytes = await ports.files.read(path);
    const candidates = wanted.map((print) => ({
      path: `policies/keys/${print}.asc`,
      bytes,
      sha256: sha256(bytes),
    }));
    const read = await ports.verifier.keys(candidates);
    const found = read.find((answer) => answer.is === 'key');
    if (found?.is !== 'key') {
      const problem = read.find((answer) => answer.is === 'problem');
      const why = problem?.is === 'problem' ? problem.problem.wrong : 'it is no public key';
      throw new GovbootError(
        'KEYRING_SHAPE',
        `${path} is not the public key of any root or person that was named: ${why}`,
      );
    }
    documents.set(found.key.file, bytes);
    copied.push(found.key.fingerprint);
  }
  return copied;
}

async function createAll(
  ports: Ports,
  dir: string,
  documents: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  const target = (path: string): string => (dir === '.' ? path : `${dir}/${path}`);
  const there: string[] = [];
  for (const path of documents.keys()) if (await ports.files.exists(target(path))) there.push(target(path));
  if (there.length > 0)
    throw new GovbootError('FILE_EXISTS', `would overwrite ${there.join(', ')}`, {
      data: { files: there },
      hint: 'nothing was written; choose an empty folder, or move the files away',
    });
  for (const [path, content] of documents) await ports.files.create(target(path), content);
}

async function scaffoldText(ports: Ports, path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(await ports.scaffold(path));
}

function asFile(
  path: string,
  text: string,
): { readonly path: string; readonly bytes: Uint8Array; readonly sha256: ReturnType<typeof sha256> } {
  const bytes = new TextEncoder().encode(text);
  return { path, bytes, sha256: sha256(bytes) };
}
