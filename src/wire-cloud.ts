/** Ports → the adapters behind them, as far as they reach a cloud or a store. Each is loaded when it is used. */
import { join } from 'node:path';
import type { CallerFacts, Mode } from './inputs/facts.ts';
import type { AwsApi } from './cloud/aws/api.ts';
import type { Again } from './cloud/aws/retry.ts';
import type { SdkApi } from './cloud/aws/sdk-api.ts';
import type { CloudTarget, Emit, EvidenceVault, Ports, VaultTarget } from './ports.ts';
import type { Redactor } from './world/redact.ts';

/** Tells of a secret, so that no log holds it. */
export type Learn = Redactor['learn'];

/** What every way to the cloud needs besides. */
interface Way {
  readonly emit: Emit;
  readonly clock: Ports['clock'];
  readonly learn: Learn;
  /** The folder in which rehearsed clouds are kept. */
  readonly state: string;
}

/** The doors to clouds and stores, each made when it is opened. */
export function farAway(root: string, mode: Mode, way: Way): Pick<Ports, 'cloud' | 'vault'> {
  return {
    cloud: (target) => reach(target, mode, way),
    vault: (target) => openVault(target, root, mode, way),
  };
}

async function openVault(target: VaultTarget, root: string, mode: Mode, way: Way): Promise<EvidenceVault> {
  if (target.kind === 'folder')
    return (await import('./world/folder-vault.ts')).openFolderVault(root, target);
  const { makeBucketVault } = await import('./cloud/aws/bucket-vault.ts');
  const { account, region, endpoint } = target;
  // Only the environment's own store is rehearsed: another one is there, or is not.
  const isRehearsed = mode === 'REHEARSAL' && account !== null && region !== null && endpoint === null;
  const api = isRehearsed
    ? await rehearsalCloud({ ...target, account, region }, way)
    : await sdkApi(target, way);
  return makeBucketVault({ api, clock: way.clock, place: target, onAgain: tellAgain(way.emit) });
}

function tellAgain(emit: Emit): (again: Again) => void {
  return ({ operation, times }) => {
    const often = times === 1 ? 'once' : `${String(times)} times`;
    emit({ type: 'note', text: `${operation} was tried again ${often}` });
  };
}

/** The SDK, told of in the log. */
async function sdkApi(
  { region, endpoint, profile }: Pick<VaultTarget, 'region' | 'endpoint' | 'profile'>,
  { emit, learn }: Pick<Way, 'emit' | 'learn'>,
): Promise<SdkApi> {
  const { makeSdkApi } = await import('./cloud/aws/sdk-api.ts');
  return makeSdkApi({
    region: region ?? 'us-east-1',
    endpoint,
    ...(profile === null ? {} : { profile }),
    onCall: (info) => {
      emit({ type: 'log', level: 'debug', text: 'call', data: { ...info } });
    },
    onCredentials: ({ secretAccessKey, sessionToken }) => {
      learn(secretAccessKey);
      if (sessionToken !== undefined) learn(sessionToken);
    },
  });
}

async function reach(target: CloudTarget, mode: Mode, way: Way): ReturnType<Ports['cloud']> {
  const { makeAwsCloud } = await import('./cloud/aws/cloud.ts');
  const { emit, clock } = way;
  const onAgain = tellAgain(emit);
  if (mode === 'REHEARSAL') {
    const api = await rehearsalCloud(target, way);
    return makeAwsCloud({ api, clock, account: target.account, region: target.region, onAgain });
  }
  const { resolveRegion } = await import('./cloud/aws/sdk-api.ts');
  const api = await sdkApi(target, way);
  const { cloud, claims } = makeAwsCloud({
    api,
    clock,
    account: target.account,
    region: target.region,
    onRetry: ({ fault, pauseMs, count }) => {
      const data = {
        operation: fault.operation,
        fault: fault.fault,
        tries: count,
        pause_ms: Math.round(pauseMs),
      };
      emit({ type: 'log', level: 'warn', text: 'tried again', data });
    },
    onAgain,
  });
  // Calls go to the region of the intent; that the operator's own settings say the same is for the gate to judge.
  const whoAmI = async (): Promise<CallerFacts> => ({
    ...(await cloud.whoAmI()),
    region: (await resolveRegion()) ?? target.region,
  });
  return { cloud: { ...cloud, whoAmI }, claims };
}

/** The rehearsal cloud of one environment; what was made in it stays for the next rehearsal. */
async function rehearsalCloud(
  target: Pick<CloudTarget, 'account' | 'region' | 'repository' | 'environment'>,
  { clock, state }: Pick<Way, 'clock' | 'state'>,
): Promise<AwsApi> {
  const { openRehearsal } = await import('./cloud/rehearsal/open.ts');
  const file = join(state, 'rehearsal', target.repository, `${target.environment}.json`);
  return openRehearsal({ file, target, clock });
}
