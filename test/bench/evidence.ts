/** How long it takes to verify a long ledger, against what reads the same bytes and checks the same signatures without a question asked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { capability } from '../harness/capabilities.ts';
import { cleanEnv, govbootPath } from '../harness/cli.ts';
import { largeLedger, type LargeLedger } from './ledger.ts';
import type { Row } from './report.ts';
import { paired, timed, type Run } from './run.ts';
import { ratioOf } from './stats.ts';

const LONG = 100_000;
const SHORT = 1_000;
/** What the short one lacks to it costs what signatures cost, and nothing that is done once. */
const DOUBLE = 2 * SHORT;
/** Signatures that gpg is really asked about; the rest is scaled up. */
const ASKED = 100;

/** @param isQuick leaves out what takes minutes to make; @param say tells what is being done */
export async function evidenceRows(isQuick: boolean, say: (text: string) => void): Promise<readonly Row[]> {
  const top = mkdtempSync(join(tmpdir(), 'govboot-bench-'));
  try {
    say(`a ledger of ${String(SHORT)} entries`);
    const short = await largeLedger(join(top, 'short'), SHORT);
    say(`a ledger of ${String(DOUBLE)} entries`);
    const double = await largeLedger(join(top, 'double'), DOUBLE);
    const rows = await againstGpg(short, double, say);
    if (isQuick) return rows;
    say(`a ledger of ${String(LONG)} entries, a minute or more`);
    const long = await largeLedger(join(top, 'long'), LONG);
    say('verify and sha256sum over it');
    const pairs = await paired(
      async () => (await verified(long)).ms,
      () => hashed(long),
      2,
    );
    const [small, large] = [await verified(short), await verified(long)];
    return [
      ...rows,
      {
        what: '`govboot verify`, 100,000 entries, against `sha256sum` over the same files',
        aim: '≤ 3 ×',
        figure: { is: 'ratio', ratio: ratioOf(pairs), most: 3 },
        note: 'verify also parses every entry and checks 100,000 signatures',
      },
      {
        what: 'peak memory of verify, 100,000 entries against 1,000',
        aim: '≤ 1.2 ×',
        figure:
          small.peakMiB === null || large.peakMiB === null
            ? { is: 'not measured', why: 'this system does not tell' }
            : { is: 'ratio', ratio: ratioOf([[large.peakMiB, small.peakMiB]]), most: 1.2 },
        note: `${String(Math.round(large.peakMiB ?? 0))} MiB`,
      },
    ];
  } finally {
    rmSync(top, { recursive: true });
  }
}

/** The whole program, and what each further signature costs: much of the whole is its start, and the programs that judge heads and documents. */
async function againstGpg(
  short: LargeLedger,
  double: LargeLedger,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  const aim = '≤ 0.05 ×';
  const whole = { what: '`govboot verify`, 1,000 signatures, against one gpg process a file', aim };
  const more = { what: '`govboot verify`, each 1,000 signatures more, against one gpg process a file', aim };
  if (!capability('gpg').present)
    return [whole, more].map((row) => ({
      ...row,
      figure: { is: 'not measured', why: 'gpg is not installed' },
    }));
  say('verify and gpg over them');
  const inShort: number[] = [];
  const pairs = await paired(
    async () => {
      const { ms } = await verified(short);
      inShort.push(ms);
      return (await verified(double)).ms - ms;
    },
    async () => (await byGpg(short)) * (SHORT / ASKED),
    3,
  );
  const note = `${String(ASKED)} signatures were given to gpg, and scaled up`;
  // The first pair is dropped of both.
  const wholes = pairs.map(([, gpg], i) => [inShort[i + 1] ?? 0, gpg] as const);
  return [
    { ...whole, figure: { is: 'ratio', ratio: ratioOf(wholes), most: 0.05 }, note },
    {
      ...more,
      figure: { is: 'ratio', ratio: ratioOf(pairs), most: 0.05 },
      note: `a ledger of ${String(DOUBLE)} entries, less one of ${String(SHORT)}; ${note}`,
    },
  ];
}

function verified({ folder, pins }: LargeLedger): Promise<Run> {
  return timed({
    program: process.execPath,
    args: [govbootPath, 'verify', 'dev', '--from', folder, '--pins', pins],
    cwd: folder,
    env: cleanEnv(),
  });
}

async function hashed({ folder }: LargeLedger): Promise<number> {
  const args = ['-c', 'find . -type f -print0 | xargs -0 sha256sum'];
  return (await timed({ program: 'sh', args, cwd: folder, env: cleanEnv() })).ms;
}

async function byGpg({ folder }: LargeLedger): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'govboot-bench-gpg-'));
  const env = { ...cleanEnv(), GNUPGHOME: home };
  await timed({ program: 'sh', args: ['-c', 'gpg --batch --quiet --import keys/*.asc'], cwd: folder, env });
  const script = `for file in $(ls ledger/*.json | head -n ${String(ASKED)}); do gpg --batch --quiet --trust-model always --verify "$file.asc" "$file" 2>/dev/null; done`;
  const { ms } = await timed({ program: 'sh', args: ['-c', script], cwd: folder, env });
  rmSync(home, { recursive: true });
  return ms;
}
