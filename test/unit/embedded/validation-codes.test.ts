import { ProtoWriter } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { judge } from './support/judging.js';
import {
  CHAINCODE,
  CUSTODY,
  LAKESIDE,
  NOVACURE,
  RIVERSIDE,
  SENTINEL,
  sharedLedger,
  withLedger,
  WITHDRAWAL,
  type TestConsortium,
} from './support/consortium.js';
import { highS } from './support/high-s.js';
import { commitTogether, transaction, type WriteSpec } from './support/sending.js';
import { sealed } from './support/transactions.js';

const VALID = 0;
const KEY = { writes: { k: 'v' } };

describe('the code of a transaction', () => {
  const shared = sharedLedger();

  /** Judges an envelope as if an orderer had let it through, whatever is wrong with it. */
  const codeOf = (make: (signer: TestConsortium['signer']) => Buffer): number =>
    judge(shared.ledger, make(shared.consortium.signer));
  const codeOfSpec = (spec: WriteSpec): number =>
    codeOf(() => transaction(shared.ledger, shared.consortium, spec).envelope);
  it('is VALID when everything is right', () => {
    expect(codeOfSpec({ content: KEY })).to.equal(VALID);
  });

  it('is INVALID_OTHER_REASON for bytes that are no envelope', () => {
    expect(codeOf(() => Buffer.from([0x0a, 0xff]))).to.equal(255);
  });

  it('is BAD_PAYLOAD for a payload that cannot be read', () => {
    expect(codeOf((signer) => sealed(Buffer.from([0x0a, 0xff]), signer(RIVERSIDE, 'client')))).to.equal(2);
  });

  describe('is BAD_COMMON_HEADER', () => {
    it('without a header', () => {
      const noHeader = new ProtoWriter().bytes(2, 'data').finish();
      expect(codeOf((signer) => sealed(noHeader, signer(RIVERSIDE, 'client')))).to.equal(3);
    });
    it('for an unknown type', () => {
      expect(codeOfSpec({ content: KEY, type: 6 })).to.equal(3);
    });
    it('for an epoch that is not 0', () => {
      expect(codeOfSpec({ content: KEY, epoch: 1 })).to.equal(3);
    });
    it('for an empty nonce', () => {
      expect(codeOfSpec({ content: KEY, nonce: Buffer.alloc(0) })).to.equal(3);
    });
  });

  describe('is BAD_CREATOR_SIGNATURE', () => {
    it('when someone else signed', () => {
      const { signer } = shared.consortium;
      expect(codeOfSpec({ content: KEY, signer: signer(LAKESIDE, 'client') })).to.equal(4);
    });
    it('for a channel that does not exist', () => {
      expect(codeOfSpec({ content: KEY, channelId: 'another' })).to.equal(4);
    });
    it('for a signature whose S is high', () => {
      const { signer } = shared.consortium;
      expect(codeOfSpec({ content: KEY, signer: highS(signer(RIVERSIDE, 'client')) })).to.equal(4);
    });
  });

  it('is BAD_PROPOSAL_TXID for an id that is not the hash of nonce and creator', () => {
    expect(codeOfSpec({ content: KEY, txId: 'ab'.repeat(32) })).to.equal(8);
  });

  it('is UNSUPPORTED_TX_PAYLOAD for a configuration update', () => {
    expect(codeOfSpec({ content: KEY, type: 2 })).to.equal(7);
  });

  describe('is INVALID_ENDORSER_TRANSACTION', () => {
    it('with two actions', () => {
      expect(codeOfSpec({ content: KEY, actions: 2 })).to.equal(5);
    });
    it('without an action', () => {
      expect(codeOfSpec({ content: KEY, actions: 0 })).to.equal(5);
    });
    it('when the response is not one to this proposal', () => {
      expect(codeOfSpec({ content: KEY, proposalHash: randomBytes(32) })).to.equal(5);
    });
  });

  it('is BAD_HEADER_EXTENSION for an extension that cannot be read', () => {
    expect(codeOfSpec({ content: KEY, extension: Buffer.from([0x12, 0xff]) })).to.equal(19);
  });

  it('is BAD_RESPONSE_PAYLOAD for an action that cannot be read', () => {
    expect(codeOfSpec({ content: KEY, action: Buffer.from([0x0a, 0xff]) })).to.equal(21);
  });

  it('is BAD_RWSET for results that cannot be read', () => {
    expect(codeOfSpec({ content: KEY, results: Buffer.from([0x12, 0xff]) })).to.equal(22);
  });

  it('is INVALID_OTHER_REASON without a chaincode id', () => {
    expect(codeOfSpec({ content: KEY, chaincode: null })).to.equal(255);
    expect(codeOfSpec({ content: KEY, invoked: null })).to.equal(255);
  });

  describe('is INVALID_CHAINCODE', () => {
    it('when proposal and action name different ones', () => {
      expect(codeOfSpec({ content: KEY, invoked: 'other' })).to.equal(25);
    });
    it('without a version', () => {
      expect(codeOfSpec({ content: KEY, chaincode: { name: CHAINCODE, version: '' } })).to.equal(25);
    });
    it('when it was never defined', () => {
      const other = { invoked: 'other', chaincode: { name: 'other', version: '1' } };
      expect(codeOfSpec({ content: KEY, namespace: 'other', ...other })).to.equal(25);
    });
    it('when it writes to a namespace that was never defined', () => {
      expect(codeOfSpec({ content: KEY, namespace: 'other' })).to.equal(25);
    });
  });

  it('does not depend on the version that endorsers name', () => {
    expect(codeOfSpec({ content: KEY, chaincode: { name: CHAINCODE, version: '99' } })).to.equal(VALID);
  });

  it('is INVALID_OTHER_REASON for an event of another chaincode', () => {
    const event = new ProtoWriter().bytes(1, 'other').bytes(3, 'name').finish();
    expect(codeOfSpec({ content: KEY, events: event })).to.equal(255);
    const own = new ProtoWriter().bytes(1, CHAINCODE).bytes(3, 'name').finish();
    expect(codeOfSpec({ content: KEY, events: own })).to.equal(VALID);
  });

  it('is ILLEGAL_WRITESET when a namespace stands there twice', () => {
    const namespace = new ProtoWriter().bytes(1, CHAINCODE).finish();
    const results = new ProtoWriter().present(2, namespace).present(2, namespace).finish();
    expect(codeOfSpec({ content: KEY, results })).to.equal(23);
  });

  describe('is ENDORSEMENT_POLICY_FAILURE', () => {
    it('for a public write that two of four organisations endorse', () => {
      expect(codeOfSpec({ content: KEY, by: [RIVERSIDE, SENTINEL] })).to.equal(10);
      expect(codeOfSpec({ content: KEY, by: [RIVERSIDE, SENTINEL, NOVACURE] })).to.equal(VALID);
    });
    it('when the same peer endorses three times', () => {
      expect(codeOfSpec({ content: KEY, by: [RIVERSIDE, RIVERSIDE, RIVERSIDE] })).to.equal(10);
    });
    it('for endorsements that do not verify', () => {
      expect(
        codeOfSpec({ content: KEY, endorse: (endorser, message) => endorser.sign(message.subarray(1)) }),
      ).to.equal(10);
    });
    it('for endorsements whose S is high', () => {
      expect(
        codeOfSpec({ content: KEY, endorse: (endorser, message) => highS(endorser).sign(message) }),
      ).to.equal(10);
    });
    it('when clients endorse instead of peers', () => {
      const { signer } = shared.consortium;
      const endorsers = [RIVERSIDE, LAKESIDE, SENTINEL].map((mspId) => signer(mspId, 'client'));
      expect(codeOfSpec({ content: KEY, endorsers })).to.equal(10);
    });
    it('without any endorsement, even when nothing is written', () => {
      expect(codeOfSpec({ content: {}, by: [] })).to.equal(10);
    });
    it('for custody data that its custodian endorses alone', () => {
      const content = { collections: { [CUSTODY]: { writes: { a: 'b' } } } };
      expect(codeOfSpec({ content, by: [RIVERSIDE] })).to.equal(10);
      expect(codeOfSpec({ content, by: [SENTINEL, LAKESIDE, NOVACURE] })).to.equal(10);
    });
    it('for a collection that does not exist', () => {
      expect(codeOfSpec({ content: { collections: { nowhere: { writes: { a: 'b' } } } } })).to.equal(10);
    });
    it('when a public write joins private ones that are endorsed as they must be', () => {
      const collections = { [CUSTODY]: { writes: { a: 'b' } } };
      const by = [RIVERSIDE, SENTINEL];
      expect(codeOfSpec({ content: { collections }, by })).to.equal(VALID);
      expect(codeOfSpec({ content: { collections, ...KEY }, by })).to.equal(10);
    });
  });

  it('is VALID for a withdrawal that one organisation alone endorses: nobody can hold it up', () => {
    const content = { collections: { [WITHDRAWAL]: { writes: { a: 'b' } } } };
    expect(codeOfSpec({ content, by: [SENTINEL] })).to.equal(VALID);
    expect(codeOfSpec({ content, by: [RIVERSIDE] })).to.equal(VALID);
    expect(codeOfSpec({ content, by: [LAKESIDE] })).to.equal(10);
  });

  it('is VALID for a write to an own implicit collection, which no other organisation endorses', () => {
    const collection = `_implicit_org_${LAKESIDE}`;
    const content = { collections: { [collection]: { writes: { a: 'b' } } } };
    expect(codeOfSpec({ content, by: [LAKESIDE] })).to.equal(VALID);
    expect(codeOfSpec({ content, by: [RIVERSIDE] })).to.equal(10);
  });

  describe('is DUPLICATE_TXID', () => {
    it('for a transaction that came before, valid or not', () =>
      withLedger(async (ledger, consortium) => {
        const right = transaction(ledger, consortium, { content: KEY });
        const wrong = transaction(ledger, consortium, { content: KEY, by: [RIVERSIDE] });
        expect(await commitTogether(ledger, [right, wrong])).to.deep.equal([0, 10]);
        expect(await commitTogether(ledger, [right, wrong])).to.deep.equal([9, 9]);
        expect(ledger.transactionStatus(right.txId)?.code).to.equal(0);
        expect(ledger.transactionStatus(wrong.txId)?.code).to.equal(10);
      }));
    it('for the second one in a block', () =>
      withLedger(async (ledger, consortium) => {
        const twice = transaction(ledger, consortium, { content: KEY });
        expect(await commitTogether(ledger, [twice, twice])).to.deep.equal([0, 9]);
        expect(ledger.transactionStatus(twice.txId)?.code).to.equal(0);
      }));
  });
});
