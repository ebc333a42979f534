/** Drift in words: which place, what it was and what it is. What it says came from the cloud, and is escaped where it is printed. */
import type { Json } from '../kernel/json.ts';
import { clip } from '../kernel/text.ts';
import type { Change } from '../plan/changes.ts';
import type { Drift } from '../plan/drift.ts';

/** Places that are told; the record and --json have all. */
const MOST_PLACES = 4;
const LONGEST = 160;

export function describeDrift(drift: Drift): string {
  switch (drift.is) {
    case 'missing':
      return `${drift.name} is not there`;
    case 'unreadable':
      return drift.detail;
    case 'drifted':
    case 'extra': {
      const shown = drift.changes.slice(0, MOST_PLACES).map(placeOf);
      const more = drift.changes.length - shown.length;
      return [...shown, ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
    }
  }
}

function placeOf({ path, recorded, live }: Change): string {
  const at = path === '' ? '' : `${path} `;
  if (recorded === undefined) return `${at}has ${show(live ?? null)}, which was not there`;
  if (live === undefined) return `${at}has lost ${show(recorded)}`;
  return `${at}was ${show(recorded)} and is ${live === null ? 'not set' : show(live)}`;
}

function show(value: Json): string {
  return clip(typeof value === 'string' ? value : JSON.stringify(value), LONGEST);
}
