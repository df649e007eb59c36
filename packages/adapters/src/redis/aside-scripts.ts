import { joinableScript, type Script, scriptOf } from './script.ts'
import { ASIDE, CURSOR, INTEGER, LEASED, NOW, THOUGH_FULL, TRIM } from './script-parts.ts'

// The keys are listed in `script-parts.ts`.

/**
 * Arguments: epoch; what is kept, in ms and bytes; for each event number, lane, "attempts nextAt redrives", JSON of what blocks it or
 * nothing, bytes of its body, record.
 */
export const parkScript: Script = scriptOf(`${THOUGH_FULL}${LEASED}${NOW}${CURSOR}${ASIDE}${TRIM}
openCursor(held)
for index = 4, #ARGV, 6 do
  local id, lane, state, blocked, bytes = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3], ARGV[index + 4]
  local seq = tonumber(id)
  local isParked = redis.call('HEXISTS', KEYS[2] .. ':parked', id) == 1
  if isParked or not isDone(seq) then
    if isParked then
      redis.call('HSET', KEYS[2] .. ':state', id, state .. ' ' .. bytes)
    else
      redis.call('HSET', KEYS[2] .. ':events', id, ARGV[index + 5])
      park(seq, lane, state, bytes)
      markDone(seq)
    end
    if blocked == '' then
      redis.call('HDEL', KEYS[2] .. ':blocked', id)
    else
      redis.call('HSET', KEYS[2] .. ':blocked', id, blocked)
    end
  end
end
if saveCursor() then trim(tonumber(ARGV[2]), tonumber(ARGV[3])) end
return 1
`)

/** Arguments: epoch. Answers: for each lane its name, events, bytes, and number, state and blocking of the first. */
export const parkedLanesScript: Script = scriptOf(`${LEASED}
local answer = {}
local lanes = redis.call('HGETALL', KEYS[2] .. ':lanes')
for index = 1, #lanes, 2 do
  local prefix = #lanes[index] .. ':' .. lanes[index]
  local head = redis.call('ZRANGEBYLEX', KEYS[2] .. ':order', '[' .. prefix .. ':', '(' .. prefix .. ';', 'LIMIT', 0, 1)[1]
  local id = string.format('%.0f', string.sub(head, -16))
  answer[#answer + 1] = lanes[index]
  answer[#answer + 1] = lanes[index + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':sizes', lanes[index])
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':state', id)
  answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':blocked', id)
end
return answer
`)

/** Arguments: epoch; lane; events; bytes. Answers: for each event number, state, blocking, record. */
export const readParkedScript: Script = scriptOf(`${LEASED}
local answer, bytes = {}, 0
local prefix = #ARGV[2] .. ':' .. ARGV[2]
local order = redis.call('ZRANGEBYLEX', KEYS[2] .. ':order', '[' .. prefix .. ':', '(' .. prefix .. ';', 'LIMIT', 0, ARGV[3])
for _, place in ipairs(order) do
  local id = string.format('%.0f', string.sub(place, -16))
  local state = redis.call('HGET', KEYS[2] .. ':state', id)
  answer[#answer + 1] = id
  answer[#answer + 1] = state
  answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':blocked', id)
  answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':events', id)
  bytes = bytes + string.match(state, '(%d+)$')
  if bytes >= tonumber(ARGV[4]) then break end
end
return answer
`)

/**
 * Arguments: epoch; what is kept, in ms and bytes; for each letter number, lane, "redrives bytes JSON", time, record.
 */
export const deadLetterScript: Script = scriptOf(`${THOUGH_FULL}${LEASED}${NOW}${CURSOR}${ASIDE}${TRIM}
openCursor(held)
for index = 4, #ARGV, 5 do
  local id, lane = ARGV[index], ARGV[index + 1]
  local seq = tonumber(id)
  if unpark(seq) or not isDone(seq) then
    redis.call('HSETNX', KEYS[2] .. ':events', id, ARGV[index + 4])
    redis.call('HSET', KEYS[2] .. ':dead', id, ARGV[index + 2])
    redis.call('HSET', KEYS[2] .. ':grave', id, lane)
    redis.call('ZADD', KEYS[2] .. ':dying', ARGV[index + 3], id)
    redis.call('HINCRBY', KEYS[2] .. ':graves', lane, 1)
    markDone(seq)
  end
end
if saveCursor() then trim(tonumber(ARGV[2]), tonumber(ARGV[3])) end
return 1
`)

/** Answers: number and time of each dead letter, oldest first. */
export const deadIndexScript: Script = scriptOf(`return redis.call('ZRANGE', KEYS[2] .. ':dying', 0, -1, 'WITHSCORES')`)

/** Arguments: numbers. Answers: for each that is a dead letter number, lane, "redrives bytes JSON", record. */
export const readDeadScript: Script = scriptOf(`
local answer = {}
for _, id in ipairs(ARGV) do
  local letter = redis.call('HGET', KEYS[2] .. ':dead', id)
  if letter then
    answer[#answer + 1] = id
    answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':grave', id)
    answer[#answer + 1] = letter
    answer[#answer + 1] = redis.call('HGET', KEYS[2] .. ':events', id)
  end
end
return answer
`)

/** Arguments: epoch. Answers: lanes with dead letters. */
export const deadLanesScript: Script = scriptOf(`${LEASED}
return redis.call('HKEYS', KEYS[2] .. ':graves')
`)

/** Arguments: numbers. Answers: how many of them were dead letters and are parked now. */
export const redriveScript: Script = scriptOf(`${THOUGH_FULL}${INTEGER}${ASIDE}
local taken = 0
for _, id in ipairs(ARGV) do
  local lane, redrives, bytes = unbury(tonumber(id))
  if lane then
    park(tonumber(id), lane, '0 0 ' .. int(redrives + 1), bytes)
    taken = taken + 1
  end
end
if taken > 0 then redis.call('HINCRBY', KEYS[2], 'aside', taken) end
return taken
`)

/** Arguments: numbers. Answers: how many of them were dead letters. */
export const purgeScript: Script = scriptOf(`${THOUGH_FULL}${INTEGER}${ASIDE}
local taken = 0
for _, id in ipairs(ARGV) do
  if unbury(tonumber(id)) then
    redis.call('HDEL', KEYS[2] .. ':events', id)
    taken = taken + 1
  end
end
if taken > 0 then redis.call('HINCRBY', KEYS[2], 'aside', taken) end
return taken
`)

/** Arguments: epoch. Answers: how many dead letters were redriven or purged. */
export const asideMarkScript: Script = joinableScript(`${LEASED}
return redis.call('HGET', KEYS[2], 'aside') or '0'
`)
