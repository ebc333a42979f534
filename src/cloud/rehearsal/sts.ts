/** The STS of the rehearsal cloud: who the caller was said to be. docs/rehearsal-cloud.md, clauses STS.n. */
import type { Handlers } from './context.ts';

export const sts: Handlers<'sts'> = {
  'sts:GetCallerIdentity': (_input, call) => ({
    UserId: call.callerId,
    Account: call.account,
    Arn: call.callerArn,
  }),
};
