import { createHash } from 'node:crypto'
import { type BinaryRedisLike, checkedClient } from './client.ts'

/** A script, and the name by which a server knows it once it has seen it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** What a script is given: text, or bytes as they are. */
export type ScriptArgument = string | Buffer

/** Runs scripts and answers with their replies, in which every string is a Buffer. All keys of a call have one hash slot. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly ScriptArgument[]) => Promise<unknown>

/** Names a script. */
export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/**
 * Makes what runs scripts on a client. A script is sent once to each server, and named from then on.
 *
 * @throws InvalidOptionsError for what is no client.
 */
export function scriptRunner(client: BinaryRedisLike): RunScript {
  const [byName, byText] = callers(checkedClient(client, { bytes: true }))
  return async (script, keys, args) => {
    try {
      return await byName(script.sha, keys, args)
    } catch (error) {
      // A server that was restarted, or that took over, has not seen it.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return byText(script.text, keys, args)
    }
  }
}

type Caller = (script: string, keys: readonly string[], args: readonly ScriptArgument[]) => Promise<unknown>

function callers(client: BinaryRedisLike): readonly [byName: Caller, byText: Caller] {
  if ('defineCommand' in client)
    return [
      (sha, keys, args) => client.callBuffer('evalsha', sha, keys.length, ...keys, ...args),
      (text, keys, args) => client.callBuffer('eval', text, keys.length, ...keys, ...args),
    ]
  const binary = client.withTypeMapping({ 36: Buffer })
  return [
    (sha, keys, args) => binary.evalSha(sha, { keys: [...keys], arguments: [...args] }),
    (text, keys, args) => binary.eval(text, { keys: [...keys], arguments: [...args] }),
  ]
}

/** A reply that is text. */
export function textOf(reply: unknown): string {
  return String(reply)
}
