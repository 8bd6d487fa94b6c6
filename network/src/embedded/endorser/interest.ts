import type { SimulationResult } from '../simulator/tx-simulator.js';

/** protos.ChaincodeCall: one thing whose policy the endorsements have to satisfy. */
export interface ChaincodeCall {
  readonly chaincode: string;
  /** Absent = the chaincode's public state. */
  readonly collection?: string;
  /** The collection was not read by value, so an endorser need not be a member. */
  readonly noPrivateReads: boolean;
  /** Key-level policies of written keys (serialised common.SignaturePolicyEnvelope). */
  readonly keyPolicies: readonly Buffer[];
  /** Only the key-level policies matter. */
  readonly disregardNamespacePolicy: boolean;
}

export type ChaincodeInterest = readonly ChaincodeCall[];

const SYSTEM_CHAINCODES: ReadonlySet<string> = new Set(['_lifecycle', 'lscc', 'cscc', 'qscc']);

export function isSystemChaincode(name: string): boolean {
  return SYSTEM_CHAINCODES.has(name);
}

/** Whose endorsement a simulated transaction needs [endorser/endorser.go buildChaincodeInterest]. */
export function chaincodeInterest(result: SimulationResult): ChaincodeInterest {
  return result.namespaces
    .filter((namespace) => !isSystemChaincode(namespace))
    .flatMap((namespace) => namespaceInterest(namespace, result));
}

function namespaceInterest(namespace: string, result: SimulationResult): ChaincodeCall[] {
  const { writtenKeyPolicies } = result;
  const calls: ChaincodeCall[] = [];
  const withoutKeyPolicy = writtenKeyPolicies.withoutKeyPolicy(namespace);
  const privateReads = result.privateReads.get(namespace) ?? new Set<string>();
  // Without any write, or with a public write that no key-level policy covers, the chaincode's own policy counts.
  const needsOwnPolicy = !writtenKeyPolicies.hasWrites(namespace) || withoutKeyPolicy.includes('');
  const keyPolicies = writtenKeyPolicies.keyPolicies(namespace);
  if (needsOwnPolicy || keyPolicies.length > 0) {
    calls.push({
      chaincode: namespace,
      noPrivateReads: false,
      keyPolicies,
      disregardNamespacePolicy: !needsOwnPolicy,
    });
  }
  const collections = new Set([...withoutKeyPolicy.filter((name) => name !== ''), ...privateReads]);
  for (const collection of collections) {
    calls.push({
      chaincode: namespace,
      collection,
      noPrivateReads: !privateReads.has(collection),
      keyPolicies: [],
      disregardNamespacePolicy: false,
    });
  }
  return calls;
}
