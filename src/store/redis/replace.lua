-- Writes a document if it is still the one that was read.
-- KEYS 1 document; ARGV 1 the version it must have, empty if it must not be there, 2 the document

if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
