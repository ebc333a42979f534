/** Forgeries of policies, templates and trust files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Forge } from '../forge.ts';
import { gitRepoAt, writeSignedTag, type GitRepo } from '../git-fixture.ts';

/**
 * `policy OLD NEW ...` – an insider with every signature: the edited policy is committed, tagged as v1.1.0 and wished for in
 * intents/policy.yaml, all of it properly signed by alice. Nothing but the policy itself is wrong.
 */
const policy: Forge = async ({ cwd, governed: { keys } }, edits) => {
  const repo = gitRepoAt(cwd);
  const file = join(cwd, 'policies', 'parity.yaml');
  writeFileSync(file, edited(readFileSync(file, 'utf8'), edits));
  repo.git(['add', 'policies']);
  repo.git(['commit', '--quiet', '--message', 'A policy']);
  await writeSignedTag(repo, { name: 'v1.1.0', sign: (payload) => keys.alice.sign(payload) });
  const intent = readFileSync(join(cwd, 'intents', 'two.yaml'), 'utf8')
    .replace(/^tag: .*$/m, 'tag: v1.1.0')
    .replace(/^commit: .*$/m, `commit: "${repo.git(['rev-parse', 'HEAD'])}"`)
    .replace(/^tree_sha256: .*$/m, `tree_sha256: "${treeSha256(repo)}"`)
    .replace(/^nonce: .*$/m, `nonce: "${'7'.repeat(32)}"`);
  repo.write('intents/policy.yaml', intent);
  repo.write('intents/policy.yaml.asc', await keys.alice.sign(new TextEncoder().encode(intent)));
};

/** Replaces each OLD by the NEW after it; `\n` stands for a line feed. */
function edited(text: string, edits: readonly string[]): string {
  if (edits.length === 0 || edits.length % 2 !== 0) throw new Error('policy wants OLD and NEW, once or more');
  let result = text;
  for (let i = 0; i < edits.length; i += 2) {
    const [from = '', to = ''] = edits.slice(i, i + 2).map((part) => part.replaceAll('\\n', '\n'));
    if (!result.includes(from)) throw new Error(`the policy does not hold ${from}`);
    result = result.replace(from, () => to);
  }
  return result;
}

/** As docs/formats.md says it, from what is committed; not with the product's own code. */
function treeSha256(repo: GitRepo): string {
  const lines = repo
    .git(['ls-tree', '-r', 'HEAD'])
    .split('\n')
    .map((line) => /^(\d+) blob [0-9a-f]+\t(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, mode = '', path = '']) => ({ mode, path }))
    .filter(({ path }) => !/^(evidence|intents)\//.test(path))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    .map(({ mode, path }) => `${mode} ${sha256(readFileSync(join(repo.root, path)))} ${path}\n`);
  return sha256(lines.join(''));
}

/** `swollen ENVIRONMENTS REGIONS TAGS`: a policy of so many names that judging each of them takes minutes; on disk only. */
const swollen: Forge = ({ cwd }, counts) => {
  const [environments = 0, regions = 0, tags = 0] = counts.map(Number);
  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');
  const names = Array.from({ length: regions }, (_, i) => `eu-${'a'.repeat(i + 1)}-1`).join(', ');
  const file = join(cwd, 'policies', 'parity.yaml');
  const text = readFileSync(file, 'utf8');
  const more = lines(
    environments,
    (i) => `  e${String(i)}: { account: "${String(300_000_000_000 + i)}", regions: [${names}] }`,
  );
  const changed = text
    .replace(/^environments:\n/m, (found) => `${found}${more}`)
    .replace(/^ {2}required:\n/m, (found) => `${found}${lines(tags, (i) => `    T${String(i)}: x`)}`);
  if (changed.length < text.length + more.length + tags)
    throw new Error('the policy is not as this forge knows it');
  writeFileSync(file, changed);
};

export const policyForges: Readonly<Record<string, Forge>> = { policy, swollen };
