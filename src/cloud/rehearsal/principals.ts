/** Who exists, and under which names a policy may know the caller. */
import { read, type Call, type Who } from './context.ts';
import type { Request } from './evaluate.ts';
import type { PrincipalRef, Statement } from './policy.ts';

const ACCOUNT = /^\d{12}$/;

/** The first principal of a policy that does not exist, or cannot be seen yet; null when all are there. */
export function unknownPrincipal(statements: readonly Statement[], call: Call): PrincipalRef | null {
  return (
    statements.flatMap((statement) => statement.principal?.of ?? []).find((ref) => !isKnown(ref, call)) ??
    null
  );
}

function isKnown(ref: PrincipalRef, call: Call): boolean {
  switch (ref.type) {
    case 'AWS':
      return isKnownAws(ref.value, call);
    case 'Service':
      return /^[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)$/.test(ref.value);
    case 'Federated':
      return /^(?:arn:[a-z-]+:iam::\d{12}:(?:oidc|saml)-provider\/.+|[a-z0-9.-]+\.[a-z]+)$/.test(ref.value);
    case 'CanonicalUser':
      return /^[0-9a-f]{64}$/.test(ref.value);
  }
}

function isKnownAws(value: string, call: Call): boolean {
  if (value === '*' || ACCOUNT.test(value)) return true;
  const [, partition, service, account, resource] =
    /^arn:([a-z-]+):(iam|sts)::(\d{12}):(.+)$/.exec(value) ?? [];
  if (partition !== call.partition || account === undefined || resource === undefined) return false;
  if (service === 'iam' && resource === 'root') return true;
  if (call.known.includes(value) || callerNames(call).includes(value)) return true;
  if (service === 'sts') {
    const role = /^assumed-role\/([^/*?]+)\/[^/*?]+$/.exec(resource)?.[1];
    return (
      role !== undefined &&
      (roleAt(account, role, call) !== null ||
        call.known.includes(`arn:${partition}:iam::${account}:role/${role}`))
    );
  }
  const name = /^role\/(?:.*\/)?([^/]+)$/.exec(resource)?.[1];
  return name !== undefined && roleAt(account, name, call) === value;
}

/** ARN of a role of the state, by name; null while nobody can see it. */
function roleAt(account: string, name: string, call: Call): string | null {
  const role = read(call.state.roles, `${account}/${name.toLowerCase()}`, call);
  return role === undefined ? null : `arn:${call.partition}:iam::${account}:role${role.path}${role.name}`;
}

/** The role behind a session, the user, or the root of the account. */
export function principalArn(who: Who): string {
  const role = /:assumed-role\/([^/]+)\//.exec(who.callerArn)?.[1];
  if (role === undefined) return who.callerArn;
  const known = who.known.find((arn) => arn.includes(`:${who.account}:role/`) && arn.endsWith(`/${role}`));
  return known ?? `arn:${who.partition}:iam::${who.account}:role/${role}`;
}

function callerNames(who: Who): readonly string[] {
  return [
    '*',
    who.account,
    `arn:${who.partition}:iam::${who.account}:root`,
    principalArn(who),
    who.callerArn,
  ];
}

export function isRoot(who: Who): boolean {
  return who.callerArn.endsWith(':root');
}

/** The caller's request, over TLS 1.3, without multi-factor authentication in its session. */
export function requestOf(
  who: Who,
  action: string,
  resource: string,
  extra: Readonly<Record<string, string>> = {},
): Request {
  return {
    principals: callerNames(who),
    action,
    resource,
    context: {
      'aws:principalarn': principalArn(who),
      'aws:principalaccount': who.account,
      'aws:principaltype': who.callerArn.includes(':assumed-role/')
        ? 'AssumedRole'
        : isRoot(who)
          ? 'Account'
          : 'User',
      'aws:principalisawsservice': 'false',
      'aws:viaawsservice': 'false',
      'aws:userid': who.callerId,
      'aws:securetransport': 'true',
      'aws:resourceaccount': who.account,
      'aws:requestedregion': who.region,
      's3:tlsversion': '1.3',
      'kms:calleraccount': who.account,
      ...extra,
    },
  };
}
