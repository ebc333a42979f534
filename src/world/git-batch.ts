/** The stream of `git cat-file --batch`, taken apart as it arrives. */
import { GovbootError } from '../kernel/errors.ts';
import { clip, safe } from '../kernel/text.ts';

/** The hash that names objects (git-config(1), extensions.objectFormat). */
export type Format = 'sha1' | 'sha256';

export interface ObjectHeader {
  readonly oid: string;
  readonly type: string;
  readonly size: number;
}

/** Takes one object's content as it arrives. */
export interface ObjectSink {
  write(chunk: Uint8Array): void;
  end(): void;
}

/** Takes an object by its header, null for one that is missing. Answers where its content goes; null passes it over. */
export type OnObject = (oid: string, header: ObjectHeader | null) => ObjectSink | null;

/** `git cat-file --batch` output: `<oid> SP <type> SP <size> LF <content> LF`, or `<name> SP missing LF` (git-cat-file, BATCH OUTPUT). */
export class BatchParser {
  private readonly oids: readonly string[];
  private readonly onObject: OnObject;
  private next = 0;
  private line: Uint8Array = new Uint8Array(0);
  private sink: ObjectSink | null = null;
  /** Bytes of content and its line feed still to come; null while a header is read. */
  private left: number | null = null;

  constructor(oids: readonly string[], onObject: OnObject) {
    this.oids = oids;
    this.onObject = onObject;
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length)
      at = this.left === null ? this.takeHeader(chunk, at) : this.takeContent(chunk, at, this.left);
  }

  finish(): void {
    if (this.left !== null || this.next !== this.oids.length)
      throw failed(['cat-file'], 'the answer is cut short');
  }

  private takeHeader(chunk: Uint8Array, at: number): number {
    const end = chunk.indexOf(0x0a, at);
    const part = chunk.subarray(at, end < 0 ? chunk.length : end);
    this.line = Buffer.concat([this.line, part]);
    if (this.line.length > 1_000) throw failed(['cat-file'], 'the answer has an endless header');
    if (end < 0) return chunk.length;
    const text = Buffer.from(this.line).toString('latin1');
    this.line = new Uint8Array(0);
    const asked = this.oids[this.next++];
    const [, oid, type, size] = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d{1,15})$/.exec(text) ?? [];
    if (asked === undefined)
      throw failed(['cat-file'], `the answer has more than was asked for: ${safe(text)}`);
    if (text === `${asked} missing`) {
      this.onObject(asked, null);
    } else if (oid === asked && type !== undefined) {
      this.sink = this.onObject(asked, { oid, type, size: Number(size) });
      this.left = Number(size) + 1;
    } else {
      throw failed(['cat-file'], `asked for ${asked}, was told ${clip(safe(text), 200)}`);
    }
    return end + 1;
  }

  private takeContent(chunk: Uint8Array, at: number, left: number): number {
    const end = Math.min(chunk.length, at + left);
    const content = chunk.subarray(at, Math.min(end, at + left - 1));
    if (content.length > 0) this.sink?.write(content);
    this.left = left - (end - at);
    if (this.left === 0) {
      this.sink?.end();
      this.sink = null;
      this.left = null;
    }
    return end;
  }
}

/** What git said on failing, as an error. */
export function failed(args: readonly string[], said: string): GovbootError {
  return new GovbootError('TOOL', `git ${args[0] ?? ''} failed: ${said}`, {
    hint: 'check the repository with `git fsck`',
    data: { tool: 'git' },
  });
}

/** git's printed answers are UTF-8; what is not becomes U+FFFD and so names nothing. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
