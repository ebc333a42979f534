/** Gate 1: the files on disk are exactly a tag that somebody with the release role signed, in the repository that was pinned. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import type { Instant } from '../kernel/time.ts';
import type { Facts, Maybe, SourceFacts, TreeFacts } from '../inputs/facts.ts';
import { isTagName, type TagObject, type TagRead } from '../inputs/tag-object.ts';
import { thresholdOf, type Trust } from '../inputs/trust.ts';
import { valueOf, type Documents } from './documents.ts';
import { judgeSignatures, countSigners, thresholdFindings, type Signer } from './signers.ts';
import { judgeTrust } from './trust.ts';
import {
  finding,
  findingOf,
  left,
  made,
  verdictOf,
  when,
  type Finding,
  type GateVerdict,
  type Outcome,
} from './verdict.ts';

/** Differences of the tree that are told one by one. */
const SHOWN_DIFFERENCES = 5;

/** Why checks are left whose subject is the tag: what is wrong with it is told once, by the check of the tag itself. */
const NO_TAG = 'there is no accepted tag';

/** The tag as it goes into the record. */
export interface TagSummary {
  readonly name: string;
  readonly oid: string;
  readonly commit: string;
  readonly taggedAt: Instant;
  readonly sha256s: { readonly object: Sha256; readonly payload: Sha256; readonly signature: Sha256 };
}

export interface SourceJudgement {
  readonly verdict: GateVerdict;
  /** The trust file, only when it holds. No signer counts without it. */
  readonly trusted: Trust | null;
  readonly signers: readonly Signer[];
}

export function judgeSource(facts: Facts, documents: Documents): SourceJudgement {
  const { source, governance, environment, now, ledger } = facts;
  const { trustOnRecord: onRecord } = ledger;
  const trust = judgeTrust(documents, governance, { environment, now, onRecord });
  const signature = judgeTagSignature(source, trust.trusted, environment, now);
  const tag = tagOf(source.tag);
  const outcomes: readonly Outcome<'source'>[] = [
    ...trust.outcomes,
    made(
      'repository.plain',
      source.repositoryProblems.map((problem) => findingOf(problem)),
    ),
    judgeTagObject(source),
    ...signature.outcomes,
    tagIntent(tag, documents),
    tag === null ? left('head', NO_TAG) : made('head', headFindings(source.head, tag)),
    tag === null ? left('tree', NO_TAG) : judgeTree(source.tree),
    judgeRollback(facts, tag),
  ];
  const because =
    tag === null
      ? ''
      : `the files are those of tag ${tag.name}, commit ${tag.commit}, signed by ${signature.signers.map(({ name }) => name).join(', ')}${trust.established}`;
  return {
    verdict: verdictOf('source', outcomes, because),
    trusted: trust.trusted,
    signers: signature.signers,
  };
}

/** What the record keeps of the tag; null while there is none. */
export function summaryOf(read: TagRead): TagSummary | null {
  const tag = tagOf(read);
  if (tag === null) return null;
  const { name, oid, commit, taggedAt } = tag;
  const sha256s = { object: tag.sha256, payload: sha256(tag.payload), signature: sha256(tag.signature) };
  return { name, oid, commit, taggedAt, sha256s };
}

function tagOf(read: TagRead): TagObject | null {
  return read.is === 'tag' ? read.tag : null;
}

function judgeTagObject({ tag, repositoryProblems }: SourceFacts): Outcome<'source'> {
  if (tag.is === 'problem') {
    // Of a repository that was not read there is no tag either; that is told as what it is.
    const isUnread = repositoryProblems.some(({ wrong }) => wrong === tag.wrong);
    return isUnread ? left('tag.object', 'git was not asked') : made('tag.object', [findingOf(tag)]);
  }
  const { name } = tag.tag;
  const findings = when(!isTagName(name), () =>
    finding('TAG_NAME_INVALID', `tag name "${name.slice(0, 140)}" is not of the accepted form`, {
      data: { tag: name },
    }),
  );
  return made('tag.object', findings);
}

function judgeTagSignature(
  source: SourceFacts,
  trust: Trust | null,
  environment: string,
  now: Instant,
): { readonly outcomes: readonly Outcome<'source'>[]; readonly signers: readonly Signer[] } {
  const tag = tagOf(source.tag);
  if (tag === null) {
    return { outcomes: [left('tag.signature', NO_TAG), left('tag.signer', NO_TAG)], signers: [] };
  }
  const what = `tag ${tag.name}`;
  const { signed, findings } =
    source.tagSignature === null
      ? {
          signed: [],
          findings: [finding('TAG_UNSIGNED', `${what} is not signed`, { data: { tag: tag.name } })],
        }
      : judgeSignatures(what, [source.tagSignature], now);
  const signature = made('tag.signature', findings);
  if (trust === null)
    return { outcomes: [signature, left('tag.signer', 'the trust file does not hold')], signers: [] };
  if (signed.length === 0)
    return { outcomes: [signature, left('tag.signer', 'there is no accepted signature')], signers: [] };
  const counted = countSigners({ signed, trust, roles: ['release'], environment, now });
  const missing =
    counted.findings.length > 0
      ? []
      : thresholdFindings(
          what,
          'release',
          thresholdOf(trust, 'release', environment),
          counted.signers,
          'a tag carries one signature: thresholds.release in policies/trust.yaml can only be 1',
        );
  return {
    outcomes: [signature, made('tag.signer', [...counted.findings, ...missing])],
    signers: counted.signers,
  };
}

function tagIntent(tag: TagObject | null, documents: Documents): Outcome<'source'> {
  const intent = valueOf(documents.intent);
  if (tag === null || intent === null)
    return left('tag.intent', tag === null ? NO_TAG : 'the intent could not be read');
  return made(
    'tag.intent',
    when(tag.name !== intent.tag, () =>
      finding('TAG_NAME_MISMATCH', `the tag that was read is ${tag.name}, the intent names ${intent.tag}`, {
        data: { found: tag.name, intent: intent.tag },
      }),
    ),
  );
}

function headFindings(head: string | null, tag: TagObject): readonly Finding[] {
  return when(head !== tag.commit, () =>
    finding(
      'HEAD_MISMATCH',
      `HEAD is ${head ?? 'nothing: the repository has no commit'}; tag ${tag.name} points at ${tag.commit}`,
      {
        hint: `check the tag out: \`git checkout --detach refs/tags/${tag.name}\``,
        data: { head, commit: tag.commit },
      },
    ),
  );
}

function judgeTree(tree: Maybe<TreeFacts>): Outcome<'source'> {
  if (tree.is === 'problem') return made('tree', [findingOf(tree.problem)]);
  const { tagged, onDisk, files, differences } = tree.value;
  if (files === 0) return left('tree', 'the tagged tree holds no file');
  const shown = differences.slice(0, SHOWN_DIFFERENCES).map(({ path, how }) => `${path} (${how})`);
  const more =
    differences.length > shown.length ? `, and ${String(differences.length - shown.length)} more` : '';
  return made(
    'tree',
    when(tagged !== onDisk || differences.length > 0, () =>
      finding(
        'TREE_MISMATCH',
        `the files on disk are not those of the tag: ${shown.join(', ') || `${onDisk}, not ${tagged}`}${more}`,
        { data: { tagged, onDisk, differences: differences.map(({ path, how }) => ({ path, how })) } },
      ),
    ),
  );
}

function judgeRollback({ source: { lastUsed }, ledger }: Facts, tag: TagObject | null): Outcome<'source'> {
  if (tag === null) return left('rollback', NO_TAG);
  if ((lastUsed === null) !== (ledger.lastTag === null) || lastUsed?.commit !== ledger.lastTag?.commit)
    return left('rollback', 'the tag was not compared with the last one in the ledger');
  if (lastUsed === null) return made('rollback');
  return made(
    'rollback',
    when(!lastUsed.descends && lastUsed.commit !== tag.commit, () =>
      finding(
        'TAG_ROLLBACK',
        `tag ${tag.name} (${tag.commit}) does not descend from ${lastUsed.tag} (${lastUsed.commit}), which was used before`,
        { data: { tag: tag.name, commit: tag.commit, lastTag: lastUsed.tag, lastCommit: lastUsed.commit } },
      ),
    ),
  );
}
