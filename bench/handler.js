'use strict';
// A handler in production shape: node handler.js [FOLDER]. Adds up the lengths of the values, writes the answers of one
// read together, and leaves its report in FOLDER at end of file.
const { writeSync, writeFileSync } = require('fs');
const folder = process.argv[2];
let count = 0, work = 0, first = 0n, last = 0n;

function framed(text) {
  const bytes = Buffer.from('____' + text); // four bytes for the length
  bytes.writeUInt32BE(bytes.length - 4);
  return bytes;
}
function lengthOf({ value, value_base64 }) {
  return value_base64 !== undefined ? (value_base64.length / 4) * 3 : value === null ? 0 : value.length;
}
function answer(frame) {
  if (frame.type === 'hello') return framed('{"type":"ready","protocol":1,"name":"bench-node"}');
  if (frame.type !== 'message' && frame.type !== 'batch') return undefined;
  if (count === 0) first = process.hrtime.bigint();
  const records = frame.messages ?? [frame];
  for (const record of records) work += lengthOf(record);
  count += records.length;
  return framed(`{"type":"ack","id":${frame.id}}`);
}
function write(bytes) {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
let chunks = [], missing = 4; // the beginning of a frame, and how much of it is yet to come at least
process.stdin.on('data', (chunk) => {
  chunks.push(chunk);
  if ((missing -= chunk.length) > 0) return;
  const data = chunks.length === 1 ? chunk : Buffer.concat(chunks), answers = [];
  let at = 0, need = 4;
  while (data.length - at >= 4) {
    need = 4 + data.readUInt32BE(at);
    if (data.length - at < need) break;
    const bytes = answer(JSON.parse(data.utf8Slice(at + 4, at + need)));
    if (bytes) answers.push(bytes);
    at += need;
    need = 4;
  }
  if (answers.length > 0) {
    last = process.hrtime.bigint();
    write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
  }
  const rest = data.subarray(at);
  chunks = rest.length > 0 ? [rest] : [];
  missing = need - rest.length;
});
process.stdin.on('end', () => {
  if (!folder) return;
  writeFileSync(`${folder}/${process.pid}.json`,
    JSON.stringify({ count, work, first_ns: Number(first), last_ns: Number(last) }) + '\n');
});
