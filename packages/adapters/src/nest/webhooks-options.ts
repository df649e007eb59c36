import type { Receiver } from '@holdfast/webhook-receiver'

/** What the module calls of a receiver. */
export type NestedReceiver = Pick<Receiver, 'accept' | 'start' | 'stop'>

export interface WebhooksOptions {
  readonly receiver: NestedReceiver
  /** Path of the route, with the parameter `:source`. The global prefix does not apply. Default: `/webhooks/:source`. */
  readonly path?: string
}

export interface WebhooksAsyncOptions<Import = never, Token = never> {
  /** The same as of `forRoot`. */
  readonly path?: string
  /** Modules that export what `inject` names. */
  readonly imports?: readonly Import[]
  /** Providers that `useFactory` takes, in the order of its parameters. */
  readonly inject?: readonly Token[]
  /** Makes the receiver, for instance with handlers that call injected services. */
  useFactory(...dependencies: never[]): NestedReceiver | Promise<NestedReceiver>
}

/** A provider as Nest takes it. */
export interface WebhooksProvider<Token = never> {
  readonly provide: symbol
  readonly inject: (Token | symbol | (new () => object))[]
  useFactory(...dependencies: never[]): unknown
}
