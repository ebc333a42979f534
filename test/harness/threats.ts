/**
 * The register of attacks: read from the heads of the files in test/threats, so that the document and the tests cannot disagree.
 * A head is made of comment lines, `# ` in scripts and `// ` in TypeScript:
 *
 *     # threat: 13            the number in the register's floor; several with commas; `more` for those beyond it
 *     # area: source          where in the document it stands
 *     # tried: A sentence.    what the attacker does
 *     # answer: CODE          the code of the refusal, or several; or, in words, what happens where nothing is to be refused
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './capabilities.ts';

export const threatFolder = join(projectRoot, 'test', 'threats');

export const AREAS = {
  source: 'The tag and the files',
  trust: 'Who is trusted',
  signature: 'Signatures and keys',
  intent: 'The intent',
  policy: 'The policy',
  confirmation: 'Token, APPLY and approvals',
  terminal: 'What is shown',
  evidence: 'The evidence and its chain',
  cloud: 'The machine and the cloud',
} as const;
export type Area = keyof typeof AREAS;

/** Attacks that must be tried: 1 to 59 are on gates and confirmation, 60 to 75 on evidence, 88 to 96 on machine and cloud. */
export const FLOOR: readonly number[] = [...range(1, 75), ...range(88, 96)];

export interface Threat {
  readonly file: string;
  /** Of the floor; empty for those beyond it. */
  readonly numbers: readonly number[];
  readonly area: Area;
  readonly tried: string;
  readonly answer: string;
}

/** @throws when a head is not as said above, or its answer is not asserted below it */
export function threatsOf(): readonly Threat[] {
  return readdirSync(threatFolder)
    .filter((file) => file.endsWith('.txt') || file.endsWith('.test.ts'))
    .sort()
    .map((file) => parseThreat(file, readFileSync(join(threatFolder, file), 'utf8')));
}

function parseThreat(file: string, text: string): Threat {
  const field = (name: string): string => {
    const value = new RegExp(`^(?:#|//) ${name}: (.+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`test/threats/${file} has no line "${name}: …"`);
    return value;
  };
  const area = field('area');
  if (!Object.hasOwn(AREAS, area)) throw new Error(`test/threats/${file}: there is no area ${area}`);
  const threat = field('threat');
  const numbers = threat === 'more' ? [] : threat.split(', ').map(Number);
  if (numbers.some((number) => !FLOOR.includes(number)))
    throw new Error(`test/threats/${file}: "${threat}" is neither numbers of the floor nor "more"`);
  const answer = field('answer');
  const body = text.replaceAll(/^(?:#|\/\/) .*$/gm, '');
  for (const code of answer.match(/\b[A-Z]+(?:_[A-Z]+)*\b(?=,|$)/g) ?? [])
    if (!body.includes(code)) throw new Error(`test/threats/${file} does not assert ${code}`);
  return { file, numbers, area: area as Area, tried: field('tried'), answer };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
