/**
 * Modules that OPA would never compile, put together by hand: they answer whatever a test wants, or misbehave. Binary format:
 * WebAssembly Core 5. What is exported is what @open-policy-agent/opa-wasm calls (OPA, WebAssembly ABI 1.2 and later).
 */

export interface ModuleOptions {
  /** The result set, as JSON text; told as it is. */
  readonly results?: string;
  readonly entrypoints?: readonly string[];
  /** What evaluation does in the place of answering. */
  readonly does?: keyof typeof MISDEEDS;
  /** Declares a memory of its own, of so many pages of 64 KiB. */
  readonly ownPages?: number;
  /** Imports a function that no engine of ours offers. */
  readonly imports?: string;
}

/** Bodies of opa_eval: 0x03 loop, 0x0c br, 0x0b end, 0x10 call, 0x20 local.get, 0x40 memory.grow, 0x41 i32.const, 0x1a drop. */
const MISDEEDS = {
  loop: [0x03, 0x40, 0x0c, 0, 0x0b, 0x00],
  trap: [0x00],
  recurse: [...[0, 1, 2, 3, 4, 5, 6].flatMap((local) => [0x20, local]), 0x10, 7],
  // Grows by 16 pages for ever; a refusal is passed over.
  grow: [0x03, 0x40, 0x41, 16, 0x40, 0, 0x1a, 0x0c, 0, 0x0b, 0x00],
  // Points at memory that is not there.
  astray: [0x41, ...signed(0x7fff_0000)],
} as const;

const I32 = 0x7f;
/** Where the texts lie, and where the engine may write. */
const TEXTS = 1_024;
const HEAP = 65_536;

/** The bytes of a module. */
export function moduleOf(options: ModuleOptions): Uint8Array {
  const { entrypoints = ['govboot/decision'], results = '[]', does, ownPages, imports } = options;
  const texts = [
    '{}',
    JSON.stringify(Object.fromEntries(entrypoints.map((path, id) => [path, id]))),
    results,
  ].map((text) => [...new TextEncoder().encode(text), 0]);
  const at = (index: number): number =>
    TEXTS + texts.slice(0, index).reduce((sum, { length }) => sum + length, 0);
  const answer = (address: number): readonly number[] => [0x41, ...signed(address)];
  // Each with its parameters, its results and its body; in this order, for `recurse` calls the last one by its index.
  const functions: readonly (readonly [string, number, number, readonly number[]])[] = [
    ['builtins', 0, 1, answer(at(0))],
    ['entrypoints', 0, 1, answer(at(1))],
    ['opa_malloc', 1, 1, answer(HEAP)],
    ['opa_json_parse', 2, 1, answer(HEAP)],
    ['opa_json_dump', 1, 1, [0x20, 0]],
    ['opa_heap_ptr_get', 0, 1, answer(HEAP)],
    ['opa_heap_ptr_set', 1, 0, []],
    ['opa_eval', 7, 1, does === undefined ? answer(at(2)) : MISDEEDS[does]],
  ];
  const first = imports === undefined ? 0 : 1;
  const types = functions.map(([, parameters, given]) => [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [I32])),
    ...vector(Array.from({ length: given }, () => [I32])),
  ]);
  const imported = [
    [...name('env'), ...name('memory'), 0x02, 0x00, 2],
    ...(imports === undefined ? [] : [[...name('env'), ...name(imports), 0x00, 0]]),
  ];
  const globals = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version'];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector(imported)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...(ownPages === undefined ? [] : section(5, vector([[0x00, ...unsigned(ownPages)]]))),
    ...section(6, vector([1, 3].map((value) => [I32, 0x00, 0x41, value, 0x0b]))),
    ...section(
      7,
      vector([
        ...globals.map((global, index) => [...name(global), 0x03, index]),
        ...functions.map(([export_], index) => [...name(export_), 0x00, first + index]),
      ]),
    ),
    ...section(
      10,
      vector(
        functions.map(([, , , body]) => {
          const code = [0, ...body, 0x0b];
          return [...unsigned(code.length), ...code];
        }),
      ),
    ),
    ...section(
      11,
      vector([[0x00, 0x41, ...signed(TEXTS), 0x0b, ...vector(texts.flat().map((byte) => [byte]))]]),
    ),
  ]);
}

function section(id: number, content: readonly number[]): readonly number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): readonly number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): readonly number[] {
  return vector([...new TextEncoder().encode(text)].map((byte) => [byte]));
}

/** LEB128. */
function unsigned(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128, for numbers from 0: the last byte must not look negative. */
function signed(value: number): readonly number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
