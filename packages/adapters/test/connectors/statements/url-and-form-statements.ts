import { createHash } from 'node:crypto'
import { type Draft, hmac, SECRETS, secondsOf, sha256, type Statement } from './statement.ts'

/** The decoded fields of a form. */
function fieldsOf({ body }: Draft): readonly (readonly [string, string])[] {
  return [...new URLSearchParams(body.toString())]
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** HubSpot decodes these of a URL before it signs it. */
function hubspotUrl(url: string): string {
  return url.replaceAll(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, decodeURIComponent)
}

export const urlAndFormStatements: readonly Statement[] = [
  {
    connector: 'square',
    encoding: 'base64',
    secrets: SECRETS,
    signsUrl: true,
    sign({ secret, body, url }) {
      const signature = hmac('sha256', secret, url, body).toString('base64')
      return { signature, url, headers: { 'x-square-hmacsha256-signature': signature } }
    },
  },
  {
    connector: 'trello',
    encoding: 'base64',
    secrets: SECRETS,
    signsUrl: true,
    sign({ secret, body, url }) {
      const signature = hmac('sha1', secret, body, url).toString('base64')
      return { signature, url, headers: { 'x-trello-webhook': signature } }
    },
  },
  {
    connector: 'contentful',
    encoding: 'hex',
    secrets: SECRETS,
    signsUrl: true,
    time: { toleranceMs: 30_000 },
    sign({ secret, body, url, atMs }) {
      const list = 'x-contentful-signed-headers,x-contentful-timestamp'
      const lines = `x-contentful-signed-headers:${list};x-contentful-timestamp:${atMs}`
      const { pathname, search } = new URL(url)
      const signature = hmac('sha256', secret, `POST\n${pathname}${search}\n${lines}\n`, body).toString('hex')
      const headers = { 'x-contentful-signed-headers': list, 'x-contentful-timestamp': String(atMs) }
      return { signature, url, headers: { ...headers, 'x-contentful-signature': signature } }
    },
  },
  {
    connector: 'hubspot',
    variant: 'v3',
    encoding: 'base64',
    secrets: SECRETS,
    signsUrl: true,
    respell: hubspotUrl,
    time: { toleranceMs: 300_000 },
    sign({ secret, body, url, atMs }) {
      const signature = hmac('sha256', secret, `POST${hubspotUrl(url)}`, body, String(atMs)).toString('base64')
      const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(atMs) }
      return { signature, url, headers }
    },
  },
  {
    connector: 'hubspot',
    variant: 'v2',
    encoding: 'hex',
    secrets: SECRETS,
    signsUrl: true,
    sign({ secret, body, url }) {
      const signature = sha256(`${secret}POST${url}`, body).toString('hex')
      return { signature, url, headers: { 'x-hubspot-signature': signature, 'x-hubspot-signature-version': 'v2' } }
    },
  },
  {
    connector: 'hubspot',
    variant: 'v1',
    encoding: 'hex',
    secrets: SECRETS,
    sign({ secret, body }) {
      const signature = sha256(secret, body).toString('hex')
      return { signature, headers: { 'x-hubspot-signature': signature } }
    },
  },
  {
    connector: 'twilio',
    variant: 'form',
    encoding: 'base64',
    secrets: SECRETS,
    bodies: 'form',
    signsUrl: true,
    respell: withPort,
    sign(draft) {
      const pairs = fieldsOf(draft).map(([name, value]) => name + '\0' + value)
      const text = [...new Set(pairs)].toSorted(compareText).map((pair) => pair.replace('\0', ''))
      const signature = hmac('sha1', draft.secret, draft.url + text.join('')).toString('base64')
      return { signature, url: draft.url, headers: { ...FORM, 'x-twilio-signature': signature } }
    },
  },
  {
    connector: 'twilio',
    variant: 'body hash',
    encoding: 'base64',
    secrets: SECRETS,
    signsUrl: true,
    respell: withPort,
    sign(draft) {
      const url = `${draft.url}&bodySHA256=${sha256(draft.body).toString('hex')}`
      const signature = hmac('sha1', draft.secret, url).toString('base64')
      return { signature, url, headers: { 'x-twilio-signature': signature } }
    },
  },
  {
    connector: 'mandrill',
    encoding: 'base64',
    secrets: SECRETS,
    bodies: 'form',
    signsUrl: true,
    sign(draft) {
      const sorted = fieldsOf(draft).toSorted(([left], [right]) => compareText(left, right))
      const signature = hmac('sha1', draft.secret, draft.url + sorted.flat().join('')).toString('base64')
      return { signature, url: draft.url, headers: { ...FORM, 'x-mandrill-signature': signature } }
    },
  },
  {
    connector: 'plivo',
    encoding: 'base64',
    secrets: SECRETS,
    bodies: 'form',
    signsUrl: true,
    sign(draft) {
      const { origin, pathname, searchParams } = new URL(draft.url)
      const query = [...searchParams].map(([name, value]) => `${name}=${value}`).toSorted(compareText)
      const fields = fieldsOf(draft)
        .map(([name, value]) => [name, value] as const)
        .toSorted((left, right) => compareText(left[0], right[0]) || compareText(left[1], right[1]))
      const lead = fields.length === 0 ? '' : query.length > 0 ? '.' : '?'
      const text = `${origin}${pathname}?${query.join('&')}${lead}${fields.flat().join('')}.${draft.id}`
      const signature = hmac('sha256', draft.secret, text).toString('base64')
      const headers = { ...FORM, 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': draft.id }
      return { signature, url: draft.url, headers }
    },
    join: (one, other) => `${one},${other}`,
    lines: true,
  },
  {
    connector: 'mercado-pago',
    encoding: 'hex',
    secrets: SECRETS,
    signsBody: false,
    time: {},
    sign({ secret, id, atMs }) {
      const manifest = `id:abc1;request-id:${id};ts:${atMs};`
      const signature = hmac('sha256', secret, manifest).toString('hex')
      const headers = { 'x-request-id': id, 'x-signature': `ts=${atMs},v1=${signature}` }
      return { signature, url: 'https://example.com/hook?data.id=ABC1&type=payment', headers }
    },
  },
  {
    connector: 'braintree',
    encoding: 'hex',
    secrets: SECRETS,
    bodies: 'form',
    signsBody: false,
    sign({ secret, body }) {
      const payload = body.toString('base64')
      const key = createHash('sha1').update(secret).digest()
      const signature = hmac('sha1', key, payload).toString('hex')
      const form = new URLSearchParams({ bt_signature: `public_key|${signature}`, bt_payload: payload })
      return { signature, headers: FORM, body: Buffer.from(form.toString()) }
    },
  },
  {
    connector: 'klaviyo',
    encoding: 'hex',
    secrets: SECRETS,
    sign(draft) {
      const signature = hmac('sha256', draft.secret, draft.body, secondsOf(draft)).toString('hex')
      return { signature, headers: { 'klaviyo-signature': signature, 'klaviyo-timestamp': secondsOf(draft) } }
    },
  },
]

function withPort(url: string): string {
  return url.replace('https://example.com/', 'https://example.com:443/')
}
