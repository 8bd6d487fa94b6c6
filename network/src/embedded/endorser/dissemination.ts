import { randomInt } from 'node:crypto';
import { encodePrivateSets } from '../simulator/read-write-set-encoding.js';
import type { PrivateCollectionSet } from '../simulator/read-write-set-encoding.js';
import type { CollectionDefinition, Ledger } from '../ports.js';

export interface Disseminator {
  readonly ledger: Ledger;
  /** The endorsing peer's organisation. */
  readonly mspId: string;
  /** Organisations that have a peer on the channel, this one among them. */
  readonly peerMspIds: readonly string[];
  /** Whether a peer still has at the commit what it is given now. */
  readonly keeps: (mspId: string) => boolean;
}

/**
 * Hands private writes to the peers of the members, at the end of the simulation and before anything is ordered, and
 * keeps a copy here [gossip/privdata/distributor.go]. Throws when fewer than `requiredPeerCount` others are members.
 */
export function disseminate(
  { ledger, mspId, peerMspIds, keeps }: Disseminator,
  txId: string,
  sets: readonly PrivateCollectionSet[],
  definition: (namespace: string, collection: string) => CollectionDefinition | undefined,
): void {
  const byPeer = new Map<string, PrivateCollectionSet[]>([[mspId, [...sets]]]);
  for (const set of sets) {
    for (const receiver of receivers(set, definition(set.namespace, set.collection), mspId, peerMspIds)) {
      const received = byPeer.get(receiver) ?? [];
      received.push(set);
      byPeer.set(receiver, received);
    }
  }
  const everything = encodePrivateSets(sets);
  for (const [peer, received] of byPeer) {
    if (peer !== mspId && !keeps(peer)) continue;
    const privateSet = received.length === sets.length ? everything : encodePrivateSets(received);
    ledger.stagePrivate(peer, txId, privateSet);
  }
}

function receivers(
  { namespace, collection }: PrivateCollectionSet,
  definition: CollectionDefinition | undefined,
  self: string,
  peerMspIds: readonly string[],
): string[] {
  if (definition === undefined) {
    throw new Error(`no configuration for collection ${collection} found`);
  }
  const eligible = peerMspIds.filter((peer) => peer !== self && definition.memberMspIds.includes(peer));
  if (eligible.length < definition.requiredPeerCount) {
    throw new Error(
      `could not build private data dissemination plan for chaincode ${namespace} and collection ${collection}: ` +
        `required to disseminate to at least ${definition.requiredPeerCount} peers, ` +
        `but know of only ${eligible.length} eligible peers`,
    );
  }
  return eligible.length <= definition.maximumPeerCount
    ? eligible
    : shuffled(eligible).slice(0, definition.maximumPeerCount);
}

export function shuffled<Element>(elements: readonly Element[]): Element[] {
  return elements
    .map((element) => ({ element, rank: randomInt(2 ** 32) }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ element }) => element);
}
