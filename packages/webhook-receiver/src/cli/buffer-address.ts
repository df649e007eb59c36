import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionsError } from '@holdfast/core'
import type { EventBuffer } from '../buffer/event-buffer.ts'
import { sqliteBuffer } from '../disk/sqlite/sqlite-buffer.ts'
import { type CliIo, UsageError } from './cli-io.ts'
import { changeDirectory, inspectDirectory, type KeyedDirectory } from './open-directory.ts'

const REDIS_VARIABLE = 'REDIS_URL'
const DEFAULT_REDIS_URL = 'redis://localhost:6379'
/** The clients that are looked for, in this order. */
const REDIS_CLIENTS = ['ioredis', 'iovalkey', 'redis'] as const

/** What addresses of buffers look like, for the help. */
export const ADDRESS_HELP =
  '`file:DIRECTORY`, `sqlite:DIRECTORY`, or `redis:NAME` with its server in $REDIS_URL; ?partitions=N and ?prefix=TEXT behind a name as its application has them.'

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
  switch (kind) {
    case 'file':
      return options.isDry && !options.create
        ? inspectDirectory(place, options.keys)
        : changeDirectory(place, { ...options.keys, create: options.create })
    case 'sqlite':
      return opened(sqliteBuffer({ directory: place }))
    case 'redis':
      return openRedis(place, options, io)
    default:
      throw new UsageError(`\`${kind}:\` is no kind of buffer: ${ADDRESS_HELP}`)
  }
}

async function opened(buffer: EventBuffer, close?: () => unknown): Promise<OpenAddress> {
  try {
    await buffer.open()
  } catch (error) {
    await close?.()
    throw error
  }
  return {
    buffer,
    async [Symbol.asyncDispose]() {
      await buffer.close()
      await close?.()
    },
  }
}

async function openRedis(place: string, { directory }: AddressOptions, io: CliIo): Promise<OpenAddress> {
  const { redisBuffer } = await load('@holdfast/adapters/redis', directory)
  if (typeof redisBuffer !== 'function') throw notInstalled('@holdfast/adapters')
  const options = redisOptions(place)
  const { client, close } = await connect(io.env[REDIS_VARIABLE] ?? DEFAULT_REDIS_URL, directory)
  try {
    const make = redisBuffer as (client: unknown, options: unknown) => EventBuffer
    return await opened(make(client, options), close)
  } catch (error) {
    // Where the options were refused nothing has closed it.
    close()
    throw error instanceof InvalidOptionsError ? new UsageError(error.message) : error
  }
}

function redisOptions(place: string): Readonly<Record<string, unknown>> {
  const [name = '', query = ''] = place.split('?', 2)
  const given = new URLSearchParams(query)
  const unknown = [...given.keys()].find((key) => key !== 'partitions' && key !== 'prefix')
  if (unknown !== undefined) throw new UsageError(`\`${unknown}\` is neither \`partitions\` nor \`prefix\`.`)
  const [partitions, prefix] = [given.get('partitions'), given.get('prefix')]
  return {
    name,
    ...(partitions === null ? {} : { partitions: Number(partitions) }),
    ...(prefix === null ? {} : { prefix }),
  }
}

interface Connected {
  readonly client: unknown
  readonly close: () => void
}

type RedisClass = new (
  url: string,
  options: object,
) => {
  on(name: 'error', listener: () => void): void
  connect(): Promise<void>
  disconnect(): void
}

type CreateClient = (options: object) => {
  on(name: 'error', listener: () => void): void
  connect(): Promise<unknown>
  destroy(): void
}

/** Connects with the client that the application has. Its errors come with the calls that fail. */
async function connect(url: string, directory: string): Promise<Connected> {
  const name = REDIS_CLIENTS.find((candidate) => isInstalled(candidate, directory))
  if (name === undefined) throw notInstalled('ioredis, or iovalkey, or redis')
  const { Redis, createClient } = await load(name, directory)
  try {
    if (name === 'redis') {
      const client = (createClient as CreateClient)({ url, socket: { reconnectStrategy: false } })
      client.on('error', () => {})
      await client.connect()
      return { client, close: () => client.destroy() }
    }
    const client = new (Redis as RedisClass)(url, { lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.disconnect() }
  } catch {
    // The URL may have a password.
    throw new UsageError(`The server of $${REDIS_VARIABLE} cannot be reached.`)
  }
}

function isInstalled(name: string, directory: string): boolean {
  try {
    createRequire(join(directory, 'any.js')).resolve(name)
    return true
  } catch {
    return false
  }
}

async function load(name: string, directory: string): Promise<Readonly<Record<string, unknown>>> {
  let path: string
  try {
    path = createRequire(join(directory, 'any.js')).resolve(name)
  } catch {
    throw notInstalled(name.startsWith('@holdfast/adapters') ? '@holdfast/adapters' : name)
  }
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  // What is CommonJS may have its names on the default export only.
  return { ...(module['default'] as object | undefined), ...module }
}

function notInstalled(name: string): UsageError {
  return new UsageError(
    `A buffer on Redis needs ${name}, which is not installed here: \`npm install ${name.split(',')[0]}\`.`,
  )
}
