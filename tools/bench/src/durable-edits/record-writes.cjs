// @ts-check
/**
 * Preloaded into a gateway (`node --require`): notes what it asks LMDB to write, transaction by transaction, in the file
 * that WRITES_FILE names. Other processes that inherit the settings are left alone. See recording.ts for the form.
 */
'use strict';
const { Buffer } = require('node:buffer');
const { openSync, writeSync } = require('node:fs');
const Module = require('node:module');

const PUT = 1;
const REMOVE = 0;

const file = process.env['WRITES_FILE'];
const isGateway = (process.argv[1] ?? '').includes('sync-gateway');

if (file !== undefined && isGateway) {
  const load = Reflect.get(Module, '_load');
  /** @param {unknown[]} args */
  const loadRecorded = (...args) => {
    const loaded = Reflect.apply(load, Module, args);
    return args[0] === 'lmdb' ? { ...loaded, open: recordedOpen(loaded.open, openSync(file, 'a')) } : loaded;
  };
  Reflect.set(Module, '_load', loadRecorded);
}

/**
 * @param {(options: unknown) => any} open
 * @param {number} fd
 */
function recordedOpen(open, fd) {
  return (/** @type {unknown} */ options) => {
    const database = open(options);
    const { childTransaction, putSync, removeSync } = database;
    /** @type {Buffer[]} */
    let writes = [];
    database.putSync = (/** @type {string} */ key, /** @type {Buffer} */ value) => {
      writes.push(encoded(PUT, Buffer.from(key, 'latin1'), value));
      return putSync.call(database, key, value);
    };
    database.removeSync = (/** @type {string} */ key) => {
      writes.push(encoded(REMOVE, Buffer.from(key, 'latin1'), Buffer.alloc(0)));
      return removeSync.call(database, key);
    };
    database.childTransaction = async (/** @type {() => unknown} */ callback) => {
      /** @type {Buffer[]} */
      let own = [];
      const result = await childTransaction.call(database, () => {
        writes = [];
        const answer = callback();
        own = writes;
        return answer;
      });
      const count = Buffer.alloc(4);
      count.writeUInt32BE(own.length);
      if (own.length > 0) writeSync(fd, Buffer.concat([count, ...own]));
      return result;
    };
    return database;
  };
}

/**
 * @param {number} kind
 * @param {Buffer} key
 * @param {Uint8Array} value
 */
function encoded(kind, key, value) {
  const bytes = Buffer.alloc(7 + key.length + value.length);
  bytes[0] = kind;
  bytes.writeUInt16BE(key.length, 1);
  bytes.writeUInt32BE(value.length, 3);
  key.copy(bytes, 7);
  bytes.set(value, 7 + key.length);
  return bytes;
}
