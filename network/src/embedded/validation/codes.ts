/** protos.TxValidationCode, as far as a peer of today sets it. */
export const ValidationCode = {
  VALID: 0,
  NIL_ENVELOPE: 1,
  BAD_PAYLOAD: 2,
  BAD_COMMON_HEADER: 3,
  BAD_CREATOR_SIGNATURE: 4,
  INVALID_ENDORSER_TRANSACTION: 5,
  INVALID_CONFIG_TRANSACTION: 6,
  UNSUPPORTED_TX_PAYLOAD: 7,
  BAD_PROPOSAL_TXID: 8,
  DUPLICATE_TXID: 9,
  ENDORSEMENT_POLICY_FAILURE: 10,
  MVCC_READ_CONFLICT: 11,
  PHANTOM_READ_CONFLICT: 12,
  TARGET_CHAIN_NOT_FOUND: 14,
  BAD_HEADER_EXTENSION: 19,
  BAD_RESPONSE_PAYLOAD: 21,
  BAD_RWSET: 22,
  ILLEGAL_WRITESET: 23,
  INVALID_CHAINCODE: 25,
  INVALID_OTHER_REASON: 255,
} as const;

/** Wrong in a way that makes the transaction invalid; the code goes into the block. */
export class InvalidTransaction extends Error {
  override readonly name = 'InvalidTransaction';
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Runs a step; whatever it throws makes the transaction invalid with this code. */
export function orInvalid<T>(code: number, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof InvalidTransaction) throw error;
    throw new InvalidTransaction(code, error instanceof Error ? error.message : String(error));
  }
}
