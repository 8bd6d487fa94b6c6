/** One peer or orderer, and how to know that it is the right one. */
export interface Endpoint {
  /** For people, such as `orderer of riverside`. */
  readonly name: string;
  /** host:port */
  readonly address: string;
  /** PEM of the CA of its TLS certificate. */
  readonly tlsCaPem: string;
}
