import { crc32 } from 'node:zlib'
import { openIfPresent, readDespiteDamage, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { readUint53, writeUint53 } from './seq.ts'
import { FORMAT_VERSION } from './segment-format.ts'

/** Size of one slot. A slot's sectors are never shared with the other slot, so a torn write destroys one at most. */
export const SLOT_BYTES = 4096
const SLOT_HEADER_BYTES = 32
/** Room for content in a slot. */
export const SLOT_PAYLOAD_BYTES: number = SLOT_BYTES - SLOT_HEADER_BYTES

/** What opening a two-slot file found. */
export type SlotContent =
  | { readonly kind: 'payload'; readonly payload: Buffer }
  /** Neither slot holds: a new file, or both are damaged. */
  | { readonly kind: 'none' }
  /** Written by a later version of the format. */
  | { readonly kind: 'newer'; readonly formatVersion: number }

interface Slot {
  readonly index: 0 | 1
  readonly generation: number
  readonly formatVersion: number
  readonly payload: Buffer
}

/**
 * A small piece of state that is replaced in place: two slots of 4 KiB, the valid one with the higher generation counts. A write goes
 * to the other slot, so that a crash in it leaves the old state. The file never grows, so it can be written on a full disk.
 */
export class TwoSlotFile {
  readonly #file: OpenFile
  readonly #magic: Buffer
  #generation: number
  #spare: 0 | 1
  #last: Promise<void> = Promise.resolve()

  private constructor(file: OpenFile, magic: string, current: Slot | undefined) {
    this.#file = file
    this.#magic = Buffer.from(magic, 'latin1')
    this.#generation = current?.generation ?? 0
    this.#spare = current?.index === 0 ? 1 : 0
  }

  /** Opens the file, or makes it with empty slots. The caller syncs the directory. `magic` has 8 characters. */
  static async open(
    fileSystem: FileSystem,
    path: string,
    magic: string,
  ): Promise<{ readonly file: TwoSlotFile; readonly content: SlotContent; readonly created: boolean }> {
    const present = await openIfPresent(fileSystem, path, 'write')
    const file = present ?? (await fileSystem.open(path, 'create'))
    try {
      const bytes = Buffer.alloc(2 * SLOT_BYTES)
      const length = await readDespiteDamage(file, bytes, 0)
      // A new file gets its place. One that was cut off gets it with the next write, if it is to be written at all.
      if (present === undefined) await writeFully(file, [bytes.subarray(length)], length)
      const current = currentSlot(bytes, magic)
      return {
        file: new TwoSlotFile(file, magic, current),
        content: contentOf(current),
        created: present === undefined,
      }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Replaces the state, durably. `copies: 2` writes both slots one after the other, so that later damage to one loses nothing. */
  write(payload: Buffer, copies: 1 | 2 = 1): Promise<void> {
    const next = this.#last.then(async () => {
      for (let copy = 0; copy < copies; copy++) await this.#writeSlot(payload)
    })
    this.#last = next.catch(() => undefined)
    return next
  }

  async close(): Promise<void> {
    await this.#last
    await this.#file.close()
  }

  async #writeSlot(payload: Buffer): Promise<void> {
    const slot = Buffer.alloc(SLOT_BYTES)
    this.#magic.copy(slot, 0)
    slot.writeUInt16LE(FORMAT_VERSION, 8)
    slot.writeUInt32LE(payload.length, 12)
    writeUint53(slot, this.#generation + 1, 16)
    payload.copy(slot, SLOT_HEADER_BYTES)
    slot.writeUInt32LE(slotCrc(slot, payload.length), 28)
    await writeFully(this.#file, [slot], this.#spare * SLOT_BYTES)
    await this.#file.datasync()
    this.#generation++
    this.#spare = this.#spare === 0 ? 1 : 0
  }
}

/** What a file of this content holds, without opening it; `undefined` when neither slot holds. */
export function payloadIn(bytes: Buffer, magic: string): Buffer | undefined {
  return currentSlot(bytes, magic)?.payload
}

function currentSlot(bytes: Buffer, magic: string): Slot | undefined {
  const slots = ([0, 1] as const).flatMap((index) => decodeSlot(bytes, index, magic) ?? [])
  return slots.toSorted((left, right) => right.generation - left.generation)[0]
}

function decodeSlot(bytes: Buffer, index: 0 | 1, magic: string): Slot | undefined {
  const slot = bytes.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES)
  const payloadBytes = slot.readUInt32LE(12)
  if (slot.toString('latin1', 0, 8) !== magic || payloadBytes > SLOT_PAYLOAD_BYTES) return undefined
  if (slot.readUInt32LE(28) !== slotCrc(slot, payloadBytes)) return undefined
  return {
    index,
    generation: readUint53(slot, 16),
    formatVersion: slot.readUInt16LE(8),
    payload: Buffer.from(slot.subarray(SLOT_HEADER_BYTES, SLOT_HEADER_BYTES + payloadBytes)),
  }
}

function contentOf(slot: Slot | undefined): SlotContent {
  if (slot === undefined) return { kind: 'none' }
  if (slot.formatVersion > FORMAT_VERSION) return { kind: 'newer', formatVersion: slot.formatVersion }
  return { kind: 'payload', payload: slot.payload }
}

/** Over the header without the checksum, and the payload. */
function slotCrc(slot: Buffer, payloadBytes: number): number {
  return crc32(slot.subarray(SLOT_HEADER_BYTES, SLOT_HEADER_BYTES + payloadBytes), crc32(slot.subarray(0, 28)))
}
