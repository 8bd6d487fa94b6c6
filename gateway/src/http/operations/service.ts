import type { Metrics } from '../../ports/metrics.js';
import type { Configuration } from '../../config/schema.js';
import type { Projection } from '../../ports/projection.js';
import type { TokenVerifier } from '../../ports/token-verifier.js';
import type { Chain } from '../../usecases/chain.js';
import type { Epochs } from '../../usecases/epochs.js';
import type { Members } from '../../usecases/members.js';
import type { HandlersOf } from '../handlers.js';

export interface ServiceOptions {
  readonly configuration: Configuration;
  readonly chain: Chain;
  readonly epochs: Epochs;
  readonly projection: Projection;
  readonly members: Members;
  readonly metrics: Metrics;
  readonly tokens: TokenVerifier;
  /** Whether transactions can be made, as far as is known. */
  readonly isLedgerOpen: () => boolean;
  /** Whether member and custody are on the ledger, and this gateway takes calls. */
  readonly isSetUp: () => boolean;
  readonly isStopping: () => boolean;
  /** Accesses in an emergency whose review is overdue. */
  readonly overdueReviews: () => number;
  /** Entries of the own emergency journal that should be on the ledger and are not. */
  readonly overdueEntries: () => number;
  /** What is wrong with anybody's emergency journal, at oversight. */
  readonly journalFindings: () => number;
}

type ServiceOperation = 'health' | 'readiness' | 'metrics' | 'listMembers' | 'getLedger';
type Check = 'ok' | 'waiting' | 'failed';

/** What every gateway tells of itself. */
export function serviceHandlers(options: ServiceOptions): HandlersOf<ServiceOperation> {
  const { configuration, chain, epochs, projection, members, metrics } = options;
  return {
    health: () => Promise.resolve({ body: { status: 'ok' } }),

    readiness: async () => {
      const checks = await checksOf(options);
      const ready = Object.values(checks).every((check) => check === 'ok');
      // It works all the same; somebody should look after it.
      const alarms = [
        ...(epochs.isStale ? ['epoch-stale' as const] : []),
        ...(options.overdueReviews() > 0 ? ['emergency-review-overdue' as const] : []),
        ...(options.overdueEntries() > 0 ? ['journal-overdue' as const] : []),
        ...(options.journalFindings() > 0 ? ['journal-finding' as const] : []),
      ];
      return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not-ready', checks, alarms } };
    },

    metrics: async ({ response }) => {
      const { contentType, text } = await metrics.render();
      response.status(200).set({ 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text);
      return undefined;
    },

    listMembers: () =>
      Promise.resolve({
        body: {
          members: members.allRegistered().map(({ mspId, kind, displayName, gateway, status, keys }) => ({
            member: members.referenceOf(mspId),
            mspId,
            kind,
            displayName,
            gateway,
            status,
            keys: keys.map((key) => ({ kid: key.kid, use: key.use, status: key.status })),
          })),
        },
      }),

    getLedger: () =>
      Promise.resolve({
        body: {
          ledger: configuration.ledger.id,
          channel: configuration.ledger.channel,
          chaincode: configuration.ledger.chaincode,
          member: members.referenceOf(configuration.member),
          state: chain.state,
          height: projection.height,
          ...epochOf(epochs),
          pending: projection.pending().reduce((sum, { values }) => sum + values, 0),
        },
      }),
  };
}

function epochOf({ present }: Epochs): { epoch?: { number: number; startedAt: string } } {
  return present === undefined ? {} : { epoch: { number: present.number, startedAt: present.startedAt } };
}

async function checksOf({
  chain,
  isLedgerOpen,
  isSetUp,
  isStopping,
  tokens,
}: ServiceOptions): Promise<Record<string, Check>> {
  const issuer = await tokens.probe().then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  return {
    ledger: chain.state === 'failed' ? 'failed' : chain.state === 'following' ? 'ok' : 'waiting',
    transactions: isLedgerOpen() ? 'ok' : 'failed',
    setup: isSetUp() ? 'ok' : 'waiting',
    issuer,
    process: isStopping() ? 'waiting' : 'ok',
  };
}
