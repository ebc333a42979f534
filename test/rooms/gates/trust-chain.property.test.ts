// A law: the trust file is believed exactly when a reader who knows only sets and numbers would believe it, whatever versions there are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { choosePin, rootsOfPin } from '../../../src/gates/pin.ts';
import { isGood, walkTrust, type Present } from '../../../src/gates/trust-chain.ts';
import { parse } from '../../../src/gates/documents.ts';
import { readTrust } from '../../../src/inputs/trust.ts';
import {
  keptTrust,
  NOW,
  pinOf,
  PRINTS,
  REPOSITORY,
  signedFile,
  trustYaml,
  type Who,
} from '../../harness/facts.ts';

const PEOPLE = ['root', 'second', 'alice', 'bob', 'carol'] as const satisfies readonly Who[];

interface Version {
  readonly number: number;
  readonly roots: readonly Who[];
  readonly threshold: number;
  readonly signers: readonly Who[];
}

const some = (least: number) =>
  fc.uniqueArray(fc.constantFrom(...PEOPLE), { minLength: least, maxLength: 4 });
const roots = some(1).chain((keys) =>
  fc.record({ roots: fc.constant(keys), threshold: fc.integer({ min: 1, max: keys.length }) }),
);
/** Mostly in order and mostly signed by many, so that ways that hold are not rare. */
const version = (at: number) =>
  fc.record({
    number: fc.oneof({ weight: 12, arbitrary: fc.constant(at) }, fc.integer({ min: 1, max: 8 })),
    own: roots,
    signers: fc.oneof({ weight: 3, arbitrary: fc.constant([...PEOPLE]) }, some(0)),
  });
const scene = fc
  .record({ pin: roots, length: fc.integer({ min: 1, max: 4 }) })
  .chain(({ pin, length }) =>
    fc.tuple(fc.constant(pin), fc.tuple(...Array.from({ length }, (_, i) => version(4 + i)))),
  )
  .map(([pin, all]) => ({
    pin,
    versions: all.map(({ number, own, signers }): Version => ({ number, ...own, signers })),
  }));

function believed(pin: { roots: readonly Who[]; threshold: number }, versions: readonly Version[]): boolean {
  const holds = (signers: readonly Who[], side: { roots: readonly Who[]; threshold: number }): boolean =>
    side.roots.filter((who) => signers.includes(who)).length >= side.threshold;
  return versions.every((each, i) => {
    const before = i === 0 ? pin : versions[i - 1]!;
    return each.number === 4 + i && holds(each.signers, before) && holds(each.signers, each);
  });
}

test('believed exactly when every step is', () => {
  let good = 0;
  fc.assert(
    fc.property(scene, ({ pin: { roots: keys, threshold }, versions }) => {
      const texts = versions.map(({ number, roots: own, threshold: needed, signers }) => ({
        text: trustYaml(number, { roots: own, threshold: needed }),
        signers,
      }));
      const last = texts.at(-1)!;
      const file = signedFile('policies/trust.yaml', last.text, last.signers);
      const present = parse(file.file, file.signatures, readTrust) as Present;
      const pin = pinOf({ roots: keys.map((who) => PRINTS[who]), threshold });
      const choice = choosePin(REPOSITORY, { pinForPath: pin, pins: [pin] });
      expect(choice.is).toBe('pinned');
      const steps = walkTrust({
        from: rootsOfPin(pin),
        kept: texts.slice(0, -1).map(({ text, signers }, i) => keptTrust(4 + i, text, signers)),
        present,
        now: NOW,
      });
      // A present version that is not after the pinned one is for other checks than the way.
      fc.pre(versions.at(-1)!.number > 3);
      const wanted = believed({ roots: keys, threshold }, versions);
      good += wanted ? 1 : 0;
      const isWhole = versions.at(-1)!.number === 3 + versions.length;
      expect(isWhole && steps.every(isGood)).toBe(wanted);
      if (steps.every(isGood)) expect(steps.map((step) => step.version)).toEqual(steps.map((_, i) => 4 + i));
    }),
    { numRuns: 300 },
  );
  // A law that was never tried on something good would be none.
  expect(good).toBeGreaterThan(20);
});
