import { arrayOf, type Check, checkOptions, durationMs, integer, oneOf, plainObject } from '../../options/check.ts'
import { type UpstreamFault, upstreamFaults } from './upstream-faults.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/** Headers of a reply. An array is sent as several fields of one name. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>

/** What an upstream does with a request. `{}` is an empty 200. */
export interface UpstreamReply {
  /** 200 to 599. @defaultValue 200 */
  readonly status?: number
  /** `date` is added, and `content-type` where there is a body. */
  readonly headers?: ReplyHeaders
  /** Text and bytes are sent as they are, anything else as JSON. Default: no body. */
  readonly body?: unknown
  /** How long nothing happens, once the request has arrived, in milliseconds. @defaultValue 0 */
  readonly delayMs?: number
  /** Sends the body in pieces of so many bytes. Default: at once. */
  readonly bytesPerChunk?: number
  /** Milliseconds before each piece. Needs `bytesPerChunk`, except with `body_endless`. @defaultValue 0 */
  readonly chunkDelayMs?: number
  /** Informational answers (1xx) that a server sends before the real one. */
  readonly informational?: readonly InformationalReply[]
  /** What goes wrong. Faults after the headers use the rest of the reply. */
  readonly fault?: UpstreamFault
}

/** An informational answer, for example 103 with a `link`. */
export interface InformationalReply {
  /** 102 to 199. */
  readonly status: number
  readonly headers?: ReplyHeaders
}

/** One step of a script: a reply, or a function that decides when the request is there. */
export type UpstreamStep = UpstreamReply | ((request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>)

/** A reply with everything filled in. */
export interface ResolvedReply {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array<ArrayBuffer>
  readonly delayMs: number
  /** `Infinity`: in one piece. */
  readonly bytesPerChunk: number
  readonly chunkDelayMs: number
  readonly informational: readonly InformationalReply[]
  readonly fault: UpstreamFault | undefined
}

const header: Check = (value) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    ? undefined
    : 'text or an array of texts'

const headers: Check = (value) =>
  plainObject(value) ??
  Object.values(value as object)
    .map(header)
    .find((wrong) => wrong !== undefined)

const checks: Readonly<Record<keyof UpstreamReply, Check>> = {
  status: integer({ min: 200, max: 599 }),
  headers,
  body: () => undefined,
  delayMs: durationMs(),
  bytesPerChunk: integer({ min: 1 }),
  chunkDelayMs: durationMs(),
  informational: arrayOf(plainObject),
  fault: oneOf(...Object.keys(upstreamFaults)),
}

/** @throws InvalidOptionsError when a step is neither a function nor a reply. */
export function checkStep(path: string, step: unknown): void {
  if (typeof step !== 'function') checkOptions(path, step, checks)
}

/** Fills in what a reply leaves open. */
export function resolveReply(reply: UpstreamReply, now: number): ResolvedReply {
  const { status = 200, delayMs = 0, bytesPerChunk = Infinity, chunkDelayMs = 0, informational = [], fault } = reply
  const [body, contentType] = bytesOf(reply.body)
  const fields = headerFields(reply.headers)
  const given = new Set(fields.map(([name]) => name))
  if (!given.has('date')) fields.unshift(['date', new Date(now).toUTCString()])
  if (contentType !== undefined && !given.has('content-type')) fields.push(['content-type', contentType])
  return { status, headers: fields, body, delayMs, bytesPerChunk, chunkDelayMs, informational, fault }
}

/** The fields in lower case, one for each value. */
export function headerFields(headers: ReplyHeaders = {}): [name: string, value: string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((single): [string, string] => [name.toLowerCase(), single]),
  )
}

function bytesOf(body: unknown): readonly [bytes: Uint8Array<ArrayBuffer>, contentType: string | undefined] {
  if (body === undefined) return [new Uint8Array(0), undefined]
  if (body instanceof Uint8Array) return [Uint8Array.from(body), 'application/octet-stream']
  const encoder = new TextEncoder()
  if (typeof body === 'string') return [encoder.encode(body), 'text/plain;charset=utf-8']
  return [encoder.encode(JSON.stringify(body)), 'application/json']
}
