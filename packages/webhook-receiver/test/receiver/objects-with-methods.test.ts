import { InvalidOptionsError } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { moveEvents } from '../../src/buffer/move-events.ts'
import { diskBuffer, sqliteBuffer } from '../../src/disk/index.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { confirmSubscription } from '../../src/handshake/confirm-subscription.ts'
import { memoryIdempotencyStore } from '../../src/idempotency/memory-idempotency-store.ts'
import { createKeyFetcher } from '../../src/verify/keys/create-key-fetcher.ts'
import { signRequest } from '../../src/signing/sign-request.ts'

const directory = './never-made'
const gateway = { target: 'http://service.internal', buffer: memoryBuffer() }

type Make = (wrong: object) => unknown

/** Every function whose options hold an object with methods: what it is called, and with which options. */
const factories: readonly (readonly [title: string, option: string, expected: string, make: Make])[] = [
  ['diskBuffer', 'clock', 'now, monotonicMs', (clock) => diskBuffer({ directory, clock } as never)],
  ['diskBuffer', 'random', 'next, uuid', (random) => diskBuffer({ directory, random } as never)],
  ['diskBuffer', 'fileSystem', 'open, list', (fileSystem) => diskBuffer({ directory, fileSystem } as never)],
  ['sqliteBuffer', 'clock', 'now, monotonicMs', (clock) => sqliteBuffer({ directory, clock } as never)],
  ['memoryBuffer', 'clock', 'now, monotonicMs', (clock) => memoryBuffer({ clock } as never)],
  ['memoryIdempotencyStore', 'clock', 'now, monotonicMs', (clock) => memoryIdempotencyStore({ clock } as never)],
  ['createGateway', 'clock', 'now, monotonicMs', (clock) => createGateway({ ...gateway, clock } as never)],
  ['createGateway', 'random', 'next, uuid', (random) => createGateway({ ...gateway, random } as never)],
  ['createGateway', 'buffer', 'an event buffer', (buffer) => createGateway({ ...gateway, buffer } as never)],
  ['createKeyFetcher', 'clock', 'now, monotonicMs', (clock) => createKeyFetcher({ clock } as never)],
  ['confirmSubscription', 'clock', 'now, monotonicMs', (clock) => confirmSubscription({} as never, { clock } as never)],
  ['signRequest', 'clock', 'now, monotonicMs', (clock) => signRequest({ clock } as never)],
  ['signRequest', 'random', 'next, uuid', (random) => signRequest({ random } as never)],
  [
    'moveEvents',
    'clock',
    'now, monotonicMs',
    (clock) => moveEvents(memoryBuffer(), memoryBuffer(), { clock } as never),
  ],
  [
    'moveEvents',
    'signal',
    'an AbortSignal',
    (signal) => moveEvents(memoryBuffer(), memoryBuffer(), { signal } as never),
  ],
]

describe.each(factories)('%s', (_, option, expected, make) => {
  it.each([{}, { now: 1, next: 1, open: 1 }])(`refuses %j as \`${option}\``, async (wrong) => {
    const refusal = await (async () => make(wrong))().catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InvalidOptionsError)
    expect((refusal as Error).message).toMatch(`Expected \`${option}\` to be an`)
    expect((refusal as Error).message).toContain(expected)
    expect((refusal as Error).message).toContain(`got an object with keys ${Object.keys(wrong).join(', ') || '(none)'}`)
  })
})
