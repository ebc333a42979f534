/**
 * Human-made documents: YAML 1.2 (core schema), of which only the plain part is read. Anchors, aliases, tags, merge keys, directives,
 * duplicate keys, a second document, and every second spelling of a number or word are refused, so that two readers cannot differ.
 */
import {
  CST,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { GovbootError } from '../kernel/errors.ts';
import { clip, isSafe, safe } from '../kernel/text.ts';
import { pointer, showPlace, type Path, type Places } from './places.ts';

/** Bytes; the largest human-made document that is read. */
export const MAX_DOCUMENT = 256 * 1024;

/** Levels of nesting; the deepest of the documents has 5. */
const MAX_DEPTH = 16;

/** Keys and values; 200 people are about 3,000. */
const MAX_SCALARS = 8_000;
/** Lexemes of any kind: words, marks, blanks, comments, line ends. */
const MAX_LEXEMES = 40_000;

/** Keys that mean something to JavaScript objects: never a field, an environment or a tag. */
const MAGIC_KEYS = ['__proto__', 'constructor', 'prototype'];

export interface YamlDocument {
  readonly value: unknown;
  readonly places: Places;
}

/** Says where, for an offset in the text. */
type Where = (offset: number) => string;

/** @throws YAML naming line and column */
export function parseYaml(bytes: Uint8Array, file: string): YamlDocument {
  const text = decode(bytes, file);
  const lines = linesOf(text);
  const where: Where = (offset) => {
    const { line, col: column } = lines.linePos(offset);
    return showPlace({ file, line, column });
  };
  refuseSyntax(text, where);
  const document = compose(text, file, where);
  refuseNodes(document, where);
  return {
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    places: { file, positions: positionsOf(document, lines) },
  };
}

function decode(bytes: Uint8Array, file: string): string {
  if (bytes.length > MAX_DOCUMENT)
    throw bad(`${file}: is ${String(bytes.length)} bytes, more than ${String(MAX_DOCUMENT)}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw bad(`${file}: is not UTF-8`, cause);
  }
  if (text.startsWith('\ufeff')) throw bad(`${file}: begins with a byte order mark`);
  if (text.includes('\r')) throw bad(`${file}: has carriage returns; use LF line ends`);
  if (text.normalize('NFC') !== text) throw bad(`${file}: is not in Unicode normal form C`);
  // Comments too: what a person reads in a review must be what is there.
  const [row, line] = [...text.split('\n').entries()].find(([, candidate]) => !isSafe(candidate)) ?? [0, ''];
  const unsafe = [...line].find((character) => !isSafe(character));
  if (unsafe !== undefined) {
    const at = `line ${String(row + 1)}, column ${String(line.indexOf(unsafe) + 1)}`;
    throw bad(`${file}: ${at}: a control or invisible character is not allowed: ${clip(safe(line), 80)}`);
  }
  return text;
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

const REFUSED_TOKENS: Partial<Record<CST.TokenType, string>> = {
  'directive-line': 'a directive is not allowed',
  'doc-end': 'an end of document is not allowed',
  'explicit-key-ind': 'an explicit key (?) is not allowed',
  anchor: 'an anchor is not allowed',
  alias: 'an alias is not allowed',
  tag: 'a tag is not allowed',
};

/** On tokens, before anything is built: the composer resolves some tags and directives without leaving a trace of them. */
function refuseSyntax(text: string, where: Where): void {
  let offset = 0;
  let flow = 0;
  let sequences = 0;
  let scalars = 0;
  let lexemes = 0;
  let isText = false;
  for (const lexeme of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isText ? null : CST.tokenType(lexeme);
    isText = type === 'scalar';
    lexemes++;
    if (type === null) scalars++;
    if (scalars > MAX_SCALARS || lexemes > MAX_LEXEMES)
      throw bad(
        `${where(offset)}: there are more than ${String(MAX_SCALARS)} keys and values, or ${String(MAX_LEXEMES)} words and marks`,
      );
    // The marks that the lexer puts in are not in the text.
    if (type === 'scalar' || type === 'doc-mode' || type === 'flow-error-end') continue;
    const refused = type === null ? undefined : REFUSED_TOKENS[type];
    if (refused !== undefined) throw bad(`${where(offset)}: ${refused}`);
    if (type === 'newline') sequences = 0;
    if (type === 'seq-item-ind') sequences++;
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++;
    if (type === 'flow-map-end' || type === 'flow-seq-end') flow--;
    if (flow > MAX_DEPTH || sequences > MAX_DEPTH) throw tooDeep(where(offset));
    offset += lexeme.length;
  }
}

function compose(text: string, file: string, where: Where): Document {
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // Looked for below: the library compares each key with all before it, and a document may bring thousands.
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0) throw bad(`${file}: must hold exactly one document`);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined)
    throw bad(`${where(problem.pos[0])}: ${safe(problem.message.split('\n', 1).join(''))}`);
  return document;
}

function refuseNodes(document: Document, where: Where): void {
  visit(document, {
    Pair: (_key, { key, value }) => {
      const at = where(startOf(key));
      refuseKey(key, at);
      // Between braces, a key may stand there without any mark after it.
      if (value === null)
        throw bad(`${at}: the key "${safe(String(key))}" has no value; write null, if that is meant`);
    },
    Node: (key, node, path) => {
      const at = where(startOf(node));
      if (path.length > 2 * MAX_DEPTH) throw tooDeep(at);
      if (isScalar(node) && key !== 'key') refuseScalar(node, at);
      if (isMap(node)) refuseTwice(node, where);
    },
  });
}

function refuseTwice({ items }: YAMLMap, where: Where): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    // Keys that are no text are refused by themselves.
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) throw bad(`${where(startOf(key))}: Map keys must be unique`);
    seen.add(key.value);
  }
}

function refuseKey(key: unknown, at: string): void {
  if (!isScalar(key) || typeof key.value !== 'string')
    throw bad(`${at}: a key must be text; put it in quotes`);
  refuseScalar(key, at);
  if (key.value === '<<') throw bad(`${at}: a merge key is not allowed`);
  if (MAGIC_KEYS.includes(key.value)) throw bad(`${at}: the key "${key.value}" is not allowed`);
}

/** One spelling for each value: 1.0, 0o17, 1e3, True, ~ and the like are refused, as is text made unsafe by an escape. */
function refuseScalar(node: Scalar, at: string): void {
  const { value } = node;
  const source = String(node.source);
  if (typeof value === 'string') {
    if (!value.isWellFormed() || !isSafe(value.replaceAll('\n', '')))
      throw bad(`${at}: a control or invisible character is not allowed: ${clip(safe(value), 80)}`);
    if (value.normalize('NFC') !== value) throw bad(`${at}: the text is not in Unicode normal form C`);
  } else if (typeof value === 'number') {
    if (!/^(0|-?[1-9][0-9]*)$/.test(source) || !Number.isSafeInteger(value))
      throw bad(`${at}: ${clip(source, 40)} is not a plain whole number; if it is text, put it in quotes`);
  } else if (source !== String(value)) {
    throw bad(
      `${at}: "${clip(source, 40)}" stands for ${String(value)}; write ${String(value)}, or put it in quotes`,
    );
  }
}

function positionsOf(document: Document, lines: LineCounter): Places['positions'] {
  const positions = new Map<string, { readonly line: number; readonly column: number }>();
  const note = (path: Path, start: number, value: unknown): void => {
    const { line, col: column } = lines.linePos(start);
    positions.set(pointer(path), { line, column });
    if (isMap(value))
      for (const { key, value: inner } of value.items)
        // Keys are text: anything else was refused.
        if (isScalar(key)) note([...path, String(key.value)], startOf(key), inner);
    if (isSeq(value)) for (const [i, item] of value.items.entries()) note([...path, i], startOf(item), item);
  };
  note([], startOf(document.contents), document.contents);
  return positions;
}

/** Every node of a text that was parsed has a range; what is written out (an empty value, say) begins where it would be. */
function startOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

function tooDeep(at: string): GovbootError {
  return bad(`${at}: is nested deeper than ${String(MAX_DEPTH)} levels`);
}

function bad(message: string, cause?: unknown): GovbootError {
  return new GovbootError('YAML', message, { cause });
}
