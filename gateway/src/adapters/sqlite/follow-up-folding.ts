import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  isBreakGlass,
  isSearchRequest,
  millisecondsOf,
  review,
  type AccessEvent,
} from '@consent-ledger/chaincode/wire';
import type { PrivateWrite } from '../../ports/ledger.js';

/** Keeps the tables of what is to be looked after: accesses to be reviewed, and permits of which no delivery is known. */
export class FollowUpFolder {
  readonly #addEmergency: StatementSync;
  readonly #addReview: StatementSync;
  readonly #addUnsettled: StatementSync;
  readonly #settle: StatementSync;

  constructor(database: DatabaseSync) {
    this.#addEmergency = database.prepare(
      'INSERT INTO emergency (collection, event, review_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#addReview = database.prepare(
      'INSERT INTO review (collection, event, value, transaction_id, block) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    // The delivery may be in a block whose values were here first.
    this.#addUnsettled = database.prepare(`
      INSERT INTO unsettled (event, record, at)
      SELECT ?4, ?3, ?5 WHERE NOT EXISTS
        (SELECT 1 FROM delivery WHERE collection = ?1 AND event = ?2 AND record = ?3)`);
    this.#settle = database.prepare(`
      DELETE FROM unsettled
      WHERE event = (SELECT id FROM event WHERE collection = ? AND key = ?) AND record = ?`);
  }

  /**
   * @param id the number under which the event is in the projection
   * @param request the request object that the event answers
   */
  addEvent(
    { collection, key }: PrivateWrite,
    id: number | bigint,
    { at, custodian, records, requester }: AccessEvent,
    request: string,
  ): void {
    // To the custodian's own staff nothing travels.
    const isDelivered = requester !== custodian && !isSearchRequest(request);
    for (const { record, outcome } of records) {
      if (isDelivered && outcome === 'permit')
        this.#addUnsettled.run(collection, key, record, id, millisecondsOf(at));
    }
    const deadlines = records
      .filter(isBreakGlass)
      .flatMap(({ obligations }) => obligations.filter((one) => one.code === 'review-by'))
      .map((obligation) => millisecondsOf(obligation.at));
    if (deadlines.length > 0) this.#addEmergency.run(collection, key, Math.min(...deadlines));
  }

  addReview({ collection, value }: PrivateWrite, block: number, transaction: string): void {
    const { event } = review.parse(JSON.parse(value.toString('utf8')));
    this.#addReview.run(collection, event, value, transaction, block);
  }

  settle(collection: string, event: string, record: string): void {
    this.#settle.run(collection, event, record);
  }
}
