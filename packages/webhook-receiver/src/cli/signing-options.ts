import { readFile } from 'node:fs/promises'
import { isPrivatePem } from '../signing/private-key.ts'
import type { SigningKey } from '../signing/webhook-key.ts'
import { type CliIo, UsageError } from './cli-io.ts'
import type { CliArguments, CliOption } from './command.ts'

/** Options that say what a request is signed with. The secret itself is never one: other users of the machine see command lines. */
export const signingOptions: Readonly<Record<string, CliOption>> = {
  'secret-env': {
    kind: 'text',
    value: 'NAME',
    help: 'Environment variable with the secret, or with a private key as PEM.',
  },
  'secret-file': { kind: 'text', value: 'FILE', help: 'File with the same.' },
  'private-key-file': {
    kind: 'text',
    value: 'FILE',
    help: 'Private key as PEM, where the provider signs a secret of yours besides.',
  },
  'key-id': { kind: 'text', value: 'ID', help: 'Of the private key, where requests name it.' },
  'key-url': { kind: 'text', value: 'URL', help: 'Where its public half is published, where requests say it.' },
}

/**
 * Reads what a request is signed with.
 *
 * @throws UsageError when a variable or a file is missing or empty.
 */
export async function signingKey(args: CliArguments, io: CliIo): Promise<SigningKey> {
  const [variable, file] = [args.text('secret-env'), args.text('secret-file')]
  if (variable !== undefined && file !== undefined)
    throw new UsageError('--secret-env and --secret-file are one or the other.')
  const secret = file === undefined ? variable && fromEnvironment(variable, io) : await fromFile('secret-file', file)
  const keyFile = args.text('private-key-file')
  const privateKey = keyFile === undefined ? undefined : await fromFile('private-key-file', keyFile)
  if (secret === undefined && privateKey === undefined)
    throw new UsageError('There is nothing to sign with: give --secret-env, --secret-file or --private-key-file.')
  const [keyId, keyUrl] = [args.text('key-id'), args.text('key-url')]
  return {
    ...(secret !== undefined && (isPrivatePem(secret) ? { privateKey: secret } : { secret })),
    ...(privateKey !== undefined && { privateKey }),
    ...(keyId !== undefined && { keyId }),
    ...(keyUrl !== undefined && { keyUrl }),
  }
}

function fromEnvironment(variable: string, { env }: CliIo): string {
  const value = env[variable]
  if (value === undefined || value === '') throw new UsageError(`The environment variable ${variable} is not set.`)
  return value
}

async function fromFile(option: string, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--${option}: ${error instanceof Error ? error.message : String(error)}`)
  })
  // Editors end a file with a line break, which is no part of the secret.
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw new UsageError(`--${option}: ${file} is empty.`)
  return value
}
