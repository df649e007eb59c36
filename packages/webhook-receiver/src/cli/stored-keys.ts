import { readFile } from 'node:fs/promises'
import { type CliIo, UsageError } from './cli-io.ts'
import type { CliArguments, CliOption } from './command.ts'
import type { KeyedDirectory } from './open-directory.ts'

const VARIABLE = 'HOLDFAST_KEYS'
const KEY_BYTES = 32

/** The option that names a file of keys; every command that opens a buffer has it. */
export const keysOption: Readonly<Record<'keys', CliOption>> = {
  keys: {
    kind: 'text',
    value: 'FILE',
    help: `Keys of encrypted events: lines of ID=BASE64, the one for new events first. Default: $${VARIABLE}, separated by commas.`,
  },
}

/**
 * The keys that the user gave.
 *
 * @throws UsageError when a line is no key. It names the line, never what is in it.
 */
export async function keysOf(args: CliArguments, io: CliIo): Promise<KeyedDirectory> {
  const file = args.text('keys')
  const text = file === undefined ? io.env[VARIABLE] : await readKeys(file)
  if (text === undefined || text.trim() === '') return {}
  const lines = text.split(file === undefined ? ',' : '\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '').map((line, index) => keyOf(line, file ?? `$${VARIABLE}`, index + 1))
  const [current] = keys
  if (current === undefined) return {}
  const known = new Map(keys)
  return {
    encryption: {
      keyId: current[0],
      key: (id) => {
        const key = known.get(id)
        if (key === undefined) throw new UsageError(`There is no key \`${id}\` in ${file ?? `$${VARIABLE}`}.`)
        return key
      },
    },
  }
}

async function readKeys(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${String((error as { readonly code?: unknown }).code)}).`)
  }
}

function keyOf(line: string, from: string, place: number): readonly [id: string, key: Uint8Array] {
  const end = line.indexOf('=')
  const key = Buffer.from(line.slice(end + 1), 'base64')
  if (end < 1 || key.length !== KEY_BYTES)
    throw new UsageError(`Key ${place} in ${from} is not ID=BASE64 with ${KEY_BYTES} bytes.`)
  return [line.slice(0, end), key]
}
