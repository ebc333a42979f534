/** Where a file may be written that a person takes elsewhere. */
import { GovbootError } from '../kernel/errors.ts';
import type { Ports } from '../ports.ts';

/**
 * A file in the tagged tree would make it another tree, and the evidence holds what a run leaves and nothing else.
 * @param folder of the repository that may have it; null where none may
 * @throws USAGE
 */
export async function assertOutside(
  { repository }: Pick<Ports, 'repository'>,
  out: string,
  folder: 'intents/' | null = null,
): Promise<void> {
  const inside = await repository.placeOf(out);
  if (inside === null || (folder !== null && inside.startsWith(folder))) return;
  throw new GovbootError('USAGE', `--out is ${out}, in the repository itself (${inside})`, {
    hint: `name a file outside of the repository${folder === null ? '' : `, or in ${folder}`}`,
  });
}
