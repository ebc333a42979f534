/** Commands as they are named to people: with what they need besides, to be about the same thing. Pure. */
import { shellWord } from '../kernel/text.ts';
import type { Mode } from '../inputs/facts.ts';
import type { VaultPlace } from '../ports.ts';

/** What a command needs besides, to be about the rehearsals too. */
export function flagOf(mode: Mode): string {
  return mode === 'REHEARSAL' ? ' --rehearse' : '';
}

/** A place with what is said of it beside its name; null is the environment's own. */
export type NamedPlace = Pick<VaultPlace, 'endpoint' | 'region' | 'account'> & {
  readonly place: string | null;
};

/** @param at null: the environment's own store */
export function pushCommand(environment: string, at: NamedPlace | null, mode: Mode): string {
  const options = (['endpoint', 'region', 'account'] as const).map((name) => {
    const value = at?.[name] ?? null;
    return value === null ? '' : ` --${name} ${shellWord(value)}`;
  });
  const place = at?.place ?? null;
  const to = place === null ? '' : ` --to ${shellWord(place)}`;
  return `govboot evidence push ${environment}${to}${options.join('')}${flagOf(mode)}`;
}
