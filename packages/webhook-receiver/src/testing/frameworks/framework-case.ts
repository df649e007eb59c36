import type { Receiver } from '../../receiver/receiver.ts'

/** The part of a receiver that framework adapters call. */
export type WebhookIntake = Pick<Receiver, 'accept' | 'handle'>

/** What a platform may keep of a request, or not. Where it does not, the case shows what is left. */
export type FrameworkCapability =
  /** A body may hold any bytes, whatever its content type says. Else: what is called text and is no UTF-8 may be refused instead. */
  | 'any-bytes'
  /** Header names keep their case, and all headers their order. Else: names in lower case. */
  | 'header-case'
  /** A header value keeps bytes that are not ASCII, each as the character of its number. Else: what is ASCII in it stays. */
  | 'header-bytes'
  /**
   * A header that came twice stays two pairs. Else: one pair, its values joined by `, ` or `,`, none of them lost; of those that HTTP
   * allows only once, as `authorization`, perhaps the first alone.
   */
  | 'repeated-headers'
  /** What is percent-encoded in the request target stays as it is. Else: the query is written anew, with the same names and values. */
  | 'url-encoding'
  /** Every byte of the request target is kept. Else: it is the same to who reads it as a WHATWG URL. */
  | 'exact-url'
  /** HEAD arrives as HEAD. Else: as GET. */
  | 'head-method'
  /** The body is read while it comes. Else: the platform gathers it first. */
  | 'streaming-body'
  /** A sender that goes away in the middle is seen. Else: the receiver never hears of that request. */
  | 'abort'
  /** The address of the peer is known. Else: it is left out. */
  | 'remote-address'
  /** Routes can be mounted below a prefix. Else: there is nothing to show. */
  | 'prefix'

/** A body parser of the framework that runs before the adapter. */
export interface FrameworkParser {
  /** Handed to `start`. */
  readonly name: string
  /** A request that the parser reads. */
  readonly contentType: string
  readonly body: string
  /** What the error's message must say: the parser, and how to mend it in this framework. */
  readonly blames: readonly (string | RegExp)[]
}

/** How the server of one case is put together. */
export interface FrameworkMount {
  /** The adapter hands everything below `/webhooks/:source` to it, whatever the method. */
  readonly receiver: WebhookIntake
  /** Mount the routes below this path, as `/prefix/webhooks/:source`. */
  readonly prefix?: string
  /** Name of one of `parsers`: let it run before the adapter. */
  readonly parser?: string
}

/** A server under test. */
export interface FrameworkServer {
  /** As `http://127.0.0.1:1234`; with a path where the platform has all routes below one, as `http://127.0.0.1:1234/api`. */
  readonly origin: string
  /** Stops the server; connections that are open are closed. */
  readonly stop: () => Promise<void>
}

/** What an adapter gives to be tested. */
export interface FrameworkHarness {
  readonly capabilities: readonly FrameworkCapability[]
  /** Every parser of the framework that takes the bytes away. */
  readonly parsers: readonly FrameworkParser[]
  /** Largest body that the platform lets through, in bytes. Default: `26_214_400`, what a source takes. */
  readonly maxBodyBytes?: number
  /** Starts a real server, on a port of its own, with the adapter mounted as its documentation says. */
  readonly start: (mount: FrameworkMount) => Promise<FrameworkServer>
}

/** One sentence of what every adapter owes, and how to see that it holds. */
export interface FrameworkConformanceCase {
  readonly title: string
  readonly requires?: FrameworkCapability
  /** Rejects with an AssertionError when the sentence does not hold. */
  readonly run: (harness: FrameworkHarness) => Promise<void>
}

/** What a case works with. */
export interface FrameworkUnderTest {
  readonly harness: FrameworkHarness
  /** Starts a server; it is stopped after the case. */
  readonly serve: (mount: FrameworkMount) => Promise<string>
  readonly has: (capability: FrameworkCapability) => boolean
}

/** Makes a case that stops its servers afterwards, whatever happens. */
export function frameworkCase(
  title: string,
  body: (under: FrameworkUnderTest) => Promise<void>,
  requires?: FrameworkCapability,
): FrameworkConformanceCase {
  return {
    title,
    ...(requires === undefined ? {} : { requires }),
    run: async (harness) => {
      const servers: FrameworkServer[] = []
      const serve = async (mount: FrameworkMount): Promise<string> => {
        const server = await harness.start(mount)
        servers.push(server)
        return server.origin
      }
      try {
        await body({ harness, serve, has: (capability) => harness.capabilities.includes(capability) })
      } finally {
        await Promise.all(servers.map((server) => server.stop()))
      }
    },
  }
}
