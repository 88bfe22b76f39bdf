'use strict'; // A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- node handler.js
const { serve, valueOf } = require('./ackpipe-handler');

// Your code here: return, or resolve, when the record is done; throw, and it is delivered again. A null value is a tombstone.
serve(async (record) => {
  if (record.value === '') throw new Error('empty value');
  const text = record.value !== undefined ? JSON.stringify(record.value) : `${valueOf(record).length} bytes`;
  console.log(`${record.topic}[${record.partition}]@${record.offset}: ${text}`);
});
