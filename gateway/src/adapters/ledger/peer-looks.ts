import { lookAnswer, type EventRecord, type LookAnswer } from '@consent-ledger/chaincode/wire';
import type { Ledger } from '../../ports/ledger.js';
import type { Looks } from '../../ports/looks.js';
import { Batcher } from '../../usecases/batcher.js';
import type { AcceptedRequest } from '../../usecases/decisions.js';
import { Refusal } from '../../usecases/refusal.js';

/** Looks by the chaincode on the own peer: by the same rules and the same state as the decision itself. */
export function createPeerLooks(ledger: Ledger, custodian: string): Looks {
  const batcher = new Batcher<AcceptedRequest, LookAnswer['results'][number]>({
    size: 100,
    waitMs: 1,
    inFlight: 4,
    waiting: 10_000,
    overflow: () => new Refusal('too-many-requests'),
    run: async (requests) => {
      const query = { v: 1, query: 'look', requests: requests.map(({ text }) => text) } as const;
      const answer = await ledger.query(query, { contract: 'custody', custodian });
      return lookAnswer.parse(JSON.parse(Buffer.from(answer).toString('utf8'))).results;
    },
  });
  return {
    async look(request): Promise<readonly EventRecord[]> {
      const result = await batcher.add(request);
      if ('code' in result) throw new Refusal('request-malformed');
      return result.records;
    },
  };
}
