import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A key space: the public keys of a namespace (collection '') or the keys of one of its collections. */
export interface Space {
  readonly id: number;
  readonly namespace: string;
  readonly collection: string;
  /** Makes keys of caches unique among spaces. */
  readonly prefix: string;
}

/** Small numbers for namespaces and collections, so that rows stay small. */
export class Spaces {
  readonly #byName = new Map<string, Space>();
  readonly #byId = new Map<number, Space>();
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO spaces(id, namespace, collection) VALUES(?, ?, ?)');
    for (const row of database.prepare('SELECT id, namespace, collection FROM spaces').all()) {
      this.#remember(Number(row['id']), String(row['namespace']), String(row['collection']));
    }
  }

  find(namespace: string, collection: string): Space | undefined {
    return this.#byName.get(`${namespace}\0${collection}`);
  }

  byId(id: number): Space | undefined {
    return this.#byId.get(id);
  }

  /** Finds or makes; to be called inside the transaction that first writes to the space. */
  ensure(namespace: string, collection: string): Space {
    const known = this.find(namespace, collection);
    if (known !== undefined) return known;
    const id = this.#byId.size + 1;
    this.#insert.run(id, namespace, collection);
    return this.#remember(id, namespace, collection);
  }

  #remember(id: number, namespace: string, collection: string): Space {
    const space = { id, namespace, collection, prefix: `${id}:` };
    this.#byName.set(`${namespace}\0${collection}`, space);
    this.#byId.set(id, space);
    return space;
  }
}
