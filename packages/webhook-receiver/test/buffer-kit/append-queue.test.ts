import { setImmediate } from 'node:timers/promises'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import {
  type AppendQueue,
  type AppendQueueOptions,
  createAppendQueue,
  type Sized,
} from '../../src/buffer-kit/append-queue.ts'

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

  it('sends what the answer to a batch brought in the same turn with what waits', async () => {
    const server = scripted()
    const queue = createAppendQueue({ maxBatchBytes: 100, ...server, nextTurn: () => setImmediate() })
    const first = queue.add([item('a')])
    await setImmediate()
    const waiting = queue.add([item('b')])
    const sendAgain = async (): Promise<readonly string[]> => {
      await first
      for (let step = 0; step < 8; step++) await Promise.resolve()
      return await queue.add([item('c')])
    }
    const again = sendAgain()
    await server.answer()
    await setImmediate()
    await server.answer()
    expect(await Promise.all([waiting, again])).toEqual([['B'], ['C']])
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

  it('takes nothing for stored that has no outcome', async () => {
    const send = async (items: readonly Named[]): Promise<readonly string[]> => items.slice(1).map(({ name }) => name)
    const queue = createAppendQueue({ maxBatchBytes: 100, nextTurn: () => Promise.resolve(), send })
    const groups = [queue.add([item('a')]), queue.add([item('b'), item('c')])]
    for (const group of groups)
      await expect(group).rejects.toMatchObject({
        reason: 'buffer_failed',
        message: 'There are 2 outcomes for 3 items.',
      })
  })

  it('goes on after a turn that did not come', async () => {
    const failure = new Error('no turn')
    const turns = [Promise.reject(failure), Promise.resolve()]
    const send = async (items: readonly Named[]): Promise<readonly string[]> => items.map(({ name }) => name)
    const queue = createAppendQueue({ maxBatchBytes: 100, nextTurn: () => turns.shift() ?? Promise.resolve(), send })
    await expect(queue.add([item('a')])).rejects.toBe(failure)
    expect(await queue.add([item('b')])).toEqual(['b'])
  })

  describe('with a linger', () => {
    const lingering = () => {
      const clock = fakeClock()
      const server = scripted()
      const queue = createAppendQueue({ maxBatchBytes: 10, linger: { clock, maxMs: 5 }, ...server })
      /** Has the batch under way take so long. */
      const answerAfter = async (ms: number): Promise<void> => {
        await clock.advance(ms)
        await server.answer()
      }
      return { clock, server, queue, answerAfter }
    }

    it('sends what waited together with what those send who were answered', async () => {
      const { server, queue, answerAfter } = lingering()
      const first = queue.add([item('a')]).then(() => queue.add([item('c')]))
      await server.answer()
      const second = queue.add([item('b')])
      await answerAfter(8)
      await server.answer()
      expect(await Promise.all([first, second])).toEqual([['C'], ['B']])
      expect(server.sent).toEqual(['a', 'bc'])
    })

    it('waits for a quarter of the time that the last batch took, and not longer than the longest wait', async () => {
      for (const [tookMs, lingerMs] of [
        [8, 2],
        [100, 5],
      ] as const) {
        const { clock, server, queue, answerAfter } = lingering()
        const added = [queue.add([item('a')])]
        await server.answer()
        added.push(queue.add([item('b')]))
        await answerAfter(tookMs)
        await clock.advance(lingerMs - 0.5)
        expect(server.sent).toEqual(['a'])
        await clock.advance(0.5)
        expect(server.sent).toEqual(['a', 'b'])
        await server.answer()
        await Promise.all(added)
      }
    })

    it('keeps nobody who comes alone, nor what is enough for a batch, nor after an answer that came at once', async () => {
      const { server, queue, answerAfter } = lingering()
      const added = [queue.add([item('a')])]
      await answerAfter(100)
      await answerAfter(100)
      added.push(queue.add([item('b')]))
      await server.answer()
      added.push(queue.add([item('c', 6)]))
      await answerAfter(2)
      expect(server.sent).toEqual(['a', 'b', 'c'])
      added.push(queue.add([item('d', 6)]))
      await answerAfter(100)
      added.push(queue.add([item('e', 6)]))
      await server.answer()
      expect(server.sent).toEqual(['a', 'b', 'c', 'd', 'e'].slice(0, server.sent.length))
      await server.answer()
      await server.answer()
      await Promise.all(added)
      expect(server.sent).toEqual(['a', 'b', 'c', 'd', 'e'])
    })
  })

  describe('with the utilization of this process', () => {
    const utilized = (share: number) => {
      const clock = fakeClock()
      const server = scripted()
      const linger = { clock, maxMs: 5 }
      return {
        clock,
        server,
        queue: createAppendQueue({ maxBatchBytes: 9, linger, utilization: () => share, ...server }),
      }
    }
    const addAll = (queue: AppendQueue<Named, string>, names: string): Promise<readonly string[]>[] =>
      Array.from(names, (name) => queue.add([item(name)]))

    it('sends one half of those who are around while it works for the other', async () => {
      const { server, queue } = utilized(0.5)
      const added = addAll(queue, 'abcdef')
      await server.answer()
      await server.answer()
      // Those who were answered are back, and others with them.
      added.push(...addAll(queue, 'ABCgh'))
      for (let batch = 0; batch < 5; batch++) await server.answer()
      await Promise.all(added)
      expect(server.sent).toEqual(['abc', 'def', 'ABCg', 'h'])
    })

    it('sends the other half before it answers, and not where only few wait', async () => {
      const { server, queue } = utilized(0.5)
      const answered: string[] = []
      const noted = (names: string): Promise<unknown>[] =>
        addAll(queue, names).map((added) =>
          added.then(([name]) => answered.push(`${name} after ${server.sent.join()}`)),
        )
      const added = noted('abcd')
      await server.answer()
      await server.answer()
      expect(answered).toEqual(['A after ab,cd', 'B after ab,cd'])
      await server.answer()
      expect(answered.slice(2)).toEqual(['C after ab,cd', 'D after ab,cd'])
      await Promise.all(added)
    })

    it('rejects a batch that was sent before the answer and fails, and no other', async () => {
      const { server, queue } = utilized(1)
      const failure = new Error('away')
      const outcomes = Promise.allSettled(addAll(queue, 'ab'))
      await server.answer()
      await server.answer()
      await server.answer(failure)
      expect(await outcomes).toEqual([
        { status: 'fulfilled', value: ['A'] },
        { status: 'rejected', reason: failure },
      ])
    })

    it('keeps nobody who comes alone, and has nobody wait for those who were answered', async () => {
      const { clock, server, queue } = utilized(1)
      const added = addAll(queue, 'a')
      await server.answer()
      added.push(...addAll(queue, 'b'))
      await clock.advance(100)
      await server.answer()
      expect(server.sent).toEqual(['a', 'b'])
      await server.answer()
      await Promise.all(added)
    })

    it('sends all who wait while it has little to do', async () => {
      const { server, queue } = utilized(0.49)
      const added = addAll(queue, 'abcdef')
      await server.answer()
      await server.answer()
      await Promise.all(added)
      expect(server.sent).toEqual(['abcdef'])
    })
  })
})
