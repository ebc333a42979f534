/** The answer of compiled rules, read strictly: one object with the sets `pass` and `deny`, or what it is instead. */
import * as z from 'zod';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { clip } from '../kernel/text.ts';

/** Characters of a foreign value that are told. */
const SHOWN = 200;

const text = z.string('must be text').min(1, 'must not be empty');
const set = <S extends z.ZodType>(of: S): z.ZodArray<S> => z.array(of, 'must be a set');
const only = (fields: string): { readonly error: z.core.$ZodErrorMap } => ({
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `must not have ${clip(issue.keys.join(', '), SHOWN)}`
      : `must be an object with ${fields}`,
});
/** Ids are the rules' own words here; whether the policy lists them is judged elsewhere. */
const answerSchema = z.strictObject(
  {
    pass: set(text),
    deny: set(z.strictObject({ id: text, message: text }, only('id and message'))),
  },
  only('pass and deny'),
);

export type ReadAnswer =
  | { readonly is: 'answer'; readonly pass: readonly string[]; readonly deny: readonly Denial[] }
  /** The entrypoint has no value. */
  | { readonly is: 'undefined' }
  | { readonly is: 'malformed'; readonly wrong: string };

export interface Denial {
  readonly id: string;
  readonly message: string;
}

/** Reads a result set as OPA gives it: `[{"result": …}]`, or `[]` where there is no value. */
export function readAnswer(results: Json): ReadAnswer {
  if (!isList(results)) return malformed(`gave ${shown(results)}, which is no result set`);
  const [only, ...more] = results;
  if (only === undefined) return { is: 'undefined' };
  if (more.length > 0) return malformed(`gave ${String(results.length)} answers: ${shown(results)}`);
  if (!isJsonObject(only) || Object.keys(only).join() !== 'result')
    return malformed(`gave ${shown(only)}, which is no answer`);
  const parsed = answerSchema.safeParse(only['result']);
  if (!parsed.success)
    return malformed(`answered ${shown(only['result'] as Json)}: ${firstOf(parsed.error.issues)}`);
  const { pass, deny } = parsed.data;
  return new Set(pass).size < pass.length
    ? malformed(`attests an id twice, so pass is no set: ${shown(pass)}`)
    : { is: 'answer', pass, deny };
}

/** Fields named `exception…`, in whatever was answered. */
export function exceptionFields(results: Json): readonly string[] {
  const answers = (isList(results) ? results : [results]).map((each) =>
    isJsonObject(each) && Object.hasOwn(each, 'result') ? each['result'] : each,
  );
  return answers
    .flatMap((answer) => (isJsonObject(answer) ? Object.keys(answer) : []))
    .filter((key) => key.toLowerCase().startsWith('exception'));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function firstOf(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .slice(0, 1)
    .map(({ path, message }) => `${path.map(String).join('.') || 'the answer'} ${message}`)
    .join('');
}

function shown(value: Json): string {
  return clip(JSON.stringify(value), SHOWN);
}

function malformed(wrong: string): ReadAnswer {
  return { is: 'malformed', wrong };
}
