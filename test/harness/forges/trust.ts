/**
 * Root keys and versions of the trust file, good ones and forged ones.
 *
 * root NAME                        a new root key, published in policies/keys; no list names it yet
 * roots THRESHOLD NAME...          puts these root keys, and how many must sign, into policies/trust.yaml
 * root-signs FILE NAME [MINUTES]   signs FILE with the key of anybody, so long ago (10 minutes)
 * forged FILE NAME                 puts a signature of NAME over something else beside FILE
 * repository WHICH                 puts the id of another repository into policies/trust.yaml, or its `own` again
 * ended NAME HOW                   publishes a certificate again: expired, retired or compromised, five minutes ago
 * history TO                       keeps versions up to TO, each signed by the root key, and makes the next one the present one
 * released TAG                     commits what is there, tags it as Alice, and has her ask for it in intents/next.yaml
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../cli.ts';
import type { Forge, ForgeSite } from '../forge.ts';
import { commitAll, gitRepoAt, writeSignedTag } from '../git-fixture.ts';
import { makeKey, type TestKey } from '../keys.ts';

const FILE = 'policies/trust.yaml';
/** Minutes since the keys of a script were made. */
const AGE = 60;

const made = new Map<string, TestKey>();

function keyOf({ work, governed }: ForgeSite, name: string): TestKey {
  const key = made.get(`${work} ${name}`) ?? new Map(Object.entries(governed.keys)).get(name);
  if (key === undefined) throw new Error(`nobody is called ${name}`);
  return key;
}

function minutesAgo(minutes: number): Date {
  return new Date(Math.floor(Date.now() / 1000 - minutes * 60) * 1000);
}

const root: Forge = async (site, [name = '']) => {
  const key = await makeKey({ name: `Root ${name}`, email: `${name}@example.com`, created: minutesAgo(AGE) });
  made.set(`${site.work} ${name}`, key);
  writeFileSync(join(site.work, 'keys', `${name}.key`), key.privateArmored, { mode: 0o600 });
  writeFileSync(join(site.governed.root, key.file().path), key.publicArmored);
};

const roots: Forge = (site, [threshold = '', ...names]) => {
  const path = join(site.governed.root, FILE);
  const text = readFileSync(path, 'utf8');
  const keys = names.map((name) => `    - "${keyOf(site, name).fingerprint}"\n`).join('');
  const changed = text.replace(
    /^roots:\n(?: .*\n)+/m,
    () => `roots:\n  threshold: ${threshold}\n  keys:\n${keys}`,
  );
  if (changed === text) throw new Error(`${FILE} has these root keys already`);
  writeFileSync(path, changed);
};

const rootSigns: Forge = async (site, [file = '', name = '', minutes = '10']) => {
  const key = keyOf(site, name);
  const path = join(site.governed.root, file);
  const signature = await key.sign(readFileSync(path), { at: minutesAgo(Number(minutes)) });
  writeFileSync(existsSync(`${path}.asc`) ? `${path}.${key.fingerprint}.asc` : `${path}.asc`, signature);
};

const forged: Forge = async (site, [file = '', name = '']) => {
  const key = keyOf(site, name);
  const signature = await key.sign('something else', { at: minutesAgo(30) });
  writeFileSync(join(site.governed.root, `${file}.${key.fingerprint}.asc`), signature);
};

const OTHER = '5f0c2a4e-1b7d-4c3a-9e2f-0a1b2c3d4e5f';

const repository: Forge = (site, [which = '']) => {
  const [path, first] = [FILE, 'policies/trust/1.yaml'].map((each) => join(site.governed.root, each));
  const own = /^repository: (.+)$/m.exec(readFileSync(first!, 'utf8'))![1]!;
  const id = which === 'own' ? own : OTHER;
  writeFileSync(path!, readFileSync(path!, 'utf8').replace(/^repository: .+$/m, `repository: ${id}`));
};

const ended: Forge = async (site, [name = '', how = '']) => {
  const key = keyOf(site, name);
  const text =
    how === 'expired'
      ? await key.extended((AGE - 5) * 60, minutesAgo(AGE))
      : await key.revoked(how as 'retired' | 'compromised', minutesAgo(5));
  writeFileSync(join(site.governed.root, key.file().path), text);
};

const history: Forge = async (site, [to = '']) => {
  const folder = join(site.governed.root, 'policies');
  const text = readFileSync(join(site.governed.root, FILE), 'utf8');
  const version = (n: number): string => text.replace(/^version: \d+$/m, `version: ${String(n)}`);
  const { root: key } = site.governed.keys;
  mkdirSync(join(folder, 'trust'), { recursive: true });
  for (let n = 1; n <= Number(to) + 1; n++) {
    const path = n > Number(to) ? join(folder, 'trust.yaml') : join(folder, 'trust', `${String(n)}.yaml`);
    writeFileSync(path, version(n));
    writeFileSync(`${path}.asc`, await key.sign(version(n), { at: minutesAgo(10) }));
  }
};

const released: Forge = async (site, [tag = '']) => {
  const { root: folder, keys } = site.governed;
  const repo = gitRepoAt(folder);
  commitAll(repo, `Release ${tag}`);
  await writeSignedTag(repo, {
    name: tag,
    message: `Release ${tag}`,
    sign: (payload) => keys.alice.sign(payload),
  });
  for (const name of readdirSync(join(folder, 'intents')).filter((each) => each.startsWith('next.')))
    rmSync(join(folder, 'intents', name));
  const wish = ['intent', 'new', 'dev', '--action', 'supersede', '--rehearse', '--out', 'intents/next.yaml'];
  const why = ['--tag', tag, '--reason', 'other people', '--ticket', 'OPS-9', '--requester'];
  const said = await runCli([...wish, ...why, keys.alice.fingerprint], { cwd: folder, env: site.env });
  if (said.code !== 0) throw new Error(`the intent was not written:\n${said.stdout}${said.stderr}`);
  const intent = join(folder, 'intents', 'next.yaml');
  writeFileSync(`${intent}.asc`, await keys.alice.sign(readFileSync(intent)));
};

export const trustForges: Readonly<Record<string, Forge>> = {
  root,
  roots,
  'root-signs': rootSigns,
  forged,
  repository,
  ended,
  history,
  released,
};
