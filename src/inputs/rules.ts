/** The team's own rules, as the parity policy names them: written in Rego, compiled to WebAssembly. docs/rules.md */
import * as z from 'zod';
import { hex64, word } from './schema.ts';

const id = word(
  /^[A-Z][A-Z0-9]{0,15}(-[A-Z0-9]{1,16}){1,4}$/,
  'must be an id like ACME-001: capitals, digits and dashes',
);

export const rulesSchema = z.strictObject({
  /** In a folder that the tag covers, and whose hashed bytes are the very ones that are used. */
  file: word(
    /^policies\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.wasm$/,
    'must be a .wasm file in policies/',
  ).describe('The compiled rules, a file in policies/.'),
  sha256: hex64.describe('SHA-256 of its bytes.'),
  entrypoint: word(
    /^[A-Za-z_]\w{0,63}(\/[A-Za-z_]\w{0,63}){1,8}$/,
    'must be a package and a rule, like govboot/decision',
  ).describe('Package and rule that answer, as they were named when compiling.'),
  attests: z
    .array(id)
    .min(1)
    .max(200)
    .refine((ids) => new Set(ids).size === ids.length, 'must not name an id twice')
    .describe('Ids that the rules must attest, no more and no less.'),
});

export type RulesPolicy = z.output<typeof rulesSchema>;
