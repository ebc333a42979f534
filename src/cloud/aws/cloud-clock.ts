/** The cloud's own time: the Date of an answer of STS (RFC 9110 §6.6.1), which anybody may ask, so that no credentials are sent. */
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { GovbootError, messageOf } from '../../kernel/errors.ts';
import { instantFromMs } from '../../kernel/time.ts';
import type { Clock, CloudClock } from '../../ports.ts';

/** Milliseconds: somebody waits for the answer. */
const DEADLINE_MS = 4_000;

/** @param urlOf where the time is asked for; the region's own STS when left out */
export function makeCloudClock(clock: Pick<Clock, 'now'>, urlOf = stsOf): CloudClock {
  return {
    async ask({ region }) {
      const url = urlOf(region);
      const date = await dateOf(url).catch((cause: unknown) => {
        const message = `${url} gave no answer: ${messageOf(cause)}`;
        throw new GovbootError('CLOUD_UNREACHABLE', message, { cause });
      });
      const ms = Date.parse(date ?? '');
      if (Number.isNaN(ms))
        throw new GovbootError('CLOUD_UNREACHABLE', `${url} answered without a date`, { data: { url } });
      return { cloud: instantFromMs(ms), here: clock.now() };
    },
  };
}

function stsOf(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

function dateOf(url: string): Promise<string | undefined> {
  const send = url.startsWith('https:') ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const options = { method: 'HEAD', agent: false, signal: AbortSignal.timeout(DEADLINE_MS) } as const;
    const asked = send(url, options, (answer) => {
      answer.resume();
      resolve(answer.headers.date);
    });
    asked.on('error', reject);
    asked.end();
  });
}
