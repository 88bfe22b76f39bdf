/** A record as protocol.md, section 6, tells it. Exactly one form of the key and one of the value is there. */
export interface Record {
  topic: string;
  partition: number;
  offset: number;
  /** Milliseconds since 1970, or null where the record has none. */
  timestamp: number | null;
  timestamp_type: 'create' | 'append' | 'none' | string;
  /** From 1 on; a lower bound. */
  attempt: number;
  /** The record may have been handled before. */
  redelivered?: true;
  key?: string | null;
  key_base64?: string;
  key_json?: unknown;
  /** null is a tombstone. */
  value?: string | null;
  value_base64?: string;
  value_json?: unknown;
  headers: Header[];
  /** With --trpc-meta. */
  meta?: { [name: string]: string | null };
}

export interface Header {
  key?: string;
  key_base64?: string;
  value?: string | null;
  value_base64?: string;
}

/** The attempt that a handler works on. */
export interface Delivery {
  readonly id: number;
  /** ackpipe does not want the result any more; the verdict only says that the work has stopped. */
  readonly cancelled: boolean;
  /** Fires then (Node.js 15 and newer). */
  readonly signal: AbortSignal;
  /** Milliseconds until ackpipe gives this delivery up. */
  remaining(): number;
  /** Still working: the deadline is at least so many milliseconds from now. */
  extend(ms: number): void;
}

export class Batch implements Iterable<Record> {
  readonly length: number;
  /** The bare records, which lack what `shared` says for all of them. */
  readonly messages: Array<Partial<Record>>;
  readonly shared: Partial<Pick<Record, 'topic' | 'partition' | 'attempt' | 'timestamp_type'>>;
  record(index: number): Record;
  [Symbol.iterator](): Iterator<Record>;
  /** This record failed (a text means Retry); all that are not named succeed. */
  fail(index: number, error: Error | string): void;
  /** This record failed and those behind it were not tried: what keeps the order. */
  failFrom(index: number, error: Error | string): void;
}

export interface Options {
  /** Deliveries at a time; 1 if not given. */
  concurrency?: number;
  /** For ackpipe's log. */
  name?: string;
  /** Runs before the first record; failing means "cannot start now", and ackpipe tries again later. */
  setup?: () => unknown;
  /** Runs after the last one. */
  teardown?: () => unknown;
  /** Another JSON parser. */
  parse?: (text: string) => any;
}

/** Returning (or resolving) acknowledges, throwing (or rejecting) fails the record. */
export function serve(handle: (record: Record, delivery: Delivery) => unknown, options?: Options): Promise<never>;
export function serveBatches(handle: (batch: Batch, delivery: Delivery) => unknown, options?: Options): Promise<never>;

/** Deliver nothing more to this process, for a time or until resume(). */
export function pause(ms?: number): void;
export function resume(): void;
export function log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: { [name: string]: unknown }): void;
export function metric(
  name: string, value: number,
  options?: { kind?: 'counter' | 'gauge' | 'histogram'; labels?: { [name: string]: string } }): void;
/** The value as bytes, whichever form it came in; null is a tombstone. */
export function valueOf(record: Record): Buffer | null;
export function keyOf(record: Record): Buffer | null;

declare class Failure extends Error {
  /** `delay`: milliseconds until the record is delivered again. */
  constructor(message?: string, options?: { delay?: number });
  readonly action: 'retry' | 'reject' | 'skip' | 'release';
  readonly delay?: number;
}
/** Deliver again; counts as an attempt. Any other error means this too. */
export class Retry extends Failure {}
/** No further attempt: to the dead letters, or as --on-exhausted says. */
export class Reject extends Failure {}
/** Count as done. */
export class Skip extends Failure {}
/** Not attempted: deliver again, the number of attempts unchanged. */
export class Release extends Failure {}
