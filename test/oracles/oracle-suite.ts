import type { Connector } from '@holdfast/core'
import { createVerifier, type SourceOptions, type VerifyResult } from '@holdfast/webhook-receiver'
import { signRequest, type SignRequestOptions } from '@holdfast/webhook-receiver/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { awkwardTexts, bytesOf } from './awkward-bodies.ts'

/** When everything is signed, and what the clock says meanwhile, for libraries that look at it. */
export const NOW = 1_764_000_000_000

/** A request as it goes over the wire. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Default: `https://hooks.example.com/in`. */
  readonly url?: string
}

type MaybePromise<Value> = Value | Promise<Value>

/** A provider's own library, asked about its webhooks. */
export interface Oracle {
  /** The package. */
  readonly library: string
  readonly connector: Connector
  /** How our verifier is configured. */
  readonly source: Pick<SourceOptions, 'secrets' | 'keys' | 'keyUrl'>
  /** Signs with the library where it can, else with `node:crypto`; `at` is in milliseconds since the epoch. */
  readonly sign: (body: string, at: number) => MaybePromise<Delivery>
  /** What the library says; throwing means no. */
  readonly accepts: (delivery: Delivery) => MaybePromise<unknown>
  /** Lower-case name of the header that is spoiled. */
  readonly signature: string
  /** Where in it the signature begins, when that is not the whole value. Default: 0. */
  readonly from?: string
  /** Spoils it, where a wrong character may be of no account. */
  readonly spoil?: (value: string, place: number) => string
  /** Bodies that the library can be asked about. Default: any text that is not empty. */
  readonly bodies?: fc.Arbitrary<string>
  /** Which of the awkward bodies are among them. Default: all. */
  readonly takes?: (text: string) => boolean
  /** How many bodies are tried. Default: 25. */
  readonly runs?: number
  /** How our signer is asked. Default: with the last of the secrets. */
  readonly signWith?: Pick<SignRequestOptions, 'key' | 'scheme' | 'claims'>
  /** How old a signature may be for the library, in milliseconds. Absent: it does not judge. */
  readonly maxAgeMs?: number
  /** Whether the library refuses a signature that is as far in the future. */
  readonly refusesFuture?: boolean
}

/** What our verifier says of a delivery. */
export async function verifyDelivery(
  { connector, source }: Pick<Oracle, 'connector' | 'source'>,
  { headers, body, url = 'https://hooks.example.com/in' }: Delivery,
  receivedAt: number = NOW,
): Promise<VerifyResult> {
  const verifier = createVerifier({ connector, ...source })
  return verifier.verify({ headers: Object.entries(headers), body: bytesOf(body), receivedAt, url, method: 'POST' })
}

/** Our answer and the library's. */
export async function answersOf(
  oracle: Oracle,
  delivery: Delivery,
): Promise<readonly [ours: boolean, theirs: boolean]> {
  const ours = await verifyDelivery(oracle, delivery)
  return [ours.ok, await oracleAccepts(oracle, delivery)]
}

/** What the library says, whichever way it says no. */
export async function oracleAccepts({ accepts }: Pick<Oracle, 'accepts'>, delivery: Delivery): Promise<boolean> {
  try {
    const answer = await accepts(delivery)
    return answer !== false
  } catch {
    return false
  }
}

/** Tests that a connector accepts and refuses what the provider's library does. */
export function describeOracle(oracle: Oracle): void {
  const { library, connector, sign, signature, from = '', takes = () => true, maxAgeMs, refusesFuture = false } = oracle
  const spoil = oracle.spoil ?? ((value, place) => withWrongCharacter(value, from, place))
  const bodies = oracle.bodies ?? fc.string({ unit: 'grapheme', minLength: 1 })
  const spoiled = async (body: string, place: number): Promise<Delivery> => {
    const delivery = await sign(body, NOW)
    return {
      ...delivery,
      headers: { ...delivery.headers, [signature]: spoil(delivery.headers[signature] ?? '', place) },
    }
  }

  describe(`the ${connector.id} connector and ${library}`, () => {
    useSigningTime()

    test.each(awkwardTexts.filter(([, text]) => takes(text)))('accept both: %s', async (_title, text) => {
      expect(await answersOf(oracle, await sign(text, NOW))).toEqual([true, true])
    })

    test('accept any body, and refuse another one and any wrong character of the signature', async () => {
      await fc.assert(
        fc.asyncProperty(bodies, fc.nat(), async (body, place) => {
          const delivery = await sign(body, NOW)
          expect(await answersOf(oracle, delivery)).toEqual([true, true])
          expect(await answersOf(oracle, await spoiled(body, place))).toEqual([false, false])
          expect(await answersOf(oracle, { ...delivery, body: changed(delivery.body) })).toEqual([false, false])
        }),
        { numRuns: oracle.runs ?? 25 },
      )
    })

    test('refuse a request without a signature', async () => {
      const { headers, ...delivery } = await sign('{"a":1}', NOW)
      const { [signature]: _signature, ...others } = headers
      expect(await answersOf(oracle, { ...delivery, headers: others })).toEqual([false, false])
    })

    // Not for our sake: signRequest reads the connector as the verifier does. For who tests with it, the library is the judge.
    test('the library accepts what signRequest makes', async () => {
      expect(await oracleAccepts(oracle, await ourDelivery(oracle, '{"a":1}'))).toBe(true)
    })

    if (maxAgeMs !== undefined)
      test('agree on what is too old, and we on what is from the future', async () => {
        for (const [ageMs, accepted] of [
          [maxAgeMs - 1_000, true],
          [maxAgeMs + 1_000, false],
        ] as const)
          expect(await answersOf(oracle, await sign('{"a":1}', NOW - ageMs))).toEqual([accepted, accepted])
        const future = await sign('{"a":1}', NOW + maxAgeMs + 1_000)
        expect(await answersOf(oracle, future)).toEqual([false, !refusesFuture])
      })
  })
}

/** What our signer makes of the request that the library, or `node:crypto`, signed. */
async function ourDelivery({ connector, source, sign, signature, signWith }: Oracle, text: string): Promise<Delivery> {
  const { headers, body, url = 'https://hooks.example.com/in' } = await sign(text, NOW)
  const { [signature]: _signature, ...others } = headers
  const secrets = Array.isArray(source.secrets) ? (source.secrets as readonly string[]) : []
  const [key] = secrets.slice(-1)
  const signed = await signRequest({
    connector,
    ...(key !== undefined && { key }),
    ...signWith,
    body,
    url,
    headers: others,
    timestamp: NOW,
  })
  return { headers: Object.fromEntries(signed.headers), body: new TextDecoder().decode(signed.body), url: signed.url }
}

/** Sets the clock to when everything is signed. */
export function useSigningTime(): void {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  })
  afterAll(() => {
    vi.useRealTimers()
  })
}

function changed(body: string): string {
  return `${body.slice(0, -1)}${body.endsWith('x') ? 'y' : 'x'}`
}

/** The value with one character of the signature replaced; not its last ones, where base64 has bits that mean nothing. */
export function withWrongCharacter(value: string, from: string, place: number): string {
  const start = from === '' ? 0 : value.indexOf(from) + from.length
  const at = start + (place % Math.max(1, value.length - start - 4))
  return value.slice(0, at) + (value[at] === '0' ? '1' : '0') + value.slice(at + 1)
}
