/** Known vulnerabilities of what is shipped: `npm run audit`. Ends with 1 when there are any; says loudly when nobody could be asked. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { audited } from './audit-answer.ts';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json', '--offline=false'], {
  encoding: 'utf8',
  timeout: 120_000,
  stdio: ['ignore', 'pipe', 'ignore'],
});
const answer = audited(stdout);
if (answer.is === 'not asked')
  console.log(`NOT RUN: known vulnerabilities of packages, because ${answer.why}`);
else if (answer.is === 'clean')
  console.log(`no known vulnerability in ${String(answer.packages)} packages that are shipped`);
else {
  for (const line of answer.lines) console.log(`known vulnerability: ${line}`);
  process.exitCode = 1;
}
