import { callback, checkOptions, InvalidOptionsError } from '@holdfast/core'
import { HttpAdapterHost } from '@nestjs/core'
import { checkedReceiver } from '../node-http/checked-receiver.ts'
import { mountWebhooks } from './mount-webhooks.ts'
import type { HttpAdapterLike } from './platforms.ts'
import type { NestedReceiver, WebhooksAsyncOptions, WebhooksOptions, WebhooksProvider } from './webhooks-options.ts'

/** Injection token of the receiver: `@Inject(WEBHOOK_RECEIVER) receiver: Receiver`. */
export const WEBHOOK_RECEIVER: unique symbol = Symbol('WEBHOOK_RECEIVER')

const WEBHOOK_ROUTE: unique symbol = Symbol('WEBHOOK_ROUTE')

/** A dynamic module as Nest takes it. */
export interface WebhooksDynamicModule<Import = never, Token = never> {
  readonly module: typeof WebhooksModule
  readonly imports: Import[]
  readonly providers: WebhooksProvider<Token>[]
  readonly exports: symbol[]
}

/**
 * A NestJS module that hands requests to a receiver, on Express and on Fastify. It mounts the route before Nest's body parsers,
 * whatever `rawBody` and `bodyParser` say. It starts the receiver once the application has booted, and stops it first when the
 * application closes, so that handlers end while the services they call still live.
 */
export class WebhooksModule {
  /**
   * Serves a receiver of yours.
   *
   * @throws InvalidOptionsError when an option is wrong, or `path` does not begin with `/` or has no parameter `:source`.
   */
  static forRoot(options: WebhooksOptions): WebhooksDynamicModule {
    checkOptions('', options, { receiver: () => undefined, path: routePath })
    const { receiver, path } = options
    checkedReceiver(receiver)
    return WebhooksModule.forRootAsync({ useFactory: () => receiver, ...(path === undefined ? {} : { path }) })
  }

  /**
   * Serves a receiver that is made of other providers.
   *
   * @throws InvalidOptionsError when an option is wrong, or `path` does not begin with `/` or has no parameter `:source`.
   */
  static forRootAsync<Import = never, Token = never>(
    options: WebhooksAsyncOptions<Import, Token>,
  ): WebhooksDynamicModule<Import, Token> {
    checkOptions('', options, { path: routePath, imports: list, inject: list, useFactory: callback })
    if (options.useFactory === undefined) {
      throw new InvalidOptionsError({ path: 'useFactory', expected: 'a function', received: undefined })
    }
    const { path = '/webhooks/:source' } = options
    return {
      module: WebhooksModule,
      imports: [...(options.imports ?? [])],
      providers: [
        {
          provide: WEBHOOK_RECEIVER,
          inject: [...(options.inject ?? [])],
          useFactory: (...dependencies: never[]) => options.useFactory(...dependencies),
        },
        {
          provide: WEBHOOK_ROUTE,
          inject: [HttpAdapterHost, WEBHOOK_RECEIVER],
          useFactory: (host: HttpAdapterHost, receiver: NestedReceiver) => webhookRoute(host, path, receiver),
        },
      ],
      exports: [WEBHOOK_RECEIVER],
    }
  }
}

/** Mounts the route, and hands Nest the hooks of the receiver's life. */
function webhookRoute(host: HttpAdapterHost, path: string, receiver: NestedReceiver): object {
  // Nothing in an application without a server, and in a testing module until its platform is chosen.
  const platform = (): HttpAdapterLike | null | undefined => host.httpAdapter
  const mount = (): void => {
    const http = platform()
    if (http) mountWebhooks(http, path, receiver)
  }
  if (platform()) mount()
  else host.init$.subscribe(mount)
  return {
    // Nothing comes in without a server; who delivers without one starts the receiver himself.
    onApplicationBootstrap: () => (platform() ? receiver.start() : undefined),
    onModuleDestroy: () => receiver.stop(),
  }
}

function routePath(path: unknown): string | undefined {
  const isRoute = typeof path === 'string' && path.startsWith('/') && path.includes('/:source')
  return isRoute ? undefined : 'a path like `/webhooks/:source`'
}

function list(value: unknown): string | undefined {
  return Array.isArray(value) ? undefined : 'an array'
}
