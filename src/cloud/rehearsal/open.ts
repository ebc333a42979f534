/** The rehearsal cloud of one environment on this machine: its state in a file, its pace like the real one's, and a script of mishaps if there is one. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import * as z from 'zod';
import { GovbootError } from '../../kernel/errors.ts';
import { msOf } from '../../kernel/time.ts';
import type { Clock, CloudTarget } from '../../ports.ts';
import { makeRehearsalApi, type RehearsalApi, type RehearsalOptions } from './api.ts';
import { MODELLED } from './modelled.ts';
import { openStateFile } from './state-file.ts';

export interface OpenOptions {
  /** Base name of the state files; the script is beside it, `file.script`. */
  readonly file: string;
  readonly target: Pick<CloudTarget, 'account' | 'region'>;
  readonly clock: Clock;
}

/** Quick enough to practise with, slow enough that waiting and spreading are seen. */
const PACE = {
  latencyMs: 5,
  consistency: { delayMs: 100 },
  timings: { tableCreateMs: 600, tableUpdateMs: 300, backupsMs: 300 },
} as const;

const scriptSchema = z.strictObject({
  faults: z
    .array(
      z.strictObject({
        match: z.strictObject({
          operation: z.enum(Object.keys(MODELLED) as (keyof typeof MODELLED)[]).exactOptional(),
          mutating: z.int().min(1).exactOptional(),
          nth: z.int().min(1).exactOptional(),
        }),
        when: z.enum(['before', 'after']),
        fault: z.enum(['throttle', '500', 'reset', 'denied', 'conflict', 'expired', 'hang', 'crash']),
        times: z.int().min(1).exactOptional(),
        retried: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
  latencyMs: z.number().min(0).exactOptional(),
  hangMs: z.number().min(0).exactOptional(),
  pageSize: z.int().min(1).exactOptional(),
  callerArn: z.string().exactOptional(),
  consistency: z
    .strictObject({
      delayMs: z.number().min(0),
      flapping: z.boolean().exactOptional(),
      writes: z.enum(['strong', 'eventual']).exactOptional(),
    })
    .exactOptional(),
  timings: z
    .strictObject({
      tableCreateMs: z.number().min(0),
      tableUpdateMs: z.number().min(0),
      backupsMs: z.number().min(0),
    })
    .partial()
    .exactOptional(),
});

export async function openRehearsal(options: OpenOptions): Promise<RehearsalApi> {
  const { account, region } = options.target;
  const seed = Number(BigInt(account) % 2_147_483_647n);
  return makeRehearsalApi({
    account,
    region,
    partition: partitionOf(region),
    clock: steady(options.clock),
    // Request ids are evidence: no two runs may have the same.
    session: `${options.clock.now()} ${process.pid}`,
    seed,
    ...PACE,
    // The people of the real account are not known here; the roles that govboot makes are.
    trustAnyone: true,
    store: openStateFile({ file: options.file, seed }),
    crash: () => process.kill(process.pid, 'SIGKILL'),
    ...scriptAt(`${options.file}.script`),
  });
}

/** The wall clock has whole seconds; between them the monotonic one goes on. */
function steady(clock: Clock): RehearsalOptions['clock'] {
  const start = msOf(clock.now()) - clock.monotonic();
  return { now: () => start + clock.monotonic(), pause: (ms) => clock.pause(ms) };
}

function partitionOf(region: string): string {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
}

function scriptAt(path: string): Partial<RehearsalOptions> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return scriptSchema.parse(JSON.parse(text)) as Partial<RehearsalOptions>;
  } catch (cause) {
    throw new GovbootError('SCHEMA', `the rehearsal script "${path}" is not one`, {
      hint: 'docs/rehearsal-cloud.md has its format',
      cause,
    });
  }
}
