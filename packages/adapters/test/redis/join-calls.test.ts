import { describe, expect, it } from 'vitest'
import { joinCalls } from '../../src/redis/join-calls.ts'
import { joinableScript, type RunScript, type Script, scriptOf } from '../../src/redis/script.ts'

const script = joinableScript('return #ARGV')

/** A server that answers with the arguments of each call, and remembers what it was sent. */
function echo(): { readonly run: RunScript; readonly sent: (readonly [Script, number])[] } {
  const sent: (readonly [Script, number])[] = []
  const run: RunScript = async (asked, keys, args) => {
    sent.push([asked, keys.length])
    if (asked !== script.joined) return [...keys, ...args].join(' ')
    const replies: [string][] = []
    const width = keys.length / Number(args[0])
    for (let place = 1; place < args.length; ) {
      const count = Number(args[place])
      const own = keys.slice(replies.length * width, (replies.length + 1) * width)
      replies.push([[...own, ...args.slice(place + 1, place + 1 + count)].join(' ')])
      place += count + 1
    }
    return replies
  }
  return { run, sent }
}

describe('joinCalls', () => {
  it('sends what is asked in one turn with one call, and gives each its own reply', async () => {
    const { run, sent } = echo()
    const joined = joinCalls(run, () => {})
    const replies = await Promise.all([
      joined(script, ['a', 'b'], ['1']),
      joined(script, ['c', 'd'], []),
      joined(script, ['e', 'f'], ['2', '3']),
    ])
    expect(replies).toEqual(['a b 1', 'c d', 'e f 2 3'])
    expect(sent).toEqual([[script.joined, 6]])
  })

  it('sends a single call as it is, and what comes in a later turn by itself', async () => {
    const { run, sent } = echo()
    const joined = joinCalls(run, () => {})
    expect(await joined(script, ['a'], ['1'])).toBe('a 1')
    expect(await joined(script, ['b'], ['2'])).toBe('b 2')
    expect(sent).toEqual([
      [script, 1],
      [script, 1],
    ])
  })

  it('sends in the same turn what is asked of a script that waits for nothing else of it', async () => {
    const { run, sent } = echo()
    const joined = joinCalls(run, () => {})
    const prompt = joinableScript('return #ARGV', { isPrompt: true })
    const replies = [joined(prompt, ['a'], ['1']), joined(prompt, ['b'], ['2'])]
    await Promise.resolve()
    expect(sent).toEqual([[prompt.joined, 2]])
    await Promise.all(replies)
  })

  it('does not join different scripts, nor those that cannot be joined', async () => {
    const { run, sent } = echo()
    const joined = joinCalls(run, () => {})
    const other = joinableScript('return 1')
    const alone = scriptOf('return 2')
    await Promise.all([script, other, alone, alone].map((asked) => joined(asked, ['a'], [])))
    expect(sent.map(([asked]) => asked)).toEqual([alone, alone, script, other])
  })

  it('keeps the server no longer than 64 calls take', async () => {
    const { run, sent } = echo()
    const joined = joinCalls(run, () => {})
    const asked = Array.from({ length: 130 }, (_, index) => String(index))
    expect(await Promise.all(asked.map((index) => joined(script, ['a'], [index])))).toEqual(
      asked.map((index) => `a ${index}`),
    )
    expect(sent.map(([, keys]) => keys)).toEqual([64, 64, 2])
  })

  it('has calls that go together share the room of one reply', async () => {
    const room = 256 * 1024
    const large = joinableScript('return ARGV[1]', {
      within: ([asked], bytes) => [String(Math.min(Number(asked), bytes))],
    })
    const run: RunScript = async (asked, _keys, args) =>
      asked === large.joined ? args.filter((_, index) => index % 2 === 0 && index > 0).map((arg) => [arg]) : args[0]
    const joined = joinCalls(run, () => {})
    const ask = (bytes: number): Promise<unknown> => joined(large, ['key'], [String(bytes)])
    expect(await ask(4 * room)).toBe(String(4 * room))
    expect(await Promise.all([ask(4 * room), ask(100), ask(room), ask(room)])).toEqual([
      String(room / 4),
      '100',
      String(room / 4),
      String(room / 4),
    ])
  })

  it('repeats by itself, with what it may have alone, a call for which others left no room', async () => {
    const large = joinableScript('return { ARGV[1] }', { within: () => ['little'] })
    const run: RunScript = async (asked, _keys, args) => (asked === large.joined ? [['first'], [], ['last']] : args[0])
    const joined = joinCalls(run, () => {})
    const calls = ['a', 'b', 'c'].map((key) => joined(large, [key], [`all of ${key}`]))
    expect(await Promise.all(calls)).toEqual(['first', 'all of b', 'last'])
  })

  it.each([
    ['WRONGTYPE Operation against a key', 'WRONGTYPE Operation against a key'],
    ['@user_script: 3: -OOM command not allowed', 'OOM command not allowed'],
    ['user_script:3: attempt to compare', 'ERR attempt to compare'],
  ])('fails only the call of which the server says: %s', async (failure, message) => {
    const joined = joinCalls(
      async () => [['one'], [null, Buffer.from(failure)], [null]],
      () => {},
    )
    const calls = ['a', 'b', 'c'].map((key) => joined(script, [key], []))
    expect(await Promise.allSettled(calls)).toEqual([
      { status: 'fulfilled', value: 'one' },
      { status: 'rejected', reason: expect.objectContaining({ name: 'ReplyError', message }) },
      { status: 'fulfilled', value: null },
    ])
  })

  it('repeats each call by itself, and says so, when the keys are not on one server', async () => {
    const { run, sent } = echo()
    let apart = 0
    const joined = joinCalls(
      async (asked, keys, args) => {
        if (asked === script.joined) throw new Error('CROSSSLOT Keys in request do not hash to the same slot')
        return run(asked, keys, args)
      },
      () => apart++,
    )
    expect(await Promise.all([joined(script, ['a'], ['1']), joined(script, ['b'], ['2'])])).toEqual(['a 1', 'b 2'])
    expect([apart, sent.length]).toEqual([1, 2])
  })

  it('fails all calls that went together', async () => {
    const failure = new Error('away')
    const joined = joinCalls(
      () => Promise.reject(failure),
      () => {},
    )
    const calls = [joined(script, ['a'], []), joined(script, ['b'], [])]
    expect(await Promise.allSettled(calls)).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ])
  })
})

describe('joinableScript', () => {
  it('keeps the flags of a script in its first line', () => {
    const flagged = joinableScript('return 1', { once: '#!lua flags=allow-oom\n' })
    expect(flagged.text).toBe('#!lua flags=allow-oom\nreturn 1')
    expect(flagged.joined?.text.split('\n')[0]).toBe('#!lua flags=allow-oom')
  })

  it('does once for all calls what is the same for them', () => {
    const script = joinableScript('return now', { once: 'local now = 1\n' })
    expect(script.text).toBe('local now = 1\nreturn now')
    const [before = '', each = ''] = script.joined?.text.split('local each = function()\n') ?? []
    expect([before, each].map((part) => part.includes('local now = 1\n'))).toEqual([true, false])
    expect(each.startsWith('return now\nend\n')).toBe(true)
  })
})
