-- A handler for ackpipe: ackpipe run --protocol-fd 3 -b BROKERS -t TOPIC -g GROUP -- lua handler.lua
-- Lua 5.1 to 5.4 and LuaJIT; json.lua stands beside it. Lua cannot move descriptors, hence --protocol-fd 3: whatever prints to
-- stdout then prints to the log. What you start with os.execute or io.popen inherits 3 and 4: append "3<&- 4>&-" to it.
package.path = (arg[0]:match('^(.*/)') or './') .. '?.lua;' .. package.path
local json = require('json')

local fds = os.getenv('ACKPIPE_PROTOCOL_FDS')
local source, target = (fds or '0,1'):match('^(%d+),(%d+)$')
local frames_in = assert(io.open('/dev/fd/' .. source, 'rb'))
local frames_out = assert(io.open('/dev/fd/' .. target, 'wb'))
frames_in:setvbuf('full', 1048576)
io.stdout:setvbuf('line')
if not fds then -- as good as it gets: print and io.write are the log, io.stdout and libraries in C are not
  io.output(io.stderr)
  print = function(...) io.stderr:write(table.concat({...}, '\t'), '\n') end
end

local function integer(number) return string.format('%.0f', number) end -- 5.1 and LuaJIT print 1e+14 otherwise

-- Your code here: return when the record is done; raise an error, and it is delivered again. json.null is a tombstone.
local function handle(record)
  if record.value == '' then error('empty value', 0) end
  local text = record.value_base64 and #json.decode_base64(record.value_base64) .. ' bytes' or json.encode(record.value)
  print(record.topic .. '[' .. integer(record.partition) .. ']@' .. integer(record.offset) .. ': ' .. text)
end

local function attempt(frame) -- one delivery, one verdict
  local messages = frame.messages or {frame}
  for index, record in ipairs(messages) do -- Lua counts from 1, the protocol from 0
    for _, name in ipairs({'topic', 'partition', 'attempt', 'timestamp_type'}) do -- said once for the batch
      if record[name] == nil then record[name] = frame[name] end
    end
    local done, why = pcall(handle, record)
    if not done then
      if frame.type == 'message' then return {type = 'nack', id = frame.id, error = tostring(why)} end
      local failed = {{index = index - 1, error = tostring(why)}}
      for later = index + 1, #messages do failed[#failed + 1] = {index = later - 1, action = 'release'} end
      return {type = 'result', id = frame.id, failed = failed}
    end
  end
  return {type = 'ack', id = frame.id}
end

local function send(frame)
  local body = json.encode(frame)
  local n = #body
  local header = string.char(math.floor(n / 16777216) % 256, math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
  assert(frames_out:write(header, body))
  assert(frames_out:flush())
end

local function quit(why)
  io.stderr:write('bad frame: ', why, '\n')
  os.exit(76)
end

while true do
  local header = frames_in:read(4)
  if not header then break end -- end of file, the orderly end
  if #header < 4 then quit('the input ended within it') end
  local a, b, c, d = header:byte(1, 4)
  local size = ((a * 256 + b) * 256 + c) * 256 + d
  if size < 1 or size >= 134217728 then quit(integer(size) .. " is no frame's length") end
  local body = frames_in:read(size)
  if not body or #body < size then quit('the input ended within it') end
  local parsed, frame = pcall(json.decode, body)
  if not parsed then quit(tostring(frame)) end
  if frame.type == 'hello' then
    send({type = 'ready', protocol = 1, name = 'lua-example/1.0'})
  elseif frame.type == 'message' or frame.type == 'batch' then -- others are ignored, shutdown too
    send(attempt(frame))
  end
end
