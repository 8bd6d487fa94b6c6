/**
 * What a log line may say beside its event's name. A closed list: nothing that identifies a person, a record, a
 * subject, a purpose or an outcome has a field here, and free text has none.
 */
export interface LogFields {
  readonly requestId?: string;
  readonly operation?: string;
  readonly method?: string;
  readonly status?: number;
  readonly milliseconds?: number;
  readonly code?: string;
  readonly member?: string;
  readonly transaction?: string;
  readonly block?: number;
  readonly height?: number;
  readonly count?: number;
  readonly attempt?: number;
  readonly signal?: string;
  readonly address?: string;
  /**
   * Logged by name, code and stack, never with a message, which could quote what was sent; of an EndorsementError also what
   * each peer said.
   */
  readonly error?: unknown;
}

export interface Logger {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
