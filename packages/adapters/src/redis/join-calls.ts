import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RunScript, Script, ScriptArgument } from './script.ts'

// A server does nothing else while it runs one.
const MOST_AT_ONCE = 64

interface Call {
  readonly keys: readonly string[]
  readonly args: readonly ScriptArgument[]
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs in one go what is asked of one script in one turn of the event loop: whatever it is about, it is one round trip, and one sync of the
 * server's disk. For a server that has all keys. Calls of a script that has no form for several go alone.
 */
export function joinCalls(run: RunScript): RunScript {
  const waiting = new Map<Script, Call[]>()

  const send = async (script: Script, joined: Script, calls: readonly Call[]): Promise<void> => {
    try {
      const [first] = calls
      if (first !== undefined && calls.length === 1) {
        first.resolve(await run(script, first.keys, first.args))
        return
      }
      const keys = calls.flatMap((call) => call.keys)
      const args = calls.flatMap((call) => [String(call.args.length), ...call.args])
      const replies = (await run(joined, keys, [String(calls.length), ...args])) as unknown[]
      for (const [index, { resolve }] of calls.entries()) resolve(replies[index])
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  const sendLater = async (script: Script, joined: Script): Promise<void> => {
    await nextTurn()
    const calls = waiting.get(script) ?? []
    waiting.delete(script)
    for (let from = 0; from < calls.length; from += MOST_AT_ONCE)
      void send(script, joined, calls.slice(from, from + MOST_AT_ONCE))
  }

  return (script, keys, args) => {
    const { joined } = script
    if (joined === undefined) return run(script, keys, args)
    return new Promise((resolve, reject) => {
      const call: Call = { keys, args, resolve, reject }
      const others = waiting.get(script)
      if (others !== undefined) {
        others.push(call)
        return
      }
      waiting.set(script, [call])
      void sendLater(script, joined)
    })
  }
}
