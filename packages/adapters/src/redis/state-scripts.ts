// Each script works on one key, so that it runs on every node of a cluster, and answers with the server's time where it matters.
// A value is stored behind its version, which has a fixed length.

/** Length of a version: that of a UUID. */
export const VERSION_LENGTH = 36

/** Arguments: none. Answers: stored or nothing, seconds, microseconds. */
export const getScript: string = `
local time = redis.call('TIME')
return { redis.call('GET', KEYS[1]), time[1], time[2] }
`

/**
 * Arguments: expected version, empty for none; what to store, version and value; milliseconds to keep it, 0 to remove it, -1 for
 * ever. Answers: whether it was changed; what is stored when it was not; seconds, microseconds.
 */
export const compareAndSetScript: string = `
local time = redis.call('TIME')
local stored = redis.call('GET', KEYS[1])
local version = stored and string.sub(stored, 1, ${VERSION_LENGTH}) or ''
if version ~= ARGV[1] then return { 0, stored, time[1], time[2] } end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == '-1' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return { 1, false, time[1], time[2] }
`

// A lease outlives its end by a day, so that its token is remembered. The token is no less than the server's time, so that it
// rises even when the server lost everything.
const leaseHead = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local token, ends = unpack(redis.call('HMGET', KEYS[1], 'token', 'ends'))
local free = not ends or tonumber(ends) <= micros
local keep = function(newToken, leaseMs)
  redis.call('HSET', KEYS[1], 'token', newToken, 'ends', string.format('%.0f', micros + leaseMs * 1000))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', leaseMs + 86400000))
end
`

/** Arguments: milliseconds. Answers: the token; nothing when somebody has the lease. */
export const acquireScript: string = `${leaseHead}
if not free then return false end
local newToken = string.format('%.0f', math.max(micros, tonumber(token or '0') + 1))
keep(newToken, tonumber(ARGV[1]))
return newToken
`

/** Arguments: milliseconds, 0 to end it; token. Answers: whether the lease was that of the token. */
export const renewScript: string = `${leaseHead}
if free or token ~= ARGV[2] then return 0 end
keep(token, tonumber(ARGV[1]))
return 1
`
