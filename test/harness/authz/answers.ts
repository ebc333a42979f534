/** Denials as AWS words them on each of its wires, so that a real client understands them. */
import type { Wire } from './asked.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The SDKs read the request id from the header. */
const ID = '00000000-0000-4000-8000-000000000403';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * @param message what AWS says after "User: … is not authorized …"
 * @param bodyless whether the request was a HEAD, whose answer has a status and nothing else
 */
export function denial(wire: Wire, message: string, bodyless: boolean): Answer {
  switch (wire) {
    case 'rest-xml':
      return answer(
        403,
        'application/xml',
        bodyless
          ? ''
          : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>${escaped(message)}</Message><RequestId>${ID}</RequestId><HostId>authz</HostId></Error>`,
      );
    case 'json':
      return answer(
        400,
        'application/x-amz-json-1.0',
        JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: message }),
      );
    case 'query':
      return answer(
        403,
        'text/xml',
        `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${escaped(message)}</Message></Error><RequestId>${ID}</RequestId></ErrorResponse>`,
      );
  }
}

/** What could not be judged is answered so that no client takes it for a denial or tries it again. */
export function unjudged(why: string): Answer {
  return answer(501, 'text/plain', `the authorizing proxy cannot judge this: ${why}`);
}

function answer(status: number, type: string, body: string): Answer {
  return { status, headers: { 'content-type': type, 'x-amzn-requestid': ID, 'x-amz-request-id': ID }, body };
}
