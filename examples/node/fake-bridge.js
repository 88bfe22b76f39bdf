'use strict';
// Plays ackpipe to a handler that is written with ackpipe-handler.js, within one process: for unit tests, no broker.
//
//   const { FakeBridge, record } = require('./fake-bridge');
//   const verdicts = await new FakeBridge(handle).run([record('{}'), record(null)]);
//   assert.deepEqual(verdicts.map(({ action }) => action), ['retry', 'ack']);
const { Session, useSession } = require('./ackpipe-handler');

function form(name, data) {
  if (!Buffer.isBuffer(data)) return { [name]: data };
  const text = data.toString();
  return Buffer.from(text).equals(data) ? { [name]: text } : { [`${name}_base64`]: data.toString('base64') };
}

/** A record as ackpipe tells it: value and key are a string, a Buffer or null, headers pairs of name and value. */
function record(value, { key = null, headers = [], ...more } = {}) {
  return {
    attempt: 1, topic: 'topic', partition: 0, offset: undefined, timestamp: 1760000000000, timestamp_type: 'create',
    ...form('key', key), ...form('value', value),
    headers: headers.map(([name, text]) => ({ key: name, ...form('value', text) })), ...more,
  };
}

/** `options` are those of serve; `batches: true` for a handler of batches. What the handler sent beside verdicts (extend,
 * log, metric, pause) is in `frames` after run(); run() rejects where it breaks the protocol. */
class FakeBridge {
  constructor(handle, { framing = 'length', timeout = 60000, hello = {}, ...options } = {}) {
    Object.assign(this, { handle, framing, timeout, options, frames: [], ready: undefined });
    this.hello = {
      type: 'hello', protocol: 1, protocol_min: 1, bridge: 'fake/1', worker: 0, service: 'test', group: 'test', topics: ['topic'],
      mode: 'message', max_in_flight: 64, max_frame_bytes: 64 << 20, ack_timeout_ms: 300000, max_extend_ms: 3600000,
      ready_timeout_ms: 30000, cancel_grace_ms: 5000, features: ['cancel', 'ping', 'session'], session: '0'.repeat(32), ...hello,
    };
  }

  /** Delivers these records, each for itself or `batch` at a time; resolves with a verdict for each: { action, error, delay }.
   * The deliveries at the places `cancel` (0 is the first) are cancelled as soon as all were written. */
  run(records, { batch, cancel = [], more = [] } = {}) {
    const frames = [], sizes = [];
    records.forEach((one, number) => {
      const whole = { ...one, offset: one.offset === undefined ? number : one.offset };
      if (batch === undefined) {
        sizes.push(undefined);
        frames.push({ type: 'message', id: sizes.length, ...whole });
      } else if (number % batch) {
        frames[frames.length - 1].messages.push(whole);
        sizes[sizes.length - 1]++;
      } else {
        sizes.push(1);
        frames.push({ type: 'batch', id: sizes.length, messages: [whole] });
      }
    });
    if (cancel.length > 0) frames.push({ type: 'cancel', ids: cancel.map((place) => place + 1), reason: 'revoked' });
    return this.play([...frames, ...more], sizes);
  }

  async play(frames, sizes) {
    const answers = new Map();
    let arrived = Buffer.alloc(0), problem, resolveAll, resolveReady;
    const all = new Promise((resolve) => { resolveAll = resolve; });
    const greeted = new Promise((resolve) => { resolveReady = resolve; });
    const session = new Session(this.handle, (bytes) => {
      arrived = this.take(Buffer.concat([arrived, bytes]), (frame) => {
        try {
          this.accept(frame, sizes, answers);
        } catch (error) {
          problem = error;
          resolveAll();
        }
      });
      if (this.ready || this.frames.some(({ type }) => type === 'init_error')) resolveReady();
      if (answers.size === sizes.length) resolveAll();
    }, { framing: this.framing, ...this.options });
    useSession(session);
    const timer = setTimeout(() => {
      problem = new Error(`no verdict for ${sizes.map((_, n) => n + 1).filter((id) => !answers.has(id))}`);
      resolveReady();
      resolveAll();
    }, this.timeout);
    session.feed(this.encode(this.hello));
    await greeted;
    if (this.ready) {
      session.feed(Buffer.concat(frames.map((frame) => this.encode(frame))));
      if (sizes.length > 0) await all;
    }
    clearTimeout(timer);
    session.end();
    if (problem) throw problem;
    return this.ready ? [].concat(...sizes.map((_, n) => answers.get(n + 1))) : []; // an init_error is in `frames`
  }

  encode(frame) {
    const body = Buffer.from(JSON.stringify(frame));
    if (this.framing === 'lines') return Buffer.concat([body, Buffer.from('\n')]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  }

  /** Hands over whole frames; answers the rest. */
  take(data, each) {
    for (;;) {
      const lines = this.framing === 'lines';
      const start = lines ? 0 : 4;
      const end = lines ? data.indexOf(10) : data.length < 4 ? -1 : 4 + data.readUInt32BE();
      if (end < 0 || data.length < end) return data;
      each(JSON.parse(data.toString('utf8', start, end)));
      data = data.subarray(lines ? end + 1 : end);
    }
  }

  accept(frame, sizes, answers) {
    const say = (text) => { throw new Error(`${text}: ${JSON.stringify(frame)}`); };
    if (frame.type === 'ready') {
      if (this.ready) say('a second ready');
      this.ready = frame;
      return;
    }
    if (!['ack', 'nack', 'result'].includes(frame.type)) {
      this.frames.push(frame);
      return;
    }
    const verdict = ({ action = 'retry', error, delay_ms }) => ({ action, error, delay: delay_ms });
    for (const id of frame.ids || [frame.id]) {
      if (!(id >= 1 && id <= sizes.length)) say(`${id} was never issued`);
      if (answers.has(id)) say(`a second verdict for ${id}`);
      const verdicts = Array.from({ length: sizes[id - 1] || 1 }, () => ({ action: 'ack', error: undefined, delay: undefined }));
      if (frame.type === 'nack') verdicts.fill(verdict(frame));
      if (frame.type === 'result') {
        if (sizes[id - 1] === undefined) say('a result for a message');
        for (const entry of frame.failed) {
          if (!verdicts[entry.index] || verdicts[entry.index].action !== 'ack') say(`bad index ${entry.index}`);
          verdicts[entry.index] = verdict(entry);
        }
      }
      answers.set(id, verdicts);
    }
  }
}

module.exports = { FakeBridge, record };
