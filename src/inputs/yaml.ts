/** Human-made documents: YAML 1.2 (core schema) without anchors, aliases, tags, merge keys, duplicate keys or a second document. */
import { isAlias, isNode, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import { GovbootError } from '../kernel/errors.ts';
import { isSafe, safe } from '../kernel/text.ts';

/** Bytes; the largest human-made document that is read. */
export const MAX_DOCUMENT = 256 * 1024;

export interface YamlDocument {
  readonly value: unknown;
  /** `line 3, column 7` of a path in the document, or of the nearest parent that exists. */
  position(path: readonly PropertyKey[]): string;
}

/** @throws YAML naming line and column */
export function parseYaml(bytes: Uint8Array, file: string): YamlDocument {
  const text = decode(bytes, file);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { version: '1.2', schema: 'core', strict: true, uniqueKeys: true, merge: false, lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  if (!Array.isArray(documents) || documents.length !== 1) throw bad(file, 'must hold exactly one document');
  const [document] = documents;
  if (document === undefined) throw bad(file, 'must hold exactly one document');
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw bad(file, `${at(lines, problem.pos[0])}: ${firstLine(problem.message)}`);
  visit(document, (_key, node) => {
    if (!isNode(node)) return;
    const where = at(lines, node.range?.[0] ?? 0);
    if (isAlias(node)) throw bad(file, `${where}: an alias is not allowed`);
    if ('anchor' in node && node.anchor !== undefined) throw bad(file, `${where}: an anchor is not allowed`);
    if (node.tag !== undefined && node.tag.startsWith('!')) throw bad(file, `${where}: a tag is not allowed`);
    if (hasExplicitTag(node)) throw bad(file, `${where}: a tag is not allowed`);
    if (isScalar(node) && typeof node.value === 'string' && !isSafe(node.value.replaceAll('\n', ''))) {
      throw bad(file, `${where}: a control or invisible character is not allowed: ${safe(node.value)}`);
    }
  });
  return {
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    position: (path) => {
      for (let n = path.length; n >= 0; n--) {
        const node: unknown = document.getIn(path.slice(0, n), true);
        if (isNode(node) && node.range) return at(lines, node.range[0]);
      }
      return 'line 1, column 1';
    },
  };
}

function decode(bytes: Uint8Array, file: string): string {
  if (bytes.length > MAX_DOCUMENT) throw bad(file, `is ${String(bytes.length)} bytes, more than ${String(MAX_DOCUMENT)}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw bad(file, 'is not UTF-8', cause);
  }
  if (text.startsWith('\ufeff')) throw bad(file, 'begins with a byte order mark');
  if (text.includes('\r')) throw bad(file, 'has carriage returns; use LF line ends');
  if (text.normalize('NFC') !== text) throw bad(file, 'is not in Unicode normal form C');
  return text;
}

function hasExplicitTag(node: object): boolean {
  return 'srcToken' in node && (node as { srcToken?: { props?: { type: string }[] } }).srcToken?.props?.some((p) => p.type === 'tag') === true;
}

function at(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `line ${String(line)}, column ${String(col)}`;
}

function firstLine(text: string): string {
  return safe(text.split('\n')[0] ?? text);
}

function bad(file: string, detail: string, cause?: unknown): GovbootError {
  return new GovbootError('YAML', `${file}: ${detail}`, { data: { file }, cause });
}
