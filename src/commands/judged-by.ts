/** Who judged the signatures: a reader who trusts one of them more than the others must know whether it was asked. */
import type { Ports } from '../ports.ts';

/** @throws TOOL when one of them cannot be used, in which case nothing was found good either */
export async function judgedBy({ verifier }: Ports): Promise<string> {
  const tools = await verifier.tools();
  return `signatures judged by ${tools.map(({ name, version }) => `${name} ${version}`).join(', ')}`;
}
