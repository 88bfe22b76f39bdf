'use strict'; // A handler for ackpipe without any module: ackpipe run -b BROKERS -t TOPIC -g GROUP -- node from-scratch.js
const { openSync, closeSync, writeSync, createReadStream } = require('fs');
// Private, close-on-exec copies of the protocol's descriptors: what console.log or a library prints then goes to the log.
const fds = process.env.ACKPIPE_PROTOCOL_FDS, [source, target] = (fds || '0,1').split(',');
const framesIn = openSync(`/dev/fd/${source}`, 'r'), framesOut = openSync(`/dev/fd/${target}`, 'w');
closeSync(+source);
closeSync(+target);
if (!fds) openSync('/dev/null', 'r'), openSync('/dev/fd/2', 'a'); // they get the lowest free numbers, 0 and 1

// Your code here: return when the record is done; throw, and it is delivered again. A null value is a tombstone.
async function handle({ topic, partition, offset, value, value_base64 }) {
  if (value === '') throw new Error('empty value');
  const text = value !== undefined ? JSON.stringify(value) : `${Buffer.from(value_base64, 'base64').length} bytes`;
  console.log(`${topic}[${partition}]@${offset}: ${text}`);
}

async function attempt({ type, id, messages, ...shared }) { // one delivery, one verdict
  for (const [index, record] of (messages ?? [shared]).entries()) {
    try {
      await handle({ ...shared, ...record }); // a batch says once what its records share
    } catch (error) {
      if (type === 'message') return { type: 'nack', id, error: String(error) };
      const untried = messages.slice(index + 1).map((_, n) => ({ index: index + 1 + n, action: 'release' }));
      return { type: 'result', id, failed: [{ index, error: String(error) }, ...untried] };
    }
  }
  return { type: 'ack', id };
}

function send(frame) {
  const bytes = Buffer.from('____' + JSON.stringify(frame)); // four bytes for the length
  bytes.writeUInt32BE(bytes.length - 4);
  for (let done = 0; done < bytes.length;) done += writeSync(framesOut, bytes, done);
}

async function serve() {
  let chunks = [], have = 0, need = 4; // what was read, and how much the next frame takes at least
  for await (const chunk of createReadStream(null, { fd: framesIn, highWaterMark: 1 << 20 })) { // until end of file
    chunks.push(chunk);
    if ((have += chunk.length) < need) continue;
    let data = Buffer.concat(chunks);
    for (; data.length >= (need = 4); data = data.subarray(need)) {
      const size = data.readUInt32BE();
      if (size === 0 || size >= 1 << 27) throw new Error(`bad frame: ${size} is no frame's length`);
      if (data.length < (need = 4 + size)) break;
      const frame = JSON.parse(data.toString('utf8', 4, need));
      if (frame.type === 'hello') send({ type: 'ready', protocol: 1, name: 'node-example/1.0' });
      if (['message', 'batch'].includes(frame.type)) send(await attempt(frame)); // others are ignored, shutdown too
    }
    chunks = [data], have = data.length;
  }
  if (have > 0) throw new Error('bad frame: the input ended within it');
}
serve().catch((error) => {
  console.error(`bad frame, or an error while it was read or answered: ${error.stack}`);
  process.exit(76);
});
