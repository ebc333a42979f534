/**
 * The picture of the ceremony in the README: what the real program shows at a real pseudo-terminal while an environment is checked,
 * rehearsed and verified, frame by frame. `npm run ceremony` writes it; `test/e2e/ceremony.test.ts` holds it against the program.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import xterm from '@xterm/headless';
import { projectRoot } from '../harness/capabilities.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { startGovboot } from '../harness/operator.ts';

export const PICTURE = join(projectRoot, 'docs', 'ceremony.svg');

const COLUMNS = 96;
const ROWS = 40;

/** A run of characters that look alike. */
interface Run {
  readonly column: number;
  readonly text: string;
  readonly colour: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
}

export type Line = readonly Run[];

export interface Frame {
  readonly lines: readonly Line[];
  /** Seconds for which it stands. */
  readonly seconds: number;
}

interface Shown {
  readonly command: string;
  readonly raw: string;
}

/** Plays the ceremony; the answers are typed. */
export async function record(): Promise<readonly Frame[]> {
  const governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
  const frames: Frame[] = [];
  const play = async (
    args: readonly string[],
    answers: (terminal: ReturnType<typeof startGovboot>, take: () => Promise<void>) => Promise<void> = () =>
      Promise.resolve(),
  ): Promise<void> => {
    const command = ['govboot', ...args.map((arg) => basename(arg))].join(' ');
    const terminal = startGovboot([...governed.globals, ...args], {
      cwd: governed.folder,
      env: { ...governed.env, NO_COLOR: undefined },
      cols: COLUMNS,
      rows: ROWS,
    });
    const take = async (): Promise<void> => {
      const pages = pagesOf(await linesOf({ command, raw: cleaned(terminal.raw(), governed) }));
      const known = frames.length;
      frames.push(...pages.map((lines) => ({ lines, seconds: 5 })));
      if (frames.length === known) throw new Error(`${command} showed nothing`);
    };
    await answers(terminal, take);
    const { code } = await terminal.exit;
    if (code !== 0) throw new Error(`${command} ended with ${String(code)}:\n${await terminal.view()}`);
    await take();
  };
  await play(['check', 'dev', '--rehearse']);
  await play(['apply', 'dev', '--rehearse', '--key', governed.keyFile('alice')], async (terminal, take) => {
    const [, token = ''] = await terminal.waitFor(
      /token\s+([0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5})[^]*token: ?$/im,
    );
    await terminal.type(token);
    await take();
    await terminal.type('\r');
    await terminal.waitFor(/Type APPLY to \w+: ?$/m);
    await terminal.type('APPLY\r');
  });
  await play(['verify', 'dev', '--rehearse']);
  return frames;
}

/** Paths of this machine say nothing to anybody else. */
function cleaned(raw: string, governed: Governed): string {
  return raw.replaceAll(governed.repo.root, '/srv/infra').replaceAll(governed.folder, '/srv');
}

async function linesOf({ command, raw }: Shown): Promise<readonly Line[]> {
  const emulator = new xterm.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    scrollback: 1_000,
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => emulator.write(`\u001b[1m$ ${command}\u001b[22m\r\n${raw}`, resolve));
  const { active } = emulator.buffer;
  const lines = Array.from({ length: active.length }, (_, i) => runsOf(active.getLine(i)));
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function runsOf(line: ReturnType<xterm.Terminal['buffer']['active']['getLine']>): Line {
  const runs: Run[] = [];
  for (let column = 0; column < (line?.length ?? 0); column++) {
    const cell = line?.getCell(column);
    const text = cell?.getChars() ?? '';
    if (cell === undefined || text === '') continue;
    const how = {
      colour: cell.isFgPalette() ? cell.getFgColor() : null,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      inverse: cell.isInverse() !== 0,
    };
    const last = runs.at(-1);
    const isSame =
      last !== undefined &&
      last.column + [...last.text].length === column &&
      (['colour', 'bold', 'dim', 'inverse'] as const).every((key) => last[key] === how[key]);
    if (isSame) runs[runs.length - 1] = { ...last, text: last.text + text };
    else if (text !== ' ' || how.inverse) runs.push({ column, text, ...how });
  }
  return runs;
}

/** As somebody pages through it who reads it all. */
function pagesOf(lines: readonly Line[]): readonly (readonly Line[])[] {
  const pages: (readonly Line[])[] = [];
  for (let at = 0; at < lines.length; at += ROWS)
    pages.push(lines.slice(Math.max(0, Math.min(at, lines.length - ROWS)), at + ROWS));
  return pages;
}

const CELL = { width: 8, height: 17, size: 13 };
/** ECMA-48 colours 30 to 37 that are used, as they read on a dark ground. */
const COLOURS: Readonly<Record<number, string>> = { 1: '#ff7b72', 2: '#7ee787', 3: '#e3b341', 6: '#79c0ff' };
const GROUND = '#0d1117';
const INK = '#e6edf3';

export function picture(frames: readonly Frame[]): string {
  const [width, height] = [COLUMNS * CELL.width + 32, ROWS * CELL.height + 60];
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  let at = 0;
  const rules: string[] = [];
  const groups = frames.map(({ lines, seconds }, i) => {
    const [from, until] = [at / total, (at + seconds) / total].map((part) => (part * 100).toFixed(3));
    at += seconds;
    rules.push(
      `@keyframes f${String(i)}{0%{visibility:hidden}${from ?? ''}%{visibility:visible}${until ?? ''}%{visibility:hidden}}`,
      // Where nothing moves, the last one is what is seen.
      `.f${String(i)}{visibility:${i === frames.length - 1 ? 'visible' : 'hidden'};animation:f${String(i)} ${String(total)}s step-end infinite}`,
    );
    const rows = lines.map((line, row) => line.map((run) => drawn(run, row)).join('')).join('\n');
    return `<g class="f${String(i)}">\n${rows}\n</g>`;
  });
  const last = `.f${String(frames.length - 1)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" role="img" aria-labelledby="title desc" font-family="ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace" font-size="${String(CELL.size)}">`,
    '<title id="title">The ceremony, at a terminal</title>',
    '<desc id="desc">govboot check judges five gates; govboot apply shows the plan, asks for its token and for APPLY, makes the backend and signs the lock; govboot verify checks the evidence. A rehearsal, recorded from the program.</desc>',
    `<style>${rules.join('')}@media (prefers-reduced-motion:reduce){g[class]{animation:none}${last}{visibility:visible}}</style>`,
    `<rect width="100%" height="100%" rx="10" fill="${GROUND}"/>`,
    '<circle cx="20" cy="18" r="5" fill="#ff5f57"/><circle cx="38" cy="18" r="5" fill="#febc2e"/><circle cx="56" cy="18" r="5" fill="#28c840"/>',
    ...groups,
    '</svg>\n',
  ].join('\n');
}

function drawn({ column, text, colour, bold, dim, inverse }: Run, row: number): string {
  const [x, y] = [16 + column * CELL.width, 48 + row * CELL.height];
  const cells = [...text].length * CELL.width;
  const ink = colour === null ? INK : (COLOURS[colour] ?? INK);
  const ground = inverse
    ? `<rect x="${String(x)}" y="${String(y - 13)}" width="${String(cells)}" height="${String(CELL.height)}" fill="${ink}"/>`
    : '';
  const how = [bold ? ' font-weight="700"' : '', dim ? ' opacity="0.65"' : ''].join('');
  return `${ground}<text x="${String(x)}" y="${String(y)}" textLength="${String(cells)}" fill="${inverse ? GROUND : ink}"${how}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  // A space that does not fold into the one before it, whatever draws the picture.
  return text.replace(
    /[&<> ]/g,
    (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', ' ': '\u00a0' })[mark] ?? mark,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const frames = await record();
  writeFileSync(PICTURE, picture(frames));
  console.log(`wrote ${PICTURE}: ${String(frames.length)} frames`);
  process.exitCode = 0;
}
