import { describe, expect, it } from 'vitest'
import { driveAttempts } from '../../src/retry/drive-attempts.ts'

const isFailure = (outcome: string): boolean => outcome.startsWith('bad')

describe('driveAttempts', () => {
  it('makes attempts until one succeeds', async () => {
    const made: number[] = []
    const last = await driveAttempts('bad 1', {
      maxAttempts: 5,
      isFailure,
      attempt: (attempt) => {
        made.push(attempt)
        return Promise.resolve(attempt === 3 ? 'good 3' : `bad ${attempt}`)
      },
      prepareNext: () => Promise.resolve(true),
    })
    expect(last).toBe('good 3')
    expect(made).toEqual([2, 3])
  })

  it('returns the last failure when attempts are used up, and asks nobody then', async () => {
    const asked: [string, number][] = []
    const last = await driveAttempts('bad 1', {
      maxAttempts: 3,
      isFailure,
      attempt: (attempt) => Promise.resolve(`bad ${attempt}`),
      prepareNext: (outcome, nextAttempt) => {
        asked.push([outcome, nextAttempt])
        return Promise.resolve(true)
      },
    })
    expect(last).toBe('bad 3')
    expect(asked).toEqual([
      ['bad 1', 2],
      ['bad 2', 3],
    ])
  })

  it('returns the failure when no other attempt is wanted', async () => {
    const attempt = (): Promise<string> => Promise.reject(new Error('not reached'))
    const driver = { maxAttempts: 3, isFailure, attempt, prepareNext: () => Promise.resolve(false) }
    expect(await driveAttempts('bad 1', driver)).toBe('bad 1')
  })

  it.each([
    ['an error', new TypeError('x')],
    ['a word', 'stop'],
    ['nothing', undefined],
  ])('rejects with %s that ended the wait or the attempt, untouched', async (_, reason) => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- an abort reason may be anything
    const reject = (): Promise<never> => Promise.reject(reason)
    const resolve = (): Promise<true> => Promise.resolve(true)
    const common = { maxAttempts: 3, isFailure }
    const settle = (attempt: () => Promise<string>, prepareNext: () => Promise<boolean>) =>
      driveAttempts('bad 1', { ...common, attempt, prepareNext }).then(
        () => 'fulfilled',
        (error: unknown) => [error],
      )
    expect(await settle(reject, resolve)).toEqual([reason])
    expect(await settle(() => Promise.resolve('good'), reject)).toEqual([reason])
  })
})
