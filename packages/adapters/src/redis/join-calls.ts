import { setImmediate as nextTurn } from 'node:timers/promises'
import { REPLY_BYTES, type RunScript, type Script, type ScriptArgument } from './script.ts'

// A server does nothing else while it runs one, and keeps the whole reply in its memory.
const MOST_AT_ONCE = 64

interface Call {
  readonly keys: readonly string[]
  readonly args: readonly ScriptArgument[]
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What a joined script answers for one call: nothing where it was left out. */
type JoinedReply = readonly [reply?: unknown, failure?: string | Buffer]

/**
 * Runs in one go what is asked of one script in one turn of the event loop: whatever it is about, it is one round trip, and one sync of the
 * server's disk. For a server that has all keys; `onApart` is called when it turns out to be several, and each call is repeated by itself then.
 * Calls of a script that has no form for several go alone. A call that fails on the server fails alone. Those whose replies may be large
 * share the room of one; for whom others leave nothing of it goes alone then.
 */
export function joinCalls(run: RunScript, onApart: () => void): RunScript {
  // Nothing is deleted from it: a map that is used up and made anew leads from what it held to what it holds.
  const waiting = new Map<Script, Call[]>()

  const sendAlone = (script: Script, { keys, args, resolve, reject }: Call): void => {
    run(script, keys, args).then(resolve, reject)
  }

  const send = async (script: Script, joined: Script, calls: readonly Call[]): Promise<void> => {
    const { within } = script
    try {
      const keys = calls.flatMap((call) => call.keys)
      const bytes = Math.floor(REPLY_BYTES / calls.length)
      const args = calls.flatMap((call) => [String(call.args.length), ...(within?.(call.args, bytes) ?? call.args)])
      const replies = (await run(joined, keys, [String(calls.length), ...args])) as JoinedReply[]
      for (const [index, call] of calls.entries()) {
        const [reply, failure] = replies[index] as JoinedReply
        if (failure !== undefined) call.reject(replyError(String(failure)))
        else if (reply === undefined) sendAlone(script, call)
        else call.resolve(reply)
      }
    } catch (error) {
      if (isCrossSlot(error)) {
        // Nothing of it was done.
        onApart()
        for (const call of calls) sendAlone(script, call)
      } else {
        for (const { reject } of calls) reject(error)
      }
    }
  }

  const sendLater = async (script: Script, joined: Script): Promise<void> => {
    await (script.isPrompt === true ? undefined : nextTurn())
    const calls = waiting.get(script) ?? []
    waiting.set(script, [])
    for (const batch of batchesOf(calls)) {
      const [first] = batch
      if (first !== undefined && batch.length === 1) sendAlone(script, first)
      else void send(script, joined, batch)
    }
  }

  return (script, keys, args) => {
    const { joined } = script
    if (joined === undefined) return run(script, keys, args)
    return new Promise((resolve, reject) => {
      const call: Call = { keys, args, resolve, reject }
      const others = waiting.get(script)
      if (others !== undefined && others.length > 0) {
        others.push(call)
        return
      }
      waiting.set(script, [call])
      void sendLater(script, joined)
    })
  }
}

function batchesOf(calls: readonly Call[]): readonly (readonly Call[])[] {
  const count = Math.ceil(calls.length / MOST_AT_ONCE)
  return Array.from({ length: count }, (_, index) => calls.slice(index * MOST_AT_ONCE, (index + 1) * MOST_AT_ONCE))
}

function isCrossSlot(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('CROSSSLOT')
}

/** What a client would have thrown if the call had gone alone. */
function replyError(failure: string): Error {
  // Where an error has no code of its own it begins with its place in the script.
  const message = failure.replace(/^@?user_script: ?\d+: -?/, '')
  return Object.assign(new Error(/^[A-Z]{2}/.test(message) ? message : `ERR ${message}`), { name: 'ReplyError' })
}
