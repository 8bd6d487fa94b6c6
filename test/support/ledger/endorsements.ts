import { common, peer } from '@hyperledger/fabric-protos';
import { serialize, type LedgerIdentity } from './identity.js';
import { otherHalf, sign } from './signature.js';

/** The same transaction, endorsed by these identities in this order instead. */
export function withEndorsers(
  envelope: common.Envelope,
  endorsers: readonly LedgerIdentity[],
): common.Envelope {
  return withAction(envelope, (action) => {
    const message = action.getProposalResponsePayload_asU8();
    action.setEndorsementsList(
      endorsers.map((identity) => {
        const endorser = serialize(identity);
        const endorsement = new peer.Endorsement();
        endorsement.setEndorser(endorser);
        endorsement.setSignature(sign(identity.privateKey, Buffer.concat([message, endorser])));
        return endorsement;
      }),
    );
  });
}

/** The same transaction with one of its endorsements changed. */
export function withChangedEndorsement(
  envelope: common.Envelope,
  change: (endorsement: peer.Endorsement) => void,
): common.Envelope {
  return withAction(envelope, (action) => {
    const [first] = action.getEndorsementsList();
    if (first !== undefined) change(first);
  });
}

/** Gives the endorsement's signature the other of its two values. */
export function flipHalf(endorsement: peer.Endorsement): void {
  endorsement.setSignature(otherHalf(endorsement.getSignature_asU8()));
}

/** The same transaction with its endorsed action changed. */
export function withAction(
  envelope: common.Envelope,
  change: (action: peer.ChaincodeEndorsedAction) => void,
): common.Envelope {
  return withTransaction(envelope, (transaction) => {
    const [transactionAction] = transaction.getActionsList();
    if (transactionAction === undefined) throw new Error('the envelope holds no transaction');
    const payload = peer.ChaincodeActionPayload.deserializeBinary(transactionAction.getPayload_asU8());
    const action = payload.getAction();
    if (action === undefined) throw new Error('the transaction was not endorsed');
    change(action);
    transactionAction.setPayload(payload.serializeBinary());
  });
}

/** The same envelope with its transaction changed; it has to be signed again. */
export function withTransaction(
  envelope: common.Envelope,
  change: (transaction: peer.Transaction) => void,
): common.Envelope {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  change(transaction);
  payload.setData(transaction.serializeBinary());
  const changed = new common.Envelope();
  changed.setPayload(payload.serializeBinary());
  return changed;
}
