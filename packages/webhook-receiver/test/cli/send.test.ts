import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Connector, SignatureScheme } from '@holdfast/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { headerPairs } from '../../src/gateway/header-pairs.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { createVerifier } from '../../src/verify/verifier.ts'
import {
  BASE64_SECRET,
  connectorOf,
  keyValueScheme,
  listScheme,
  plainScheme,
  SECRET,
} from '../verify/sample-connectors.ts'
import { holdfast, jsonLines, temporaryDirectory } from './cli-fixture.ts'

const env = { HOOK_SECRET: SECRET, KEY: BASE64_SECRET }

describe('holdfast send', () => {
  it('posts what the receiver verifies, and says what came back and when', async () => {
    const endpoint = await startEndpoint()
    const { file, written } = files()
    const connector = connectorOf([keyValueScheme])
    const { code, stdout, stderr } = await send(endpoint.url, file(connector), [
      '--secret-env=HOOK_SECRET',
      `--body=${written('event.json', '{ "a": 1.0 }')}`,
      '--header',
      'X-More: yes',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^200 in [\d.]+ m?s {2}taken\n$/)
    const [received] = endpoint.received
    expect(await verified(connector, SECRET, received)).toMatchObject({ ok: true })
    expect(Buffer.from(received?.body ?? []).toString()).toBe('{ "a": 1.0 }')
    expect(received?.headers).toContainEqual(['X-More', 'yes'])
  })

  it('signs each repeat anew, with an id of its own unless it is given one', async () => {
    const endpoint = await startEndpoint()
    const connector = files().file(
      connectorOf([listScheme], { eventId: { from: 'header', name: 'webhook-id', signed: true } }),
    )
    const ids = (): readonly (string | undefined)[] =>
      endpoint.received.splice(0).map(({ headers }) => headers.find(([name]) => name === 'webhook-id')?.[1])
    const repeated = ['--secret-env=KEY', '--repeat=3', '--rate=1000', '--json']
    const { code, stdout } = await send(endpoint.url, connector, repeated)
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toEqual(Array(3).fill({ status: 200, ms: expect.any(Number) as number, text: 'taken' }))
    expect(new Set(ids()).size).toBe(3)
    await send(endpoint.url, connector, [...repeated, '--id=evt_1'])
    expect(ids()).toEqual(['evt_1', 'evt_1', 'evt_1'])
  })

  it('ends with 1 when it is refused or not answered', async () => {
    const endpoint = await startEndpoint(401)
    const connector = files().file(connectorOf([plainScheme]))
    const refused = await send(endpoint.url, connector, ['--secret-env=HOOK_SECRET'])
    expect(refused).toMatchObject({ code: 1, stderr: 'holdfast: 1 of 1 not answered 2xx.\n' })
    expect(refused.stdout).toMatch(/^401 in .* {2}taken\n$/)
    const nobody = await send('http://127.0.0.1:1/', connector, ['--secret-env=HOOK_SECRET', '--json'])
    expect(nobody.code).toBe(1)
    expect(jsonLines(nobody.stdout)).toMatchObject([{ status: null }])
  })

  it('names a port that fetch blocks', async () => {
    const connector = files().file(connectorOf([plainScheme]))
    const { code, stdout } = await send('http://127.0.0.1:6000/', connector, ['--secret-env=HOOK_SECRET'])
    expect(code).toBe(1)
    expect(stdout).toContain('Expected `URL` to have a port that fetch connects to, got 6000, which it blocks.')
  })

  it('signs the public URL and posts to another one, with the parameters that signing adds', async () => {
    const endpoint = await startEndpoint()
    const scheme = {
      ...plainScheme,
      bodyHash: { from: 'query', name: 'hash', hash: 'sha256', encoding: 'hex' } as const,
    }
    const connector = connectorOf([{ ...scheme, message: [{ part: 'url' }] }])
    const publicUrl = 'https://public.example/hooks'
    await send(`${endpoint.url}in`, files().file(connector), ['--secret-env=HOOK_SECRET', `--public-url=${publicUrl}`])
    const [received] = endpoint.received
    const query = received?.url?.slice('/in'.length) ?? ''
    expect(query).toMatch(/^\?hash=[\da-f]{64}$/)
    expect(await verified(connector, SECRET, { ...received!, url: publicUrl + query })).toMatchObject({ ok: true })
  })

  it('signs with a private key, and reads the body from standard input', async () => {
    const endpoint = await startEndpoint()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const connector = connectorOf([publicScheme])
    const { file, written } = files()
    const pem = written('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    const args = [`--secret-file=${pem}`, '--body=-', '--scheme=signature']
    expect(await send(endpoint.url, file(connector), args, 'from a pipe')).toMatchObject({ code: 0 })
    const [received] = endpoint.received
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(await verified(connector, publicPem, received)).toMatchObject({ ok: true })
    expect(Buffer.from(received?.body ?? []).toString()).toBe('from a pipe')
  })

  it.each([
    ['text', `it's "quoted" $HOME \`x\` \\ and\nlines`],
    ['what curl would take for a file', '@/etc/hostname'],
    ['what a terminal would obey', 'a\u001b[31m\u0000b'],
    ['nothing', ''],
  ])('prints a command that sends the same bytes: %s', async (_title, body) => {
    const connector = files().file(connectorOf([plainScheme]))
    const args = ['--secret-env=HOOK_SECRET', '--print', '--body=-']
    const { code, stdout } = await send(
      'http://127.0.0.1:1/in?a=b',
      connector,
      [...args, "--header=X-Note: it's"],
      body,
    )
    expect(code).toBe(0)
    // A curl that shows how it was called, so that the shell's own rules decide.
    const shell = `curl() { printf '%s\\0' "$@"; case "$*" in *' @-') cat;; esac; }\n${stdout}`
    const shown = await promisify(execFile)('sh', ['-c', shell])
    const [, method, url, ...rest] = shown.stdout.split('\0')
    expect([method, url]).toEqual(['POST', 'http://127.0.0.1:1/in?a=b'])
    expect(rest).toContain("X-Note: it's")
    const data = rest[rest.indexOf('--data-binary') + 1]
    expect(data === '@-' ? rest.slice(rest.indexOf('@-') + 1).join('\0') : body === '' ? '' : data).toBe(body)
    const json = await send('http://127.0.0.1:1/', connector, [...args, '--json'], body)
    expect(jsonLines(json.stdout)).toMatchObject([
      { method: 'POST', url: 'http://127.0.0.1:1/', bodyBase64: Buffer.from(body).toString('base64') },
    ])
  })

  it.each([
    [['ftp://example.com'], 'takes an http:// or https:// URL, got `ftp://example.com`.'],
    [['http://me:secret@example.com'], '`holdfast send` takes a URL without credentials. Give them with --header.\n'],
    [['http://127.0.0.1:1/'], '`holdfast send` needs --connector.'],
    [['http://127.0.0.1:1/', '--connector=./nowhere.json'], 'There is no file ./nowhere.json.'],
    [['http://127.0.0.1:1/', '--secret-env=NOBODY'], 'The environment variable NOBODY is not set.'],
    [['http://127.0.0.1:1/', '--secret-env=HOOK_SECRET', '--secret-file=x'], 'are one or the other'],
    [['http://127.0.0.1:1/', '--secret-file=/nowhere'], '--secret-file: ENOENT'],
    [['http://127.0.0.1:1/', '--body=/nowhere'], '--body: ENOENT'],
    [['http://127.0.0.1:1/', '--repeat=0.5'], '--repeat takes a whole number above 0, got `0.5`.'],
    [['http://127.0.0.1:1/', '--rate=0'], '--rate takes a number above 0, got `0`.'],
    [['http://127.0.0.1:1/', '--header=none'], '--header takes NAME:VALUE, got `none`.'],
    [
      ['http://127.0.0.1:1/', '--secret-env=HOOK_SECRET', '--scheme=jwt'],
      "Expected `--scheme` to be 0 | 'hmac', got `jwt`.",
    ],
    [['http://127.0.0.1:1/', '--secret-env=HOOK_SECRET', '--method=b d'], 'Expected `--method` to be a method'],
    [['http://127.0.0.1:1/', '--secret-env=HOOK_SECRET', '--id='], 'Expected `--id` to be a non-empty string'],
    [['http://127.0.0.1:1/', '--secret-env=HOOK_SECRET', '--public-url=nope'], 'Expected `--public-url` to be'],
    [['http://127.0.0.1:1/'], 'give --secret-env, --secret-file or --private-key-file.'],
  ])('refuses %j as wrong usage', async (args, message) => {
    const own = args.some((arg) => arg.startsWith('--connector')) || message.includes('needs --connector')
    const connector = own ? [] : [`--connector=${files().file(connectorOf([plainScheme]))}`]
    const { code, stderr } = await holdfast(['send', ...args, ...connector], { env })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain(SECRET)
  })
})

const publicScheme: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ed25519',
  encoding: 'hex',
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'body' }],
  key: { from: 'secret', format: 'pem' },
}

function send(url: string, connector: string, args: readonly string[], stdin = ''): ReturnType<typeof holdfast> {
  return holdfast(['send', url, '--connector', connector, ...args], { env, stdin })
}

interface Endpoint {
  readonly url: string
  readonly received: VerifiableRequest[]
}

/** A server that keeps what it gets, and always answers the same. */
async function startEndpoint(status = 200): Promise<Endpoint> {
  const received: VerifiableRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', rawHeaders } = request
      received.push({
        method,
        url,
        headers: headerPairs(rawHeaders),
        body: Buffer.concat(chunks),
        receivedAt: Date.now(),
      })
      response.writeHead(status).end('taken')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received }
}

async function verified(connector: Connector, secret: string, request: VerifiableRequest | undefined) {
  return createVerifier({ connector, secrets: [secret] }).verify(request!)
}

function files() {
  const directory = temporaryDirectory()
  mkdirSync(directory)
  const written = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  return { written, file: (connector: Connector) => written('connector.json', JSON.stringify(connector)) }
}
