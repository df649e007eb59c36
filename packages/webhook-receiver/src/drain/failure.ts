import { isIntegrationError } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { FailureInfo } from '../buffer/event-buffer.ts'

const MAX_MESSAGE_LENGTH = 1000

/** What is kept of an error beside a dead letter. Whatever a handler can throw has some. */
export function failureInfo(error: unknown, attempts: number, at: number): FailureInfo {
  const code = property(error, 'code')
  return {
    attempts,
    at,
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    message: messageOf(error).slice(0, MAX_MESSAGE_LENGTH),
  }
}

/** How long the error asks to wait, in milliseconds; 0 when it does not. */
export function hintedDelayMs(error: unknown): number {
  const hint = property(error, 'retryAfterMs')
  return typeof hint === 'number' && hint > 0 ? hint : 0
}

/** Whether the buffer says that the partition belongs to somebody else. */
export function isStaleLease(error: unknown): boolean {
  return isIntegrationError(error) && error.reason === 'stale_lease'
}

/** The reason that handlers of a lost partition are broken off with. */
export function staleLease(partition: number): BufferError {
  return new BufferError('stale_lease', `The lease of partition ${partition} is lost.`)
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  const message = property(error, 'message')
  if (typeof message === 'string' && message !== '') return message
  const name = property(error, 'name')
  return typeof name === 'string' && name !== '' ? name : `A value of type ${typeof error} was thrown.`
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
