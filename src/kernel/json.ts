/** Plain JSON data: what is signed, compared and shown. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** True for an object that is neither an array nor null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Plain data as JSON: interfaces have no index signature, so the compiler cannot see that they are. Undefined members are left out. */
export function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
