'use strict'; // A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- node handler.js
const { openSync, closeSync, writeSync, createReadStream } = require('fs');
// Private, close-on-exec copies of descriptors 0 and 1: what console.log or a library prints then goes to the log.
const framesIn = openSync('/dev/stdin', 'r'), framesOut = openSync('/dev/stdout', 'w');
closeSync(0); openSync('/dev/null', 'r'); closeSync(1); openSync('/dev/stderr', 'w'); // the lowest free numbers

// Your code here: return when the record is done; throw, and it is delivered again. A null value is a tombstone.
async function handle({ topic, partition, offset, value, value_base64 }) {
  console.log(`${topic}[${partition}]@${offset}: ${String(value_base64 ?? value).slice(0, 60)}`);
}
async function attempt({ type, id, messages, ...shared }) { // one delivery, one verdict
  for (const [index, record] of (messages ?? [shared]).entries()) try {
    await handle({ ...shared, ...record }); // a batch says once what its records share
  } catch (error) {
    if (type === 'message') return { type: 'nack', id, error: String(error) };
    const untried = messages.slice(index + 1).map((_, n) => ({ index: index + 1 + n, action: 'release' }));
    return { type: 'result', id, failed: [{ index, error: String(error) }, ...untried] };
  }
  return { type: 'ack', id };
}
function send(frame) {
  const bytes = Buffer.from('____' + JSON.stringify(frame)); // four bytes for the length
  bytes.writeUInt32BE(bytes.length - 4);
  writeSync(framesOut, bytes);
}
(async () => {
  let chunks = [], missing = 4; // the beginning of a frame, and how much of it is yet to come at least
  for await (const chunk of createReadStream(null, { fd: framesIn })) { // until end of file
    chunks.push(chunk);
    if ((missing -= chunk.length) > 0) continue;
    let data = Buffer.concat(chunks), end;
    for (; data.length >= (end = data.length < 4 ? 4 : 4 + data.readUInt32BE()); data = data.subarray(end)) {
      const frame = JSON.parse(data.toString('utf8', 4, end));
      if (frame.type === 'hello') send({ type: 'ready', protocol: 1, name: 'node-example/1.0' });
      if (['message', 'batch'].includes(frame.type)) send(await attempt(frame)); // others are ignored, shutdown too
    }
    chunks = [data], missing = end - data.length;
  }
})();
