/** The evidence of a rehearsal, and a bucket of moto that it can be pushed to, through a way that can be made to lie or to fail. */
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { scene } from './at-terminal.ts';
import { runCli, type CliResult } from './cli.ts';
import { motoClientConfig, motoCredentials, startMoto } from './moto.ts';

export interface StoreScene {
  readonly client: S3Client;
  readonly bucket: string;
  /** In which files lie that were made outside of the repository. */
  readonly work: string;
  /** `govboot evidence …` with the bucket as its place: `['push', '--to']`. */
  run(...args: readonly string[]): Promise<CliResult>;
  push(): Promise<CliResult>;
  status(): Promise<CliResult>;
  verify(): Promise<CliResult>;
  pull(to: string): Promise<CliResult>;
  /** What becomes of one answer; null lets it through. Asked with the number of the request, from 1. */
  between:
    ((asked: { readonly method: string; readonly url: string; readonly n: number }) => Between | null) | null;
  end(): Promise<void>;
}

export type Between =
  /** The store answers so, and did nothing. */
  | { readonly status: number }
  /** It answers, and the content is not the one that it has. */
  | { readonly change: (body: Buffer) => Buffer };

/** @param retention of everything that is put there; null is a bucket without Object Lock */
export async function storeScene(
  retention: { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number } | null,
): Promise<StoreScene> {
  const [place, moto] = [await scene('applied'), await startMoto()];
  const client = new S3Client(motoClientConfig(moto.endpoint));
  const bucket = 'acme-evidence';
  await makeBucket(client, bucket, retention);
  const to = new URL(moto.endpoint);
  let n = 0;
  const server = createServer((asked, answer) => {
    const { method = '', url = '', headers } = asked;
    const how = made.between?.({ method, url, n: ++n }) ?? null;
    if (how !== null && 'status' in how) {
      asked.resume();
      asked.once('end', () => answer.writeHead(how.status).end());
      return;
    }
    const onward = request({ host: to.hostname, port: to.port, method, path: url, headers }, (got) => {
      void bodyOf(got).then((body) => {
        // Who changes a content changes what its headers say of it too.
        const headers = Object.entries(got.headers).filter(
          ([name]) => how === null || !name.startsWith('x-amz-checksum-'),
        );
        answer.writeHead(got.statusCode ?? 500, Object.fromEntries(headers));
        answer.end(how === null ? body : how.change(body));
      });
    });
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { root, env } = place.fixture;
  const at = ['--endpoint', endpoint, '--region', 'eu-central-1', '--rehearse'];
  const run = (...args: readonly string[]): Promise<CliResult> =>
    runCli([...args, ...at], {
      cwd: root,
      env: {
        ...env,
        AWS_ACCESS_KEY_ID: motoCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
      },
      timeout: 120_000,
    });
  const name = `s3://${bucket}`;
  const made: StoreScene = {
    client,
    bucket,
    work: place.work,
    between: null,
    run,
    push: () => run('evidence', 'push', 'dev', '--to', name, '--key', `${place.work}/keys/alice.key`),
    status: () => run('evidence', 'status', 'dev', '--store', name),
    verify: () => run('verify', 'dev', '--store', name),
    pull: (folder) => run('evidence', 'pull', 'dev', '--from', name, '--to', folder),
    async end() {
      server.closeAllConnections();
      server.close();
      client.destroy();
      await moto.stop();
    },
  };
  return made;
}

async function makeBucket(
  client: S3Client,
  Bucket: string,
  retention: { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number } | null,
): Promise<void> {
  await client.send(
    new CreateBucketCommand({
      Bucket,
      ObjectLockEnabledForBucket: retention !== null,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  );
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  if (retention === null) return;
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: retention.mode, Days: retention.days } },
      },
    }),
  );
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
