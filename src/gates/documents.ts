/** The human-made documents, parsed once from the bytes that were read, hashed and verified. */
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { attempt } from '../kernel/errors.ts';
import type { Facts, FileRead, Maybe, SignatureFacts, SignedFile } from '../inputs/facts.ts';
import { readIntent, type Intent } from '../inputs/intent.ts';
import { readParity, type Parity } from '../inputs/parity.ts';
import type { Places } from '../inputs/places.ts';
import { readTrust, type Trust } from '../inputs/trust.ts';
import type { Placed } from '../inputs/schema.ts';
import { finding, findingOf, type Finding } from './verdict.ts';

export type Document<T> =
  | {
      readonly is: 'parsed';
      readonly value: T;
      readonly path: string;
      /** Where its values stand. */
      readonly places: Places;
      readonly sha256: Sha256;
      readonly signatures: readonly SignatureFacts[];
    }
  | { readonly is: 'refused'; readonly findings: readonly Finding[] };

export type Parsed<T> = Extract<Document<T>, { is: 'parsed' }>;

export interface Documents {
  readonly trust: Document<Trust>;
  readonly parity: Document<Parity>;
  readonly intent: Document<Intent>;
}

/** Whatever could be parsed, for showing a partial plan beside the findings; never a permission to act. */
export interface ParsedInputs {
  readonly trust: Trust | null;
  readonly parity: Parity | null;
  readonly intent: Intent | null;
}

export function readDocuments(facts: Facts): Documents {
  const { trust, parity, intent } = facts.governance;
  return {
    trust: parseSigned(trust, readTrust),
    parity:
      parity.is === 'read'
        ? parse(parity.value, [], readParity)
        : { is: 'refused', findings: [findingOf(parity.problem)] },
    intent: parseSigned(intent, readIntent),
  };
}

/** The values of the documents that could be parsed, null for the others. */
export function parsedInputs(facts: Facts): ParsedInputs {
  const { trust, parity, intent } = readDocuments(facts);
  return { trust: valueOf(trust), parity: valueOf(parity), intent: valueOf(intent) };
}

/** The value of a document, or null when it was refused. */
export function valueOf<T>(document: Document<T>): T | null {
  return document.is === 'parsed' ? document.value : null;
}

export function parseSigned<T>(maybe: Maybe<SignedFile>, reader: (file: FileRead) => Placed<T>): Document<T> {
  return maybe.is === 'read'
    ? parse(maybe.value.file, maybe.value.signatures, reader)
    : { is: 'refused', findings: [findingOf(maybe.problem)] };
}

export function parse<T>(
  file: FileRead,
  signatures: readonly SignatureFacts[],
  reader: (file: FileRead) => Placed<T>,
): Document<T> {
  return attempt(
    (): Document<T> => {
      const { value, places } = reader(file);
      return {
        is: 'parsed',
        value,
        path: file.path,
        places,
        // Hashed here and not taken over: the digest that goes into plan and record is of the bytes that were parsed.
        sha256: sha256(file.bytes),
        signatures,
      };
    },
    ({ code, hint, message }) => ({
      is: 'refused',
      // A schema error tells all that is wrong, one line each.
      findings: message.split('\n').map((line) => finding(code, line, { hint, data: { file: file.path } })),
    }),
  );
}
