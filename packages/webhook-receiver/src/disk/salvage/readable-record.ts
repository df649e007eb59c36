import type { StoredEvent } from '../../buffer/event-buffer.ts'
import { BufferError } from '../../buffer/buffer-error.ts'
import type { BodyCodec } from '../body/body-codec.ts'
import { decodeEvent } from '../event-codec.ts'
import { ALL_RECORD_FLAGS, type RecordHeader, recordTypes } from '../record-codec.ts'
import type { SegmentHeader } from '../segment-format.ts'
import { decodeShelved } from '../shelf-codec.ts'

const CLOSING_BRACE = 0x7d

/**
 * Whether a record whose header was put together again is what its header says: its body decrypts, decompresses and parses.
 *
 * @throws BufferError when a key is missing or the wrong one.
 */
export async function isReadableRecord(
  bodies: BodyCodec,
  segment: SegmentHeader,
  header: RecordHeader,
  stored: Buffer<ArrayBuffer>,
): Promise<boolean> {
  if ((header.flags & ~ALL_RECORD_FLAGS) !== 0) return false
  try {
    const body = await bodies.open(segment, header, stored)
    if (body === undefined) return false
    const event = header.type === recordTypes.event ? eventOf(header, body) : decodeShelved(body).event
    return typeof event?.id === 'string' && typeof event.source === 'string'
  } catch (error) {
    if (error instanceof BufferError) throw error
    return false
  }
}

/** White space behind JSON is JSON, too: a meta that is said to be longer than it is would take the beginning of the body with it. */
function eventOf({ seq, metaBytes }: RecordHeader, body: Buffer<ArrayBuffer>): StoredEvent | undefined {
  return body[metaBytes - 1] === CLOSING_BRACE ? decodeEvent(seq, metaBytes, body) : undefined
}
