/** What `npm audit --json` says: who has a known vulnerability, or that nobody could be asked. */
export type Audited =
  | { readonly is: 'clean'; readonly packages: number }
  | { readonly is: 'found'; readonly lines: readonly string[] }
  | { readonly is: 'not asked'; readonly why: string };

interface Answer {
  readonly metadata?: { readonly dependencies?: { readonly total?: number } };
  readonly vulnerabilities?: Readonly<Record<string, Vulnerable>>;
  readonly statusCode?: number;
  readonly error?: { readonly code?: string; readonly summary?: string };
}

interface Vulnerable {
  readonly severity: string;
  readonly range: string;
  /** A name where it is vulnerable only through another package. */
  readonly via: readonly (string | { readonly title: string; readonly url: string })[];
}

/** @param stdout of `npm audit --json` (report of version 2); a registry may have no such service, or be out of reach */
export function audited(stdout: string): Audited {
  const answer = parsed(stdout);
  if (answer === null) return { is: 'not asked', why: 'npm gave no report' };
  const { vulnerabilities, metadata, statusCode, error } = answer;
  // An empty report without its count is no report: nothing proves that anybody looked.
  const total = metadata?.dependencies?.total;
  if (vulnerabilities === undefined || total === undefined || total === 0) {
    const said = statusCode === undefined ? (error?.code ?? error?.summary ?? 'nothing') : String(statusCode);
    return { is: 'not asked', why: `the registry answers ${said}` };
  }
  const lines = Object.entries(vulnerabilities).map(([name, { severity, range, via }]) => {
    const reasons = via.map((one) =>
      typeof one === 'string' ? `through ${one}` : `${one.title}, ${one.url}`,
    );
    return `${name} ${range} (${severity}): ${reasons.join('; ')}`;
  });
  return lines.length === 0 ? { is: 'clean', packages: total } : { is: 'found', lines };
}

function parsed(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
