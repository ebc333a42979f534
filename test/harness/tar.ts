/** Members of a tar archive, byte by byte, so that they can be wrong in any way. */

interface Member {
  readonly name: string | Uint8Array;
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly mode?: number;
  readonly link?: string;
  readonly magic?: string;
  /** Twelve characters, instead of the size of the body. */
  readonly size?: string | Uint8Array;
}

export const END = Buffer.alloc(1024);

export function member({
  name,
  type = '0',
  body = '',
  mode = 0o644,
  link = '',
  magic = 'ustar\u000000',
  size,
}: Member): Buffer {
  const content = Buffer.from(body);
  const block = Buffer.alloc(512);
  block.set(Buffer.from(name).subarray(0, 100), 0);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100, 'latin1');
  block.write('0000000\u00000000000\u0000', 108, 'latin1');
  block.set(Buffer.from(size ?? `${content.length.toString(8).padStart(11, '0')} `), 124);
  block.write('00000000000 ', 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(link, 157, 'utf8');
  block.write(magic, 257, 'latin1');
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

export function tarOf(...members: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...members, END]);
}

/** An extended header: `x` for the next member, `g` for all that follow. */
export function paxOf(fields: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Buffer {
  const lines = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const bytes = Buffer.byteLength(rest);
    const length = bytes + String(bytes + String(bytes).length).length;
    return `${String(length)}${rest}`;
  });
  return member({ name: 'PaxHeaders/x', type, body: lines.join('') });
}
