import type { Metrics } from '../ports/metrics.js';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'consent_ledger_' });
  const registers = [registry];
  const requests = new Histogram({
    name: 'consent_ledger_http_request_seconds',
    help: 'Time to the end of the answer, by operation and class of status',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15, 60],
    registers,
  });
  const transactions = new Histogram({
    name: 'consent_ledger_transaction_seconds',
    help: 'Time from submission to the block, by outcome',
    labelNames: ['outcome'],
    buckets: [0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15, 60],
    registers,
  });
  const batches = new Histogram({
    name: 'consent_ledger_decision_batch_requests',
    help: 'Requests decided in one transaction',
    buckets: [1, 2, 5, 10, 20, 50, 100],
    registers,
  });
  const proposals = new Counter({
    name: 'consent_ledger_proposed_again_total',
    help: 'Proposals that were made afresh, by reason',
    labelNames: ['reason'],
    registers,
  });
  const resent = new Counter({
    name: 'consent_ledger_resent_total',
    help: 'Transactions that were sent once more, the same bytes',
    registers,
  });
  const scrapes = new Counter({
    name: 'consent_ledger_scrapes_total',
    help: 'Times that metrics were read',
    registers,
  });
  return {
    answered: (operation, status, seconds) => {
      requests.observe({ operation, status: `${Math.floor(status / 100)}xx` }, seconds);
    },
    settled: (outcome, seconds) => {
      transactions.observe({ outcome }, seconds);
    },
    proposedAgain: (reason) => {
      proposals.inc({ reason });
    },
    resent: () => {
      resent.inc();
    },
    batched: (count) => {
      batches.observe(count);
    },
    observe: (source) => {
      gauge(registers, 'consent_ledger_projection_height_blocks', 'Blocks folded', source.height);
      gauge(
        registers,
        'consent_ledger_pending_values',
        'Private values the own peer lacks',
        source.pendingValues,
      );
      gauge(
        registers,
        'consent_ledger_open_transactions',
        'Submitted, outcome not seen',
        source.openTransactions,
      );
      gauge(
        registers,
        'consent_ledger_waiting_requests',
        'Requests waiting for a batch',
        source.waitingRequests,
      );
      gauge(
        registers,
        'consent_ledger_waiting_notifications',
        'Messages to subjects that are still to be brought',
        source.waitingNotifications,
      );
      gauge(
        registers,
        'consent_ledger_open_erasures',
        'Subjects whose erasure is not done to the end',
        source.openErasures,
      );
      gauge(
        registers,
        'consent_ledger_emergency_reviews_open',
        'Accesses in an emergency that nobody has reviewed',
        source.openReviews,
      );
      gauge(
        registers,
        'consent_ledger_emergency_reviews_overdue',
        'Of these, those whose deadline is over',
        source.overdueReviews,
      );
      gauge(
        registers,
        'consent_ledger_amendments_open',
        'Requests to amend a record that nobody has answered',
        source.openAmendments,
      );
      gauge(
        registers,
        'consent_ledger_amendments_overdue',
        'Of these, those whose deadline is over',
        source.overdueAmendments,
      );
      gauge(
        registers,
        'consent_ledger_journal_entries_open',
        'Entries of the own emergency journal that are not on the ledger',
        source.openJournalEntries,
      );
      gauge(
        registers,
        'consent_ledger_journal_entries_overdue',
        'Of these, those that should be',
        source.overdueJournalEntries,
      );
      gauge(
        registers,
        'consent_ledger_journal_findings',
        "What is wrong with members' emergency journals, as oversight sees it",
        source.journalFindings,
      );
      gauge(
        registers,
        'consent_ledger_unsettled_permits',
        'Records that were permitted a while ago, and nobody has said whether they arrived',
        source.unsettledPermits,
      );
      gauge(
        registers,
        'consent_ledger_epoch_age_seconds',
        'Since the epoch began; more than a few epochs: no oversight gateway moves it',
        source.epochAgeSeconds,
      );
      gauge(
        registers,
        'consent_ledger_writable',
        '1 where transactions can be made, 0 where they are refused',
        () => (source.isLedgerOpen() ? 1 : 0),
      );
    },
    render: async () => {
      scrapes.inc();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
