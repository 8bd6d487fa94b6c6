import {
  readChaincodeAction,
  readChaincodeEvent,
  readChaincodeHeaderExtension,
  readTxRwset,
  type NamespaceRwset,
} from '../../wire-format/index.js';
import { InvalidTransaction, orInvalid, ValidationCode } from './codes.js';
import type { EndorserTransaction } from './syntax.js';

/** What was endorsed: the chaincode and its reads and writes. */
export interface EndorsedAction {
  readonly chaincode: string;
  readonly namespaces: readonly NamespaceRwset[];
  /** The invoked chaincode and every namespace that is written, in byte order. */
  readonly governed: readonly string[];
}

/**
 * Reads the endorsed action and checks that its parts name the same chaincode
 * [core/committer/txvalidator/v20/plugindispatcher/dispatcher.go: Dispatch].
 * @throws InvalidTransaction
 */
export function readEndorsedAction(transaction: EndorserTransaction): EndorsedAction {
  const invoked = orInvalid(ValidationCode.BAD_HEADER_EXTENSION, () =>
    readChaincodeHeaderExtension(transaction.header.extension),
  );
  const action = orInvalid(ValidationCode.BAD_RESPONSE_PAYLOAD, () =>
    readChaincodeAction(transaction.chaincodeAction),
  );
  const namespaces = orInvalid(ValidationCode.BAD_RWSET, () => readTxRwset(action.results));
  if (invoked === undefined || action.chaincodeId === undefined) {
    throw new InvalidTransaction(ValidationCode.INVALID_OTHER_REASON, 'nil ChaincodeId');
  }
  const { name, version } = action.chaincodeId;
  if (invoked.name === '' || invoked.name !== name || version === '') {
    throw new InvalidTransaction(
      ValidationCode.INVALID_CHAINCODE,
      `inconsistent chaincode (${invoked.name}/${name})`,
    );
  }
  checkEvent(action.events, name);
  return { chaincode: name, namespaces, governed: governedNamespaces(name, namespaces) };
}

function checkEvent(events: Buffer, chaincode: string): void {
  if (events.length === 0) return;
  const event = orInvalid(ValidationCode.INVALID_OTHER_REASON, () => readChaincodeEvent(events));
  if (event.chaincodeId !== chaincode) {
    throw new InvalidTransaction(
      ValidationCode.INVALID_OTHER_REASON,
      'chaincode event chaincode id does not match chaincode action chaincode id',
    );
  }
}

function governedNamespaces(invoked: string, namespaces: readonly NamespaceRwset[]): string[] {
  const governed = new Set([invoked]);
  const seen = new Set<string>();
  for (const namespace of namespaces) {
    if (seen.has(namespace.namespace)) {
      throw new InvalidTransaction(
        ValidationCode.ILLEGAL_WRITESET,
        `duplicate namespace '${namespace.namespace}' in txRWSet`,
      );
    }
    seen.add(namespace.namespace);
    if (isWritten(namespace)) governed.add(namespace.namespace);
  }
  return [...governed].sort();
}

function isWritten({ public: { writes, metadataWrites }, collections }: NamespaceRwset): boolean {
  return (
    writes.length > 0 ||
    metadataWrites.length > 0 ||
    collections.some((collection) => collection.writes.length > 0 || collection.metadataWrites.length > 0)
  );
}
