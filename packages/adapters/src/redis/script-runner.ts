import { type BinaryRedisLike, type BunRedisLike, checkedClient } from './client.ts'
import type { RunScript, ScriptArgument } from './script.ts'
import { byteSender, bytesOfReply, withTextReply } from './text-replies.ts'

/**
 * Makes what runs scripts on a client. A script is sent once to each server, and named from then on.
 *
 * @throws InvalidOptionsError for what is no client.
 */
export function scriptRunner(client: BinaryRedisLike | BunRedisLike): RunScript {
  const checked = checkedClient(client, { bytes: true })
  if (!('send' in checked)) return runnerOf(...callers(checked))
  const send = byteSender(checked)
  const call =
    (command: string): Caller =>
    (script, keys, args) =>
      send(command, [script, String(keys.length), ...keys, ...args])
  const run = runnerOf(call('EVALSHA'), call('EVAL'))
  return async (script, keys, args) => bytesOfReply(await run(withTextReply(script), keys, args))
}

function runnerOf(byName: Caller, byText: Caller): RunScript {
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
