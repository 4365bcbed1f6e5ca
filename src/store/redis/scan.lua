-- Some records of a shard. A cursor means something only to the server, and the run of it, that gave it.
-- KEYS 1 head, to find the node; ARGV 1 pattern, 2 cursor, 3 how many keys to look at

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local found = redis.call('SCAN', ARGV[2], 'MATCH', ARGV[1], 'COUNT', ARGV[3])
local records = {}
for i, key in ipairs(found[2]) do
  -- Some may have expired since; what is not there is false, and ends up as nil.
  records[i] = redis.call('GET', key)
end
return { run, found[1], records }
