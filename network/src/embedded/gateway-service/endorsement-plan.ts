import { encodeMessage } from '../../wire-format/index.js';
import { shuffled } from '../endorser/dissemination.js';
import type { ChaincodeCall, ChaincodeInterest } from '../endorser/interest.js';
import { LIFECYCLE_NAMESPACE, LIFECYCLE_POLICY } from '../lifecycle/definitions.js';
import type { ChaincodeDefinition, CollectionDefinition, EndorsementPolicy, Ledger } from '../ports.js';
import type { GatewayContext } from './context.js';
import { peersWithChaincode } from './peers.js';
import type { Peer } from './peers.js';

/** What the plan needs to know of a chaincode. */
type Governed = Pick<ChaincodeDefinition, 'collections' | 'validationParameter'>;

const IMPLICIT_PREFIX = '_implicit_org_';

/** One set of peers whose endorsements satisfy the policies. */
export type Layout = readonly Peer[];

/**
 * Sets of peers that can endorse a transaction, those with the preferred organisation first, otherwise in random
 * order; minimal in the sense of the policies [gateway/registry.go, discovery/endorsement]. Throws when there is none.
 */
export function endorsementLayouts(
  context: GatewayContext,
  interest: ChaincodeInterest,
  preferredMspId: string | undefined,
): Layout[] {
  const { ledger } = context;
  const snapshot = ledger.openSnapshot();
  try {
    const policies = interest.flatMap((call) =>
      policiesOf(ledger, call, definitionOf(ledger, snapshot, call)),
    );
    const able = eligiblePeers(context, interest, (call) => definitionOf(ledger, snapshot, call));
    const layouts = ledger.channel
      .endorsingLayouts(policies)
      .map((mspIds) => mspIds.map((mspId) => able.find((peer) => peer.mspId === mspId)))
      .filter((layout): layout is Peer[] => layout.length > 0 && layout.every((peer) => peer !== undefined));
    if (layouts.length === 0) {
      throw new Error('no peer combination can satisfy the endorsement policy');
    }
    const isPreferred = (layout: Layout): boolean => layout.some((peer) => peer.mspId === preferredMspId);
    return [
      ...shuffled(layouts.filter(isPreferred)),
      ...shuffled(layouts.filter((layout) => !isPreferred(layout))),
    ];
  } finally {
    snapshot.release();
  }
}

function definitionOf(
  ledger: Ledger,
  snapshot: ReturnType<Ledger['openSnapshot']>,
  call: ChaincodeCall,
): Governed {
  if (call.chaincode === LIFECYCLE_NAMESPACE) {
    return { collections: [], validationParameter: policyReference(LIFECYCLE_POLICY) };
  }
  const definition = ledger.chaincodeDefinition(snapshot, call.chaincode);
  if (definition === undefined) {
    throw new Error(
      `No metadata was found for chaincode ${call.chaincode} in channel ${ledger.channel.channelId}`,
    );
  }
  return definition;
}

/** A collection's own policy in place of the chaincode's, and the policies of single keys on top. */
function policiesOf(ledger: Ledger, call: ChaincodeCall, definition: Governed): EndorsementPolicy[] {
  const keyPolicies = call.keyPolicies.map((bytes) => ({ kind: 'signature', bytes }) as const);
  if (call.disregardNamespacePolicy) {
    return keyPolicies;
  }
  return [namespacePolicy(ledger, call.collection, definition), ...keyPolicies];
}

function namespacePolicy(
  { channel }: Ledger,
  collection: string | undefined,
  definition: Governed,
): EndorsementPolicy {
  if (collection?.startsWith(IMPLICIT_PREFIX) === true) {
    const name = channel.organizationName(collection.slice(IMPLICIT_PREFIX.length)) ?? '';
    const bytes = policyReference(`/Channel/Application/${name}/Endorsement`);
    return { kind: 'application', bytes };
  }
  const own = definition.collections.find(({ name }) => name === collection)?.endorsementPolicy;
  return { kind: 'application', bytes: own ?? definition.validationParameter };
}

/** Serialised protos.ApplicationPolicy */
function policyReference(path: string): Buffer {
  return encodeMessage((policy) => {
    policy.bytes(2, path);
  });
}

/** Every chaincode of the interest is installed, and collections that are read by value have the peer as a member. */
function eligiblePeers(
  { peers }: GatewayContext,
  interest: ChaincodeInterest,
  definition: (call: ChaincodeCall) => Governed,
): Peer[] {
  return interest.reduce<Peer[]>(
    (able, call) => {
      const installed = peersWithChaincode(able, call.chaincode);
      if (call.collection === undefined || call.noPrivateReads) {
        return installed;
      }
      const members = memberMspIds(call.collection, definition(call).collections);
      return installed.filter((peer) => members.includes(peer.mspId));
    },
    [...peers],
  );
}

function memberMspIds(collection: string, definitions: readonly CollectionDefinition[]): readonly string[] {
  return collection.startsWith(IMPLICIT_PREFIX)
    ? [collection.slice(IMPLICIT_PREFIX.length)]
    : (definitions.find(({ name }) => name === collection)?.memberMspIds ?? []);
}

/** The interest of a chaincode of which nothing is known yet. */
export function defaultInterest(chaincode: string): ChaincodeInterest {
  return [{ chaincode, noPrivateReads: false, keyPolicies: [], disregardNamespacePolicy: false }];
}

/** Serialised protos.Transaction's envelope without a signature [gateway/submit.go prepareTransaction]. */
export function assembleTransaction(parts: {
  readonly header: Buffer;
  readonly signatureHeader: Buffer;
  readonly chaincodeProposalPayload: Buffer;
  readonly proposalResponsePayload: Buffer;
  readonly endorsements: readonly { readonly endorser: Buffer; readonly signature: Buffer }[];
}): Buffer {
  const actionPayload = encodeMessage((writer) => {
    writer.bytes(1, parts.chaincodeProposalPayload);
    writer.message(2, (action) => {
      action.bytes(1, parts.proposalResponsePayload);
      for (const { endorser, signature } of parts.endorsements) {
        action.message(2, (endorsement) => {
          endorsement.bytes(1, endorser);
          endorsement.bytes(2, signature);
        });
      }
    });
  });
  const transaction = encodeMessage((writer) => {
    writer.message(1, (action) => {
      action.bytes(1, parts.signatureHeader);
      action.bytes(2, actionPayload);
    });
  });
  const payload = encodeMessage((writer) => {
    writer.present(1, parts.header);
    writer.bytes(2, transaction);
  });
  return encodeMessage((writer) => {
    writer.bytes(1, payload);
  });
}
