import type { Handshake } from '@holdfast/core'
import { IntegrationError } from '@holdfast/core'
import { describe, expect, test, vi } from 'vitest'
import type { HandedSecret, HandshakeOptions } from '../../src/handshake/handshake-options.ts'
import { handedSecret, secretTaker, type TakeSecret } from '../../src/handshake/take-secret.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { checkSecrets } from '../../src/verify/webhook-secret.ts'

const handshake: Handshake = {
  name: 'hook_secret',
  when: [{ from: 'header', name: 'x-hook-secret' }],
  secret: { from: 'header', name: 'x-hook-secret' },
  respond: { status: 200, headers: { 'x-hook-secret': { value: 'secret' } } },
  examples: [],
}

const reader = new RequestReader({ headers: [], body: new Uint8Array(), receivedAt: 0 })

/** A store of secrets, of which the taker knows what was there at the last look. */
function secretStore(...initial: readonly string[]): {
  readonly secrets: string[]
  readonly forgotten: () => number
  taker(options?: HandshakeOptions): TakeSecret
  readonly save: (handed: HandedSecret) => void
} {
  const secrets = [...initial]
  let remembered: readonly string[] | undefined
  let forgotten = 0
  return {
    secrets,
    forgotten: () => forgotten,
    save: ({ secret }) => void secrets.push(secret),
    taker: (options = {}) =>
      secretTaker(
        options,
        {
          secretsFor: () => checkSecrets('secrets', (remembered ??= [...secrets])),
          forgetSecrets: () => {
            forgotten++
            remembered = undefined
          },
        },
        nodeHashes() as NonNullable<ReturnType<typeof nodeHashes>>,
      ),
  }
}

function take(taker: TakeSecret, secret = 'handed-over'): Promise<void> {
  return taker(handshake, reader, { source: 'acme', secret, url: '/hooks', headers: [] })
}

async function refusalOf(taken: Promise<void>): Promise<unknown> {
  try {
    await taken
  } catch (error) {
    if (error instanceof IntegrationError) return { status: error.status, reason: error.reason }
    throw error
  }
  return 'taken'
}

const notExpected = { status: 403, reason: 'secret_not_expected' }
const notSaved = { status: 503, reason: 'secret_not_saved' }

describe('a secret that is handed over', () => {
  test('is saved where none is set, and what is remembered of secrets is dropped after that', async () => {
    const store = secretStore()
    const saveSecret = vi.fn(store.save)
    await take(store.taker({ saveSecret }))
    expect(saveSecret).toHaveBeenCalledExactlyOnceWith({
      source: 'acme',
      secret: 'handed-over',
      url: '/hooks',
      headers: [],
    })
    expect(store.forgotten()).toBe(1)
  })

  test('is refused where nobody saves it', async () => {
    expect(await refusalOf(take(secretStore().taker()))).toEqual(notExpected)
  })

  test('never replaces one that is set', async () => {
    const store = secretStore('the secret')
    expect(await refusalOf(take(store.taker({ saveSecret: store.save })))).toEqual(notExpected)
    expect(store.secrets).toEqual(['the secret'])
  })

  test('is acknowledged again, and not saved again, when it is the one that is set', async () => {
    const store = secretStore('old secret', 'handed-over')
    const acceptSecret = vi.fn(() => false)
    await take(store.taker({ saveSecret: store.save, acceptSecret }))
    expect(store.secrets).toHaveLength(2)
    expect(acceptSecret).not.toHaveBeenCalled()
  })

  test('is taken beside one that is set when the application expects it', async () => {
    const store = secretStore('the secret')
    await take(store.taker({ saveSecret: store.save, acceptSecret: async ({ url }) => url === '/hooks' }))
    expect(store.secrets).toEqual(['the secret', 'handed-over'])
  })

  test('is refused, even where none is set, when the application does not', async () => {
    const store = secretStore()
    const taker = store.taker({ saveSecret: store.save, acceptSecret: () => false })
    expect(await refusalOf(take(taker))).toEqual(notExpected)
    const careless = store.taker({ saveSecret: store.save, acceptSecret: () => 'yes' as unknown as boolean })
    expect(await refusalOf(take(careless))).toEqual(notExpected)
    expect(store.secrets).toEqual([])
  })

  test('is taken once where two come at the same time', async () => {
    const store = secretStore()
    const taker = store.taker({
      saveSecret: async (handed) => {
        await Promise.resolve()
        store.save(handed)
      },
    })
    const outcomes = await Promise.all([
      refusalOf(take(taker, 'first-secret')),
      refusalOf(take(taker, 'second-secret')),
    ])
    expect(outcomes).toEqual(['taken', notExpected])
    expect(store.secrets).toEqual(['first-secret'])
  })

  test('is asked for again when it cannot be saved, and a later one is taken', async () => {
    const store = secretStore()
    let isDown = true
    const taker = store.taker({
      saveSecret: (handed) => {
        if (isDown) throw new Error('the database is down')
        store.save(handed)
      },
    })
    expect(await refusalOf(take(taker))).toEqual(notSaved)
    expect(store.forgotten()).toBe(0)
    isDown = false
    expect(await refusalOf(take(taker))).toBe('taken')
  })

  test('is asked for again when nobody can say whether one is set or expected', async () => {
    const store = secretStore()
    const failing = (): never => {
      throw new Error('down')
    }
    expect(await refusalOf(take(store.taker({ saveSecret: store.save, acceptSecret: failing })))).toEqual(notSaved)
    const blind = secretTaker(
      { saveSecret: store.save },
      { secretsFor: () => Promise.reject(new Error('down')), forgetSecrets: () => {} },
      nodeHashes() as NonNullable<ReturnType<typeof nodeHashes>>,
    )
    expect(await refusalOf(take(blind))).toEqual(notSaved)
    expect(store.secrets).toEqual([])
  })
})

describe('handedSecret', () => {
  const secretIn = (...values: readonly string[]): string =>
    handedSecret(
      handshake,
      new RequestReader({
        headers: values.map((value) => ['X-Hook-Secret', value] as const),
        body: new Uint8Array(),
        receivedAt: 0,
      }),
    )

  test('is the one value of its header', () => {
    expect(secretIn('b537207f20cbfa02357cf448134da559')).toBe('b537207f20cbfa02357cf448134da559')
  })

  test.each([
    [[]],
    [['short']],
    [['two secrets']],
    [['a'.repeat(513)]],
    [['line\r\nbreak: 1']],
    [['sécret-secret']],
    [['secret-1', 'secret-2']],
  ])('is nothing else: %j', (values) => {
    expect(() => secretIn(...values)).toThrow(expect.objectContaining({ reason: 'malformed_secret', status: 400 }))
  })
})
