/** Reads the little HCL that a backend file is made of: attributes with texts, booleans, lists of texts, and blocks or objects of attributes. */
export type Hcl = string | boolean | readonly string[] | { readonly [key: string]: Hcl };

export function parseHcl(text: string): { readonly [key: string]: Hcl } {
  const tokens =
    text.replace(/^\s*#.*$/gm, '').match(/"(?:[^"\\]|\\.)*"|[A-Za-z0-9_]+|[{}[\]=,]|[^\s]/g) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const expect = (wanted: string): void => {
    const token = next();
    if (token !== wanted) throw new Error(`"${token}" where "${wanted}" belongs`);
  };
  const text_ = (token: string): string => {
    const inside = token.slice(1, -1);
    if (/(?<![$])\$\{|(?<![%])%\{/.test(inside)) throw new Error(`${token} has an interpolation`);
    return inside
      .replace(/([$%])\1\{/g, '$1{')
      .replace(/\\(.)/g, (_whole, c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c);
  };
  const value = (): Hcl => {
    const token = next();
    if (token === 'true' || token === 'false') return token === 'true';
    if (token.startsWith('"')) return text_(token);
    if (token === '{') return body('}');
    if (token !== '[') throw new Error(`"${token}" is no value`);
    const items: string[] = [];
    while (tokens[at] !== ']') {
      items.push(text_(next()));
      if (tokens[at] === ',') at++;
    }
    expect(']');
    return items;
  };
  const body = (end: string): { [key: string]: Hcl } => {
    const attributes: { [key: string]: Hcl } = {};
    while (at < tokens.length && tokens[at] !== end) {
      let name = next();
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw new Error(`"${name}" is no name`);
      while (tokens[at]?.startsWith('"')) name += ` ${text_(next())}`;
      if (name in attributes) throw new Error(`${name} is there twice`);
      if (tokens[at] === '=') {
        at++;
        attributes[name] = value();
      } else {
        expect('{');
        attributes[name] = body('}');
      }
    }
    if (end !== '') expect(end);
    return attributes;
  };
  return body('');
}
