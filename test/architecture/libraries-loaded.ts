// Runs in a fresh process: verifies a vector of each connector that is named, then prints whether they verified, and which
// files asked for a library.
import { registerHooks } from 'node:module'
import type { Connector } from '@holdfast/core'
import type { KeyFetcher } from '@holdfast/webhook-receiver'

const [libraries = '', ...names] = process.argv.slice(2)

const askedFor: string[] = []
registerHooks({
  resolve(specifier, context, next) {
    if (libraries.split(',').includes(specifier)) askedFor.push(`${specifier} by ${context.parentURL ?? ''}`)
    return next(specifier, context)
  },
})

const { createVerifier } = await import('@holdfast/webhook-receiver')

const verified: boolean[] = []
for (const name of names) {
  const { default: connector } = (await import(`@holdfast/adapters/connectors/${name}`)) as { default: Connector }
  const [vector] = connector.webhook?.verify[0]?.vectors ?? []
  if (vector === undefined) throw new Error(`${name} has no vector.`)
  const { secret, keys = {}, headers, body = '', receivedAt = 0, ...rest } = vector
  const fetchKey: KeyFetcher['fetchKey'] = async ({ url }) => ({ text: keys[url] ?? '' })
  const verifier = createVerifier({ connector, secrets: secret === undefined ? [] : [secret], keys: { fetchKey } })
  const request = { ...rest, headers: Object.entries(headers), body: Buffer.from(body), receivedAt }
  verified.push((await verifier.verify(request)).ok)
}
process.stdout.write(JSON.stringify({ verified, askedFor }))
