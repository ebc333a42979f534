/**
 * A reader of the one block of Terraform that names a state backend: `terraform { backend "s3" { … } }`, or the attributes alone as a
 * partial configuration file has them. Only what stands there literally is read (HCL Native Syntax Specification, "Literal Values",
 * "Template Expressions"); the rest of a file is stepped over by its strings, comments, heredocs and brackets, and not understood.
 */
import { GovbootError } from '../kernel/errors.ts';
import { clip, isSafe, safe } from '../kernel/text.ts';

export type Literal = string | number | boolean | null | readonly Literal[] | LiteralObject;
export type LiteralObject = ReadonlyMap<string, Literal>;

export interface Attribute {
  readonly value: Literal;
  /** From 1. */
  readonly line: number;
}

export interface Block {
  /** By name. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly line: number;
}

export interface BackendBlock extends Block {
  /** `s3`, or another. */
  readonly type: string;
}

/** Levels of lists, objects, blocks and templates inside one another. */
const MAX_DEPTH = 16;

/** Every backend block of a configuration file (.tf). @throws USAGE naming the line */
export function backendBlocks(text: string, file: string): readonly BackendBlock[] {
  return new Reader(text, file).configuration();
}

/** The attributes of a partial configuration (`terraform init -backend-config=FILE`). @throws USAGE naming the line */
export function partialConfiguration(text: string, file: string): Block {
  return { attributes: new Reader(text, file).body(null, 0), line: 1 };
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const CLOSING = new Map([
  ['{', '}'],
  ['[', ']'],
  ['(', ')'],
]);

class Reader {
  private readonly text: string;
  private readonly file: string;
  /** Offsets at which lines end: counting them anew for every place would take time that grows with the square of a file. */
  private readonly ends: readonly number[];
  private at = 0;

  constructor(text: string, file: string) {
    this.text = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
    this.file = file;
    this.ends = [...this.text.matchAll(/\n/g)].map(({ index }) => index);
  }

  configuration(): readonly BackendBlock[] {
    const found: BackendBlock[] = [];
    while (this.more(/$/y)) {
      if (this.opens(/terraform[ \t]*\{/y)) found.push(...this.terraform());
      else this.statement(false);
    }
    return found;
  }

  private terraform(): readonly BackendBlock[] {
    const found: BackendBlock[] = [];
    while (this.more(/\}/y)) {
      if (this.at >= this.text.length) throw this.wrong('the terraform block is not closed');
      const { line } = this;
      const [, type] = this.match(/backend[ \t]*"([A-Za-z0-9_-]*)"[ \t]*\{/y) ?? [];
      if (type === undefined) this.statement(true);
      else found.push({ type, line, attributes: this.body('}', 1) });
    }
    return found;
  }

  /** Attributes, and blocks as if they were attributes, up to the closing bracket; null up to the end of the text. */
  body(close: '}' | null, depth: number): ReadonlyMap<string, Attribute> {
    const found = new Map<string, Attribute>();
    while (this.more(close === null ? /$/y : /\}/y)) {
      if (this.at >= this.text.length) throw this.wrong('the block is not closed');
      const { line } = this;
      const [, name] = this.match(/([A-Za-z_][A-Za-z0-9_-]*)[ \t]*/y) ?? [];
      if (name === undefined) throw this.wrong(`${this.rest()} is no attribute`);
      const before = found.get(name);
      if (before !== undefined)
        throw this.wrong(`${name} is there already, in line ${String(before.line)}`, line);
      found.set(name, { value: this.valueOf(name, depth), line });
      if (!this.opens(/[ \t]*(?:(?=\n|\}|#|\/\/|\/\*)|$)/y))
        throw this.wrong(`${name} is not a literal: ${this.rest()} follows it`);
    }
    return found;
  }

  private valueOf(name: string, depth: number): Literal {
    if (this.opens(/=[ \t]*/y)) return this.literal(name, depth);
    if (!this.opens(/\{/y)) throw this.wrong(`${name} has no value`);
    return plain(this.body('}', this.deeper(depth)));
  }

  private literal(name: string, depth: number): Literal {
    if (this.opens(/"/y)) return this.quoted(name);
    if (this.opens(/<</y)) throw this.wrong(`${name} is a heredoc; write it as one string in quotes`);
    const [number] = this.match(/-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_.])/y) ?? [];
    if (number !== undefined) return Number(number);
    const [word] = this.match(/(?:true|false|null)(?![A-Za-z0-9_.([-])/y) ?? [];
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    if (this.opens(/\[/y)) return this.list(name, this.deeper(depth));
    if (this.opens(/\{/y)) return this.object(name, this.deeper(depth));
    throw this.wrong(
      `${name} is ${this.rest()}: only what stands there literally can be read, no variables, functions or references`,
    );
  }

  private list(name: string, depth: number): readonly Literal[] {
    const items: Literal[] = [];
    while (this.more(/\]/y)) {
      items.push(this.literal(name, depth));
      this.blank();
      if (!this.opens(/,/y) && !this.sees(']')) throw this.wrong(`${name}: ${this.rest()} is in a list`);
    }
    return items;
  }

  private object(name: string, depth: number): LiteralObject {
    const fields = new Map<string, Literal>();
    while (this.more(/\}/y)) {
      const key = this.opens(/"/y) ? this.quoted(name) : this.match(/[A-Za-z_][A-Za-z0-9_-]*/y)?.[0];
      if (key === undefined) throw this.wrong(`${name}: ${this.rest()} is in an object`);
      this.blank();
      if (!this.opens(/[=:]/y)) throw this.wrong(`${name}.${clip(safe(key), 60)} has no value`);
      this.blank();
      if (fields.has(key)) throw this.wrong(`${name}.${clip(safe(key), 60)} is there twice`);
      fields.set(key, this.literal(`${name}.${clip(safe(key), 60)}`, depth));
      this.opens(/[ \t]*,/y);
    }
    return fields;
  }

  /** After its opening quote. Templates are refused: what they stand for is not in the file. */
  private quoted(name: string): string {
    let text = '';
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined || c === '\n') throw this.wrong(`${name}: a string is not closed on its line`);
      if (c === '"') {
        this.at += 1;
        if (!isSafe(text)) throw this.wrong(`${name} is "${clip(safe(text), 60)}", which cannot be printed`);
        return text;
      }
      if (c === '\\') text += this.escape(name);
      else if (this.opens(/\$\$\{|%%\{/y)) text += `${c}{`;
      else if (this.sees('${') || this.sees('%{'))
        throw this.wrong(`${name} has ${this.rest()} in it: only what stands there literally can be read`);
      else {
        text += c;
        this.at += 1;
      }
    }
  }

  private escape(name: string): string {
    const [whole, short] = this.match(/\\(?:([nrt"\\])|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})/y) ?? [];
    if (whole === undefined) throw this.wrong(`${name}: ${this.rest()} is no escape`);
    if (short !== undefined) return ESCAPES.get(short) ?? short;
    const point = parseInt(whole.slice(2), 16);
    if (point > 0x10ffff) throw this.wrong(`${name}: ${whole} is no character`);
    return String.fromCodePoint(point);
  }

  /** Steps over one statement that is not ours: to a line end outside of all brackets, or to the bracket that closes what it is in. */
  private statement(isInside: boolean): void {
    const open: string[] = [];
    while (this.at < this.text.length) {
      const c = this.text.charAt(this.at);
      if (open.length === 0 && (c === '\n' || (isInside && c === '}'))) return;
      const closing = CLOSING.get(c);
      if (closing !== undefined) open.push(closing);
      else if ('}])'.includes(c) && open.pop() !== c) throw this.wrong(`${c} closes nothing`);
      this.step(0);
    }
    if (open.length > 0) throw this.wrong(`${open.join('')} is missing at the end`);
  }

  /** Steps over a comment, a string, a heredoc, or one character. */
  private step(depth: number): void {
    if (this.comment()) return;
    if (this.opens(/"/y)) this.template(depth);
    else if (!this.heredoc()) this.at += 1;
  }

  /** Steps over a string, after its opening quote, with the expressions in it. */
  private template(depth: number): void {
    const { line } = this;
    while (!this.opens(/"/y)) {
      if (this.at >= this.text.length) throw this.wrong('a string is not closed', line);
      if (this.opens(/\\[^]|\$\$\{|%%\{/y)) continue;
      if (this.opens(/[$%]\{/y)) this.interpolation(this.deeper(depth));
      else this.at += 1;
    }
  }

  private interpolation(depth: number): void {
    const { line } = this;
    for (let open = 1; open > 0;) {
      if (this.at >= this.text.length) throw this.wrong('a template is not closed', line);
      if (this.sees('{')) open += 1;
      if (this.sees('}')) open -= 1;
      this.step(depth);
    }
  }

  private heredoc(): boolean {
    const { line } = this;
    const [, word] = this.match(/<<-?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\n/y) ?? [];
    if (word === undefined) return false;
    while (this.at < this.text.length) {
      const [whole = '', text = ''] = this.match(/([^\n]*)(?:\n|$)/y) ?? [];
      if (text.trim() === word) {
        // The line end behind it ends the statement too.
        if (whole.endsWith('\n')) this.at -= 1;
        return true;
      }
    }
    throw this.wrong(`the heredoc ${word} is not closed`, line);
  }

  private comment(): boolean {
    if (this.opens(/(?:#|\/\/)[^\n]*/y)) return true;
    const { line } = this;
    if (!this.opens(/\/\*/y)) return false;
    const end = this.text.indexOf('*/', this.at);
    if (end === -1) throw this.wrong('a comment is not closed', line);
    this.at = end + 2;
    return true;
  }

  /** Blanks, line ends and comments. */
  private blank(): void {
    while (this.opens(/[ \t\n]+/y) || this.comment());
  }

  /** Whether anything comes before the bracket that closes, which is stepped over. */
  private more(close: RegExp): boolean {
    this.blank();
    return !this.opens(close);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private opens(pattern: RegExp): boolean {
    return this.match(pattern) !== null;
  }

  private sees(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  private deeper(depth: number): number {
    if (depth >= MAX_DEPTH) throw this.wrong(`it is nested deeper than ${String(MAX_DEPTH)} levels`);
    return depth + 1;
  }

  /** Of the present place, from 1: line ends before it, found by halving. */
  private get line(): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ends[middle] ?? 0) < this.at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }

  /** What comes next, as a message shows it: to the end of the line, and not much of it. */
  private rest(): string {
    const [line = ''] = this.text.slice(this.at, this.at + 200).split('\n');
    return line.trim() === '' ? 'the end of the line' : `"${clip(safe(line.trim()), 60)}"`;
  }

  private wrong(what: string, line = this.line): GovbootError {
    return new GovbootError('USAGE', `${this.file}:${String(line)}: ${what}`, {
      hint: 'write the value itself into a copy of the block, and name that file',
      data: { file: this.file, line },
    });
  }
}

function plain(attributes: ReadonlyMap<string, Attribute>): LiteralObject {
  return new Map([...attributes].map(([name, { value }]) => [name, value]));
}
