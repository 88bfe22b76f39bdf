'use strict';
// node test-ackpipe-handler.js
const assert = require('assert');
const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const ackpipe = require('./ackpipe-handler');
const { FakeBridge, record } = require('./fake-bridge');
const { Retry, Reject, Skip, Release, Batch, Session, BadFrame } = ackpipe;

const tests = [];
const test = (name, body) => tests.push([name, body]);
const actions = (verdicts) => verdicts.map(({ action }) => action);
const hello = new FakeBridge().hello;
const encode = (...frames) => Buffer.concat(frames.map((frame) => new FakeBridge().encode(frame)));
const quiet = async (body) => {
  const said = [], before = console.error;
  console.error = (...words) => said.push(words.map((word) => (word && word.stack) || String(word)).join(' '));
  try {
    await body();
  } finally {
    console.error = before;
  }
  return said.join('\n');
};

test('returning is an ack, and the kinds of failure are told apart', async () => {
  const failures = {
    retry: new Retry('again', { delay: 2000 }), reject: new Reject('bad'), skip: new Skip(), release: new Release('', { delay: 250 }),
  };
  for (const wrap of [(f) => f, (f) => async (one) => f(one)]) {
    const handle = wrap(({ value }) => { if (value !== 'fine') throw failures[value]; });
    assert.deepStrictEqual(await new FakeBridge(handle).run(['fine', 'retry', 'reject', 'skip', 'release'].map((v) => record(v))), [
      { action: 'ack', error: undefined, delay: undefined }, { action: 'retry', error: 'again', delay: 2000 },
      { action: 'reject', error: 'bad', delay: undefined }, { action: 'skip', error: undefined, delay: undefined },
      { action: 'release', error: undefined, delay: 250 }]);
  }
});

test('any other error is a retry, and its stack is logged', async () => {
  const said = await quiet(async () => {
    const [verdict] = await new FakeBridge(async () => undefined.x).run([record('v')]);
    assert.strictEqual(verdict.action, 'retry');
    assert.match(verdict.error, /TypeError/);
  });
  assert.match(said, /TypeError[^]*at /);
});

test('a batch stops at the first record to come again and releases those behind', async () => {
  for (const framing of ['length', 'lines']) {
    for (const wait of [false, true]) {
      const seen = [];
      const handle = ({ offset, value }) => {
        seen.push(offset);
        if (value === 'skip') throw new Skip('old \u2028');
        if (value === 'x') throw new Retry('no x');
      };
      const bridge = new FakeBridge(wait ? async (one) => { await null; handle(one); } : handle, { framing });
      const verdicts = await bridge.run(['a', 'skip', 'x', 'b', 'c', 'd'].map((v) => record(v)), { batch: 5 });
      assert.deepStrictEqual(actions(verdicts), ['ack', 'skip', 'retry', 'release', 'release', 'ack']);
      assert.strictEqual(verdicts[1].error, 'old \u2028');
      assert.deepStrictEqual(seen, [0, 1, 2, 5]);
    }
  }
});

test('records inherit from their batch what they lack', () => {
  const batch = new Batch({
    type: 'batch', id: 1, topic: 't', partition: 3, attempt: 2, timestamp_type: 'create', redelivered: true,
    messages: [{ offset: 1, value: 'a' }, { offset: 2, value: 'b', topic: 'own' }],
  });
  assert.deepStrictEqual([...batch].map(({ topic }) => topic), ['t', 'own']);
  assert.deepStrictEqual(batch.record(1), { offset: 2, value: 'b', topic: 'own', partition: 3, attempt: 2, timestamp_type: 'create' });
  assert.strictEqual(batch.length, 2);
  assert.throws(() => batch.fail(2, 'x'), RangeError);
  assert.throws(() => batch.fail(-1, 'x'), RangeError);
});

test('a batch handler names what failed', async () => {
  const handle = async (batch) => {
    const values = batch.messages.map(({ value }) => value);
    if (values.includes('boom')) throw new Reject('all of it');
    if (values.includes('x')) batch.failFrom(values.indexOf('x'), 'no x');
    values.forEach((value, index) => { if (value === 'y') batch.fail(index, new Skip('no y')); });
  };
  const run = (values, options) => new FakeBridge(handle, { batches: true }).run(values.map((v) => record(v)), options);
  const verdicts = await run([...'abycxd'], { batch: 6 });
  assert.deepStrictEqual(actions(verdicts), ['ack', 'ack', 'skip', 'ack', 'retry', 'release']);
  assert.strictEqual(verdicts[4].error, 'no x');
  assert.deepStrictEqual(actions(await run(['a', 'boom'], { batch: 2 })), ['reject', 'reject']);
  assert.deepStrictEqual(actions(await run(['a', 'x'])), ['ack', 'retry']);
});

test('bytes of values and keys', () => {
  assert.deepStrictEqual(ackpipe.valueOf(record('ü')), Buffer.from('ü'));
  assert.deepStrictEqual(ackpipe.valueOf(record(Buffer.from([255, 0]))), Buffer.from([255, 0]));
  assert.strictEqual(ackpipe.valueOf(record(null)), null);
  assert.deepStrictEqual(ackpipe.keyOf(record('', { key: '' })), Buffer.alloc(0));
  assert.throws(() => ackpipe.valueOf({ value_json: {} }), TypeError);
});

test('as many deliveries run at a time as were asked for', async () => {
  let waiting = [], most = 0;
  const handle = () => new Promise((resolve) => {
    waiting.push(resolve);
    most = Math.max(most, waiting.length);
    if (waiting.length === 4) {
      for (const go of waiting) go();
      waiting = [];
    }
  });
  const bridge = new FakeBridge(handle, { concurrency: 4 });
  assert.deepStrictEqual(actions(await bridge.run(Array(12).fill(record('v')))), Array(12).fill('ack'));
  assert.strictEqual(most, 4);
  assert.strictEqual(bridge.ready.concurrency, 4);
});

test('ready chooses only what is offered', async () => {
  const bridge = new FakeBridge(() => {}, { hello: { features: ['session', 'ping'] } });
  await bridge.run([record('v')]);
  assert.deepStrictEqual(bridge.ready.features, ['ping']);
});

test('a cancelled delivery notices, and one that did not begin never does', async () => {
  const begun = [];
  const handle = ({ offset }, delivery) => {
    begun.push(offset);
    return new Promise((_, reject) => { delivery.signal.addEventListener('abort', () => reject(new Release('cancelled'))); });
  };
  assert.deepStrictEqual(actions(await new FakeBridge(handle).run([record('a'), record('b')], { cancel: [0, 1] })), ['release', 'release']);
  assert.deepStrictEqual(begun, [0]);
});

test('pings are answered while work goes on', async () => {
  let done;
  const bridge = new FakeBridge(() => new Promise((resolve) => { done = resolve; }));
  const accept = bridge.accept;
  bridge.accept = (frame, ...more) => {
    if (frame.type === 'pong') done();
    accept.call(bridge, frame, ...more);
  };
  await bridge.run([record('v')], { more: [{ type: 'ping', nonce: 'n' }, { type: 'news' }] });
  assert.deepStrictEqual(bridge.frames, [{ type: 'pong', nonce: 'n' }]);
});

test('answers do not wait for the handler that is at the next record', async () => {
  let release;
  const written = [];
  const session = new Session(({ value }) => (value === 'slow' ? new Promise((resolve) => { release = resolve; }) : undefined),
    (bytes) => written.push(bytes.toString('utf8', 4)));
  session.feed(encode(hello, { type: 'message', id: 1, ...record('quick') }, { type: 'message', id: 2, ...record('slow') }));
  await new Promise(setImmediate);
  assert.deepStrictEqual(written.slice(1), ['{"type":"ack","id":1}']);
  release();
  session.end();
  await session.finished;
  assert.deepStrictEqual(written.slice(2), ['{"type":"ack","id":2}']);
});

test('extend, pause, resume, log and metric', async () => {
  const bridge = new FakeBridge((one, delivery) => {
    assert(delivery.remaining() > 299000 && delivery.remaining() <= 300000);
    delivery.extend(600000);
    assert(delivery.remaining() > 599000 && delivery.remaining() <= 600000);
    ackpipe.pause(1500);
    ackpipe.resume();
    ackpipe.log('warn', 'slow', { table: 'orders' });
    ackpipe.metric('orders_total', 1, { labels: { country: 'de' } });
  });
  await bridge.run([record('v')]);
  assert.deepStrictEqual(bridge.frames, [
    { type: 'extend', id: 1, ms: 600000 }, { type: 'pause', ms: 1500 }, { type: 'resume' },
    { type: 'log', level: 'warn', message: 'slow', fields: { table: 'orders' } },
    { type: 'metric', name: 'orders_total', kind: 'counter', value: 1, labels: { country: 'de' } }]);
});

test('a failing setup is an init_error', async () => {
  for (const setup of [() => { throw new Retry('down'); }, async () => { throw new Retry('down'); }]) {
    const bridge = new FakeBridge(() => {}, { setup });
    assert.deepStrictEqual(await bridge.run([record('v')]), []);
    assert.deepStrictEqual(bridge.frames, [{ type: 'init_error', error: 'down' }]);
  }
});

test('many acks are one frame in one write', () => {
  const written = [];
  const session = new Session(() => {}, (bytes) => written.push(bytes.toString('utf8', 4)));
  const before = Date.now();
  session.feed(encode(hello, ...Array.from({ length: 50 }, (_, n) => ({ type: 'message', id: n + 1, ...record('v') }))));
  const ids = [].concat(...written.slice(1).map((text) => JSON.parse(text)).map(({ ids: some, id }) => some || [id]));
  assert.deepStrictEqual(ids, Array.from({ length: 50 }, (_, n) => n + 1));
  if (Date.now() - before < 5) assert.strictEqual(written.length, 2); // else some went ahead
});

test('frames in pieces of any size', () => {
  for (const framing of ['length', 'lines']) {
    const bridge = new FakeBridge(undefined, { framing });
    const values = [0, 1, 65000, 65536, 300001, 7].map((size) => 'ü'.repeat(size));
    const data = Buffer.concat([hello, ...values.map((value, n) => ({ type: 'message', id: n + 1, ...record(value) }))]
      .map((frame) => bridge.encode(frame)));
    for (const step of [7, 4093, 65536, data.length]) {
      const seen = [];
      const session = new Session(({ value }) => { seen.push(value); }, () => {}, { framing });
      for (let at = 0; at < data.length; at += step) session.feed(data.subarray(at, at + step));
      session.end();
      assert(seen.length === values.length && seen.every((value, n) => value === values[n]), `${framing}, ${step}`);
    }
  }
});

test('what is no frame is refused', () => {
  for (const rubbish of ['Trac', '\0\0\0\0', '\x08\0\0\0', '\0\0\0\x02[]', '\0\0\0\x02{}', '\0\0\0\x02{,', '\0\0\0\x03a', '\0\0', '\0\0\0\x04null']) {
    const session = new Session(() => {}, () => {});
    session.feed(encode(hello));
    assert.throws(() => {
      session.feed(Buffer.from(rubbish));
      session.end();
    }, BadFrame, JSON.stringify(rubbish));
  }
});

/** Runs a handler's text as ackpipe would, on pipes (a child process of Node's own would have sockets); the input stays open
 * unless `ends`. */
function run(text, frames, { ends = true } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ackpipe-node-'));
  fs.writeFileSync(path.join(folder, 'handler.js'), text.replace('MODULE', JSON.stringify(path.join(__dirname, 'ackpipe-handler'))));
  fs.writeFileSync(path.join(folder, 'frames'), frames);
  const feed = ends ? 'cat frames | "$0" handler.js 2>log' : 'mkfifo pipe; exec 9<>pipe; cat frames >&9; "$0" handler.js <pipe 2>log 9>&-';
  spawnSync('sh', ['-c', `{ ${feed}; echo $? >code; } | cat >out`, process.execPath],
    { cwd: folder, timeout: 60000, env: { ...process.env, ACKPIPE_FRAMING: 'length' } });
  const types = [];
  new FakeBridge().take(fs.readFileSync(path.join(folder, 'out')), ({ type }) => types.push(type));
  const ended = { code: Number(fs.readFileSync(path.join(folder, 'code'))), log: fs.readFileSync(path.join(folder, 'log'), 'utf8'), types };
  for (const name of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, name));
  fs.rmdirSync(folder);
  return ended;
}

test('what is printed goes to the log, also by children, and teardown runs at the end', async () => {
  const ended = run(
    "const { serve } = require(MODULE);\nconsole.log('loaded');\n" +
    "serve(({ value }) => { console.log('got', value); require('child_process').spawnSync('sh', ['-c', 'echo child; cat'], { stdio: 'inherit' }); }," +
    " { teardown: async () => console.log('bye') });\nsetInterval(() => {}, 1000);\n",
    encode(hello, { type: 'message', id: 1, ...record('v') }));
  assert.deepStrictEqual(ended, { code: 0, log: 'loaded\ngot v\nchild\nbye\n', types: ['ready', 'ack'] });
});

test('process.exit and uncaught errors end the process', async () => {
  const frames = encode(hello, { type: 'message', id: 1, ...record('v') });
  const left = run("require(MODULE).serve(() => process.exit(125));\n", frames, { ends: false });
  assert.strictEqual(left.code, 125);
  const crashed = run("require(MODULE).serve(() => new Promise(() => setImmediate(() => { throw new Error('stray'); })));\n", frames, { ends: false });
  assert.notStrictEqual(crashed.code, 0);
  assert.match(crashed.log, /stray/);
});

test('rubbish is told with an exit code', async () => {
  const ended = run('require(MODULE).serve(() => {});\n', Buffer.from('Trac'), { ends: false });
  assert.strictEqual(ended.code, 76);
  assert.match(ended.log, /bad frame/);
});

(async () => {
  let failed = 0;
  for (const [name, body] of tests) {
    try {
      await body();
    } catch (error) {
      failed++;
      console.log(`failed: ${name}\n${error.stack}`);
    }
  }
  console.log(`${tests.length} tests, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();
