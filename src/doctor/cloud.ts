/** The cloud: whether it is there, what time it has, and who is calling. */
import { humanSeconds, secondsBetween, type Instant } from '../kernel/time.ts';
import type { CallerFacts } from '../inputs/facts.ts';
import type { EnvironmentPolicy, Parity } from '../inputs/parity.ts';
import { environmentOf } from '../inputs/settings.ts';
import { diagnosis, judged, left, ok, valueOf, warning, wrong, type Verdict } from './diagnosis.ts';
import type { CloudFacts, Diagnosis, DoctorFacts } from './facts.ts';

/** Seconds after which AWS refuses what was signed (Signature Version 4), and half of it. */
const MOST_SKEW = 300;
const NOTED_SKEW = 60;
/** Seconds that credentials must still be good for; the identity gate asks for the first of them. */
const LEAST_LIFETIME = 15 * 60;
const SHORT_LIFETIME = 60 * 60;

export function judgeCloud({ cloud, environment, repository }: DoctorFacts): readonly Diagnosis[] {
  const say = (check: string, verdict: Verdict): Diagnosis => diagnosis('cloud', check, verdict);
  const wanted = wantedOf(valueOf(repository.policy), environment);
  return [
    say('clock', judged(cloud.clock, clockOf)),
    say('credentials', judged(cloud.caller, credentialsOf)),
    say(
      'account',
      ofCaller(cloud, (caller) => accountOf(caller, wanted)),
    ),
    say(
      'region',
      ofCaller(cloud, (caller) => regionOf(caller, wanted)),
    ),
  ];
}

interface Wanted extends Pick<EnvironmentPolicy, 'account' | 'partition' | 'regions'> {
  readonly name: string;
}

function wantedOf(policy: Parity | null, name: string | null): Wanted | null {
  if (policy === null || name === null) return null;
  const own = environmentOf(policy, name);
  return own === undefined ? null : { ...own, name };
}

/** What was wrong with the question is told once, by the check of the credentials. */
function ofCaller({ caller }: CloudFacts, verdict: (caller: CallerFacts) => Verdict): Verdict {
  return judged(caller, verdict, () => left('the caller is not known'));
}

function clockOf({ cloud, here }: { readonly cloud: Instant; readonly here: Instant }): Verdict {
  const skew = secondsBetween(cloud, here);
  const off = `${humanSeconds(Math.abs(skew))} ${skew < 0 ? 'behind' : 'ahead of'}`;
  const text = `this clock is ${off} the cloud's: ${here} here, ${cloud} there`;
  const mend = 'set the clock, for example `timedatectl set-ntp true`';
  if (Math.abs(skew) >= MOST_SKEW) return wrong(text, mend);
  return Math.abs(skew) >= NOTED_SKEW ? warning(text, mend) : ok(`this clock and the cloud's agree: ${here}`);
}

function credentialsOf({ arn, expiresInSeconds: seconds }: CallerFacts): Verdict {
  if (arn.endsWith(':root')) return wrong(`${arn} is the root user`, 'sign in with a role of the account');
  if (seconds === null) return ok(`${arn}, by credentials that do not end`);
  const text = `${arn}, by credentials that end in ${humanSeconds(seconds)}`;
  const mend = 'sign in again, for example `aws sso login`';
  if (!(seconds >= LEAST_LIFETIME)) return wrong(text, mend);
  return seconds < SHORT_LIFETIME ? warning(text, mend) : ok(text);
}

const UNNAMED = left('no environment is named that the policy has');

function accountOf(caller: CallerFacts, wanted: Wanted | null): Verdict {
  if (wanted === null) return UNNAMED;
  const { name, account, partition } = wanted;
  return caller.account === account && caller.partition === partition
    ? ok(`${account} is the account of ${name}`)
    : wrong(
        `the caller is in ${caller.account} (${caller.partition}), and ${name} is in ${account} (${partition})`,
        `choose the profile of ${name}: \`export AWS_PROFILE=NAME\``,
      );
}

function regionOf({ region }: CallerFacts, wanted: Wanted | null): Verdict {
  if (wanted === null) return UNNAMED;
  const { name, regions } = wanted;
  return regions.includes(region)
    ? ok(`${region} is a region of ${name}`)
    : wrong(
        `your settings say ${region}, and ${name} is in ${regions.join(', ')}`,
        `export AWS_REGION=${String(regions[0])}`,
      );
}
