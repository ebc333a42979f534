/** An empty account behind a fault proxy, a repository whose intent creates, and how an undisturbed run of it ends. */
import { startFaultProxy } from './fault-proxy.ts';
import { makeFresh, undisturbed, type Undisturbed } from './fault-scenes.ts';
import { tryAll, type Point } from './fault-points.ts';
import { startMoto } from './moto.ts';

export interface FreshScene {
  readonly wanted: Undisturbed;
  /** @param sideBySide runs at the same time */
  tryAll(points: readonly Point[], sideBySide: number): ReturnType<typeof tryAll>;
  end(): Promise<void>;
}

/** Ask `requireOrSkip('moto', …)` first. */
export async function openFresh(): Promise<FreshScene> {
  const moto = await startMoto();
  const proxy = await startFaultProxy();
  const scene = await makeFresh(proxy, moto);
  const wanted = await undisturbed(scene);
  return {
    wanted,
    tryAll: (points, sideBySide) => tryAll(points, { fresh: scene }, { fresh: wanted }, sideBySide),
    async end() {
      await moto.stop();
      await proxy.stop();
    },
  };
}
