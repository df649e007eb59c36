import { describe, expect, it } from 'vitest'
import { type AppendQueueOptions, createAppendQueue, type Sized } from '../../src/buffer-kit/append-queue.ts'

interface Named extends Sized {
  readonly name: string
}

const item = (name: string, bytes = 1): Named => ({ name, bytes })

/** A server that answers when it is told to, with the names of what it was sent. */
function scripted(): Pick<AppendQueueOptions<Named, string>, 'send' | 'nextTurn'> & {
  readonly sent: string[]
  /** Lets the batch that is under way succeed, or fail. */
  answer(error?: Error): Promise<void>
} {
  const sent: string[] = []
  let settle: (error?: Error) => void = () => {}
  return {
    sent,
    nextTurn: () => Promise.resolve(),
    send: (items) =>
      new Promise((resolve, reject) => {
        const names = items.map(({ name }) => name)
        sent.push(names.join(''))
        settle = (error) => (error === undefined ? resolve(names.map((name) => name.toUpperCase())) : reject(error))
      }),
    async answer(error) {
      settle(error)
      for (let step = 0; step < 10; step++) await Promise.resolve()
    },
  }
}

describe('createAppendQueue', () => {
  it('sends together what comes in one turn, and gives each group its own outcomes', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 100, ...server })
    const groups = [queue.add([item('a'), item('b')]), queue.add([item('c')])]
    await server.answer()
    await server.answer()
    expect(await Promise.all(groups)).toEqual([['A', 'B'], ['C']])
    expect(server.sent).toEqual(['abc'])
  })

  it('has one batch under way at a time, and sends what came meanwhile as the next', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 100, ...server })
    const first = queue.add([item('a')])
    await server.answer()
    const later = [queue.add([item('b')]), queue.add([item('c')])]
    await server.answer()
    expect(await first).toEqual(['A'])
    await server.answer()
    expect(await Promise.all(later)).toEqual([['B'], ['C']])
    expect(server.sent).toEqual(['a', 'bc'])
  })

  it('begins another batch before one grows too large, and splits no group', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 10, ...server })
    const groups = [queue.add([item('a', 4)]), queue.add([item('b', 8), item('c', 8)]), queue.add([item('d', 4)])]
    for (let batch = 0; batch < 4; batch++) await server.answer()
    await Promise.all(groups)
    expect(server.sent).toEqual(['a', 'bc', 'd'])
  })

  it('rejects every group of a batch that fails, and goes on with the next', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 2, ...server })
    const groups = [queue.add([item('a')]), queue.add([item('b')]), queue.add([item('c')])]
    const outcomes = Promise.allSettled(groups)
    const failure = new Error('away')
    await server.answer()
    await server.answer(failure)
    await server.answer()
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: ['C'] },
    ])
  })

  it('is idle when nothing waits any more', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 1, ...server })
    await queue.idle()
    const groups = [queue.add([item('a')]), queue.add([item('b')])]
    let isIdle = false
    const idle = queue.idle().then(() => {
      isIdle = true
    })
    await server.answer()
    await server.answer()
    expect(isIdle).toBe(false)
    await server.answer()
    await Promise.all([...groups, idle])
    expect(server.sent).toEqual(['a', 'b'])
  })
})
