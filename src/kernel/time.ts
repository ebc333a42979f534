/** Instants as RFC 3339 text in UTC with whole seconds; they sort as text. The clock itself is a port. */

/** `2026-11-22T12:00:00Z`: RFC 3339 §5.6, upper-case, Z only, whole seconds. */
export type Instant = string & { readonly __brand: 'Instant' };

const RFC3339_Z = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

export function isInstant(text: string): text is Instant {
  if (!RFC3339_Z.test(text)) return false;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && instantFromMs(ms) === text;
}

/** Milliseconds since the epoch, rounded down to the second. */
export function instantFromMs(ms: number): Instant {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z` as Instant;
}

export function msOf(instant: Instant): number {
  return Date.parse(instant);
}

export function addSeconds(instant: Instant, seconds: number): Instant {
  return instantFromMs(msOf(instant) + seconds * 1000);
}

/** b − a in whole seconds. */
export function secondsBetween(a: Instant, b: Instant): number {
  return Math.round((msOf(b) - msOf(a)) / 1000);
}

/** `3 s`, `4 min`, `2 h`, `3 d`: rounded, for people. */
export function humanSeconds(seconds: number): string {
  const abs = Math.abs(seconds);
  if (abs < 120) return `${String(Math.round(seconds))} s`;
  if (abs < 7_200) return `${String(Math.round(seconds / 60))} min`;
  if (abs < 172_800) return `${String(Math.round(seconds / 3_600))} h`;
  return `${String(Math.round(seconds / 86_400))} d`;
}
