/** Where things stand, in rows of a screen. Pure: the same standing gives the same rows. */
import { humanSeconds, secondsBetween, type Instant } from '../kernel/time.ts';
import type { Finding } from '../gates/verdict.ts';
import { flagOf } from '../street/next-command.ts';
import type { EnvironmentStanding, Standing, WaitingIntent } from '../street/standing.ts';
import { driftRows, storeRows } from './status-kept.ts';
import { intentOption, isUnsigned } from './status-next.ts';
import { row, type Row } from './status-row.ts';

export interface SectionRows {
  readonly section: string;
  readonly rows: readonly Row[];
}

/** Findings of the first intent that are shown, of others their number; `check` has the others. */
const MOST_FINDINGS = 2;

export function statusRows(standing: Standing): readonly SectionRows[] {
  return [
    { section: 'repository', rows: repositoryRows(standing) },
    ...standing.environments.map((one) => ({
      section: one.name,
      rows: environmentRows(one, standing),
    })),
  ];
}

function repositoryRows(standing: Standing): readonly Row[] {
  const { root, unreadable } = standing;
  if (root.is !== 'seen')
    return [
      row('', 'plain', 'no governed repository'),
      row('repository', 'wrong', root.is === 'failed' ? root.problem.wrong : root.why),
    ];
  return [
    row('', 'plain', root.value),
    trustRow(standing),
    releaseRow(standing),
    ...(standing.policy.is === 'failed' && standing.trust.is === 'seen'
      ? [row('policy', 'wrong', standing.policy.problem.wrong, standing.policy.problem.hint)]
      : []),
    ...unreadable
      .slice(0, 1)
      .map(({ path, why }) => row('intent', 'warning', why.startsWith(path) ? why : `${path}: ${why}`)),
  ];
}

function trustRow({ trust }: Standing): Row {
  if (trust.is === 'left') return row('trust', 'left', trust.why);
  if (trust.is === 'failed') return row('trust', 'wrong', trust.problem.wrong, trust.problem.hint);
  const { present, pin, unpinned, steps } = trust.value;
  const version = `version ${String(present.value.version)}`;
  const [wrong] = steps.flatMap(({ gaps, unsigned }) => [...gaps, ...unsigned]);
  if (wrong !== undefined) return row('trust', 'wrong', wrong.message, wrong.hint);
  const [why] = unpinned;
  if (pin === null)
    return row('trust', 'warning', `${version}; ${why?.message ?? 'not pinned here'}`, why?.hint ?? null);
  return pin.trustVersion < present.value.version
    ? row(
        'trust',
        'warning',
        `${version}; version ${String(pin.trustVersion)} is pinned`,
        'govboot trust update',
      )
    : row('trust', 'ok', `${version}, pinned here, until ${present.value.expires}`);
}

function releaseRow({ tags, source }: Standing): Row {
  if (tags.is === 'failed') return row('release', 'wrong', tags.problem.wrong, tags.problem.hint);
  const [tag] = tags.is === 'seen' ? tags.value : [];
  if (source.is !== 'seen' || tag === undefined)
    return row('release', 'warning', 'no annotated tag is at HEAD');
  const { tree } = source.value;
  if (tree.is === 'problem') return row('release', 'wrong', `${tag}: ${tree.problem.wrong}`);
  const { differences } = tree.value;
  if (differences.length === 0) return row('release', 'ok', `${tag} is at HEAD, and the files are its files`);
  const paths = differences.map(({ path, how }) => `${path} (${how})`).join(', ');
  return row(
    'release',
    'wrong',
    `not as ${tag} has them: ${paths}`,
    'commit and tag the change, or `git stash -u`',
  );
}

function environmentRows(one: EnvironmentStanding, { now, mode }: Standing): readonly Row[] {
  const flag = flagOf(mode);
  return [
    row('', 'plain', `${one.name}: account ${one.account}, ${one.regions.join(', ')}`),
    lockRow(one),
    ...runRows(one, flag),
    evidenceRow(one, flag),
    ...storeRows(one, mode),
    ...driftRows(one, mode),
    ...intentRows(one, now, flag),
  ];
}

function lockRow({ lock, evidence }: EnvironmentStanding): Row {
  if (lock === null) return row('lock', 'plain', 'none: no backend of it is on record');
  const { created_at: since, repo, run, actors } = lock;
  const by = actors.find(({ role }) => role === 'evidence')?.user_id ?? actors[0]?.user_id ?? 'nobody';
  const text = `since ${since}, ${repo.tag_name}, by ${by}, run ${run.id.slice(0, 8)}`;
  return evidence.is === 'seen' && evidence.value.overall === 'ok'
    ? row('lock', 'ok', text)
    : row('lock', 'warning', `unverified: ${text}`);
}

function runRows({ name, ledger: { unfinished } }: EnvironmentStanding, flag: string): readonly Row[] {
  return unfinished === null
    ? []
    : [
        row(
          'run',
          'wrong',
          `${unfinished.run.slice(0, 8)}, begun at ${unfinished.since}, did not finish [RECOVERY_REQUIRED]`,
          `govboot apply ${name} --resume${flag}`,
        ),
      ];
}

function evidenceRow({ name, evidence }: EnvironmentStanding, flag: string): Row {
  if (evidence.is === 'left') return row('evidence', 'plain', evidence.why);
  const mend = `govboot verify ${name}${flag}`;
  if (evidence.is === 'failed') return row('evidence', 'wrong', evidence.problem.wrong, mend);
  const { overall, size, head, answers } = evidence.value;
  if (overall === 'ok')
    return row('evidence', 'ok', `verified just now: ${String(size)} entries, the last at ${head.time}`);
  const findings = answers.flatMap((answer) => answer.findings);
  const [first] = [...findings.filter(({ is }) => is === 'bad'), ...findings];
  const what = first === undefined ? '' : `: ${first.file}: ${first.what}`;
  return overall === 'bad'
    ? row('evidence', 'wrong', `NOT VALID${what}`, mend)
    : row('evidence', 'warning', `not decided${what}`, mend);
}

function intentRows(
  { waiting, unjudged, used, expired, name }: EnvironmentStanding,
  now: Instant,
  flag: string,
): readonly Row[] {
  if (waiting.length > 0)
    return [
      ...waiting.flatMap((each, i) =>
        waitingRows(each, `govboot check ${name}${intentOption(name, each.path)}${flag}`, {
          now,
          most: i === 0 ? MOST_FINDINGS : 0,
        }),
      ),
      ...(unjudged > 0 ? [row('intent', 'plain', `${String(unjudged)} more, which end later`)] : []),
    ];
  const gone = [
    ...(used > 0 ? [`${String(used)} used`] : []),
    ...(expired > 0 ? [`${String(expired)} expired`] : []),
  ];
  return [row('intent', 'plain', `none waits${gone.length === 0 ? '' : `; ${gone.join(', ')}`}`)];
}

function waitingRows(
  each: WaitingIntent,
  check: string,
  { now, most }: { readonly now: Instant; readonly most: number },
): readonly Row[] {
  const { path, intent, signedBy, refused } = each;
  const signed = signedBy.length === 0 ? 'signed by nobody' : `signed by ${signedBy.join(', ')}`;
  const window =
    intent.not_before > now
      ? `from ${intent.not_before}`
      : `for ${humanSeconds(secondsBetween(now, intent.expires))} more`;
  // Who has still to sign is what most often is missing, and what takes longest.
  const all = refused.flatMap((verdict) => verdict.findings);
  const findings = [...all.filter(isUnsigned), ...all.filter((each) => !isUnsigned(each))];
  const open = refused.filter((verdict) => verdict.findings.length === 0);
  const head = row(
    'intent',
    refused.length === 0 ? 'ok' : 'warning',
    `${path}: ${intent.action}, ${window}, ${signed}`,
  );
  if (refused.length === 0)
    return [head, row('missing', 'ok', 'nothing but credentials, and a person who confirms')];
  const more = findings.length - most;
  return [
    head,
    ...findings.slice(0, most).map((finding) => findingRow(finding)),
    ...(more > 0
      ? [row('missing', 'wrong', `${String(more)} ${most === 0 ? 'in all' : 'more'}: ${check}`)]
      : []),
    ...(findings.length === 0
      ? open.map(({ gate, because }) => row('missing', 'wrong', `${gate}: ${because}`))
      : []),
  ];
}

function findingRow({ code, message }: Finding): Row {
  return row('missing', 'wrong', `${code}: ${message}`);
}
