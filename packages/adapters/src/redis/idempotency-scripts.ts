import { type Script, scriptOf } from './script.ts'

// Each works on one key, a hash, which outlives a lease by a day, so that its token is remembered. A token is no less than the
// server's time, so that it rises even when the server lost everything. `done` is 1 with a result and 0 without.
const head = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local token, ends, done = unpack(redis.call('HMGET', KEYS[1], 'token', 'ends', 'done'))
local isHeld = not done and ends and tonumber(ends) > micros
local hold = function(leaseMs)
  redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', micros + leaseMs * 1000))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', leaseMs + 86400000))
end
`

/**
 * Arguments: milliseconds of the lease; of the time to live, -1 for ever; owner. Answers: `new` and the token; `busy` and the microseconds
 * left; `done` and the result or nothing.
 */
export const beginScript: Script = scriptOf(`${head}
if done then return { 'done', done == '1' and redis.call('HGET', KEYS[1], 'result') } end
if isHeld then return { 'busy', string.format('%.0f', ends - micros) } end
local newToken = string.format('%.0f', math.max(micros, tonumber(token or '0') + 1))
redis.call('HSET', KEYS[1], 'token', newToken, 'ttl', ARGV[2], 'owner', ARGV[3])
hold(tonumber(ARGV[1]))
return { 'new', newToken }
`)

/** Arguments: token; milliseconds. Answers: whether the token holds the id. */
export const renewHeldScript: Script = scriptOf(`${head}
if not isHeld or token ~= ARGV[1] then return 0 end
hold(tonumber(ARGV[2]))
return 1
`)

/** Arguments: token; then the result, where there is one. Answers: whether the token held the id. */
export const completeScript: Script = scriptOf(`${head}
if not isHeld or token ~= ARGV[1] then return 0 end
local ttl = redis.call('HGET', KEYS[1], 'ttl')
redis.call('HDEL', KEYS[1], 'ends', 'owner', 'ttl')
if ARGV[2] then
  redis.call('HSET', KEYS[1], 'done', '1', 'result', ARGV[2])
else
  redis.call('HSET', KEYS[1], 'done', '0')
end
if ttl == '-1' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ttl)
end
return 1
`)

/** Arguments: token. Answers: whether the token held the id. */
export const abandonScript: Script = scriptOf(`${head}
if not isHeld or token ~= ARGV[1] then return 0 end
hold(0)
return 1
`)
