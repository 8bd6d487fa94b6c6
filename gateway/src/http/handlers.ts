import type { OPERATIONS, Operation, OperationName, StreamedBody } from '@consent-ledger/chaincode/wire/http';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { User } from '../ports/token-verifier.js';

type Op<Name extends OperationName> = (typeof OPERATIONS)[Name];

type UserOf<Name extends OperationName> = Op<Name>['caller'] extends string ? undefined : User;

type BodyOf<Name extends OperationName> =
  Op<Name> extends { readonly body: infer Body }
    ? Body extends z.ZodType
      ? z.output<Body>
      : Body extends StreamedBody
        ? Request
        : undefined
    : undefined;

type HeadersOf<Name extends OperationName> =
  Op<Name> extends { readonly headers: infer Headers extends z.ZodType } ? z.output<Headers> : undefined;

/** A call that is authenticated and whose input is parsed. */
export interface Call<Name extends OperationName> {
  readonly params: z.output<Op<Name>['params']>;
  readonly query: z.output<Op<Name>['query']>;
  readonly headers: HeadersOf<Name>;
  readonly body: BodyOf<Name>;
  readonly user: UserOf<Name>;
  readonly requestId: string;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
  readonly request: Request;
  readonly response: Response;
}

/** A JSON answer, or one without content; handlers that write to the response themselves give none. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export type Handler<Name extends OperationName> = (call: Call<Name>) => Promise<Reply | undefined>;
export type Handlers = { readonly [Name in OperationName]?: Handler<Name> };

/** Handlers of these operations, all of them. */
export type HandlersOf<Names extends OperationName> = { readonly [Name in Names]: Handler<Name> };

/** The handler's view of an operation that is not known by name. */
export type AnyHandler = (call: {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly user: User | undefined;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly request: Request;
  readonly response: Response;
}) => Promise<Reply | undefined>;

export function isStreamed(body: Operation['body']): body is StreamedBody {
  return body !== undefined && 'streamed' in body;
}
