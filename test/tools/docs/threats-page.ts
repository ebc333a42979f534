/** The register of attacks, from the heads of the tests that try them: see test/harness/threats.ts. */
import { AREAS, threatsOf, type Area, type Threat } from '../../harness/threats.ts';
import { CODES } from '../../../src/kernel/codes.ts';
import { page, table } from './markdown.ts';

export function threatsPage(): string {
  const all = threatsOf();
  return page(
    'Attacks, and what happens',
    'the heads of the files in test/threats',
    `${String(all.length)} attacks are tried in the tests, one a file, each built as an attacker would build it: real git objects, real keys, really malformed packets. A code means: refused under that [error code](errors.md), with the wrong value and a hint, with an exit code other than 0; nothing is made in the cloud, nothing in the repository changes, and where there is a ledger the refusal is in it.`,
    ...(Object.keys(AREAS) as Area[]).flatMap((area) => section(area, all)),
  );
}

function section(area: Area, all: readonly Threat[]): readonly string[] {
  const rows = all
    .filter((threat) => threat.area === area)
    .map(({ tried, answer, file }) => [tried, linked(answer), `[test](../test/threats/${file})`]);
  return rows.length === 0 ? [] : [`## ${AREAS[area]}`, table(['what is tried', 'what happens', ''], rows)];
}

/** Codes lead to their page; words that only `verify` says of a file stand as they are. */
function linked(answer: string): string {
  return answer.replaceAll(/\b[A-Z]{2,}(?:_[A-Z]+)*\b(?=,|$)/g, (word) =>
    Object.hasOwn(CODES, word) ? `[${word}](errors.md#${word.toLowerCase()})` : word,
  );
}
