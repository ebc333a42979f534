/** What verifiers say of the stored signatures: from test/vectors/verifiers/table.json. */
import { NAIVE, type Naive } from '../../harness/naive-verifiers.ts';
import {
  GROUPS,
  readTable,
  type Group,
  type Vector,
  type VerifierTable,
} from '../../harness/verifier-table.ts';
import { code, page, table } from './markdown.ts';

export function verifiersPage(): string {
  const all = readTable();
  return page(
    'What verifiers say',
    'test/vectors/verifiers/table.json, which test/tools/make-verifier-vectors.ts makes',
    lessons(all),
    reading(all),
    ...(Object.keys(GROUPS) as Group[]).flatMap((group) => [`## ${GROUPS[group]}`, rows(all, group)]),
  );
}

/** Five sentences; their numbers are counted. */
function lessons({ vectors }: VerifierTable): string {
  const refused = vectors.filter(({ govboot }) => govboot.gate !== 'good');
  const accepted = NAIVE.map((tool) => {
    const yes = refused.filter(({ said }) => said[tool].good).length;
    return `${String(yes)} with ${tool}`;
  });
  const old = refused.filter(({ said }) => said.gpg.good && /(EXP|REV)KEYSIG/.test(said.gpg.words));
  const split = vectors.filter(({ said }) => new Set(NAIVE.map((tool) => said[tool].good)).size > 1);
  const exceptions = vectors
    .filter(({ govboot, said }) => govboot.gate === 'good' && NAIVE.some((tool) => !said[tool].good))
    .map(({ id }) => code(id));
  return [
    `Of ${String(vectors.length)} signatures, ${String(split.length)} are good to one tool and bad to another; of the ${String(refused.length)} that govboot refuses, who takes a tool at its word accepts ${list(accepted)}.`,
    `An exit code is no verdict: gpg and gpgv end with 0 for keys that are revoked or have expired (${String(old.length)} rows, told only by another status word) and for a date in 2040 (told nowhere), and sqv ends with 0 when another person signed whose key is at hand too (told only by the fingerprint that it prints).`,
    'An empty list is no yes: OpenPGP.js finds no signature in what signs no document, and reports no error.',
    'The tools differ most about what stands around the packet, about several packets in a file, and about bytes that nobody signed; a file of one strict form leaves them little to differ about, which is why govboot judges the form first and by itself.',
    `What is good to govboot is good to every tool, except ${list(exceptions)}: a key that gpg extended lacks the self-signature that the others look for, so publish it merged with its old certificate (\`key-extended-both-kept\`), or choose an end that need not be moved.`,
  ].join(' ');
}

function reading({ at, tools, made }: VerifierTable): string {
  const versions = NAIVE.map((tool) => `${tool} ${tools[tool]}`);
  return [
    `Asked on ${made}, of ${list(versions)}, as somebody would who looks no further than the exit code; for OpenPGP.js with its defaults, that every signature it found was awaited.`,
    `**Bold** is an answer other than the one of govboot's gates, which judge as of ${at}.`,
    'An auditor judges old evidence as of the signature; where that makes a difference, the last column says so.',
    'Each name leads to the signature; documents, keys, and the commands that made them are in [the table](../test/vectors/verifiers/table.json).',
    '`test/rooms/verifier-vectors.test.ts` asks all of it again wherever a tool is installed, and asks govboot with every tool and with none: its answer must be the same.',
  ].join(' ');
}

function rows({ vectors }: VerifierTable, group: Group): string {
  const head = ['what', ...NAIVE, 'the gates', 'an auditor'];
  return table(
    head,
    vectors.filter((vector) => vector.group === group).map((vector) => cells(vector)),
  );
}

function cells(vector: Vector): readonly string[] {
  const { id, what, signature, govboot, holdsUntil } = vector;
  const until = holdsUntil === null ? '' : ` (Holds until ${holdsUntil}.)`;
  return [
    `[${id}](../test/vectors/verifiers/signatures/${signature}): ${what}${until}`,
    ...NAIVE.map((tool) => cell(vector, tool)),
    linked(govboot.gate),
    govboot.audit === govboot.gate ? '' : linked(govboot.audit),
  ];
}

function cell({ said, govboot }: Vector, tool: Naive): string {
  const { good, words } = said[tool];
  const differs = good !== (govboot.gate === 'good');
  const answer = differs ? `**${good ? 'good' : 'no'}**` : good ? 'good' : 'no';
  const status = (tool === 'gpg' || tool === 'gpgv') && good && words !== 'GOODSIG' ? ` ${words}` : '';
  return `${answer}${status}`;
}

function linked(answer: string): string {
  return answer === 'good' ? 'good' : `[${answer}](errors.md#${answer.toLowerCase()})`;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}
