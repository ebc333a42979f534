/** Which resource and which setting of the plan a call is about, by its operation and the name that it asks for. Pure. */
import type { Named } from '../harness/call-names.ts';

/** A step of the plan, as far as its place matters. */
export interface Step {
  readonly id: string;
  readonly resource: string;
  /** As the store knows the resource. */
  readonly name: string;
  readonly after: readonly string[];
}

/** Operation, without its verb → the setting that it reads or writes. */
const ASPECTS: Readonly<Record<string, string>> = {
  's3:BucketTagging': 'tags',
  's3:BucketOwnershipControls': 'ownership',
  's3:PublicAccessBlock': 'public-access-block',
  's3:BucketVersioning': 'versioning',
  's3:BucketEncryption': 'encryption',
  's3:BucketPolicy': 'policy',
  's3:BucketLifecycleConfiguration': 'lifecycle',
  'kms:KeyPolicy': 'policy',
  'kms:KeyRotation': 'rotation',
  'kms:KeyRotationStatus': 'rotation',
  'kms:Alias': 'alias',
  'kms:Aliases': 'alias',
  'dynamodb:ContinuousBackups': 'point-in-time-recovery',
  'iam:RolePolicy': 'permissions',
};

/** The setting that a call is about; null for one that is about the resource itself. */
export function aspectOf(operation: string): string | null {
  const [service = '', name = ''] = operation.split(':');
  const noun = name.replace(/^(?:Get|Put|List|Describe|Create|Update|Enable|Tag|Add|Head)/, '');
  return ASPECTS[`${service}:${noun}`] ?? null;
}

/** Resource id; empty for what is no resource. */
export function resourceOf({ operation, subject }: Named, steps: readonly Step[]): string {
  if (operation.startsWith('kms:')) return 'state-key';
  if (operation.startsWith('s3:')) return 'state-bucket';
  if (operation.startsWith('dynamodb:')) return 'lock-table';
  return steps.find(({ name }) => name === subject)?.resource ?? '';
}
