'use strict';
// The handler's side of ackpipe's protocol (protocol.md), for Node.js 14 and newer: one file without dependencies, to copy.
//
//   const { serve } = require('./ackpipe-handler');
//   serve(async (record) => {
//     await charge(record.value); // resolves: acknowledged; throws: delivered again
//   });
//
// Require it before anything that might print: under ackpipe that takes the protocol's descriptors away from stdout, and
// what is printed goes to the log. Durations are milliseconds. A record is the object of protocol.md, section 6; a number
// above 2^53 in a value_json loses digits, as always with JSON.parse. fake-bridge.js plays ackpipe in tests.
const fs = require('fs');
const net = require('net');
const path = require('path');

const LARGEST_FRAME = 2 ** 27 - 1;
const FLUSH_MS = 5; // an answer waits no longer than that and the handler's next turn
const EX_PROTOCOL = 76;

/** Throw one of these to say more than "failed". */
class Failure extends Error {
  constructor(message = '', { delay } = {}) {
    super(message);
    this.delay = delay;
  }
}
/** Deliver again, after `delay` or the backoff; counts as an attempt. Any other error means this too. */
class Retry extends Failure { get action() { return 'retry'; } }
/** No further attempt: to the dead letters, or as --on-exhausted says. */
class Reject extends Failure { get action() { return 'reject'; } }
/** Count as done. */
class Skip extends Failure { get action() { return 'skip'; } }
/** Not attempted: deliver again, the number of attempts unchanged. */
class Release extends Failure { get action() { return 'release'; } }
class BadFrame extends Error {}

/** What a verdict says about an error. */
function failureMembers(error) {
  const members = {};
  let text = String(error);
  if (error instanceof Failure) {
    if (error.action !== 'retry') members.action = error.action;
    if (error.delay !== undefined) members.delay_ms = Math.round(error.delay);
    text = error.message;
  } else {
    console.error(error); // to the log, with its stack
  }
  if (text) members.error = text.slice(0, 4096);
  return members;
}

function bytesOf(record, name) {
  if (typeof record[name] === 'string') return Buffer.from(record[name]);
  if (record[`${name}_base64`] !== undefined) return Buffer.from(record[`${name}_base64`], 'base64');
  if (record[`${name}_json`] !== undefined) throw new TypeError(`record has ${name}_json, which is parsed already`);
  return null;
}
/** The value as a Buffer, whichever form it came in; null is a tombstone. */
const valueOf = (record) => bytesOf(record, 'value');
/** The key as a Buffer; null where there is none. */
const keyOf = (record) => bytesOf(record, 'key');

/** The attempt that a handler works on: its second argument. */
class Delivery {
  constructor(session, frame) {
    this.session = session;
    this.frame = frame;
    this.id = frame.id;
    this.cancelled = false;
    this.begun = false;
    this.started = this.deadline = 0;
    this.controller = undefined;
  }
  begin() {
    this.begun = true;
    this.started = Date.now();
    this.deadline = this.started + this.session.ackTimeout;
  }
  /** Milliseconds until ackpipe gives this delivery up, by our clock: keep a margin. */
  remaining() { return this.deadline - Date.now(); }
  /** Still working: the deadline is at least so many milliseconds from now. */
  extend(ms) {
    const latest = this.started + this.session.ackTimeout + this.session.maxExtend;
    this.deadline = Math.max(this.deadline, Math.min(Date.now() + ms, latest));
    this.session.send({ type: 'extend', id: this.id, ms: Math.round(ms) }, true);
  }
  /** An AbortSignal that fires when ackpipe cancels this delivery (Node.js 15 and newer). */
  get signal() {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.cancelled) this.controller.abort();
    }
    return this.controller.signal;
  }
  cancel() {
    this.cancelled = true;
    if (this.controller) this.controller.abort();
  }
}

/** Records that are answered together. Iterating gives whole records; `messages` are the bare ones, which lack what `shared`
 * says for all of them. */
class Batch {
  constructor({ type, id, messages, ...shared }) {
    this.messages = type === 'batch' ? messages : [shared];
    this.shared = {};
    if (type === 'batch') {
      for (const name of ['topic', 'partition', 'attempt', 'timestamp_type']) {
        if (shared[name] !== undefined) this.shared[name] = shared[name];
      }
    }
    this.failed = new Map();
  }
  get length() { return this.messages.length; }
  record(index) { return completed(this.messages[index], this.shared); }
  * [Symbol.iterator]() {
    for (const message of this.messages) yield completed(message, this.shared);
  }
  /** This record failed (`error` is an Error, or a text for Retry); all that are not named succeed. */
  fail(index, error) {
    if (!(Number.isInteger(index) && index >= 0 && index < this.length)) {
      throw new RangeError(`no record ${index} in a batch of ${this.length}`);
    }
    this.failed.set(index, { index, ...failureMembers(error instanceof Error ? error : new Retry(String(error))) });
  }
  /** This record failed and those behind it were not tried: what keeps the order. */
  failFrom(index, error) {
    this.fail(index, error);
    for (let later = index + 1; later < this.length; later++) {
      if (!this.failed.has(later)) this.failed.set(later, { index: later, action: 'release' });
    }
  }
}

/** Gives a record of a batch what it lacks, in place: copies with `...` are ten times slower. */
function completed(message, { topic, partition, attempt, timestamp_type }) {
  if (topic !== undefined && message.topic === undefined) message.topic = topic;
  if (partition !== undefined && message.partition === undefined) message.partition = partition;
  if (attempt !== undefined && message.attempt === undefined) message.attempt = attempt;
  if (timestamp_type !== undefined && message.timestamp_type === undefined) message.timestamp_type = timestamp_type;
  return message;
}

const isPromise = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

/** One conversation with ackpipe: bytes come through feed() and end(), answers leave through `write`. */
class Session {
  constructor(handle, write, { batches = false, concurrency = 1, name, setup, parse = JSON.parse, framing = 'length' } = {}) {
    if (!(Number.isInteger(concurrency) && concurrency >= 1)) throw new RangeError(`concurrency is ${concurrency}; 1 or more is needed`);
    Object.assign(this, { handle, write, batches, concurrency, setup, parse, lines: framing === 'lines' });
    this.name = name || `${path.basename(process.argv[1] || 'handler')} (node ${process.versions.node})`;
    this.maxFrameBytes = LARGEST_FRAME;
    this.ackTimeout = 300000;
    this.maxExtend = 3600000;
    this.grace = 5000;
    this.ended = this.stopping = false;
    this.chunks = [];
    this.have = 0; // bytes in chunks
    this.need = 1; // so many are worth a look
    this.acks = [];
    this.frames = [];
    this.since = 0; // when the oldest answer was put there
    this.todo = [];
    this.next = 0;
    this.running = 0;
    this.open = new Map();
    this.finished = new Promise((resolve) => { this.finish = resolve; });
  }

  // Reading

  /** Takes what was read. */
  feed(chunk) {
    this.chunks.push(chunk);
    this.have += chunk.length;
    if (this.have < this.need && !(this.lines && chunk.includes(10))) return;
    const data = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.have);
    const at = this.lines ? this.takeLines(data) : this.takeBlocks(data);
    const rest = data.subarray(at);
    this.chunks = rest.length ? [rest] : [];
    this.have = rest.length;
    this.flush();
  }
  takeBlocks(data) {
    let at = 0;
    this.need = 4;
    while (data.length - at >= 4) {
      const size = data.readUInt32BE(at);
      if (size === 0 || size > this.maxFrameBytes) {
        throw new BadFrame(`${size} (${data.toString('hex', at, at + 4)}) is no frame's length`);
      }
      if (data.length - at < 4 + size) {
        this.need = 4 + size;
        break;
      }
      this.accept(data.utf8Slice(at + 4, at + 4 + size));
      at += 4 + size;
    }
    return at;
  }
  takeLines(data) {
    let at = 0;
    for (let end; (end = data.indexOf(10, at)) >= 0; at = end + 1) this.accept(data.utf8Slice(at, end));
    if (data.length - at > this.maxFrameBytes) throw new BadFrame(`a line of more than ${this.maxFrameBytes} bytes`);
    this.need = this.maxFrameBytes + 1;
    return at;
  }
  accept(body) {
    let frame;
    try {
      frame = this.parse(body);
    } catch (error) {
      throw new BadFrame(`a frame is not JSON: ${error.message}`);
    }
    if (frame === null || typeof frame !== 'object' || typeof frame.type !== 'string') {
      throw new BadFrame('a frame is not a JSON object with a type');
    }
    switch (frame.type) {
      case 'message':
      case 'batch': {
        const delivery = new Delivery(this, frame);
        this.open.set(delivery.id, delivery);
        this.todo.push(delivery);
        this.work();
        break;
      }
      case 'hello': this.greet(frame); break;
      case 'cancel': this.cancel(frame.ids); break;
      case 'ping': this.send({ type: 'pong', nonce: frame.nonce }, true); break;
      case 'shutdown': this.stopping = true; break;
      default: // news; nothing that must be answered
    }
  }
  /** The input ended. What runs may end, for a while; no other begins. */
  end() {
    if (this.have > 0) throw new BadFrame('the input ended within a frame');
    this.stop();
  }
  stop() {
    this.ended = true;
    if (this.running === 0) {
      this.flush();
      this.finish();
    } else if (!this.timer) {
      this.timer = setTimeout(() => this.finish(), this.grace);
      this.timer.unref();
    }
  }

  // Writing

  ack(id) {
    this.acks.push(id);
    this.arm();
  }
  send(frame, atOnce = false) {
    this.frames.push(frame);
    if (atOnce) this.flush();
    else this.arm();
  }
  arm() {
    if (this.since > 0) return;
    this.since = Date.now();
    setImmediate(() => this.flush());
  }
  /** Writes all answers there are, with one write. */
  flush() {
    this.since = 0;
    if (this.acks.length === 0 && this.frames.length === 0) return;
    const bodies = this.frames.map((frame) => JSON.stringify(frame));
    if (this.acks.length === 1) bodies.push(`{"type":"ack","id":${this.acks[0]}}`);
    else if (this.acks.length > 1) bodies.push(`{"type":"ack","ids":[${this.acks.join()}]}`);
    this.acks = [];
    this.frames = [];
    try {
      this.write(Buffer.concat(bodies.map((body) => this.framed(body))));
    } catch (error) {
      if (error.code !== 'EPIPE') throw error;
      this.stop(); // ackpipe is gone
    }
  }
  framed(body) {
    if (this.lines) {
      return Buffer.from(body.replace(/[\u0085\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) + '\n');
    }
    const bytes = Buffer.from('____' + body); // four bytes for the length
    bytes.writeUInt32BE(bytes.length - 4);
    return bytes;
  }

  // Working

  greet(hello) {
    this.hello = hello;
    this.maxFrameBytes = hello.max_frame_bytes;
    this.ackTimeout = hello.ack_timeout_ms;
    this.maxExtend = hello.max_extend_ms;
    this.grace = hello.cancel_grace_ms;
    const ready = () => this.send({
      type: 'ready', protocol: 1, name: this.name, concurrency: this.concurrency,
      features: ['cancel', 'ping'].filter((feature) => hello.features.includes(feature)),
    }, true);
    const failed = (error) => {
      this.send({ type: 'init_error', error: failureMembers(error).error || 'setup failed' }, true);
      this.finish();
    };
    try {
      const done = this.setup ? this.setup() : undefined;
      if (isPromise(done)) done.then(ready, failed);
      else ready();
    } catch (error) {
      failed(error);
    }
  }
  cancel(ids) {
    for (const id of ids) {
      const delivery = this.open.get(id);
      if (!delivery) continue;
      delivery.cancel();
      if (!delivery.begun) {
        this.open.delete(id);
        this.send({ type: 'nack', id, action: 'release' });
      }
    }
    this.flush();
  }
  /** Begins as many deliveries as may run at a time. */
  work() {
    while (this.running < this.concurrency && this.next < this.todo.length && !this.ended) {
      const delivery = this.todo[this.next];
      this.todo[this.next++] = undefined;
      if (delivery.cancelled) continue;
      if (this.since > 0 && Date.now() - this.since >= FLUSH_MS) this.flush();
      delivery.begin();
      this.running++;
      this.attempt(delivery);
    }
    if (this.next === this.todo.length) {
      this.todo = [];
      this.next = 0;
    }
  }
  attempt(delivery) {
    const { frame } = delivery;
    let batch, outcome;
    try {
      if (this.batches) outcome = this.handle(batch = new Batch(frame), delivery);
      else if (frame.type === 'batch') outcome = this.oneByOne(batch = new Batch(frame), delivery);
      else outcome = this.handle(frame, delivery);
    } catch (error) {
      this.settle(delivery, undefined, error, true);
      return;
    }
    if (isPromise(outcome)) {
      outcome.then(() => this.settle(delivery, batch), (error) => this.settle(delivery, undefined, error, true))
        .then(() => this.work());
    } else {
      this.settle(delivery, batch);
    }
  }
  settle({ id, frame }, batch, error, hasFailed = false) {
    if (hasFailed) {
      this.send({ type: 'nack', id, ...failureMembers(error) });
    } else if (!batch || batch.failed.size === 0) {
      this.ack(id);
    } else if (frame.type === 'batch') {
      this.send({ type: 'result', id, failed: [...batch.failed.values()].sort((a, b) => a.index - b.index) });
    } else {
      const { index, ...members } = batch.failed.get(0);
      this.send({ type: 'nack', id, ...members });
    }
    this.open.delete(id);
    this.running--;
    if (this.ended) this.stop();
  }
  /** Hands over each record of a batch, up to the first that has to come again; those behind it are released. */
  oneByOne(batch, delivery, from = 0) {
    for (let index = from; index < batch.length; index++) {
      try {
        const outcome = this.handle(batch.record(index), delivery);
        if (isPromise(outcome)) return this.restOneByOne(batch, delivery, index, outcome);
      } catch (error) {
        if (this.stopsAt(batch, index, error)) return undefined;
      }
    }
    return undefined;
  }
  async restOneByOne(batch, delivery, from, first) {
    let outcome = first;
    for (let index = from; index < batch.length; index++) {
      try {
        await (index === from ? outcome : this.handle(batch.record(index), delivery));
      } catch (error) {
        if (this.stopsAt(batch, index, error)) return;
      }
    }
  }
  stopsAt(batch, index, error) {
    if (error instanceof Reject || error instanceof Skip) {
      batch.fail(index, error);
      return false;
    }
    batch.failFrom(index, error instanceof Error ? error : new Retry(String(error)));
    return true;
  }
}

let descriptors, current;

/** Takes private, close-on-exec copies of the protocol's descriptors; stdin is empty then, and stdout is the log. */
function guard() {
  if (descriptors) return descriptors;
  const named = process.env.ACKPIPE_PROTOCOL_FDS;
  const [source, target] = (named || '0,1').split(',');
  try {
    descriptors = { source: fs.openSync(`/dev/fd/${source}`, 'r'), target: fs.openSync(`/dev/fd/${target}`, 'w') };
  } catch (error) { // Node cannot duplicate a descriptor, and a socket cannot be opened again
    throw new Error(`descriptors ${source} and ${target} have to be pipes, as ackpipe's are: ${error.message}`);
  }
  fs.closeSync(Number(source));
  fs.closeSync(Number(target));
  if (!named) {
    fs.openSync('/dev/null', 'r'); // takes the lowest free number, which is 0
    fs.openSync('/dev/fd/2', 'a'); // 1
  }
  return descriptors;
}
if (process.env.ACKPIPE_FRAMING) guard();

function writeAll(descriptor, bytes) {
  for (let done = 0; done < bytes.length;) {
    try {
      done += fs.writeSync(descriptor, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** Serves handle(record, delivery) until ackpipe closes the pipe; then teardown() runs and the process ends with 0.
 * Options: concurrency (promises at a time, default 1), setup and teardown (may be async; a setup that fails means "cannot
 * start now", and ackpipe tries again later), name, parse (another JSON parser, of a string).
 * A frame that is none ends the process with a message on stderr and exit code 76. */
function serve(handle, { teardown, ...options } = {}) {
  const { source, target } = guard();
  const session = new Session(handle, (bytes) => writeAll(target, bytes), { framing: process.env.ACKPIPE_FRAMING, ...options });
  current = session;
  const input = new net.Socket({ fd: source, readable: true, writable: false });
  const careful = (step) => {
    try {
      step();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      session.flush(); // what was answered counts
      console.error(`ackpipe-handler: bad frame: ${error.message}`);
      process.exit(EX_PROTOCOL);
    }
  };
  input.on('data', (chunk) => careful(() => session.feed(chunk)));
  input.on('end', () => careful(() => session.end()));
  input.on('error', () => session.stop());
  return session.finished.then(async () => {
    if (teardown) await teardown();
    for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => { stream.write('', resolve); });
    process.exit(process.exitCode || 0);
  });
}
/** The same for handle(batch, delivery); see Batch. In message mode each batch has one record. */
const serveBatches = (handle, options) => serve(handle, { ...options, batches: true });

/** Deliver nothing more to this process, for a time or until resume(). What is in the pipe still comes. */
const pause = (ms) => current.send(ms === undefined ? { type: 'pause' } : { type: 'pause', ms: Math.round(ms) }, true);
/** Go on after pause(). */
const resume = () => current.send({ type: 'resume' }, true);
/** A structured line in ackpipe's log: debug, info, warn or error. */
const log = (level, message, fields = {}) => current.send({ type: 'log', level, message, fields });
/** Adds to a counter, sets a gauge or observes a value for a histogram. */
const metric = (name, value, { kind = 'counter', labels = {} } = {}) => current.send({ type: 'metric', name, kind, value, labels });

module.exports = {
  serve, serveBatches, pause, resume, log, metric, valueOf, keyOf, Retry, Reject, Skip, Release, Batch,
  Session, BadFrame, useSession(session) { current = session; }, // for fake-bridge.js
};
