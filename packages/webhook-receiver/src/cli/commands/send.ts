import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createFetch } from '@holdfast/core'
import { sendingError } from '../../drain/sending-error.ts'
import { type SchemeChoice } from '../../signing/choose-scheme.ts'
import { type SignedRequest, signRequest } from '../../signing/sign-request.ts'
import type { SignRequestOptions } from '../../signing/sign-request-options.ts'
import { joinUrl, splitUrl } from '../../verify/request-url.ts'
import { type CliIo, FindingError, UsageError } from '../cli-io.ts'
import { byTypedName, type CliArguments, type Command } from '../command.ts'
import { curlCommand } from '../curl.ts'
import { findConnector } from '../find-connector.ts'
import { headerPair } from '../header-option.ts'
import { count, duration, printable, writeJson } from '../output.ts'
import { signingKey, signingOptions } from '../signing-options.ts'
import { requireTargetUrl } from '../target-url.ts'

/** What the command line calls the options of `signRequest`. The URL of its argument was checked before. */
const optionNames: Readonly<Record<string, string | undefined>> = {
  url: '--public-url',
  headers: '--header',
  scheme: '--scheme',
  id: '--id',
  method: '--method',
}

/** `holdfast send URL` */
export const send: Command = {
  name: 'send',
  summary:
    'Signs a webhook as its provider does and posts it, to see what an endpoint makes of it. Ends with 1 when it is not answered 2xx.',
  positionals: ['URL'],
  options: {
    connector: {
      kind: 'text',
      value: 'NAME|FILE',
      help: 'Who sends: a connector of @holdfast/adapters by its name, or a file such as ./acme.json. Required.',
    },
    ...signingOptions,
    scheme: {
      kind: 'text',
      value: 'KIND|INDEX',
      help: 'Of a connector with several. Default: the first that takes the secret.',
    },
    body: { kind: 'text', value: 'FILE|-', help: 'Its bytes are sent; - is standard input. Default: {}.' },
    header: { kind: 'list', value: 'NAME:VALUE', help: 'One more header. May come more than once.' },
    id: { kind: 'text', value: 'ID', help: 'The event id. Default: what is there, or a new one where it is a header.' },
    method: { kind: 'text', value: 'NAME', help: 'Default: POST.' },
    'public-url': {
      kind: 'text',
      value: 'URL',
      help: 'What is signed by providers that sign the URL, where it is not the one to send to.',
    },
    repeat: { kind: 'number', value: 'N', help: 'Sends so many, each signed anew. Default: 1.' },
    rate: { kind: 'number', value: 'N', help: 'Requests per second. Default: 10.' },
    print: {
      kind: 'flag',
      help: 'Shows the request as a curl command and sends nothing. A provider that shows its secret shows it here too.',
    },
    json: { kind: 'flag', help: 'One JSON object for each request.' },
  },
  examples: [
    'holdfast send http://localhost:3000/webhooks/stripe --connector stripe --secret-env STRIPE_SECRET --body event.json',
    'holdfast send http://localhost:3000/hooks --connector ./acme.json --secret-file ./secret --repeat 100 --rate 20',
  ],
  async run(args, io) {
    const [target = ''] = args.positionals
    requireTargetUrl(target, '`holdfast send`')
    const repeat = wholeNumber(args, 'repeat') ?? 1
    const rate = args.number('rate') ?? 10
    if (!(rate > 0)) throw new UsageError(`--rate takes a number above 0, got \`${rate}\`.`)
    const options = await signOptions(args, io, target)
    if (args.flag('print')) return print(await sign(options, target), args.flag('json'), io)

    // What comes back is what the endpoint said: nothing repeats, waits or refuses in between.
    await using post = createFetch({ retry: false, rateLimit: false, breaker: false, bulkhead: false })
    let refused = 0
    let nextAtMs = io.clock.monotonicMs()
    for (let sent = 0; sent < repeat; sent++) {
      await io.clock.sleep(nextAtMs - io.clock.monotonicMs(), io.signal)
      nextAtMs = Math.max(nextAtMs, io.clock.monotonicMs() - 1_000) + 1_000 / rate
      const answer = await deliver(post, await sign(options, target), io)
      if (answer.status === undefined || answer.status < 200 || answer.status > 299) refused++
      await report(answer, args.flag('json'), io)
    }
    if (refused > 0) throw new FindingError(`${count(refused)} of ${count(repeat)} not answered 2xx.`)
  },
}

async function signOptions(args: CliArguments, io: CliIo, target: string): Promise<SignRequestOptions> {
  const [scheme, body, id, method] = ['scheme', 'body', 'id', 'method'].map((name) => args.text(name))
  return {
    connector: await findConnector(args.required('connector'), resolve('.')),
    url: args.text('public-url') ?? target,
    headers: args.list('header').map(headerPair),
    clock: io.clock,
    ...(scheme !== undefined && { scheme: (/^\d+$/.test(scheme) ? Number(scheme) : scheme) as SchemeChoice }),
    ...(body !== undefined && { body: await readBody(body, io) }),
    ...(id !== undefined && { id }),
    ...(method !== undefined && { method }),
    key: await signingKey(args, io),
  }
}

async function readBody(file: string, { stdin }: CliIo): Promise<Uint8Array> {
  if (file !== '-') {
    return readFile(file).catch((error: unknown) => {
      throw new UsageError(`--body: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Signs, and has it sent to the target, with the parameters that signing put into the URL. */
async function sign(options: SignRequestOptions, target: string): Promise<SignedRequest> {
  const signed = await signRequest(options).catch((error: unknown) => {
    throw byTypedName(error, optionNames)
  })
  return { ...signed, url: joinUrl({ ...splitUrl(target), query: splitUrl(signed.url).query }) }
}

interface Answer {
  readonly status?: number
  readonly ms: number
  /** The start of what came back, or what went wrong on the way. */
  readonly text: string
}

const MAX_TEXT = 500

async function deliver(post: typeof globalThis.fetch, signed: SignedRequest, io: CliIo): Promise<Answer> {
  const { method, url, headers, body } = signed
  const startMs = io.clock.monotonicMs()
  try {
    const response = await post(url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(body.length > 0 && { body }),
      signal: io.signal,
      redirect: 'manual',
    })
    const text = await response.text()
    return { status: response.status, ms: io.clock.monotonicMs() - startMs, text: text.slice(0, MAX_TEXT) }
  } catch (error) {
    io.signal.throwIfAborted()
    const text = sendingError(error, 'URL', url)?.message ?? String(error)
    return { ms: io.clock.monotonicMs() - startMs, text }
  }
}

async function report({ status, ms, text }: Answer, isJson: boolean, io: CliIo): Promise<void> {
  if (isJson) return writeJson(io, { status: status ?? null, ms: Math.round(ms), text })
  const outcome = status === undefined ? 'no answer' : String(status)
  await io.stdout.write(`${outcome} in ${duration(ms)}${text === '' ? '' : `  ${printable(text)}`}\n`)
}

async function print(signed: SignedRequest, isJson: boolean, io: CliIo): Promise<void> {
  const { method, url, headers, body } = signed
  if (isJson) await writeJson(io, { method, url, headers, bodyBase64: Buffer.from(body).toString('base64') })
  else await io.stdout.write(curlCommand(signed))
}

function wholeNumber(args: CliArguments, name: string): number | undefined {
  const value = args.number(name)
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return value
  throw new UsageError(`--${name} takes a whole number above 0, got \`${value}\`.`)
}
