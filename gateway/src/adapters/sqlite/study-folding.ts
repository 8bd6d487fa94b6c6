import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { enrolment, participation, policies, stopping, withdrawals } from '@consent-ledger/chaincode/wire';
import type { LedgerTransaction, PrivateWrite } from '../../ports/ledger.js';

const CUSTODY = /^custody-(.+)$/;
const WITHDRAWAL = /^withdrawal-(.+)$/;

/** Keeps the tables of participations, and at a site of whom there may be something new to tell. */
export class StudyFolder {
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: DatabaseSync) {
    this.#statements = statementsOf(database);
  }

  /** A private value that arrived. */
  fold(write: PrivateWrite, keyHash: string, block: number, transaction: LedgerTransaction): void {
    const { key, collection, value } = write;
    const kind = key.slice(0, key.indexOf('/'));
    switch (kind) {
      case 'enrolment': {
        const { study, subject } = enrolment.parse(parse(value));
        this.#touch(CUSTODY.exec(collection)?.[1], study, subject, block);
        return;
      }
      case 'policies': {
        // Most subjects are in no study, and what they consented to need not be read for it.
        if (!value.includes('"study"')) return;
        const { subject, consents } = policies.parse(parse(value));
        for (const { policy } of consents)
          if (policy.study !== undefined)
            this.#touch(CUSTODY.exec(collection)?.[1], policy.study.study, subject, block);
        return;
      }
      case 'withdrawal': {
        const { subject } = withdrawals.parse(parse(value));
        this.#statements.touchAll.run(block, WITHDRAWAL.exec(collection)?.[1] ?? '', subject);
        return;
      }
      case 'participation':
        this.#foldParticipation(value, keyHash, block, transaction);
        return;
      case 'stopping': {
        const { study, person } = stopping.parse(parse(value));
        this.#statements.stop.run(study, person);
        this.#statements.stopped.run(study, person);
        return;
      }
      default:
    }
  }

  #touch(site: string | undefined, study: string, subject: string, block: number): void {
    if (site !== undefined) this.#statements.touch.run(site, study, subject, block);
  }

  #foldParticipation(value: Buffer, keyHash: string, block: number, { id, index }: LedgerTransaction): void {
    const {
      study,
      site,
      person,
      status,
      protocol = null,
      evidence = null,
      choices,
      collected,
      at,
    } = participation.parse(parse(value));
    const { before, put, count, change } = this.#statements;
    const position = positionOf(block, index, keyHash);
    change.run(study, position, site, person, status, protocol, at, block);
    const old = before.get(study, person) as
      { site: string; status: string; protocol: string | null; block: number; place: number } | undefined;
    // A value that comes late must not take the place of a newer one.
    if (old !== undefined && (old.block > block || (old.block === block && old.place >= index))) return;
    if (old !== undefined) count.run(study, old.site, old.protocol ?? '', old.status, -1);
    count.run(study, site, protocol ?? '', status, 1);
    const lists = [JSON.stringify(choices), JSON.stringify(collected)] as const;
    put.run(study, person, site, keyHash, status, protocol, evidence, ...lists, at, id, block, index);
  }
}

/** Sorts as a text like block, transaction and key sort. */
function positionOf(block: number, index: number, keyHash: string): string {
  return `${block.toString().padStart(12, '0')}.${index.toString().padStart(5, '0')}.${keyHash.slice(0, 16)}`;
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}

function statementsOf(
  database: DatabaseSync,
): Record<'touch' | 'touchAll' | 'before' | 'put' | 'count' | 'change' | 'stop' | 'stopped', StatementSync> {
  return {
    touch: database.prepare(`
      INSERT INTO touched (site, study, subject, block) VALUES (?, ?, ?, ?)
      ON CONFLICT (site, study, subject) DO UPDATE SET block = max(block, excluded.block)`),
    touchAll: database.prepare('UPDATE touched SET block = max(block, ?) WHERE site = ? AND subject = ?'),
    before: database.prepare(
      'SELECT site, status, protocol, block, place FROM participation WHERE study = ? AND person = ?',
    ),
    put: database.prepare(`
      INSERT INTO participation (study, person, site, key_hash, status, protocol, evidence, choices, collected, at,
        transaction_id, block, place, stopped)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
        EXISTS (SELECT 1 FROM participation_stop WHERE study = ?1 AND person = ?2))
      ON CONFLICT (study, person) DO UPDATE SET site = excluded.site, status = excluded.status,
        protocol = excluded.protocol, evidence = excluded.evidence, choices = excluded.choices,
        collected = excluded.collected, at = excluded.at, transaction_id = excluded.transaction_id,
        block = excluded.block, place = excluded.place, stopped = excluded.stopped`),
    count: database.prepare(`
      INSERT INTO participation_count (study, site, protocol, status, count) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`),
    change: database.prepare(`
      INSERT INTO participation_change (study, position, site, person, status, protocol, at, block)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    stop: database.prepare(
      'INSERT INTO participation_stop (study, person) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    stopped: database.prepare('UPDATE participation SET stopped = 1 WHERE study = ? AND person = ?'),
  };
}
