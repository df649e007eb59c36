import { createHash } from 'node:crypto'

/** A script, and the name by which a server knows it once it has seen it. */
export interface Script {
  readonly text: string
  readonly sha: string
  /** Does for several calls at once what this does for one; see `joinCalls`. */
  readonly joined?: Script
  /** Whether it goes with what is asked at the same moment, and waits for nothing else of the turn: who asks has gathered what there is. */
  readonly isPrompt?: boolean
  /** The arguments of a call that goes with others, where so many bytes of their reply are its share. It answers with strings. Absent: with little. */
  readonly within?: (args: readonly ScriptArgument[], bytes: number) => readonly ScriptArgument[]
}

/** What calls that go together may have of one reply, which may be longer by no more than the last of them. */
export const REPLY_BYTES: number = 256 * 1024

/** What a script is given: text, or bytes as they are. */
export type ScriptArgument = string | Buffer

/** Runs scripts and answers with their replies, in which every string is a Buffer. All keys of a call have one hash slot. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly ScriptArgument[]) => Promise<unknown>

/** Names a script. */
export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The line of flags that a script begins with, empty where it has none, and the rest. */
export function splitFlags(text: string): readonly [flags: string, rest: string] {
  const flags = /^#![^\n]*\n/.exec(text)?.[0] ?? ''
  return [flags, text.slice(flags.length)]
}

/** What is said of a script that has a form for several calls. */
export interface Joinable extends Pick<Script, 'isPrompt' | 'within'> {
  /** What it begins with, where that is the same for all calls: its flags, and functions, which may use `KEYS` and `ARGV` of the call. */
  readonly once?: string
}

/**
 * Names a script that has a form for several calls, which have the same number of keys each. It has to answer with something. Several answer with
 * the reply of each, with nothing and the error of those that failed, or with nothing at all of those that were not begun because the reply is
 * full; what fails for all is an error of the server.
 */
export function joinableScript(text: string, { once = '', ...more }: Joinable = {}): Script {
  const [flags, before] = splitFlags(once)
  const spend = "if type(answer) == 'table' then for _, part in ipairs(answer) do room = room - #part end end"
  return {
    ...scriptOf(`${once}${text}`),
    ...more,
    joined: scriptOf(`${flags}
local allKeys, allArgs = KEYS, ARGV
local KEYS, ARGV
${before}
local each = function()
${text}
end
local answers, width, place, room = {}, #allKeys / allArgs[1], 2, ${REPLY_BYTES}
local failed, failure = 0, nil
for call = 1, tonumber(allArgs[1]) do
  local count = tonumber(allArgs[place])
  KEYS, ARGV = {}, {}
  for index = 1, width do KEYS[index] = allKeys[(call - 1) * width + index] end
  for index = 1, count do ARGV[index] = allArgs[place + index] end
  place = place + count + 1
  local isDone, answer = true, nil
  if room > 0 then isDone, answer = pcall(each) end
  local isReply = type(answer) == 'table' and answer.err
  if isReply or not isDone then
    failed, failure = failed + 1, isReply or tostring(answer)
    answers[call] = { false, failure }
  else
    answers[call] = { answer }
    ${more.within === undefined ? '' : spend}
  end
end
if failed == #answers then return { err = failure } end
return answers
`),
  }
}

/** A reply that is text. */
export function textOf(reply: unknown): string {
  return String(reply)
}
