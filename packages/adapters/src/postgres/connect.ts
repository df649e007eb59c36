import { InvalidOptionsError } from '@holdfast/core'
import type {
  PgClientLike,
  PgConnectionLike,
  PgliteLike,
  PgPoolLike,
  PostgresJsLike,
  PostgresLike,
  SqlClient,
  SqlQuery,
  SqlRow,
} from './sql-client.ts'

/**
 * Makes what the stores use of a client.
 *
 * @throws InvalidOptionsError for what is none of the clients.
 */
export function connect(client: PostgresLike): SqlClient {
  if (hasMethods(client, 'unsafe', 'begin')) return ofPostgresJs(client as PostgresJsLike)
  if (hasMethods(client, 'query', 'transaction'))
    return 'waitReady' in client ? ofPglite(client as PgliteLike) : (client as SqlClient)
  if (hasMethods(client, 'query', 'connect') && 'totalCount' in client) return ofPool(client as PgPoolLike)
  if (hasMethods(client, 'query', 'escapeIdentifier')) return ofClient(client as PgClientLike)
  throw new InvalidOptionsError({
    path: 'client',
    expected: 'a Pool or Client of pg, a postgres.js, a PGlite, or `{ query, transaction }`',
    received: client,
  })
}

/** Whether it is an object or a function, as postgres.js is, with these methods. */
export function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return names.every((name) => typeof Reflect.get(value, name) === 'function')
}

function queryOf(connection: PgConnectionLike): SqlQuery {
  return async (text, values) => (await connection.query(text, [...values])).rows as SqlRow[]
}

function ofPool(pool: PgPoolLike): SqlClient {
  return {
    query: queryOf(pool),
    async transaction<Result>(work: (transaction: unknown, query: SqlQuery) => Promise<Result>): Promise<Result> {
      const connection = await pool.connect()
      let broken: Error | undefined
      // One that breaks between two statements tells nobody else, and would end the process.
      const onError = (error: Error): void => {
        broken = error
      }
      connection.on('error', onError)
      try {
        return await inTransaction(connection, work)
      } catch (error) {
        if (error instanceof RollbackFailed) {
          broken = error
          throw error.cause
        }
        throw error
      } finally {
        connection.removeListener('error', onError)
        connection.release(broken)
      }
    },
  }
}

function ofClient(client: PgClientLike): SqlClient {
  // There is one connection: what comes during a transaction would be a part of it.
  let last: Promise<unknown> = Promise.resolve()
  const alone = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
  const query = queryOf(client)
  return {
    query: (text, values) => alone(() => query(text, values)),
    transaction: <Result>(work: (transaction: unknown, query: SqlQuery) => Promise<Result>) =>
      alone(() =>
        inTransaction(client, work).catch((error: unknown) => {
          throw error instanceof RollbackFailed ? error.cause : error
        }),
      ),
  }
}

/** The connection is in an unknown state. `cause` is why the transaction was given up. */
class RollbackFailed extends Error {
  override readonly name: string = 'RollbackFailed'
}

async function inTransaction<Result>(
  connection: PgConnectionLike,
  work: (transaction: unknown, query: SqlQuery) => Promise<Result>,
): Promise<Result> {
  await connection.query('begin', [])
  try {
    const result = await work(connection, queryOf(connection))
    await connection.query('commit', [])
    return result
  } catch (error) {
    try {
      await connection.query('rollback', [])
    } catch {
      throw new RollbackFailed('The transaction could not be rolled back.', { cause: error })
    }
    throw error
  }
}

function ofPostgresJs(sql: PostgresJsLike): SqlClient {
  const queryOf =
    (of: PostgresJsLike): SqlQuery =>
    async (text, values) => {
      refuseOthers(values)
      return (await of.unsafe(text, [...values] as never[])) as readonly SqlRow[]
    }
  const begin = sql.begin as Begin<PostgresJsLike>
  return {
    query: queryOf(sql),
    transaction: (work) => begin((transaction) => work(transaction, queryOf(transaction))),
  }
}

/**
 * Refuses what a caller without types has given. postgres.js does so itself, but not before it has begun to send the statement: the connection waits for the
 * rest of it for ever, and who is served by it next as well.
 */
function refuseOthers(values: readonly unknown[]): void {
  const place = values.findIndex((value) => !isSqlValue(value))
  if (place >= 0)
    throw new TypeError(
      `Expected the value $${place + 1} of a statement to be text, a number, bytes or null, got one of type ${typeof values[place]}.`,
    )
}

function isSqlValue(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number' || ArrayBuffer.isView(value)
}

function ofPglite(pglite: PgliteLike): SqlClient {
  const begin = pglite.transaction.bind(pglite) as unknown as Begin<PgConnectionLike>
  return {
    query: queryOf(pglite),
    transaction: (work) => begin((transaction) => work(transaction, queryOf(transaction))),
  }
}

type Begin<Transaction> = <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>
