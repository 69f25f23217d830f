// typeorm-transactional, and the drivers below it by hand.
//
// For each line `WAY WORK TIMES` it answers with the nanoseconds that so many transactions took; for one with a
// fault, with what came of it.

const readline = require('node:readline');
const Sqlite = require('better-sqlite3');
const { Client } = require('pg');
const { DataSource } = require('typeorm');
const {
  Propagation, StorageDriver, addTransactionalDataSource, initializeTransactionalContext, runOnTransactionCommit,
  wrapInTransaction,
} = require('typeorm-transactional');

const CREATE = 'CREATE TABLE commit_on_success_bench (id INTEGER PRIMARY KEY, title TEXT NOT NULL)';
const INSERT = 'INSERT INTO commit_on_success_bench (title) VALUES ($1)';
const COUNT = 'SELECT count(*) AS rows FROM commit_on_success_bench';
const TITLE = 'a title';

// What a transaction inserts, and how many calls follow it.
const WORKS = { one: [1, 1], nested: [2, 2], thousand: [1, 1000] };

let calls = 0;
const call = (_number) => { calls += 1; };

// It makes its calls some time after the transaction: once what waits has had its turn.
const turn = () => new Promise(setImmediate);
const called = (transaction) => async () => {
  await transaction();
  await turn();
};

function packaged(source, insert) {
  const work = async () => {
    await source.query(insert, [TITLE]);
    runOnTransactionCommit(() => call(1));
  };
  return {
    one: called(wrapInTransaction(work)),
    nested: called(wrapInTransaction(async () => {
      await work();
      // With `Propagation.NESTED` it would be a transaction of its own on PostgreSQL, which stays when this is undone.
      await source.manager.transaction(work);
    })),
    thousand: called(wrapInTransaction(async () => {
      await source.query(insert, [TITLE]);
      for (let number = 0; number < 1000; number += 1) runOnTransactionCommit(() => call(number));
    })),
    swallowed: wrapInTransaction(async () => {
      await work();
      await source.query('SELECT missing').catch(() => {});
    }),
    undone: wrapInTransaction(async () => {
      await source.query(insert, [TITLE]);
      await wrapInTransaction(work, { propagation: Propagation.NESTED })();
      throw new Error('undone');
    }),
  };
}

function sqliteByHand(database, insert) {
  const statement = database.prepare(insert);
  const add = database.transaction(() => statement.run(TITLE));
  const both = database.transaction(() => {
    statement.run(TITLE);
    add();
  });
  const collect = database.transaction((after) => {
    statement.run(TITLE);
    for (let number = 0; number < 1000; number += 1) after.push(() => call(number));
  });
  return {
    one() {
      add();
      call(1);
    },
    nested() {
      both();
      call(1);
      call(2);
    },
    thousand() {
      const after = [];
      collect(after);
      for (const each of after) each();
    },
  };
}

function postgresByHand(client) {
  const add = () => client.query(INSERT, [TITLE]);
  return {
    async one() {
      await client.query('BEGIN');
      await add();
      await client.query('COMMIT');
      call(1);
    },
    async nested() {
      await client.query('BEGIN');
      await add();
      await client.query('SAVEPOINT inner_one');
      await add();
      await client.query('RELEASE SAVEPOINT inner_one');
      await client.query('COMMIT');
      call(1);
      call(2);
    },
    async thousand() {
      const after = [];
      await client.query('BEGIN');
      await add();
      for (let number = 0; number < 1000; number += 1) after.push(() => call(number));
      await client.query('COMMIT');
      for (const each of after) each();
    },
  };
}

// Each way, with how to run a statement outside of its transactions.
async function sqlite() {
  const insert = INSERT.replace('$1', '?');
  const source = await open({ type: 'better-sqlite3', database: ':memory:' });
  const database = new Sqlite(':memory:');
  await source.query(CREATE);
  database.exec(CREATE);
  const clear = 'DELETE FROM commit_on_success_bench';
  return {
    package: { transactions: packaged(source, insert), query: (text) => source.query(text), clear },
    'by-hand': {
      transactions: sqliteByHand(database, insert),
      query: (text) => (text === COUNT ? database.prepare(text).all() : database.exec(text)),
      clear,
    },
  };
}

async function postgres() {
  const url = process.env.COMMIT_ON_SUCCESS_POSTGRES_URL;
  const source = await open({ type: 'postgres', url, extra: { max: 2 } });
  const client = new Client(url);
  await client.connect();
  const clear = 'TRUNCATE commit_on_success_bench';
  return {
    package: { transactions: packaged(source, INSERT), query: (text) => source.query(text), clear },
    'by-hand': {
      transactions: postgresByHand(client),
      query: async (text) => (await client.query(text)).rows,
      clear,
    },
  };
}

function open(options) {
  initializeTransactionalContext({
    storageDriver: StorageDriver.ASYNC_LOCAL_STORAGE,
    // No limit: above ten it would warn.
    maxHookHandlers: 0,
  });
  return addTransactionalDataSource(new DataSource(options)).initialize();
}

async function run(transaction, times) {
  const start = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) await transaction();
  return process.hrtime.bigint() - start;
}

// What has not been done is not measured. Nor is the first transaction, which finds a table that was emptied.
async function measure({ transactions, query, clear }, work, times) {
  await query(clear);
  calls = 0;
  await run(transactions[work], 1);
  const taken = await run(transactions[work], times);
  const [{ rows }] = await query(COUNT);
  const [inserted, made] = WORKS[work];
  const done = times + 1;
  if (Number(rows) !== inserted * done || calls !== made * done) {
    throw new Error(`${work} ${done}: ${rows} rows and ${calls} calls`);
  }
  return taken;
}

async function outcome({ transactions, query, clear }, fault) {
  await query(clear);
  calls = 0;
  const said = await transactions[fault]().then(() => 'no error', () => 'an error');
  await turn();
  const [{ rows }] = await query(COUNT);
  return `${said}, rows: ${rows}, calls: ${calls}`;
}

async function main(kind) {
  const ways = await { sqlite, postgres }[kind]();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [way, work, times] = line.split(' ');
    const answer = work ? await measure(ways[way], work, Number(times)) : await outcome(ways.package, way);
    process.stdout.write(`${answer}\n`);
  }
  process.exit(0);
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
