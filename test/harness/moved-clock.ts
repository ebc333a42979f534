/** The clocks of an apply at a terminal, moved while somebody is asked. Only a fixture can: the product has no door for it. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from './capabilities.ts';
import type { Scene } from './at-terminal.ts';

const fileOf = ({ work }: Scene): string => join(work, 'clock.json');

/** Everything is as in the built program, but the clock. */
export const withMovableClock = (scene: Scene): readonly string[] => [
  '--import',
  createRequire(import.meta.url).resolve('tsx'),
  join(projectRoot, 'test', 'fixtures', 'terminal', 'apply.ts'),
  fileOf(scene),
];

/** @param by milliseconds, added to what the clocks of this machine say */
export function moveClock(scene: Scene, by: { readonly monotonic: number; readonly wall: number }): void {
  writeFileSync(fileOf(scene), JSON.stringify(by));
}
