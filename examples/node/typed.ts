// Compiled by the tests, with strict checks: what the typings promise. Type: tsc --noEmit --strict typed.ts
import { Batch, Reject, Record, serve, serveBatches, valueOf } from './ackpipe-handler';
import { FakeBridge, record } from './fake-bridge';

export async function handle(order: Record): Promise<void> {
  const bytes: Buffer | null = valueOf(order);
  if (bytes === null) throw new Reject('a tombstone', { delay: 10 });
}

export function handleAll(batch: Batch): void {
  for (const order of batch) if (order.headers.length > 0) batch.failFrom(0, new Reject('headers'));
}

export async function trial(): Promise<string[]> {
  const verdicts = await new FakeBridge(handle, { concurrency: 2 }).run([record('v', { key: 'k', partition: 3 })], { batch: 2 });
  return verdicts.map(({ action }) => action);
}

if (process.argv.includes('--batches')) serveBatches(handleAll, { concurrency: 4 });
else serve(handle, { setup: async () => {}, name: 'typed/1' });
