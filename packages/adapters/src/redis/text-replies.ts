import { InvalidOptionsError } from '@holdfast/core'
import type { BunRedisLike } from './client.ts'
import { type Script, type ScriptArgument, scriptOf, splitFlags } from './script.ts'

// A byte as the character of the same number, in UTF-8, which a client that reads replies as text gives back as it was. ASCII stays as it is.
const ENCODE = `
local characters = setmetatable({}, { __index = function(known, byte)
  local number = string.byte(byte)
  known[byte] = number < 192 and '\\194' .. byte or '\\195' .. string.char(number - 64)
  return known[byte]
end })
local encode
encode = function(reply)
  if type(reply) == 'string' then return (string.gsub(reply, '[\\128-\\255]', characters)) end
  if type(reply) ~= 'table' or reply.err or reply.ok then return reply end
  for index = 1, #reply do reply[index] = encode(reply[index]) end
  return reply
end
`

const encoded = new WeakMap<Script, Script>()

/** The same script with a reply that survives being read as text. */
export function withTextReply(script: Script): Script {
  const known = encoded.get(script)
  if (known !== undefined) return known
  const [flags, body] = splitFlags(script.text)
  const made = scriptOf(`${flags}${ENCODE}
local answer = function(KEYS, ARGV)
${body}
end
return encode(answer(KEYS, ARGV))
`)
  encoded.set(script, made)
  return made
}

/** The reply of a script with `withTextReply`: every string of it as bytes again. */
export function bytesOfReply(reply: unknown): unknown {
  if (typeof reply === 'string') return Buffer.from(reply, 'latin1')
  return Array.isArray(reply) ? reply.map(bytesOfReply) : reply
}

/**
 * Sends a command with bytes among its arguments, which Bun's client takes though its types do not say so. The first time it is asked whether that is so:
 * other text would be stored otherwise.
 *
 * @throws InvalidOptionsError when it does not.
 */
export function byteSender(
  client: BunRedisLike,
): (command: string, args: readonly ScriptArgument[]) => Promise<unknown> {
  const send = (command: string, args: readonly ScriptArgument[]): Promise<unknown> =>
    client.send(command, args as string[])
  let checked: Promise<void> | undefined
  const check = async (): Promise<void> => {
    const length = await send('EVAL', ['return #ARGV[1]', '0', Buffer.of(0xff)])
    if (length === 1) return
    throw new InvalidOptionsError({
      path: 'client',
      expected: 'a client that sends bytes as they are, as that of Bun 1.4 does',
      received: undefined,
      receivedText: 'one that sends something else',
    })
  }
  return async (command, args) => {
    checked ??= check().catch((error: unknown) => {
      checked = undefined
      throw error
    })
    await checked
    return send(command, args)
  }
}
