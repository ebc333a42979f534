/** STS: loaded when it is first called. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { clientConfig, sender, type Commands, type Sender, type SenderOptions } from './sender.ts';

const commands: Commands<'sts'> = {
  'sts:GetCallerIdentity': GetCallerIdentityCommand,
};

export function open(options: SenderOptions): Sender {
  return sender<'sts'>(new STSClient(clientConfig(options)), commands);
}

/** The region that the SDK's own chain finds. @throws when it finds none */
export async function regionFromEnvironment(): Promise<string> {
  return new STSClient({}).config.region();
}
