import { hostname } from 'node:os'
import { BufferError } from '../buffer/buffer-error.ts'
import type { BufferWarning, OpenReport } from '../buffer/event-buffer.ts'
import { BodyCodec } from './body/body-codec.ts'
import { ConsumerRegistry } from './consumer-registry.ts'
import { DedupeIndex } from './dedupe/dedupe-index.ts'
import type { ResolvedDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { identityOfRecord } from './event-codec.ts'
import { EventIntake } from './event-intake.ts'
import { openIfPresent, readFully, writeSmallFile } from './file-io.ts'
import { type FileLock, LockHeldError } from './file-system.ts'
import { Housekeeper } from './housekeeper.ts'
import { Log } from './log.ts'
import { LogHistory } from './log-history.ts'
import { recordTypes } from './record-codec.ts'
import { Retention } from './retention.ts'
import { positionOf } from './seq.ts'
import { SpaceGuard } from './space-guard.ts'
import { unsyncedFileSystem } from './unsynced-file-system.ts'
import { unusableDirectory } from './unusable-directory.ts'

const MAX_OWNER_BYTES = 4096
const META_LOST =
  'META is lost, and was made anew from the segments: which losses and deletions were known before is known only as far as they show.'

/** Everything that is open while a buffer is. */
export interface DiskStore {
  readonly log: Log
  readonly intake: EventIntake
  readonly consumers: ConsumerRegistry
  readonly history: LogHistory
  readonly housekeeper: Housekeeper
  close(): Promise<void>
}

/** Takes the directory's lock, reads the cursors, recovers the log. */
export async function openDiskStore(
  given: ResolvedDiskBufferOptions,
  directory: string,
): Promise<{ readonly store: DiskStore; readonly report: OpenReport }> {
  const options = given.durability === 'memory' ? { ...given, fileSystem: unsyncedFileSystem(given.fileSystem) } : given
  const { fileSystem, clock } = options
  const startedAt = clock.monotonicMs()
  const lock = await takeLock(options, directory)
  const bodies = new BodyCodec(options)
  const consumers = new ConsumerRegistry(options, directory, bodies)
  let dedupe: DedupeIndex | undefined
  let log: Log | undefined
  let housekeeper: Housekeeper | undefined
  const close = async (): Promise<void> => {
    await housekeeper?.stop()
    // Consumers last look at the log; the lock covers everything.
    await consumers.close().catch(() => undefined)
    await log?.close()
    await dedupe?.close()
    await lock.release()
  }
  try {
    const warnings = await checkVolume(options, directory)
    await bodies.currentKey()
    await consumers.load()
    const { lostAside, passedSeq, salvagedAside } = consumers
    warnings.push(...consumers.lostCursors.map((message) => ({ reason: 'cursor_lost', message }) as const))
    dedupe = await openDedupe(options, directory, (seq) => log?.isLost(seq) === true)
    const opened = await openLog({ ...options, passedSeq }, directory, dedupe, consumers.provenSeq, bodies)
    log = opened.log
    consumers.attach(log)
    await writeOwner(options, directory, log.epoch)
    await fileSystem.syncDirectory(directory)
    const guard = guardOf(options, directory, log)
    const retention = new Retention({ log, consumers, dedupe, clock, retention: options.retention })
    housekeeper = await Housekeeper.start({ fileSystem, directory, clock, log, consumers, dedupe, guard, retention })
    const { scannedBytes, tornBytes, newHoles, isMetaLost } = opened.report
    if (isMetaLost) warnings.push({ reason: 'meta_lost', message: META_LOST })
    const salvaged = opened.report.salvaged + salvagedAside
    const holes = newHoles.map(({ from, to }) => ({
      partition: 0,
      from: positionOf(from),
      to: positionOf(to),
      lost: to - from + 1,
    }))
    const durationMs = clock.monotonicMs() - startedAt
    return {
      store: {
        log,
        intake: new EventIntake({ options, log, dedupe, guard, bodies }),
        consumers,
        history: new LogHistory(log),
        housekeeper,
        close,
      },
      report: {
        durationMs,
        scannedBytes,
        tornBytes,
        holes,
        lostAside,
        warnings,
        ...(options.recovery === 'salvage' ? { salvaged } : {}),
      },
    }
  } catch (error) {
    await close().catch(() => undefined)
    throw error instanceof BufferError ? error : unusableDirectory(directory, error)
  }
}

/** Refuses a directory on a network file system, and warns of one that does not last. */
async function checkVolume(options: ResolvedDiskBufferOptions, directory: string): Promise<BufferWarning[]> {
  const volume = await options.fileSystem.volume(directory).catch(() => undefined)
  if (volume?.kind === 'volatile') {
    const message = `${directory} is on ${volume.name}, which ends with the machine or the container. Use a volume that outlives it.`
    return [{ reason: 'volatile_file_system', message }]
  }
  if (volume?.kind !== 'network') return []
  const message = `${directory} is on a network file system (${volume.name}), whose locks and syncs cannot be depended on.`
  if (options.allowNetworkFileSystem) return [{ reason: 'network_file_system', message }]
  throw new BufferError(
    'buffer_unusable',
    `${message} Use a local disk, or take the risk with \`allowNetworkFileSystem: true\`.`,
  )
}

function guardOf(options: ResolvedDiskBufferOptions, directory: string, log: Log): SpaceGuard {
  const { fileSystem, clock, maxBytes, minFreeBytes } = options
  return new SpaceGuard({
    fileSystem,
    directory,
    clock,
    maxBytes,
    minFreeBytes,
    usedBytes: () => log.bytes,
    appendedBytes: () => log.appendedBytes,
  })
}

/** The ids of the window; nothing when ids are not compared. */
async function openDedupe(
  options: ResolvedDiskBufferOptions,
  directory: string,
  isLost: (seq: number) => boolean,
): Promise<DedupeIndex | undefined> {
  const { dedupeWindowMs: windowMs, fileSystem, clock, random } = options
  if (windowMs === 0) return undefined
  return DedupeIndex.open({ fileSystem, clock, random, windowMs, isLost, directory: `${directory}/ids` })
}

function openLog(
  options: ResolvedDiskBufferOptions & { readonly passedSeq: number },
  directory: string,
  dedupe: DedupeIndex | undefined,
  seenSeq: number,
  bodies: BodyCodec,
): ReturnType<typeof Log.open> {
  const { durability, syncIntervalMs } = options
  const log = {
    ...options,
    directory,
    recordType: recordTypes.event,
    bodies,
    syncIntervalMs: durability === 'interval' ? syncIntervalMs : undefined,
  }
  if (dedupe === undefined) return Log.open({ ...log, provenSeq: seenSeq })
  return Log.open({
    ...log,
    provenSeq: Math.max(seenSeq, dedupe.provenSeq),
    needsScan: ({ baseSeq, lastSeq, lastAt }) => dedupe.needsScan({ from: baseSeq, to: lastSeq }, lastAt),
    visit: (seq, at, metaBytes, body) => {
      if (dedupe.isMissing(seq)) dedupe.restore(dedupe.fingerprintOf(identityOfRecord(metaBytes, body)), seq, at)
    },
    onDropped: (fromSeq) => dedupe.dropFrom(fromSeq),
    onScanned: (scanned, isActive) => dedupe.endScan(scanned, isActive),
    onSegmentEnded: (lastSeq) => dedupe.endRange(lastSeq),
  })
}

async function takeLock(options: ResolvedDiskBufferOptions, directory: string): Promise<FileLock> {
  try {
    await options.fileSystem.makeDirectory(directory)
    return await options.fileSystem.lock(`${directory}/LOCK.db`)
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw unusableDirectory(directory, error)
    const owner = await readOwner(options, directory)
    throw new BufferError('buffer_locked', `${directory} is in use${owner}. One process or thread can have it open.`, {
      cause: error,
    })
  }
}

/** For the text of `buffer_locked` only: a file proves nothing about who runs. */
async function writeOwner(options: ResolvedDiskBufferOptions, directory: string, epoch: number): Promise<void> {
  const owner = { pid: process.pid, host: hostname(), startedAt: new Date(options.clock.now()).toISOString(), epoch }
  await writeSmallFile(options.fileSystem, `${directory}/OWNER.json`, Buffer.from(`${JSON.stringify(owner)}\n`)).catch(
    () => undefined,
  )
}

async function readOwner(options: ResolvedDiskBufferOptions, directory: string): Promise<string> {
  try {
    const file = await openIfPresent(options.fileSystem, `${directory}/OWNER.json`, 'read')
    if (file === undefined) return ''
    try {
      const bytes = Buffer.alloc(MAX_OWNER_BYTES)
      const length = await readFully(file, bytes, 0)
      const owner = JSON.parse(bytes.toString('utf8', 0, length)) as Record<string, unknown>
      return ` by process ${String(owner['pid'])} on ${String(owner['host'])} since ${String(owner['startedAt'])}`
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
