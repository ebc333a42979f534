/** A governed repository whose signed intent names an AWS on this machine, so that the real SDK is what calls. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { AWS_KEYS, startFakeAws, type FakeAws } from './fake-aws.ts';
import { makeGoverned, type Governed } from './governed-repo.ts';

// The first test of a file also makes the repository.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export interface LiveScene {
  readonly aws: FakeAws;
  readonly governed: Governed;
  /** The arguments of an apply that alice signs. */
  readonly apply: readonly string[];
  end(): Promise<void>;
}

export async function liveScene(): Promise<LiveScene> {
  const aws = await startFakeAws();
  const folder = mkdtempSync(join(tmpdir(), 'govboot-live-'));
  const governed = await makeGoverned({
    folder,
    endpoint: aws.endpoint,
    environments: ['dev=111111111111:eu-central-1', 'prod=222222222222:eu-central-1'],
    env: { ...AWS_KEYS, AWS_REGION: 'eu-central-1' },
  });
  return {
    aws,
    governed,
    apply: ['apply', 'dev', '--key', governed.keyFile('alice')],
    async end() {
      await aws.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
