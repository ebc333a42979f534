/** Amazon Resource Names and endpoint names, right in every partition (AWS General Reference, "ARN format"). */
import type { Blueprint, RoleName } from '../../plan/blueprint.ts';

type Place = Pick<Blueprint, 'partition' | 'account' | 'region'>;

/** S3 names are global in their partition: neither region nor account stands in the ARN. */
export function bucketArn(b: Blueprint, bucket: string = b.names.bucket): string {
  return `arn:${b.partition}:s3:::${bucket}`;
}

export function objectArn(b: Blueprint, key: string, bucket: string = b.names.bucket): string {
  return `${bucketArn(b, bucket)}/${key}`;
}

export function tableArn(b: Blueprint): string {
  return `arn:${b.partition}:dynamodb:${b.region}:${b.account}:table/${b.names.table}`;
}

export function roleArn(b: Blueprint, role: RoleName): string {
  return `arn:${b.partition}:iam::${b.account}:role/${b.names.roles[role]}`;
}

/** @param host the issuer's URL without `https://`, as IAM writes it into the ARN */
export function oidcProviderArn(b: Blueprint, host: string): string {
  return `arn:${b.partition}:iam::${b.account}:oidc-provider/${host}`;
}

/** The account itself: as a principal it delegates to the account's IAM policies. */
export function rootArn(b: Blueprint): string {
  return `arn:${b.partition}:iam::${b.account}:root`;
}

/**
 * Values of `kms:ViaService` for one service of this region. In aws-cn some services report the China suffix and some
 * the global one, so both are listed: each can only be that one service of this region.
 */
export function viaService(place: Place, service: 's3' | 'dynamodb'): readonly string[] {
  const global = `${service}.${place.region}.amazonaws.com`;
  return place.partition === 'aws-cn' ? [global, `${global}.cn`] : [global];
}

/** The audience that GitHub's credentials action asks for: the STS of the partition. */
export function stsAudience(place: Place): string {
  return place.partition === 'aws-cn' ? 'sts.amazonaws.com.cn' : 'sts.amazonaws.com';
}

/** The state, and the states of other workspaces (`workspace_key_prefix` is `env:` in Terraform and OpenTofu). */
export function stateKeys(b: Blueprint): readonly string[] {
  return [b.stateKey, `env:/*/${b.stateKey}`];
}

/** The lock files beside the states (`use_lockfile`). */
export function lockKeys(b: Blueprint): readonly string[] {
  return stateKeys(b).map((key) => `${key}.tflock`);
}

/** `LockID` values of the lock items: bucket and key of the state. */
export function lockIds(b: Blueprint): readonly string[] {
  return stateKeys(b).map((key) => `${b.names.bucket}/${key}`);
}

/** `LockID` values of the digest items that both tools keep beside the lock. */
export function digestIds(b: Blueprint): readonly string[] {
  return lockIds(b).map((id) => `${id}-md5`);
}
