import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Consumer, StoredEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { expect, it, onTestFinished } from 'vitest'
import { smallDisk } from './small-disk.ts'

const EVENTS = 60

it('refuses to redrive on a disk that is full, loses nothing by it, and does so when there is room', async (context) => {
  const disk = smallDisk('tmpfs', 16)
  if (typeof disk === 'string') {
    if (process.env.HOLDFAST_REQUIRE_SERVICES === '1') throw new Error(disk)
    process.stderr.write(`\n*** \`${context.task.name}\` is not tested: ${disk} ***\n\n`)
    return context.skip(disk)
  }
  onTestFinished(() => disk[Symbol.dispose]())
  const options = { directory: join(disk.path, 'buffer'), minFreeBytes: 0 }
  let buffer = diskBuffer(options)
  await buffer.open()
  await buffer.append(
    Array.from({ length: EVENTS }, (_, number) => ({
      id: `evt_${number}`,
      source: 'shop',
      receivedAt: 0,
      method: 'POST',
      url: '/',
      headers: [],
      body: new Uint8Array(20_000),
    })),
  )
  let consumer = await buffer.openConsumer('orders')
  const events = await giveUp(consumer)
  const filler = fill(disk.path)

  for (let tries = 0; tries < 2; tries++) {
    await expect(consumer.redrive(events)).rejects.toMatchObject({ reason: 'buffer_full' })
    expect(await lettersOf(consumer)).toEqual(events.map(({ id }) => id))
  }
  await buffer.close()
  buffer = diskBuffer(options)
  expect((await buffer.open()).lostAside).toBe(0)
  onTestFinished(() => buffer.close())
  consumer = await buffer.openConsumer('orders')
  expect(await lettersOf(consumer)).toHaveLength(EVENTS)

  const purged = events.slice(0, 10)
  expect(await consumer.purge(purged)).toBe(purged.length)
  rmSync(filler)
  const left = EVENTS - purged.length
  expect(await consumer.redrive(events)).toBe(left)
  expect((await buffer.stats()).consumers).toMatchObject([{ backlog: left, parked: left, deadLetters: 0 }])
})

/** Makes a dead letter of everything. */
async function giveUp(consumer: Consumer): Promise<StoredEvent[]> {
  const [lease] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
  const entries = await consumer.read(lease!, null, { limit: EVENTS, maxBytes: 1e9, waitMs: 0 })
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  const why = { attempts: 3, at: 0, message: 'It failed.' }
  await consumer.deadLetter(
    lease!,
    events.map((event) => ({ event, lane: 'one', redrives: 0, why })),
  )
  await consumer.release(lease!)
  return events
}

async function lettersOf(consumer: Consumer): Promise<string[]> {
  const ids: string[] = []
  for await (const { event } of consumer.deadLetters()) ids.push(event.id)
  return ids
}

/** Leaves no byte of a disk. */
function fill(path: string): string {
  const file = join(path, 'filler')
  const descriptor = openSync(file, 'wx')
  expect(() => {
    for (;;) writeSync(descriptor, Buffer.alloc(4096))
  }).toThrow('ENOSPC')
  closeSync(descriptor)
  return file
}
