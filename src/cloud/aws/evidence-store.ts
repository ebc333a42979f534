/** The store of the evidence, as the blueprint wants it. */
import type { Blueprint } from '../../plan/blueprint.ts';

/** Only called for resources that are wanted. */
export function storeOf({ evidence }: Blueprint): NonNullable<Blueprint['evidence']> {
  if (evidence === null) throw new TypeError('the blueprint wants no store for evidence');
  return evidence;
}
