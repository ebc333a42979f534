/** Versions as programs tell them: numbers between dots. */

/** Whether `version` is `least` or newer, number by number; what is missing counts as 0. */
export function isAtLeast(version: string, least: string): boolean {
  const [found, wanted] = [numbersOf(version), numbersOf(least)];
  for (const [i, number] of wanted.entries()) {
    const difference = (found[i] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function majorOf(version: string): number {
  return Number(/\d+/.exec(version)?.[0] ?? 0);
}

function numbersOf(version: string): readonly number[] {
  return (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);
}
