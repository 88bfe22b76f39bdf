import { Batch, Delivery, Options, Record } from './ackpipe-handler';

export interface Verdict {
  action: 'ack' | 'retry' | 'reject' | 'skip' | 'release';
  error?: string;
  /** Milliseconds. */
  delay?: number;
}

/** A record as ackpipe tells it. */
export function record(
  value: string | Buffer | null,
  members?: { key?: string | Buffer | null; headers?: Array<[string, string | Buffer | null]> } & Partial<Omit<Record, 'headers' | 'key'>>): Record;

export class FakeBridge {
  constructor(
    handle: ((record: Record, delivery: Delivery) => unknown) | ((batch: Batch, delivery: Delivery) => unknown),
    options?: Options & { batches?: boolean; framing?: 'length' | 'lines'; timeout?: number; hello?: object });
  /** What the handler sent beside verdicts. */
  readonly frames: any[];
  readonly ready: any;
  run(records: Record[], options?: { batch?: number; cancel?: number[]; more?: object[] }): Promise<Verdict[]>;
}
