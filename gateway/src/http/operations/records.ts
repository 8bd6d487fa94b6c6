import { accessEvent, receiptClaims, verifyReceipt } from '@consent-ledger/chaincode/wire';
import { RELEASE_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import { decodeJwt } from 'jose';
import { randomBytes } from 'node:crypto';
import {
  askMember,
  readOwn,
  type AskOptions,
  type Opened,
  type ReadOwnOptions,
} from '../../usecases/ask-for-records.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import type { Members } from '../../usecases/members.js';
import { releaseRecords, type ReleaseOptions } from '../../usecases/release-records.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Transactions } from '../../usecases/transactions.js';
import type { EventEntry, Projection } from '../../ports/projection.js';
import type { HandlersOf } from '../handlers.js';
import { pump, sendRecord, sendRecords } from './ask.js';

export interface AskHandlerOptions {
  readonly members: Members;
  readonly ask: AskOptions;
  /** Where this member keeps records itself. */
  readonly own: ReadOwnOptions | undefined;
}

/** A member's users ask for records, of others or of their own house. */
export function askHandlers({ members, ask, own }: AskHandlerOptions): HandlersOf<'requestAccess'> {
  return {
    requestAccess: async ({ body, user, signal, response }) => {
      const custodian = members.byReference(body.custodian);
      if (custodian?.kind !== 'hospital') throw new Refusal('custodian-unknown');
      const { records, purpose, emergency, legalBasis } = body;
      const asked = { custodian: custodian.mspId, records, purpose: unique(purpose), emergency, legalBasis };
      const isOwn = own !== undefined && custodian.mspId === members.own.mspId;
      const opened = isOwn ? await readOwn(asked, user, own) : await askMember(asked, user, signal, ask);
      await closing(opened, () =>
        records.length === 1 ? sendRecord(response, opened) : sendRecords(response, opened, body.custodian),
      );
      return undefined;
    },
  };
}

/** The custodian's own staff, one record. */
export function readOwnHandlers(own: ReadOwnOptions): HandlersOf<'getRecord'> {
  return {
    getRecord: async ({ params, query, user, response }) => {
      const { purpose, emergencyReason, legalBasis } = query;
      const emergency = emergencyReason === undefined ? undefined : { reason: emergencyReason };
      const custodian = own.custody.custodian;
      const asked = { custodian, records: [params.id], purpose: unique(purpose), emergency, legalBasis };
      const opened = await readOwn(asked, user, own);
      await closing(opened, () => sendRecord(response, opened));
      return undefined;
    },
  };
}

export interface ReleaseHandlerOptions {
  /** `describeProblem` comes with the call, since a problem names it. */
  readonly release: Omit<ReleaseOptions, 'describeProblem'>;
  readonly describeProblem: (
    error: unknown,
    requestId: string,
  ) => ReturnType<ReleaseOptions['describeProblem']>;
  readonly receipts: ReceiptOptions;
  readonly transactions: Transactions;
}

export interface ReceiptOptions {
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly members: Members;
  readonly projection: Projection;
}

/** Other members' gateways. */
export function releaseHandlers({
  release,
  describeProblem,
  receipts,
  transactions,
}: ReleaseHandlerOptions): HandlersOf<'release' | 'receipt'> {
  return {
    release: async ({ body, response, requestId }) => {
      const request = release.decisions.accept(body.request);
      response.status(200).set({ 'Content-Type': RELEASE_MEDIA_TYPE, 'Cache-Control': 'no-store' });
      const describe = (error: unknown): ReturnType<ReleaseOptions['describeProblem']> =>
        describeProblem(error, requestId);
      await pump(releaseRecords(request, { ...release, describeProblem: describe }), response);
      response.end();
      return undefined;
    },
    receipt: async ({ params, body }) => {
      const event = eventOf(body.receipt, params.jti, receipts);
      // The same receipt again changes nothing.
      if (event.isKnown) return { body: { transaction: event.transaction, block: event.block } };
      const command = {
        v: 1,
        command: 'record-delivery',
        salt: randomBytes(32).toString('base64url'),
        event: event.key,
        receipt: body.receipt,
      } as const;
      const { transaction, block } = await transactions.run(command, {
        contract: 'custody',
        custodian: receipts.custody.custodian,
      });
      return { body: { transaction, block } };
    },
  };
}

/** The receipt answers an event of this custodian that came from that request. Throws a Refusal. */
function eventOf(
  receipt: string,
  jti: string,
  { custody, ledgerId, members, projection }: ReceiptOptions,
): EventEntry & { readonly isKnown: boolean } {
  const claims = receiptClaims.safeParse(claimsOf(receipt));
  if (!claims.success) throw new Refusal('receipt-refused');
  const entry = projection.event(custody.collection, claims.data.event);
  if (entry === undefined) throw new Refusal('event-unknown');
  const event = accessEvent.parse(JSON.parse(entry.value.toString('utf8')));
  const requester = members.registered(event.requester);
  const expected = { ledgerId, custodian: custody.custodian, event: entry.key };
  const isMeant = event.jti === jti && requester !== undefined;
  if (!isMeant || verifyReceipt(receipt, { ...expected, requester }) === undefined)
    throw new Refusal('receipt-refused');
  return { ...entry, isKnown: claims.data.records.every(({ record }) => entry.delivered.includes(record)) };
}

function claimsOf(receipt: string): unknown {
  try {
    return decodeJwt(receipt);
  } catch (cause) {
    throw new Refusal('receipt-refused', { cause });
  }
}

async function closing(opened: Opened, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } finally {
    await opened.close();
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
