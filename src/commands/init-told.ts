/** What `govboot init` says before and after it writes. */
import { shellWord } from '../kernel/text.ts';
import { isGovbootError } from '../kernel/errors.ts';
import type { Ports, Suggested } from '../ports.ts';
import { personOf } from '../inputs/trust.ts';
import type { Asked } from './init-ask.ts';
import { ceremonyOf } from './init-ceremony.ts';
import type { Proof } from './init-proof.ts';

/** All answers once more, so that a slip is seen while nothing is written. */
export function summaryLines(asked: Asked, files: readonly string[]): readonly string[] {
  const { organisation, environments, people, roots, github, gitlab, storeDays } = asked;
  const pipeline =
    github !== null
      ? `GitHub ${github.repository}`
      : gitlab !== null
        ? `GitLab ${gitlab.host}/${gitlab.project}`
        : 'none';
  return [
    'This is what would be written:',
    `organisation  ${organisation}`,
    ...environments.map(
      ({ name, account, regions }) => `environment   ${name}: account ${account}, ${regions.join(', ')}`,
    ),
    ...people.map(
      ({ name, roles, fingerprint }) => `person        ${name}: ${roles.join(', ')}; key ${fingerprint}`,
    ),
    ...roots.map((print) => `root key      ${print}`),
    `signatures    ${String(asked.rootThreshold)} of ${String(roots.length)} root keys, ${String(asked.approvers)} approvals`,
    `locking       ${asked.locking}`,
    `pipeline      ${pipeline}`,
    ...(storeDays === null
      ? []
      : [
          `evidence      a bucket that nobody can delete from for ${String(storeDays)} days; cannot be undone`,
        ]),
    `${String(files.length)} files, among them policies/, README.md and .gitignore. Every one can be edited until it is signed.`,
  ];
}

/** Lines that these files need, and the sentence that says why. */
const NEEDED: Readonly<Record<string, { readonly lines: readonly string[]; readonly why: string }>> = {
  '.gitattributes': {
    lines: ['* -text'],
    why: 'without it git may change line ends, and what was signed is then not what lies on disk',
  },
  '.gitignore': {
    lines: ['*.key', '*.sec'],
    why: 'without them a private key is one `git add` away from being published',
  },
};

/** What was there already was left alone; what it lacks is told. */
export async function tellKept(
  ports: Ports,
  at: (path: string) => string,
  kept: readonly string[],
): Promise<void> {
  for (const path of kept) {
    const text = await textOf(ports, at(path));
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const { lines: needed, why } = NEEDED[path] ?? { lines: [], why: '' };
    const lacking = needed.filter((line) => !lines.includes(line));
    if (path === 'README.md')
      ports.emit({
        type: 'note',
        text: 'README.md is there already and was left alone: the ceremony of the team is in CEREMONY.md; name it in your README',
      });
    else if (lacking.length > 0)
      ports.emit({
        type: 'warning',
        text: `${path} is there already and was left alone: add ${lacking.map((line) => `\`${line}\``).join(' and ')}; ${why}`,
      });
    else ports.emit({ type: 'note', text: `${path} is there already and was left alone` });
    const ignored =
      path === '.gitignore' ? lines.filter((line) => /^\/?(evidence|intents)(\/|$)/.test(line)) : [];
    if (ignored.length > 0)
      ports.emit({
        type: 'warning',
        text: `.gitignore ignores ${ignored.join(' and ')}: what is not committed there is lost with this clone; take it out`,
      });
  }
}

async function textOf(ports: Ports, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await ports.files.read(path));
  } catch (error) {
    // A link, say: left alone, and not looked into.
    if (isGovbootError(error)) return '';
    throw error;
  }
}

/** The commands that are left, in order, with the values that were given. */
export function nextLines(
  asked: Asked,
  { trust, missing }: Proof,
  more: {
    readonly suggested: Suggested;
    readonly dir: string;
    /** Where the ceremony is explained. */
    readonly page: string;
    /** Options of the first intent. */
    readonly intent: readonly string[];
  },
): readonly string[] {
  const { suggested, dir, page, intent } = more;
  const c = ceremonyOf(asked, intent);
  const whose = (print: (typeof missing)[number]): string => personOf(trust, print)?.name ?? 'a root key';
  const way = suggested.way ?? (dir === '.' ? null : dir);
  return [
    `next, in this order; ${page} has it for the team:`,
    ...(way === null ? [] : [`  cd ${shellWord(way)}`]),
    ...(suggested.isRepository ? [] : ['  git init']),
    ...missing.flatMap((print) => [
      `  # the key of ${whose(print)}, on the machine that has it`,
      `  gpg --armor --export ${print} > policies/keys/${print}.asc`,
    ]),
    ...c.signTrust.map((line) => `  ${line}`),
    '  git add --all && git commit --message "Governance"',
    `  ${c.tag}`,
    "  # on each operator's machine, with the fingerprints from paper",
    `  ${c.pin}`,
    `  ${c.ask}`,
    `  ${c.sign}`,
    ...c.approve.map((line) => `  ${line}`),
    `  govboot check ${c.environment}`,
  ];
}
