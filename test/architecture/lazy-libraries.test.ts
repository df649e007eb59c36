import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const program = join(import.meta.dirname, 'libraries-loaded.ts')

/** The libraries that few schemes need. Core reads structured fields in rate limits too, which is another matter. */
const libraries = ['jose', 'structured-headers']

/** What files of the receiver asked for while a process verified the webhooks of these connectors. */
async function askedForBy(...connectors: readonly string[]): Promise<readonly string[]> {
  const args = ['--conditions=@holdfast/source', program, libraries.join(','), ...connectors]
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname })
  const { verified, askedFor } = JSON.parse(stdout) as { verified: readonly boolean[]; askedFor: readonly string[] }
  expect(verified).toEqual(connectors.map(() => true))
  const byReceiver = askedFor.filter((entry) => !entry.includes('/packages/core/'))
  return [...new Set(byReceiver.map((entry) => entry.split(' ')[0] ?? ''))]
}

describe('a process that verifies', () => {
  test('HMACs, tokens and plain public keys loads neither jose nor structured-headers', async () => {
    const connectors = [
      'github',
      'stripe',
      'slack',
      'svix',
      'twilio',
      'hft71',
      'postmark',
      'discord',
      'wise',
      'aws-sns',
    ]
    expect(await askedForBy(...connectors)).toEqual([])
  })

  test('tokens loads jose alone', async () => {
    expect(await askedForBy('livekit')).toEqual(['jose'])
  })

  test('HTTP message signatures loads structured-headers alone', async () => {
    expect(await askedForBy('http-message-signatures')).toEqual(['structured-headers'])
  })
})
