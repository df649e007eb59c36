import { describe, expect, test } from 'vitest'
import { connectors } from './load-connectors.ts'
import { statements } from './statements/all-statements.ts'
import { awkward, damages } from './statements/awkward-bodies.ts'
import { type Change, deliver, NOW_MS, sampleBody, signed } from './statements/deliver.ts'
import type { Delivery, Statement } from './statements/statement.ts'

/** The delivery of a body, with something changed on the way. */
function sending(statement: Statement, change: Change = {}, body: Buffer = sampleBody(statement)) {
  const delivery = signed(statement, { body })
  return deliver(statement, delivery, delivery.body ?? body, change)
}

/** A delivery whose signature is written otherwise, wherever it stands. */
function rewritten({ headers, signature, write }: Delivery, body: Buffer, rewrite: (text: string) => string): Change {
  if (write !== undefined) return { headers: Object.entries(write(rewrite(signature))), body }
  const changed = (text: string): string => text.replace(signature, () => rewrite(signature))
  const inForm = (text: string): string =>
    text.replace(encodeURIComponent(signature), () => encodeURIComponent(rewrite(signature)))
  return {
    headers: Object.entries(headers).map(([name, value]) => [name, changed(value)]),
    body: Buffer.from(inForm(changed(body.toString('latin1'))), 'latin1'),
  }
}

function sendingRewritten(statement: Statement, rewrite: (text: string) => string) {
  const delivery = signed(statement)
  const body = delivery.body ?? sampleBody(statement)
  return deliver(statement, delivery, body, rewritten(delivery, body, rewrite))
}

/** The header that carries the signature. */
function signatureHeader({ headers, signature, write }: Delivery): readonly [name: string, value: string] | undefined {
  const other = write?.('')
  return Object.entries(headers).find(([name, value]) =>
    other === undefined ? value.includes(signature) : other[name] !== value,
  )
}

/** Copies of a text with one character changed: at both ends, beside them, and in the middle. */
function withOneChanged(text: string): readonly string[] {
  const places = new Set([0, 1, text.length >> 1, text.length - 2, text.length - 1])
  return [...places].map((place) => text.slice(0, place) + (text[place] === '3' ? '4' : '3') + text.slice(place + 1))
}

const schemes = connectors.flatMap(([name, connector]) =>
  (connector.webhook?.verify ?? []).flatMap((scheme, index) =>
    scheme.scheme === 'none' ? [] : [{ name, connector, scheme, index }],
  ),
)

test.each(schemes)('scheme $index of $name is stated', async ({ name, connector, scheme }) => {
  const alone = { ...connector, webhook: { ...connector.webhook, verify: [scheme] } }
  const verdicts = await Promise.all(
    statements.flatMap((statement) =>
      statement.connector === name ? [sending(statement, { connector: alone }).catch(() => undefined)] : [],
    ),
  )
  expect(verdicts).toContainEqual(expect.objectContaining({ ok: true }))
})

describe.each(statements)('$name', (statement) => {
  const [secret, next] = statement.secrets
  const kinds = statement.bodies ?? 'bytes'
  const isSigned = statement.encoding !== 'none'

  test('knows the key whatever its place among the secrets', async () => {
    const fits = (keyIndex: number) => (statement.namesKeys ? { keyIndex: -1, keyId: secret } : { keyIndex })
    expect(await sending(statement, { secrets: [secret, next] })).toMatchObject({ ok: true, ...fits(0) })
    expect(await sending(statement, { secrets: [next, secret] })).toMatchObject({ ok: true, ...fits(1) })
    expect(await sending(statement, { secrets: [next] })).toMatchObject({ ok: false })
  })

  test.each(awkward[kinds])('verifies a body of %s', async (_what, body) => {
    expect(await sending(statement, {}, body)).toMatchObject({ ok: true })
    if (kinds === 'form' || statement.signsBody === false) return
    const { body: sent = body } = signed(statement, { body })
    for (const damage of damages) {
      const damaged = damage(sent)
      if (!damaged.equals(sent)) expect(await sending(statement, { body: damaged }, body)).toMatchObject({ ok: false })
    }
  })

  test('refuses a wrong character anywhere in what carries the signature', async () => {
    const { headers, body = sampleBody(statement) } = signed(statement)
    for (const [name, value] of Object.entries(headers)) {
      if (name === 'content-type') continue
      for (const wrong of withOneChanged(value)) {
        const changed = Object.entries({ ...headers, [name]: wrong })
        expect(await sending(statement, { headers: changed, body }), `${name}: ${wrong}`).toMatchObject({ ok: false })
      }
      const { [name]: _left, ...rest } = headers
      expect(await sending(statement, { headers: Object.entries(rest), body }), name).toMatchObject({ ok: false })
    }
    for (const wrong of withOneChanged(signed(statement).signature)) {
      expect(await sendingRewritten(statement, () => wrong)).toMatchObject({ ok: false })
    }
  })

  if (statement.signsBody !== false)
    test('refuses a wrong byte anywhere in the body', async () => {
      const { body = sampleBody(statement) } = signed(statement)
      for (const wrong of withOneChanged(body.toString())) {
        expect(await sending(statement, { body: Buffer.from(wrong) }), wrong).toMatchObject({ ok: false })
      }
    })

  if (signed(statement).bound !== undefined)
    test('refuses a wrong character in any value of the body that is signed', async () => {
      const { body = Buffer.alloc(0), bound = [] } = signed(statement)
      for (const value of bound) {
        const [before, after, ...more] = body.toString().split(JSON.stringify(value))
        expect([after, ...more], value).toEqual([expect.any(String)])
        for (const wrong of withOneChanged(value)) {
          const changed = Buffer.from(`${before}${JSON.stringify(wrong)}${after}`)
          expect(await sending(statement, { body: changed }), wrong).toMatchObject({ ok: false })
        }
      }
    })

  if (statement.published !== undefined) {
    const { exchanged } = statement.published

    test('takes each published key for what it is published for only', async () => {
      const secrets = [secret, next]
      const other = signed(statement, { secret: next })
      expect(await deliver(statement, other, other.body ?? sampleBody(statement), { secrets })).toMatchObject({
        ok: true,
      })
      expect(await sending(statement, { secrets, keys: exchanged })).toMatchObject({ ok: false, reason: 'mismatch' })
      expect(await sending(statement, { secrets, keys: {} })).toMatchObject({ ok: false, reason: 'unknown_key' })
    })

    test('refuses every header that comes twice', async () => {
      const [{ headers }, other] = [
        signed(statement),
        signed(statement, { secret: next, id: 'another', atMs: NOW_MS + 1000 }),
      ]
      const lines = Object.entries(headers)
      for (const [name] of lines) {
        const line = [name, other.headers[name] ?? ''] as const
        for (const twice of [
          [...lines, line],
          [line, ...lines],
        ])
          expect(await sending(statement, { secrets: [secret, next], headers: twice }), name).toMatchObject({
            ok: false,
          })
      }
    })
  }

  if (statement.signsUrl)
    test('refuses a wrong character in the URL, and no port or escape that the provider writes', async () => {
      for (const url of ['https://example.com/hooks?a=%3A%2F%40&b=%C3%A9', 'https://example.com/a%20b/?a=1']) {
        const delivery = signed(statement, { url })
        const body = delivery.body ?? sampleBody(statement)
        expect(await deliver(statement, delivery, body)).toMatchObject({ ok: true })
        const arrived = delivery.url ?? url
        const path = arrived.slice('https://example.com/'.length)
        for (const wrong of withOneChanged(path)) {
          const changed = { url: `https://example.com/${wrong}` }
          expect(await deliver(statement, delivery, body, changed), wrong).toMatchObject({ ok: false })
        }
      }
      if (statement.respell === undefined) return
      const url = statement.respell('https://example.com/hooks?a=%3A')
      const delivery = signed(statement, { url })
      const port = (delivery.url ?? url).replace(':443', '').replace('a=:', 'a=%3A')
      expect(await deliver(statement, delivery, sampleBody(statement), { url: port })).toMatchObject({ ok: true })
    })

  if (statement.encoding === 'hex')
    test('takes hexadecimal digits of either case, and no other character', async () => {
      expect(await sendingRewritten(statement, (text) => text.toUpperCase())).toMatchObject({ ok: true })
      for (const wrong of ['', '0x', ' ', '\u0130']) {
        expect(await sendingRewritten(statement, (text) => wrong + text.slice(wrong.length))).toMatchObject({
          ok: wrong === '',
        })
      }
      expect(await sendingRewritten(statement, (text) => text.slice(1))).toMatchObject({ ok: false })
      expect(await sendingRewritten(statement, (text) => `${text}00`)).toMatchObject({ ok: false })
    })

  if (statement.encoding === 'base64' || statement.encoding === 'base64url')
    test('takes base64 with and without padding, and no other alphabet', async () => {
      const bare = signed(statement).signature.replace(/=+$/, '')
      const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')
      expect(await sendingRewritten(statement, () => bare)).toMatchObject({ ok: true })
      expect(await sendingRewritten(statement, () => padded)).toMatchObject({ ok: true })
      for (const wrong of [`${padded}=`, `${padded}AAAA`, bare.slice(1), `${bare.slice(0, -1)}!`]) {
        expect(await sendingRewritten(statement, () => wrong), wrong).toMatchObject({ ok: false })
      }
      // Once and for all, for ECDSA signs otherwise each time.
      const other = bare.replaceAll(/[-_+/]/g, (character) => swapped[character] ?? '')
      if (other !== bare) expect(await sendingRewritten(statement, () => other)).toMatchObject({ ok: false })
    })

  if (isSigned && signatureHeader(signed(statement)) !== undefined)
    test('says of a signature header that comes twice what it is', async () => {
      const delivery = signed(statement)
      const lines = Object.entries(delivery.headers)
      const [name, value] = signatureHeader(delivery) ?? ['', '']
      const other = signed({ ...statement, secrets: [next, secret] }).headers[name] ?? ''
      const verdict = async (...values: readonly string[]) =>
        sending(statement, {
          headers: [...lines.filter(([candidate]) => candidate !== name), ...values.map((own) => [name, own] as const)],
        })
      const same = await verdict(value, value)
      const different = [await verdict(value, other), await verdict(other, value)]
      if (statement.lines) {
        for (const result of [same, ...different]) expect(result).toMatchObject({ ok: true })
      } else {
        const reason = value.includes(String(NOW_MS / 1000)) ? 'malformed_timestamp' : 'duplicate_header'
        for (const result of [same, ...different]) expect(result).toMatchObject({ ok: false, reason })
      }
      // As the Fetch standard joins header lines, which must not be taken for something else.
      const joined = await verdict(`${value}, ${other}`)
      expect(joined.ok).toBe(statement.lines === true || statement.isList === true)
    })

  if (statement.join !== undefined)
    test('takes the signatures of two keys in both orders', async () => {
      const delivery = signed(statement)
      const other = signed(statement, { secret: next })
      const [name] = signatureHeader(delivery) ?? ['']
      const [one, two] = [delivery.headers[name] ?? '', other.headers[name] ?? '']
      for (const value of [statement.join?.(one, two), statement.join?.(two, one)]) {
        const headers = Object.entries({ ...delivery.headers, [name]: value ?? '' })
        for (const secrets of [[secret], [next], [next, secret]]) {
          expect(await sending(statement, { headers, secrets })).toMatchObject({ ok: true, keyIndex: 0 })
        }
        expect(
          await sending(statement, { headers: Object.entries({ ...delivery.headers, [name]: two }) }),
        ).toMatchObject({ ok: false })
      }
    })

  if (statement.time !== undefined) {
    const { toleranceMs, leewayMs = 0 } = statement.time

    test('judges the time of signing against the arrival, both ways', async () => {
      const own = toleranceMs ?? 60_000
      const change = toleranceMs === undefined ? { toleranceMs: own } : {}
      const latest = NOW_MS + own + leewayMs
      const earliest = NOW_MS - (leewayMs === 0 ? own : leewayMs)
      for (const [receivedAt, reason] of [
        [latest + 1000, 'stale_timestamp'],
        [earliest - 1000, 'future_timestamp'],
      ] as const) {
        expect(await sending(statement, { ...change, receivedAt })).toMatchObject({ ok: false, reason })
      }
      for (const receivedAt of [latest, earliest]) {
        expect(await sending(statement, { ...change, receivedAt })).toMatchObject({ ok: true })
      }
      const later = await sending(statement, { receivedAt: NOW_MS + 31_536_000_000 })
      expect(later.ok).toBe(toleranceMs === undefined)
    })
  }
})

const swapped: Readonly<Record<string, string>> = { '-': '+', _: '/', '+': '-', '/': '_' }

const largest = Buffer.alloc(25 * 1024 * 1024, '{"a":"$& $$\r\n\u00e9"}')

test.each(['github', 'stripe', 'shopify', 'standard-webhooks', 'square', 'discord', 'hubspot, v2', 'paypal'])(
  'verifies 25 MB as %s signs them, and not with one byte changed',
  async (name) => {
    const statement = statements.find((candidate) => candidate.name === name)!
    const delivery = signed(statement, { body: largest })
    expect(await deliver(statement, delivery, largest)).toMatchObject({ ok: true })
    const changed = Buffer.from(largest)
    changed[changed.length >> 1]! ^= 1
    expect(await deliver(statement, delivery, changed)).toMatchObject({ ok: false })
  },
)
