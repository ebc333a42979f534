/** Where things stand, for machines. Pure. */
import { toJson, type Json } from '../kernel/json.ts';
import type { EnvironmentStanding, Standing } from '../street/standing.ts';
import { keptJson } from './status-kept.ts';

export function statusJson({ root, trust, tags, environments }: Standing): Json {
  const known = trust.is === 'seen' ? trust.value : null;
  return toJson({
    repository: root.is === 'seen' ? root.value : null,
    trustVersion: known?.present.value.version ?? null,
    pinnedVersion: known?.pin?.trustVersion ?? null,
    tag: tags.is === 'seen' ? (tags.value[0] ?? null) : null,
    environments: environments.map((one) => environmentJson(one)),
  });
}

function environmentJson(one: EnvironmentStanding): Json {
  const { name, account, regions, ledger, lock, evidence, waiting, unjudged, used, expired } = one;
  return toJson({
    ...{ name, account, regions, unjudged, used, expired },
    unfinished: ledger.unfinished,
    lock:
      lock === null
        ? null
        : { sha256: ledger.lock?.sha256, since: lock.created_at, tag: lock.repo.tag_name, run: lock.run.id },
    evidence:
      evidence.is === 'seen' ? evidence.value.overall : evidence.is === 'failed' ? 'unreadable' : 'none',
    ...keptJson(one),
    waiting: waiting.map(({ path, intent, signedBy, refused }) => ({
      ...{ path, signedBy },
      ...{ action: intent.action, notBefore: intent.not_before, expires: intent.expires },
      missing: refused.map(({ gate, status, because, findings }) => ({
        ...{ gate, status, because },
        findings: findings.map(({ code, message, hint }) => ({ code, message, hint })),
      })),
    })),
  });
}
