import type { IntegrationErrorInit } from '@holdfast/core'
import type { IncomingWebhook, WebhookReply } from '@holdfast/webhook-receiver'

/** The first message about a request: everything but its body. */
export interface Head extends Omit<IncomingWebhook, 'body'> {
  readonly source: string
  /** `whole` and `stream` are sent afterwards, the stream as long as it is asked for. */
  readonly body: 'none' | 'whole' | 'stream'
}

/** The answer to each message: the reply, or the wish for the next piece of the body. */
export interface Step {
  /** Where the next message goes. */
  readonly id: string
  readonly reply?: WebhookReply
}

/** Why a body could not be read. */
export interface Failure {
  readonly message: string
  readonly name?: string
  readonly init?: IntegrationErrorInit
}
