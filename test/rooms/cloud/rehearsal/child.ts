/** A process that shares a rehearsal with others: `child.ts FILE NUMBER [CRASH_AT]` makes that many keys. */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { makeRehearsalApi } from '../../../../src/cloud/rehearsal/api.ts';
import { openStateFile } from '../../../../src/cloud/rehearsal/state-file.ts';

const [file = '', number = '0', crashAt] = process.argv.slice(2);
const api = makeRehearsalApi({
  account: '123456789012',
  region: 'eu-central-1',
  clock: {
    now: () => Date.now(),
    pause: async (ms) => {
      await delay(ms);
    },
  },
  store: openStateFile({ file, seed: 5 }),
  faults:
    crashAt === undefined ? [] : [{ match: { mutating: Number(crashAt) }, when: 'after', fault: 'crash' }],
  crash: () => process.kill(process.pid, 'SIGKILL'),
});
for (let i = 0; i < Number(number); i++) await api.call('kms:CreateKey', {});
