import type { EventBuffer } from '../buffer/event-buffer.ts'
import { sqliteBuffer } from '../disk/sqlite/sqlite-buffer.ts'
import { type CliIo, UsageError } from './cli-io.ts'
import { loadInstalled } from './installed-module.ts'
import { changeDirectory, inspectDirectory, type KeyedDirectory } from './open-directory.ts'
import { type ConnectedClient, connectPostgres, connectRedis } from './server-clients.ts'

/** What addresses of buffers look like, for the help. */
export const ADDRESS_HELP =
  '`file:DIRECTORY`, `sqlite:DIRECTORY`, `redis:NAME` with its server in $REDIS_URL, or `postgres:NAME` with its server in $DATABASE_URL; behind a name ?partitions=N, and &prefix=TEXT or &schema=NAME, as its application has them.'

/** A buffer that is open. */
export interface OpenAddress extends AsyncDisposable {
  readonly buffer: EventBuffer
}

/** How a buffer is opened. */
export interface AddressOptions {
  /** Whether it is made where it is missing. */
  readonly create: boolean
  /** Whether it is only looked into. */
  readonly isDry: boolean
  readonly keys: KeyedDirectory
  /** Where libraries are looked for. */
  readonly directory: string
  /** What can be done without stopping the application, for the error while it has the buffer open. */
  readonly instead?: string
}

/** A kind of buffer on a server. */
interface ServerKind {
  readonly module: string
  /** Name of the function of the module that makes it. */
  readonly make: string
  readonly variable: string
  readonly defaultUrl: string
  readonly connect: (url: string, directory: string) => Promise<ConnectedClient>
  /** Names an option of the buffer, besides `partitions`. */
  readonly option: string
}

const servers: Readonly<Record<string, ServerKind>> = {
  redis: {
    module: '@holdfast/adapters/redis',
    make: 'redisBuffer',
    variable: 'REDIS_URL',
    defaultUrl: 'redis://localhost:6379',
    connect: connectRedis,
    option: 'prefix',
  },
  postgres: {
    module: '@holdfast/adapters/postgres',
    make: 'postgresBuffer',
    variable: 'DATABASE_URL',
    defaultUrl: 'postgres://localhost:5432/postgres',
    connect: connectPostgres,
    option: 'schema',
  },
}

/**
 * Opens the buffer of an address.
 *
 * @throws UsageError for what is no address, and where a library is not installed; BufferError as the buffer throws it.
 */
export async function openAddress(address: string, options: AddressOptions, io: CliIo): Promise<OpenAddress> {
  const end = address.indexOf(':')
  const [kind, place] = [address.slice(0, Math.max(0, end)), address.slice(end + 1)]
  if (kind === '' || place === '') throw new UsageError(`\`${address}\` is no address of a buffer: ${ADDRESS_HELP}`)
  if (kind === 'file')
    return options.isDry && !options.create
      ? inspectDirectory(place, options.keys)
      : changeDirectory(place, directoryOptions(options))
  if (kind === 'sqlite') return opened(sqliteBuffer({ directory: place }), async () => {})
  const server = Object.hasOwn(servers, kind) ? servers[kind] : undefined
  if (server === undefined) throw new UsageError(`\`${kind}:\` is no kind of buffer: ${ADDRESS_HELP}`)
  return openServer(server, place, options, io)
}

function directoryOptions({ keys, create, instead }: AddressOptions): Parameters<typeof changeDirectory>[1] {
  return { ...keys, create, ...(instead === undefined ? {} : { instead }) }
}

async function openServer(
  server: ServerKind,
  place: string,
  { directory }: AddressOptions,
  io: CliIo,
): Promise<OpenAddress> {
  const options = bufferOptions(server, place)
  const module = await loadInstalled(server.module, directory)
  const make = module[server.make]
  if (typeof make !== 'function')
    throw new UsageError(`The @holdfast/adapters that is installed here has no ${server.make}.`)
  const { client, close } = await server.connect(io.env[server.variable] ?? server.defaultUrl, directory)
  let buffer: EventBuffer
  try {
    buffer = (make as (client: unknown, options: unknown) => EventBuffer)(client, options)
  } catch (error) {
    await close()
    throw error
  }
  return opened(buffer, close)
}

async function opened(buffer: EventBuffer, close: () => Promise<void>): Promise<OpenAddress> {
  try {
    await buffer.open()
  } catch (error) {
    await close()
    throw error
  }
  return {
    buffer,
    async [Symbol.asyncDispose]() {
      await buffer.close()
      await close()
    },
  }
}

function bufferOptions({ option }: ServerKind, place: string): Readonly<Record<string, unknown>> {
  const [name = '', query = ''] = place.split('?', 2)
  const given = new URLSearchParams(query)
  const unknown = [...given.keys()].find((key) => key !== 'partitions' && key !== option)
  if (unknown !== undefined) throw new UsageError(`\`${unknown}\` is neither \`partitions\` nor \`${option}\`.`)
  const [partitions, value] = [given.get('partitions'), given.get(option)]
  return {
    name,
    ...(partitions === null ? {} : { partitions: Number(partitions) }),
    ...(value === null ? {} : { [option]: value }),
  }
}
