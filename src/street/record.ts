/** What a run puts on record: refusals, its beginning, its end, its failure. Glue between the street and the evidence room. */
import { fileOf } from '../inputs/file-read.ts';
import type { Sha256 } from '../kernel/digest.ts';
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import type { FileRead, Fingerprint } from '../inputs/facts.ts';
import { rulesRecord } from '../inputs/rules-documents.ts';
import { append, openLedger, refsOf, type EvidenceDeps } from '../evidence/append.ts';
import { PLAN_NAME } from '../evidence/layout.ts';
import { storeBlobs, storeKeys } from '../evidence/blobs.ts';
import { factsOf, writtenLock, type Ledger } from '../evidence/ledger.ts';
import { makeLock } from '../evidence/lock.ts';
import { seal, writeLock } from '../evidence/seal.ts';
import { checkedSigner } from '../evidence/sign.ts';
import type { Judgement, Passed } from '../gates/index.ts';
import type { Gathered } from './gather.ts';
import type { Approved } from './approval.ts';
import { lockInputOf, type Finished, type RecordedPlan } from './lock-input.ts';
import { recordingDeps } from './may-record.ts';
import { decidedOf, refusalEntry, told } from './refusal-entry.ts';
import { pushAfter } from './vault-after.ts';
import { planBytes } from '../plan/plan.ts';
import type { Ports } from '../ports.ts';

export interface Recorder {
  /** Puts a refusal into the ledger, when there is one, and from there into its store; says so when that is not possible. Never throws. */
  refusal(error: GovbootError, planned: RecordedPlan | null): Promise<void>;
  /**
   * Inputs as blobs, GENESIS if need be, then APPLY_STARTED or APPLY_RESUMED: proves before the first write that evidence can be kept.
   * @throws APPROVAL_USED, APPROVAL_WINDOW, by the ledger as it is at that very moment
   */
  begin(passed: Passed, planned: RecordedPlan, approval: Approved | null): Promise<void>;
  /** APPLY_DONE, the lock, LOCK_WRITTEN, the seal. @returns the digest of the lock */
  finish(finished: Finished): Promise<Sha256>;
  /** APPLY_FAILED; the run stays open for --resume. Never throws. */
  fail(error: unknown, planned: RecordedPlan): Promise<void>;
}

/** The recorder of one run. */
export function makeRecorder(ports: Ports, gathered: Gathered, judgement: Judgement): Recorder {
  return new Record(ports, gathered, judgement);
}

/** The environment is somebody else's. */
const LOST: ReadonlySet<string> = new Set(['CLAIMED', 'LOCKED_ELSEWHERE']);

class Record implements Recorder {
  private readonly ports: Ports;
  private readonly gathered: Gathered;
  private readonly judgement: Judgement;
  private ledger: Ledger;

  constructor(ports: Ports, gathered: Gathered, judgement: Judgement) {
    this.ports = ports;
    this.gathered = gathered;
    this.judgement = judgement;
    this.ledger = gathered.ledger;
  }

  async refusal(error: GovbootError, planned: RecordedPlan | null): Promise<void> {
    if (this.ledger.head === null) return;
    try {
      const deps = await this.refusalDeps();
      this.ledger = await append(
        deps,
        this.ledger,
        refusalEntry(this.ports, this.gathered, this.judgement, error, planned),
      );
      await sealUnlessPending(deps, this.ledger);
      this.ports.emit({ type: 'note', text: 'the refusal is in the ledger' });
    } catch (cause) {
      this.ports.emit({
        type: 'warning',
        text: `the refusal could not be put into the ledger: ${messageOf(cause)}`,
      });
      return;
    }
    await pushAfter(this.ports, this.gathered.facts.environment, { ledger: this.ledger });
  }

  async begin(passed: Passed, planned: RecordedPlan, approval: Approved | null): Promise<void> {
    const deps = await this.deps();
    const { store } = deps;
    const inputs = [...this.inputs(passed), ...(approval === null ? [] : approval.files)];
    await storeBlobs(store, [...inputs.map((file) => file.bytes), planBytes(planned.plan)]);
    await storeKeys(store, this.keys());
    const refs = [...refsOf(inputs), { name: PLAN_NAME, sha256: planned.digest as string }];
    const { trust, intent, tag } = passed;
    this.ledger = await openLedger(deps, {
      repository: trust.repository,
      environment: intent.environment,
      mode: this.ports.mode,
      roots: { threshold: this.pin().threshold, keys: this.pin().roots },
      refs: [],
    });
    const body = { ...decidedOf(planned), tag: tag.name, commit: tag.commit };
    this.ledger = await append(
      deps,
      this.ledger,
      this.gathered.facts.resume
        ? { type: 'APPLY_RESUMED', mode: this.ports.mode, refs, body }
        : { type: 'APPLY_STARTED', mode: this.ports.mode, refs, body: { ...body, nonce: intent.nonce } },
      // What is typed at a terminal was just typed; a signature may wait while a card is looked for.
      approval === null ? null : planned.plan.expires_at,
    );
  }

  async finish(finished: Finished): Promise<Sha256> {
    const deps = await this.deps();
    const { passed, planned } = finished;
    const body = { ...decidedOf(planned), tag: passed.tag.name, commit: passed.tag.commit };
    // A run that was killed between the lock and the seal has its lock already; only the seal is missing.
    if (writtenLock(this.ledger)?.body.run !== planned.plan.run) {
      this.ledger = await append(deps, this.ledger, {
        type: 'APPLY_DONE',
        mode: this.ports.mode,
        refs: [],
        body,
      });
      const lock = makeLock(await lockInputOf(this.ports, this.gathered, this.ledger, finished));
      this.ledger = await writeLock(deps, this.ledger, lock);
    }
    const sealed = await seal(deps);
    this.ledger = sealed.ledger;
    for (const stray of sealed.strays)
      this.ports.emit({
        type: 'warning',
        text: `${stray} does not belong into the evidence; it is not sealed`,
      });
    const sha = sealed.ledger.lock?.sha256;
    if (sha === undefined) throw new GovbootError('EVIDENCE_WRITE', 'the lock does not read back');
    return sha;
  }

  async fail(error: unknown, planned: RecordedPlan): Promise<void> {
    const code = isGovbootError(error) ? error.code : 'BUG';
    try {
      const deps = await this.deps();
      this.ledger = await append(deps, this.ledger, {
        type: 'APPLY_FAILED',
        mode: this.ports.mode,
        refs: [],
        // Somebody else has the environment, and finishes it: this run is over.
        body: { ...decidedOf(planned), code, message: told(messageOf(error)), final: LOST.has(code) },
      });
      await sealUnlessPending(deps, this.ledger);
    } catch (cause) {
      this.ports.emit({
        type: 'warning',
        text: `the failure could not be put into the ledger: ${messageOf(cause)}`,
      });
    }
  }

  /** Every input byte for byte: documents, their signatures, templates, the tag in its two halves, and rules with what they were asked. */
  private inputs({ tag, parity }: Passed): readonly FileRead[] {
    const { files, signatureFiles, facts } = this.gathered;
    const documents = [files.trust?.file, files.parity, files.intent?.file].flatMap((file) =>
      file === undefined || file === null ? [] : [file],
    );
    const read = facts.source.tag;
    const halves =
      read.is !== 'tag'
        ? []
        : [
            fileOf(`refs/tags/${tag.name}#payload`, read.tag.payload),
            fileOf(`refs/tags/${tag.name}#signature`, read.tag.signature),
          ];
    const rules = rulesRecord(parity.rules, facts.rules);
    return [...documents, ...signatureFiles, ...files.versions, ...files.templates, ...halves, ...rules];
  }

  private keys(): readonly { readonly fingerprint: Fingerprint; readonly bytes: Uint8Array }[] {
    const { keys } = this.gathered.facts.governance;
    return this.gathered.files.keys.flatMap((file) => {
      const read = keys.find((candidate) => candidate.is === 'key' && candidate.key.file === file.path);
      return read?.is === 'key' ? [{ fingerprint: read.key.fingerprint, bytes: file.bytes }] : [];
    });
  }

  private pin(): { readonly threshold: number; readonly roots: readonly Fingerprint[] } {
    const { pinForPath, pins } = this.gathered.facts.governance;
    const repository = this.judgement.passed?.trust.repository;
    const pin = pinForPath ?? pins.find((candidate) => candidate.repository === repository);
    if (pin === undefined) throw new GovbootError('TRUST_NOT_PINNED', 'no pin of this repository was found');
    return pin;
  }

  /** Signs a refusal, if that does no harm. @throws EVIDENCE_INVALID and all that `signerOfRefusal` throws */
  private async refusalDeps(): Promise<EvidenceDeps> {
    const { store, facts } = this.gathered;
    // Signed on top of something forged, it would vouch for it, and so would the seal.
    if (facts.ledger.problems.length > 0)
      throw new GovbootError('EVIDENCE_INVALID', 'the evidence is not consistent');
    const source = this.judgement.verdicts.find(({ gate }) => gate === 'source');
    if (this.gathered.vouched === 'released' && source?.status !== 'pass')
      throw new GovbootError(
        'EVIDENCE_INVALID',
        'only the tagged tree vouches for the evidence, and the tag does not hold',
      );
    return recordingDeps(this.ports, { store, ledger: this.ledger, environment: facts.environment });
  }

  private async deps(): Promise<EvidenceDeps> {
    const { clock, signer, verifier } = this.ports;
    const { fingerprint } = await signer.identity();
    const keyFile = this.gathered.files.keys.find((file) => file.path.endsWith(`/${fingerprint}.asc`));
    if (keyFile === undefined)
      throw new GovbootError(
        'SIGNER',
        `policies/keys/${fingerprint}.asc is missing, so nobody could check the evidence`,
      );
    return {
      store: this.gathered.store,
      clock,
      actor: fingerprint,
      sign: checkedSigner(signer, verifier, keyFile, () => clock.now()),
    };
  }
}

/** The seal over a new lock is the end of its run, and is left to it: another entry that sealed would end what --resume is to finish. */
export async function sealUnlessPending(deps: EvidenceDeps, ledger: Ledger): Promise<void> {
  const run = factsOf(ledger).unfinished?.run;
  if (run !== undefined && writtenLock(ledger)?.body.run === run) return;
  await seal(deps);
}
