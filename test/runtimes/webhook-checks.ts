// Every kind of scheme, with the hashes, keys and certificates that the runtime has.
import { type Connector, checkConnector, type SignatureVector } from '@holdfast/core'
import { createVerifier, type Verifier } from '@holdfast/webhook-receiver'
import { equal } from './equal.ts'

/** What is verified, by the connectors whose vectors show it. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'HMACs with SHA-1, SHA-256 and SHA-512': ['intercom', 'stripe', 'paystack'],
  'Ed25519 signatures': ['telnyx', 'standard-webhooks-asymmetric'],
  'ECDSA signatures, also with a key that is fetched by its id': ['sendgrid', 'ebay'],
  'RSA signatures with a public key, fetched or not': ['wise', 'adobe-io-events'],
  'RSA signatures with the key of a fetched certificate': ['aws-sns', 'paypal'],
  'tokens with a shared secret': ['livekit', 'messagebird', 'monday'],
  'tokens with a key out of a fetched set': ['plaid', 'fusionauth'],
  'HTTP message signatures': ['http-message-signatures'],
  'secrets that are sent along': ['hft71', 'postmark'],
}

/** A check for each kind: the vectors of its connectors verify, and none with another byte in a body that it covers. */
export const webhookChecks: Readonly<Record<string, (url: string) => Promise<void>>> = Object.fromEntries(
  Object.entries(kinds).map(([kind, connectors]) => [
    `verifies ${kind}`,
    async (url) => {
      for (const name of connectors) await checkVectors(await connectorOf(url, name))
    },
  ]),
)

/** Connectors are data: these come over the network. */
async function connectorOf(url: string, name: string): Promise<Connector> {
  return checkConnector(await (await fetch(`${url}/connector/${name}`)).json())
}

async function checkVectors(connector: Connector): Promise<void> {
  const vectors = (connector.webhook?.verify ?? []).flatMap((scheme) => scheme.vectors ?? [])
  if (vectors.length === 0) throw new Error(`${connector.id} has no vector.`)
  for (const [index, vector] of vectors.entries()) {
    const verifier = verifierOf(connector, vector)
    const { headers, body = '', receivedAt = 0, method, url } = vector
    const request = {
      headers: Object.entries(headers),
      body: new TextEncoder().encode(body),
      receivedAt,
      ...(method !== undefined && { method }),
      ...(url !== undefined && { url }),
    }
    const result = await verifier.verify(request)
    equal([connector.id, index, result.ok], [connector.id, index, true])
    if (!result.ok || !result.bound.includes('body')) continue
    const changed = await verifier.verify({ ...request, body: Uint8Array.of(...request.body, 0x20) })
    equal([connector.id, index, changed.ok], [connector.id, index, false])
  }
}

function verifierOf(connector: Connector, { secret, keys = {} }: SignatureVector): Verifier {
  const [keyUrl = 'https://keys.invalid/'] = Object.keys(keys).filter((name) => name.startsWith('https://'))
  const hasOwnUrl = (connector.webhook?.verify ?? []).some(
    (scheme) => 'key' in scheme && scheme.key?.from === 'url' && scheme.key.url === undefined,
  )
  return createVerifier({
    connector,
    secrets: secret === undefined ? [] : [secret],
    keys: {
      fetchKey: async ({ keyId, url }) => {
        const text = keys[keyId ?? ''] ?? keys[url]
        return text === undefined ? undefined : { text }
      },
    },
    ...(hasOwnUrl && { keyUrl }),
  })
}
