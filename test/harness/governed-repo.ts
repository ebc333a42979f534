/**
 * A governed repository of a small team, made as a team would make it: `govboot init`, keys, a signed trust file, a signed tag,
 * a pin outside the repository, and a signed intent. Every govboot step is the built program, run as its own process.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll, gitRepoAt, temporaryFolder, writeSignedTag, type GitRepo } from './git-fixture.ts';
import { makeKey, type TestKey } from './keys.ts';
import { runCli, type CliOptions, type CliResult } from './cli.ts';

export type Person = 'root' | 'alice' | 'bob' | 'stranger';

export interface GovernedOptions {
  /** Where; a new temporary folder when left out. */
  readonly folder?: string;
  readonly environments?: readonly string[];
  readonly locking?: 'table' | 'lockfile' | 'both';
  readonly github?: boolean;
  /** The emulator's address, named by the intent; null for the rehearsal cloud. */
  readonly endpoint: string | null;
  readonly env?: Readonly<Record<string, string>>;
  /** `default`: in the configuration folder of the operator; otherwise named with --pins. */
  readonly pins?: 'default';
  /** Further options of `init`, and of the first intent. */
  readonly init?: readonly string[];
  readonly firstIntent?: readonly string[];
  /** Told what `init` said. */
  readonly onInit?: (done: CliResult) => void;
  /** Told before each step; the demo shows it. */
  readonly say?: (line: string) => void;
  /** Changes the scaffolded files before they are committed. */
  readonly edit?: (repo: GitRepo) => void;
}

export interface Governed {
  readonly folder: string;
  readonly repo: GitRepo;
  readonly keys: Readonly<Record<Person, TestKey>>;
  readonly keyFile: (person: Person) => string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs govboot in the repository, with the pins and environment of the operator. */
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** The options every call needs: where the repository and the pins are. */
  readonly globals: readonly string[];
  /** Tags HEAD, signed by a person. */
  tag(name: string, person: Person): Promise<void>;
  /** Writes and signs an intent. */
  intent(environment: string, extra?: readonly string[], person?: Person): Promise<void>;
}

const PEOPLE = {
  root: 'Rita Root',
  alice: 'Alice Release',
  bob: 'Bob Builder',
  stranger: 'Mallory Stranger',
} as const;

/** The whole set-up. @throws when one of its steps does not end with 0 */
export async function makeGoverned(options: GovernedOptions): Promise<Governed> {
  const folder = options.folder ?? temporaryFolder();
  const root = join(folder, 'infra');
  const say = options.say ?? (() => undefined);
  say('throw-away OpenPGP keys for three people and a stranger');
  const keys = await makeKeys(folder);
  const keyFile = (person: Person): string => join(folder, 'keys', `${person}.key`);
  const environments = options.environments ?? ['dev=123456789012:eu-central-1'];
  const env = {
    ...options.env,
    HOME: join(folder, 'home'),
    XDG_CONFIG_HOME: join(folder, 'home', '.config'),
    XDG_STATE_HOME: join(folder, 'home', '.state'),
  };
  mkdirSync(join(folder, 'home'), { recursive: true });
  const globals = [
    '--repo',
    root,
    ...(options.pins === 'default' ? [] : ['--pins', join(folder, 'home', 'pins.json')]),
  ];
  const run = (args: readonly string[], extra: CliOptions = {}): Promise<CliResult> =>
    runCli([...globals, ...args], { ...extra, cwd: folder, env: { ...env, ...extra.env } });
  const must = async (args: readonly string[]): Promise<CliResult> => {
    say(
      `govboot ${args
        .map((a) => (a.includes(' ') ? JSON.stringify(a) : a))
        .join(' ')
        .replaceAll(`${folder}/`, '')}`,
    );
    const done = await run(args);
    if (done.code !== 0)
      throw new Error(
        `govboot ${args.join(' ')} ended with ${String(done.code)}:\n${done.stdout}${done.stderr}`,
      );
    return done;
  };
  mkdirSync(root, { recursive: true });
  const repo = gitRepoAt(root);
  repo.git(['init', '--quiet', '--initial-branch=main', '--template=']);
  const scaffolded = await must(initArguments(options, environments, keys, folder));
  options.onInit?.(scaffolded);
  options.edit?.(repo);
  await must(['trust', 'sign', '--key', keyFile('root')]);
  commitAll(repo, 'Governance of the infrastructure repository');
  await must(['trust', 'pin', '--root', keys.root.fingerprint]);
  const governed: Governed = {
    folder,
    repo,
    keys,
    keyFile,
    env,
    run,
    globals,
    tag: async (name, person) => {
      say(`git tag -s ${name}   (signed by ${PEOPLE[person]})`);
      await writeSignedTag(repo, {
        name,
        message: `Release ${name}`,
        tagger: `${PEOPLE[person]} <${person}@example.com> ${String(Math.floor(Date.now() / 1000))} +0000`,
        sign: (payload) => keys[person].sign(payload),
      });
    },
    intent: async (environment, extra = [], person = 'alice') => {
      await must([
        'intent',
        'new',
        environment,
        '--reason',
        `bootstrap ${environment}`,
        '--ticket',
        'OPS-1',
        '--key',
        keyFile(person),
        ...(options.endpoint === null ? [] : ['--endpoint', options.endpoint]),
        ...extra,
      ]);
      await must(['intent', 'sign', outOf(extra) ?? `intents/${environment}.yaml`, '--key', keyFile(person)]);
    },
  };
  await governed.tag('v1.0.0', 'alice');
  const [first = 'dev'] = (environments[0] ?? '').split('=');
  await governed.intent(first, options.firstIntent);
  return governed;
}

function outOf(extra: readonly string[]): string | undefined {
  const at = extra.indexOf('--out');
  return at === -1 ? undefined : extra[at + 1];
}

function initArguments(
  options: GovernedOptions,
  environments: readonly string[],
  keys: Readonly<Record<Person, TestKey>>,
  folder: string,
): readonly string[] {
  const named = (['root', 'alice', 'bob'] as const).flatMap((person) => [
    '--key-file',
    join(folder, 'keys', `${person}.asc`),
  ]);
  return [
    'init',
    '--organisation',
    'acme',
    ...environments.flatMap((e) => ['--environment', e]),
    '--root',
    keys.root.fingerprint,
    '--person',
    `${PEOPLE.alice}=${keys.alice.fingerprint}:release,intent,evidence`,
    '--person',
    `${PEOPLE.bob}=${keys.bob.fingerprint}:approver,evidence`,
    ...named,
    '--locking',
    options.locking ?? 'both',
    ...(options.init ?? []),
    ...(options.github === true ? ['--github', 'acme/infra', '--github-ids', '1234:5678'] : []),
  ];
}

async function makeKeys(folder: string): Promise<Readonly<Record<Person, TestKey>>> {
  mkdirSync(join(folder, 'keys'), { recursive: true });
  // A key and a signature of the same second are good; a clock that rounds must not make the signature older than its key.
  const created = new Date(Date.now() - 3_600_000);
  const made = await Promise.all(
    (Object.keys(PEOPLE) as Person[]).map(
      async (person) =>
        [person, await makeKey({ name: PEOPLE[person], email: `${person}@example.com`, created })] as const,
    ),
  );
  for (const [person, key] of made) {
    writeFileSync(join(folder, 'keys', `${person}.key`), key.privateArmored, { mode: 0o600 });
    writeFileSync(join(folder, 'keys', `${person}.asc`), key.publicArmored);
  }
  return Object.fromEntries(made) as unknown as Readonly<Record<Person, TestKey>>;
}

/** Changes one byte of a file in place: the smallest forgery. */
export function flipByte(path: string, find: string, replace: string): void {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(find)) throw new Error(`${path} does not hold ${find}`);
  writeFileSync(path, text.replace(find, replace));
}
