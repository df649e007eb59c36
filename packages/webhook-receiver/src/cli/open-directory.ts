import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isIntegrationError } from '@holdfast/core'
import type { EventBuffer, OpenReport } from '../buffer/event-buffer.ts'
import type { EncryptionOptions } from '../disk/body/key-ring.ts'
import { wholeDirectory } from '../disk/disk-buffer.ts'
import { errorCodeOf } from '../disk/file-io.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import type { FileSystem } from '../disk/file-system.ts'
import type { RecoveryMode } from '../disk/recovery-mode.ts'
import { findShards, shardName } from '../disk/shards/shard-names.ts'
import { FindingError, UsageError } from './cli-io.ts'
import { overlayFileSystem } from './overlay-file-system.ts'

// A segment may be deleted between listing and opening it.
const OPEN_ATTEMPTS = 5

/** An open buffer. */
export interface OpenDirectory extends AsyncDisposable {
  readonly buffer: EventBuffer
  readonly report: OpenReport
}

/** Keys for a directory with encrypted events, and what is done about damage. */
export interface KeyedDirectory {
  readonly encryption?: EncryptionOptions
  readonly recovery?: RecoveryMode
  /** Through which it is read and written. Default: that of the machine. */
  readonly fileSystem?: FileSystem
}

/**
 * Opens the buffer in a directory to look into it. Nothing is changed, and an application may have it open.
 *
 * @throws UsageError when there is no buffer and `create` is not set; BufferError when it is of a later format.
 */
export async function inspectDirectory(
  directory: string,
  {
    create = false,
    rememberIds = false,
    fileSystem: base = nodeFileSystem(),
    ...keys
  }: KeyedDirectory & { readonly create?: boolean; readonly rememberIds?: boolean } = {},
): Promise<OpenDirectory> {
  if (!create) await requireBuffer(directory)
  for (let attempt = 1; ; attempt++) {
    const overlay = overlayFileSystem(base)
    const { fileSystem } = overlay
    // Looking compares no ids, and need not read the segments for them.
    const buffer = await wholeDirectory({
      directory,
      fileSystem,
      ...keys,
      ...(rememberIds ? {} : { dedupeWindowMs: 0 }),
    })
    try {
      const report = await buffer.open()
      return {
        buffer,
        report,
        async [Symbol.asyncDispose]() {
          await buffer.close()
          await overlay.close()
        },
      }
    } catch (error) {
      await overlay.close()
      const isGone = isIntegrationError(error) && errorCodeOf(error.cause) === 'ENOENT'
      if (!isGone || attempt === OPEN_ATTEMPTS) throw error
    }
  }
}

/**
 * Opens the buffer in a directory to change it. No application may have it open.
 *
 * @param instead - What can be done without stopping the application, for the error while it has the buffer open.
 * @throws UsageError when there is no buffer and `create` is not set; FindingError while somebody has it open.
 */
export async function changeDirectory(
  directory: string,
  { create = false, instead, ...keys }: KeyedDirectory & { readonly create?: boolean; readonly instead?: string } = {},
): Promise<OpenDirectory> {
  if (!create) await requireBuffer(directory)
  const buffer = await wholeDirectory({ directory, ...keys })
  const report = await buffer.open().catch((error: unknown) => {
    if (!isIntegrationError(error) || error.reason !== 'buffer_locked') throw error
    const otherwise = instead === undefined ? '' : `, or ${instead}`
    throw new FindingError(`${error.message} Stop the application first${otherwise}.`, { cause: error })
  })
  return { buffer, report, [Symbol.asyncDispose]: () => buffer.close() }
}

/** The directories of a buffer: its shards, or itself. */
export async function partsOf(directory: string): Promise<string[]> {
  const shards = await findShards(nodeFileSystem(), directory)
  return shards.length === 0 ? [directory] : shards.map((index) => join(directory, shardName(index)))
}

/** Who opened it last, for people. */
export async function ownersOf(directory: string): Promise<string[]> {
  const owners: string[] = []
  for (const part of await partsOf(directory)) {
    try {
      const owner = JSON.parse(await readFile(join(part, 'OWNER.json'), 'utf8')) as Readonly<Record<string, unknown>>
      owners.push(`process ${String(owner['pid'])} on ${String(owner['host'])} since ${String(owner['startedAt'])}`)
    } catch {
      // It is for people only.
    }
  }
  return owners
}

async function requireBuffer(directory: string): Promise<void> {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new UsageError(`\`${directory}\` is no directory.`)
  // Without META it is a damaged one.
  for (const part of await partsOf(directory))
    if (existsSync(join(part, 'META')) || existsSync(join(part, 'seg'))) return
  throw new UsageError(whyNot(directory))
}

function whyNot(directory: string): string {
  if (!existsSync(directory)) return `There is no directory \`${directory}\`.`
  return existsSync(join(directory, 'events.db'))
    ? `\`${directory}\` has a buffer on SQLite. Of these commands only \`move\` takes one; look inside with a tool for SQLite while it is closed.`
    : `There is no buffer in \`${directory}\`.`
}
