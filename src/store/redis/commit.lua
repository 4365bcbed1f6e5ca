-- One instant of one shard: compare, write, append, and tell what the log has. No rule of OAuth is in here.
--
-- KEYS  1 head, 2 denylist; to write a record also 3 the record; to list it also 4 its list; if that has an order of changes,
--         also 5 this; if something must be written in any case, last of all the beat, for WAIT and WAITAOF count only what
--         their connection wrote
-- ARGV  1 how many keys there are but the beat
--       2 what must be found: the version of the record, empty if there must be none; or, without a record, the head,
--         empty if any will do
--       3 floor, 4 where the answer begins: the caller's anchor as a head stands in the store, or its position alone, and
--         the answer begins with it; '-inf': with the first entry; '+inf': there is none
--       5 the most entries that it may have; below zero: so many, and if there are more, none
--       with a record, the record and for how many milliseconds to keep it; with a list, the id of its family and when it
--         changed
--       last for each revocation its tag and the entry
--
-- Answers 0 if something else was found, and nothing was written but the beat. Else one text, for values in a list cost both
-- sides more than all that is in them: the clock as a double, and the head after a byte that says how long it is; and unless
-- the caller knows all there is, its anchor having been the head until now, a byte that is 1 if there is more, and the
-- entries, each after four bytes that say how long it is. A member of the denylist is its position as a double (its score,
-- which costs far more to be told) and the entry.

local call = redis.call
local head_key, deny_key = KEYS[1], KEYS[2]
local keys = tonumber(ARGV[1])
local expected, floor, from, limit = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local beat_key = KEYS[keys + 1]
local first = 6
local record_key, record, keep, list_key, changes_key, family, changed
if keys > 2 then
  record_key, record, keep, first = KEYS[3], ARGV[6], ARGV[7], 8
end
if keys > 3 then
  list_key, family, changed, first = KEYS[4], ARGV[8], ARGV[9], 10
end
if keys > 4 then
  changes_key = KEYS[5]
end

local head = call('GET', head_key) or '0 0000000000000000'
local found = head
if record_key then
  found = call('GETRANGE', record_key, 0, 7)
  -- An empty record is a broken one and not an absent one: it is at no version.
  if found == '' and call('EXISTS', record_key) == 1 then
    found = nil
  end
end
if found ~= expected and (record_key or expected ~= '') then
  if beat_key then
    call('SET', beat_key, '')
  end
  return 0
end

local time = call('TIME')
local now = time[1] * 1000000 + time[2]

-- What can fail for its type comes first, for a script is not undone; and the first write of all is one that a server
-- without memory refuses.
if list_key then
  -- The most that leave a list when something joins it: more than one, so that it shrinks, and never long.
  local GONE = 1000
  -- A list lasts as long as the longest of its members.
  local function last_for(key)
    if call('PTTL', key) < tonumber(keep) then
      call('PEXPIRE', key, keep)
    end
  end

  local millis = math.floor(now / 1000)
  local due = call('ZSCORE', list_key, family)
  local stood = changes_key and call('ZSCORE', changes_key, family)
  -- A record that is kept as long as before, by a clock that is not quite this one, leaves its list as it is. That it may be
  -- listed a second less takes nothing: records are kept longer than anything that they hold lives.
  local is_longer = not due or due + 1000 < millis + keep
  if is_longer then
    call('ZADD', list_key, string.format('%.0f', millis + keep), family)
    local gone = call('ZRANGEBYSCORE', list_key, '-inf', millis, 'LIMIT', 0, GONE)
    if #gone > 0 then
      call('ZREM', list_key, unpack(gone))
      if changes_key then
        call('ZREM', changes_key, unpack(gone))
      end
    end
    last_for(list_key)
  end
  if changes_key and stood ~= changed then
    call('ZADD', changes_key, changed, family)
  end
  if changes_key and (is_longer or stood ~= changed) then
    last_for(changes_key)
  end
end

local is_current = from == head or from == '+inf'
if #ARGV >= first then
  local last = tonumber(string.sub(head, 1, -18))
  for i = first, #ARGV, 2 do
    last = math.max(last + 1, floor + 1, now)
    -- Nearly always the clock itself; told by its own digits, for a double costs much to be made a text of.
    local position = last == now and time[1] .. string.sub('00000' .. time[2], -6) or string.format('%.0f', last)
    call('ZADD', deny_key, position, struct.pack('>dc0', last, ARGV[i + 1]))
    head = position .. ' ' .. ARGV[i]
  end
  call('SET', head_key, head)
elseif beat_key and not record_key then
  call('SET', beat_key, '')
end
if record_key then
  call('SET', record_key, record, 'PX', keep)
end

local answer = struct.pack('>dBc0', now, #head, head)
if is_current then
  return answer
end
local place = string.match(from, '^%d+')
limit = tonumber(limit)
local most = math.abs(limit) + (place and 1 or 0)
local entries = call('ZRANGEBYSCORE', deny_key, place or from, '+inf', 'LIMIT', 0, most + 1)
local more = #entries > most
if more and limit < 0 then
  entries = { place and entries[1] }
elseif more then
  entries[#entries] = nil
end
for i, entry in ipairs(entries) do
  entries[i] = struct.pack('>I4c0', #entry, entry)
end
return answer .. (more and '\1' or '\0') .. table.concat(entries)
