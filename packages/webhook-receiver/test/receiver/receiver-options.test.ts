import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidOptionsError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { ReceiverOptions } from '../../src/receiver/receiver.ts'
import { defaultStopOptions } from '../../src/receiver/receiver-lifecycle.ts'
import { resolveReceiverOptions } from '../../src/receiver/receiver-options.ts'
import { defaultSourceOptions } from '../../src/receiver/source-options.ts'
import { receiverOptions, sample } from './receiver-fixture.ts'

test('docs/inbound.md shows the defaults', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/inbound.md'), 'utf8')
  expect(page).toContain(`| \`sources.*.maxBodyBytes\` | \`${defaultSourceOptions.maxBodyBytes}\` |`)
  expect(page).toContain(`| \`stop({ timeoutMs })\` | \`${defaultStopOptions.timeoutMs}\` |`)
})

describe('resolveReceiverOptions', () => {
  test('fills in the defaults', () => {
    const sources = { sample: { connector: sample, secrets: ['a'] } }
    const resolved = resolveReceiverOptions(receiverOptions({ sources }))
    expect(resolved.sources.get('sample')).toMatchObject({ maxBodyBytes: 26_214_400 })
    expect([...resolved.destinations.keys()]).toEqual(['log'])
  })

  test.each<readonly [string, Record<string, unknown>, string]>([
    ['an unknown option', { bufer: 1 }, 'Did you mean `buffer`?'],
    ['no buffer', { buffer: undefined }, 'Expected `buffer` to be given'],
    ['what is no buffer', { buffer: { directory: 'x' } }, 'Expected `buffer` to be an event buffer'],
    ['no sources', { sources: {} }, 'Expected `sources` to be an object with at least one name'],
    ['no destinations', { destinations: {} }, 'Expected `destinations` to be an object with at least one name'],
    ['a source name with a slash', { sources: { 'a/b': {} } }, 'Expected `sources` to be an object whose names'],
    ['a destination without a handler', { destinations: { log: {} } }, 'Expected `destinations.log.handle`'],
    ['a source that is none', { sources: { s: 'top-secret' } }, 'Expected `sources.s` to be an object'],
    ['a source without a connector', { sources: { s: { secrets: ['a'] } } }, '`sources.s.connector`'],
    [
      'a source without secrets',
      { sources: { s: { connector: sample } } },
      'Expected `sources.s.secrets` to be an array',
    ],
    [
      'a secret from an unset variable',
      { sources: { s: { connector: sample, secrets: ['good', undefined] } } },
      'Expected `sources.s.secrets[1]` to be a non-empty string, got undefined.',
    ],
    [
      'a secret in the wrong place',
      { sources: { s: { connector: sample, secret: 'top-secret', secrets: ['a'] } } },
      'Did you mean `secrets`?',
    ],
    [
      'a limit of zero',
      { sources: { s: { connector: sample, secrets: ['a'], maxBodyBytes: 0 } } },
      'Expected `sources.s.maxBodyBytes` to be an integer >= 1',
    ],
    ['what is no clock', { clock: {} }, 'Expected `clock` to be an object with the methods now'],
  ])('refuses %s', (_title, overrides, message) => {
    const options = { ...receiverOptions(), ...overrides } as unknown as ReceiverOptions
    const error = refusalOf(options)
    expect(error.message).toContain(message)
    expect(JSON.stringify([error.message, error])).not.toContain('top-secret')
  })
})

function refusalOf(options: ReceiverOptions): InvalidOptionsError {
  try {
    resolveReceiverOptions(options)
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
