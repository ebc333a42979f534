/** Who does what with the scaffolded documents, in commands with the real names in them: for the screen, and for the README of the repository. Pure. */
import type { Fingerprint } from '../inputs/facts.ts';
import type { Role } from '../inputs/trust.ts';
import type { Asked } from './init-ask.ts';
import { fillHoles } from './scaffold.ts';

type Team = Pick<Asked, 'organisation' | 'environments' | 'people' | 'roots' | 'rootThreshold' | 'approvers'>;

export interface Ceremony {
  /** One a root key that must sign. */
  readonly signTrust: readonly string[];
  readonly tag: string;
  readonly pin: string;
  readonly ask: string;
  readonly sign: string;
  /** One an approval that is needed. */
  readonly approve: readonly string[];
  readonly environment: string;
  readonly requesterKey: string;
  readonly releaserKey: string;
  readonly operatorKey: string;
}

/** @param more options of the first intent, where it is another than usual */
export function ceremonyOf(team: Team, more: readonly string[] = []): Ceremony {
  const environment = team.environments[0]?.name ?? 'dev';
  const file = `intents/${environment}.yaml`;
  const requester = keyOf(team, 'intent');
  const releaser = keyOf(team, 'release');
  const approvers = withRole(team, 'approver').filter(({ fingerprint }) => fingerprint !== requester);
  return {
    environment,
    requesterKey: requester,
    releaserKey: releaser,
    operatorKey: keyOf(team, 'evidence'),
    signTrust: team.roots.slice(0, team.rootThreshold).map((print) => `govboot trust sign --key ${print}`),
    tag: `git tag -s -u ${releaser} v1.0.0 -m "Release v1.0.0"`,
    pin: `govboot trust pin ${pinArguments(team)}`,
    ask: ['govboot intent new', environment, ...more, `--key ${requester}`].join(' '),
    sign: `govboot intent sign ${file} --key ${requester}`,
    approve: approvers
      .slice(0, team.approvers)
      .map(({ fingerprint }) => `govboot intent sign ${file} --key ${fingerprint}`),
  };
}

function pinArguments({ roots, rootThreshold }: Team): string {
  const named = roots.map((print) => `--root ${print}`).join(' ');
  return roots.length === 1 ? named : `${named} --threshold ${String(rootThreshold)}`;
}

function withRole({ people }: Team, role: Role): Team['people'] {
  return people.filter(({ roles }) => roles.includes(role));
}

/** That of the first who may; the judgement of the scaffold has shown that there is one. */
function keyOf(team: Team, role: Role): Fingerprint | '' {
  return withRole(team, role)[0]?.fingerprint ?? '';
}

/** The page that explains the ceremony to the team. */
export function fillReadme(template: string, team: Team, intent: readonly string[] = []): string {
  const c = ceremonyOf(team, intent);
  return fillHoles(template, {
    organisation: team.organisation,
    environment: c.environment,
    environments: table(
      ['environment', 'account', 'regions'],
      team.environments.map(({ name, account, regions }) => [name, account, regions.join(', ')]),
    ),
    people: table(
      ['who', 'may', 'key'],
      team.people.map(({ name, roles, fingerprint }) => [
        plain(name),
        roles.join(', '),
        `\`${fingerprint}\``,
      ]),
    ),
    roots: rootsText(team),
    thresholds:
      team.approvers === 0
        ? 'Nobody has to approve what another asks for: `thresholds.approver` in `policies/trust.yaml` is 0.'
        : `Each intent needs ${count(team.approvers, 'approval')}, by people of role approver who did not ask for it.`,
    rootholders: `${count(team.rootThreshold, 'root key')} of ${String(team.roots.length)} must sign the list of people; then ${anyOf(team, 'release')} signs the tag.`,
    signtrust: c.signTrust.join('\n'),
    releasers: `by ${anyOf(team, 'release', (name) => name)}`,
    releaserkey: c.releaserKey,
    pinroots: pinArguments(team),
    requesters: `${anyOf(team, 'intent')} asks.`,
    ask: c.ask,
    requesterkey: c.requesterKey,
    approval: approvalText(team, c),
    operators: `${anyOf(team, 'evidence')} sits at the terminal.`,
    operatorkey: c.operatorKey,
  });
}

function approvalText(team: Team, { approve }: Ceremony): string {
  if (team.approvers === 0) return 'Nobody else has to sign.';
  return [
    `Then ${count(team.approvers, 'approver')} of ${all(team, 'approver')} reads it and signs it too, on a machine of their own:`,
    '',
    '```sh',
    ...approve,
    '```',
  ].join('\n');
}

function rootsText({ roots, rootThreshold, people }: Team): string {
  const lines = roots.map((print) => {
    const owner = people.find(({ fingerprint }) => fingerprint === print);
    return `- \`${print}\`${owner === undefined ? '' : `, the key of ${plain(owner.name)} too`}`;
  });
  return [
    `The list of people is signed by ${String(rootThreshold)} of ${count(roots.length, 'root key')}:`,
    '',
    ...lines,
  ].join('\n');
}

const count = (n: number, what: string): string => `${String(n)} ${what}${n === 1 ? '' : 's'}`;

function anyOf(team: Team, role: Role, show = plain): string {
  return withRole(team, role)
    .map(({ name }) => show(name))
    .join(' or ');
}

function all(team: Team, role: Role): string {
  return withRole(team, role)
    .map(({ name }) => plain(name))
    .join(', ');
}

/** A name as Markdown shows it and does not obey it. */
function plain(name: string): string {
  return name.replaceAll(/[\\`*_{}[\]<>()#+!|&~]/g, '\\$&');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
