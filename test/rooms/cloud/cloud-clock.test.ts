// The cloud's time, asked of a server on this machine.
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { makeCloudClock } from '../../../src/cloud/aws/cloud-clock.ts';
import type { Instant } from '../../../src/kernel/time.ts';

const HERE = '2026-11-22T12:00:00Z' as Instant;

const answered = async (listener: RequestListener) => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const regions: string[] = [];
  const clock = makeCloudClock({ now: () => HERE }, (region) => {
    regions.push(region);
    return `http://127.0.0.1:${String(port)}/`;
  });
  try {
    return { regions, said: await clock.ask({ region: 'eu-central-1' }) };
  } finally {
    server.close();
  }
};

describe('the clock of the cloud', () => {
  test('is the Date of an answer, whatever its status; no credentials and no body are sent', async () => {
    const seen: unknown[] = [];
    const { said, regions } = await answered((request, response) => {
      seen.push(request.method, request.headers.authorization);
      response.writeHead(403, { date: 'Sun, 22 Nov 2026 12:07:00 GMT' }).end();
    });
    expect(said).toEqual({ cloud: '2026-11-22T12:07:00Z', here: HERE });
    expect(seen).toEqual(['HEAD', undefined]);
    expect(regions).toEqual(['eu-central-1']);
  });

  test.each([undefined, 'yesterday'])('with the date %s has no time', async (date) => {
    const asked = answered((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, date === undefined ? {} : { date }).end();
    });
    await expect(asked).rejects.toMatchObject({ code: 'CLOUD_UNREACHABLE' });
  });

  test('that nobody answers, or never, ends within seconds', async () => {
    const silent = createSocket();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const ask = (at: number) =>
      makeCloudClock({ now: () => HERE }, () => `http://127.0.0.1:${String(at)}/`).ask({ region: 'x' });
    const began = Date.now();
    await expect(ask(port)).rejects.toMatchObject({ code: 'CLOUD_UNREACHABLE' });
    expect(Date.now() - began).toBeLessThan(8_000);
    silent.close();
    await expect(ask(port)).rejects.toMatchObject({ code: 'CLOUD_UNREACHABLE' });
  });
});
