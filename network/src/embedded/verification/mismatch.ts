/** Something of a block is not as it was written. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly block: number;

  constructor(block: number, what: string, options?: ErrorOptions) {
    super(what, options);
    this.block = block;
  }
}
