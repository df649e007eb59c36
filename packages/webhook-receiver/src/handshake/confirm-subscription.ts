import {
  callback,
  checkConnector,
  checkOptions,
  classifyResponse,
  type Clock,
  clockObject,
  type Connector,
  durationMs,
  IntegrationError,
  InvalidOptionsError,
  plainObject,
  systemClock,
} from '@holdfast/core'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { discardBody } from '../verify/keys/discard-body.ts'
import { RequestReader } from '../verify/request-reader.ts'
import { compileHandshakes } from './compile-handshakes.ts'
import { confirmationLink } from './confirmation-link.ts'

/** What is looked at of an event. */
export type ConfirmableEvent = Pick<WebhookEvent, 'body' | 'method' | 'rawHeaders' | 'receivedAt' | 'url'>

export interface ConfirmOptions {
  /** That of the source of the event, which says where the link is and which hosts it may name. */
  readonly connector: Connector
  /** Transport, for example what `createFetch` of `@holdfast/core` makes. Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Time until the answer must be there, in milliseconds. Default: `10_000`. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

/** Default of `confirmSubscription`. */
const TIMEOUT_MS = 10_000

/**
 * Opens the link with which a provider wants a subscription to be confirmed (Amazon SNS), in the handler of its stored event:
 * over https, to a host that the connector pins, and without following a redirect. Holdfast never does so by itself, for whoever
 * confirms says that he wants the events. It may be called with every event of the source.
 *
 * @returns `false` when the event asks for nothing to be confirmed.
 * @throws IntegrationError when the link is none that the connector allows, or its host does not answer 2xx in time.
 * @throws InvalidOptionsError when the provider of the connector wants nothing to be confirmed.
 */
export async function confirmSubscription(event: ConfirmableEvent, options: ConfirmOptions): Promise<boolean> {
  const { connector, timeoutMs = TIMEOUT_MS, clock = systemClock } = options
  checkOptions('', options, {
    connector: plainObject,
    fetch: callback,
    timeoutMs: durationMs({ min: 1 }),
    clock: clockObject,
  })
  const link = linkOf(event, connector)
  if (link === undefined) return false

  const controller = new AbortController()
  const cancel = clock.schedule(timeoutMs, () => controller.abort(tooLate(timeoutMs)))
  try {
    // Looked up at each call, so that a fetch that was replaced is respected.
    const fetch = options.fetch ?? globalThis.fetch
    // `manual`, not `error`: Workers know no `error`.
    const response = await fetch(link, { redirect: 'manual', signal: controller.signal })
    discardBody(response)
    if (response.ok) return true
    throw refused(response, clock.now())
  } catch (error) {
    throw controller.signal.aborted ? (controller.signal.reason as unknown) : error
  } finally {
    cancel()
  }
}

/** The link that an event wants to be opened; `undefined`: it wants none. */
function linkOf(event: ConfirmableEvent, connector: Connector): string | undefined {
  const handshakes = checkConnector(connector, 'connector').webhook?.handshakes ?? []
  const confirmed = handshakes.filter(({ confirm }) => confirm !== undefined)
  if (confirmed.length === 0) {
    throw new InvalidOptionsError({
      path: 'connector',
      expected: 'a connector with a handshake that has to be confirmed',
      received: undefined,
      receivedText: `\`${connector.id}\`, which has none`,
    })
  }
  const { rawHeaders: headers, ...request } = event
  const reader = new RequestReader({ ...request, headers })
  const confirm = compileHandshakes({ verify: [], handshakes: confirmed }).afterVerification(reader)?.confirm
  if (confirm === undefined) return undefined
  const link = confirmationLink(reader, confirm)
  if (link !== undefined) return link
  throw new IntegrationError({
    code: 'schema_mismatch',
    reason: 'unexpected_link',
    message: `The link that \`${connector.id}\` wants to be opened is absent, or leads elsewhere than its connector allows.`,
  })
}

function refused(response: Response, now: number): IntegrationError {
  const { status, headers } = response
  const failure = classifyResponse({ status, headers, now })
  // A redirect, which reads as 0 where it is not followed.
  return new IntegrationError(
    failure ?? {
      code: 'upstream_error',
      reason: 'redirect',
      message: 'The link to confirm a subscription leads to a redirect, which is not followed.',
    },
  )
}

function tooLate(timeoutMs: number): IntegrationError {
  return new IntegrationError({
    code: 'timeout',
    message: `The link to confirm a subscription was not answered within ${timeoutMs} ms.`,
  })
}
