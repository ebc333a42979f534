/** Refs and history: HEAD, tags, and whether one commit comes after another. */
import type { SourceFacts } from '../inputs/facts.ts';
import { isTagName, MAX_TAG, parseTagObject, type TagRead } from '../inputs/tag-object.ts';
import { clip, safe } from '../kernel/text.ts';
import type { Repository } from '../ports.ts';
import { failed, textOf, type Format, type OnObject } from './git-batch.ts';
import type { Git } from './git.ts';
import { readParents } from './git-tree.ts';
import { maybe } from './problem.ts';

type LastUsed = Parameters<Repository['source']>[1];

/** The commit that HEAD resolves to; null in a repository without commits. */
export async function headOf(git: Git): Promise<string | null> {
  const answer = await git.run(['rev-parse', '--quiet', '--verify', '--end-of-options', 'HEAD^{commit}']);
  return answer.status === 0 ? textOf(answer.stdout).trim() : null;
}

/** Annotated tags of an accepted name, newest first; the higher version first among those made in the same second. */
export async function annotatedTags(git: Git, head: string): Promise<readonly string[]> {
  const args = [
    'for-each-ref',
    `--points-at=${head}`,
    '--sort=-version:refname',
    '--sort=-creatordate',
    '--format=%(objecttype) %(refname)',
    'refs/tags/',
  ];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  const prefix = 'tag refs/tags/';
  return textOf(answer.stdout)
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
    .filter(isTagName);
}

/** The raw tag that `refs/tags/<name>` holds; by object name, so that no branch, replacement or abbreviation can stand in. */
export async function readTag(git: Git, name: string, format: Format): Promise<TagRead> {
  if (!isTagName(name))
    return {
      is: 'problem',
      code: 'TAG_NAME_INVALID',
      wrong: name === '' ? 'no tag is named' : clip(safe(name), 80),
    };
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', `refs/tags/${name}`];
  const answer = await git.run(args);
  if (answer.status !== 0) throw failed(args, answer.stderr);
  const oid = textOf(answer.stdout)
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, ref]) => ref === `refs/tags/${name}`)?.[0];
  if (oid === undefined) return { is: 'problem', code: 'TAG_MISSING', wrong: `refs/tags/${name}` };
  let read: TagRead = {
    is: 'problem',
    code: 'TAG_MISSING',
    wrong: `refs/tags/${name} names ${oid}, which is missing`,
  };
  const takeTag: OnObject = (_oid, header) => {
    if (header === null) return null;
    if (header.type !== 'tag') {
      read = {
        is: 'problem',
        code: 'TAG_NOT_ANNOTATED',
        wrong: `refs/tags/${name} points at the ${header.type} ${oid} itself`,
      };
      return null;
    }
    if (header.size > MAX_TAG) {
      read = {
        is: 'problem',
        code: 'TAG_MALFORMED',
        wrong: `the tag object is ${String(header.size)} bytes, more than ${String(MAX_TAG)}`,
      };
      return null;
    }
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => chunks.push(new Uint8Array(chunk)),
      end: () => {
        read = parseTagObject(name, oid, new Uint8Array(Buffer.concat(chunks)), format);
      },
    };
  };
  const asked = await maybe(() => git.objects([oid], takeTag));
  return asked.is === 'problem' ? { is: 'problem', ...asked.problem } : read;
}

/** Whether the tag's commit is the last one used or comes after it, shown by a chain of commits that are what their names say. */
export async function descends(
  git: Git,
  tag: TagRead,
  lastUsed: LastUsed,
  format: Format,
): Promise<SourceFacts['lastUsed']> {
  if (lastUsed === null) return null;
  if (tag.is === 'problem' || !/^[0-9a-f]{40,64}$/.test(lastUsed.commit))
    return { ...lastUsed, descends: false };
  const { commit } = tag.tag;
  if (commit === lastUsed.commit) return { ...lastUsed, descends: true };
  // Fails when this clone does not have the last commit: then nothing shows that the tag comes after it.
  const between = await git.run([
    'rev-list',
    '--ancestry-path',
    '--end-of-options',
    `${lastUsed.commit}..${commit}`,
  ]);
  if (between.status !== 0) return { ...lastUsed, descends: false };
  const parents = await maybe(() =>
    readParents(
      git,
      textOf(between.stdout)
        .split('\n')
        .filter((line) => line !== ''),
      format,
    ),
  );
  return { ...lastUsed, descends: parents.is === 'read' && reaches(parents.value, commit, lastUsed.commit) };
}

function reaches(parents: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  // A Set is walked in the order of insertion, also over what is added on the way.
  for (const commit of seen) {
    if (commit === to) return true;
    for (const parent of parents.get(commit) ?? []) seen.add(parent);
  }
  return false;
}
