import type { CallParameters } from './call.js';

interface Permission {
  readonly read: boolean;
  readonly write: boolean;
}

/**
 * Whether the client may read or write a collection through chaincode: members always, others unless the collection
 * is `memberOnlyRead` or `memberOnlyWrite`. Decided once per collection and call [common/privdata/store.go].
 */
export class CollectionAccess {
  private readonly permissions = new Map<string, Permission>();

  constructor(private readonly call: CallParameters) {}

  requireRead(collection: string): void {
    this.refuseInInit();
    if (!this.permission(collection).read) {
      throw this.denied('read', collection);
    }
  }

  requireWrite(collection: string): void {
    this.refuseInInit();
    if (!this.permission(collection).write) {
      throw this.denied('write', collection);
    }
  }

  refuseInInit(): void {
    if (this.call.isInit) {
      throw new Error('private data APIs are not allowed in chaincode Init()');
    }
  }

  private permission(collection: string): Permission {
    let permission = this.permissions.get(collection);
    if (permission === undefined) {
      permission = this.decide(collection);
      this.permissions.set(collection, permission);
    }
    return permission;
  }

  private decide(collection: string): Permission {
    const { channel, namespace, simulator, creator } = this.call;
    const definition = simulator.collectionDefinition(namespace, collection);
    if (definition === undefined) {
      throw new Error(`collection ${channel.channelId}/${namespace}/${collection} could not be found`);
    }
    if (!definition.memberOnlyRead && !definition.memberOnlyWrite) {
      return { read: true, write: true };
    }
    if (channel.satisfies(definition.memberOrgsPolicy, creator)) {
      return { read: true, write: true };
    }
    return { read: !definition.memberOnlyRead, write: !definition.memberOnlyWrite };
  }

  private denied(access: 'read' | 'write', collection: string): Error {
    return new Error(
      `tx creator does not have ${access} access permission on privatedata ` +
        `in chaincodeName:${this.call.namespace} collectionName: ${collection}`,
    );
  }
}
