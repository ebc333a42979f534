/** Calls that the policies must deny. test/contract/denied.test.ts judges them, docs/roles.md prints them. */
import type { RoleName } from '../../../src/plan/blueprint.ts';
import { identityCalls } from './identity.ts';
import { keyCalls } from './keys.ts';
import type { DeniedCall, Scene } from './row.ts';
import { bucketCalls, objectCalls } from './s3.ts';
import { storeCalls } from './store.ts';
import { tableCalls } from './tables.ts';

/** Every row for one environment. */
export function deniedCalls(scene: Scene): readonly DeniedCall[] {
  return [
    ...objectCalls(scene),
    ...bucketCalls(scene),
    ...(scene.b.locking === 'lockfile' ? [] : tableCalls(scene)),
    ...keyCalls(scene),
    ...storeCalls(scene),
    ...identityCalls(scene),
  ];
}

/** What a role must be denied. */
export function deniedTo(role: RoleName, scene: Scene): readonly DeniedCall[] {
  return deniedCalls(scene).filter(({ except }) => !except.includes(role));
}
