-- As much JSON as a handler needs, for Lua 5.1 to 5.4. Objects and arrays are tables; null is json.null, for a nil in a table
-- is none. Whole numbers beyond 2^53 lose digits before Lua 5.3.
local json = {null = setmetatable({}, {__tostring = function() return 'null' end})}

local escapes = {b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', ['"'] = '"', ['\\'] = '\\', ['/'] = '/'}

local function utf8_bytes(code)
  if code < 0x80 then return string.char(code) end
  local tail = ''
  local first = 0x40
  repeat
    tail = string.char(0x80 + code % 64) .. tail
    code = math.floor(code / 64)
    first = first / 2
  until code < first
  return string.char(256 - first * 2 + code) .. tail
end

local function wrong(at, wanted) error('not JSON at byte ' .. at .. ': ' .. wanted .. ' is needed', 0) end

local function string_at(text, at) -- just behind the quote; answers the string and what is behind it
  local parts
  while true do
    local stop = text:find('["\\]', at)
    if not stop then wrong(at, "the string's end") end
    local plain = text:sub(at, stop - 1)
    if text:byte(stop) == 34 then
      if not parts then return plain, stop + 1 end
      parts[#parts + 1] = plain
      return table.concat(parts), stop + 1
    end
    parts = parts or {}
    parts[#parts + 1] = plain
    local kind = text:sub(stop + 1, stop + 1)
    at = stop + 2
    if kind == 'u' then
      local code = tonumber(text:match('^%x%x%x%x', at) or wrong(at, 'four digits'), 16)
      at = at + 4
      local low = code >= 0xd800 and code < 0xdc00 and text:match('^\\u([dD][c-fC-F]%x%x)', at)
      if low then
        code = 0x10000 + (code - 0xd800) * 1024 + tonumber(low, 16) - 0xdc00
        at = at + 6
      elseif code >= 0xd800 and code < 0xe000 then
        code = 0xfffd
      end
      parts[#parts + 1] = utf8_bytes(code)
    else
      parts[#parts + 1] = escapes[kind] or wrong(stop, 'an escape that JSON knows')
    end
  end
end

local words = {n = {'null', json.null}, t = {'true', true}, f = {'false', false}}
local value_at

local function members(text, at, close, each)
  at = text:find('[^ \t\r\n]', at + 1) or wrong(at, close)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = each(at)
    at = text:find('[^ \t\r\n]', at) or wrong(at, close)
    local mark = text:sub(at, at)
    if mark == close then return at + 1 end
    if mark ~= ',' then wrong(at, '"," or "' .. close .. '"') end
    at = at + 1
  end
end

function value_at(text, at, depth)
  if depth > 200 then wrong(at, 'less nesting') end
  at = text:find('[^ \t\r\n]', at) or wrong(at, 'a value')
  local mark = text:sub(at, at)
  if mark == '"' then return string_at(text, at + 1) end
  if mark == '{' then
    local object = {}
    return object, members(text, at, '}', function(place)
      place = text:match('^[ \t\r\n]*"()', place) or wrong(place, "a member's name")
      local name, behind = string_at(text, place)
      behind = text:match('^[ \t\r\n]*:()', behind) or wrong(behind, '":"')
      object[name], behind = value_at(text, behind, depth + 1)
      return behind
    end)
  end
  if mark == '[' then
    local list = {}
    return list, members(text, at, ']', function(place)
      local value, behind = value_at(text, place, depth + 1)
      list[#list + 1] = value
      return behind
    end)
  end
  local word = words[mark]
  if word and text:sub(at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  local digits = text:match('^-?%d+%.?%d*[eE]?[-+]?%d*', at)
  return tonumber(digits or wrong(at, 'a value')) or wrong(at, 'a number'), at + #digits
end

function json.decode(text)
  local value, behind = value_at(text, 1, 1)
  if text:find('[^ \t\r\n]', behind) then wrong(behind, 'the end') end
  return value
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return (c == '"' or c == '\\') and '\\' .. c or string.format('\\u%04x', c:byte())
  end) .. '"'
end

function json.encode(value)
  local kind = type(value)
  if value == json.null then return 'null' end
  if kind == 'string' then return quoted(value) end
  if kind == 'number' then return string.format(value % 1 == 0 and '%.0f' or '%.17g', value) end
  if kind == 'boolean' then return tostring(value) end
  if kind ~= 'table' then error('JSON has no ' .. kind, 0) end
  local parts = {}
  if #value > 0 then
    for _, one in ipairs(value) do parts[#parts + 1] = json.encode(one) end
    return '[' .. table.concat(parts, ',') .. ']'
  end
  for name, one in pairs(value) do parts[#parts + 1] = quoted(name) .. ':' .. json.encode(one) end
  return '{' .. table.concat(parts, ',') .. '}' -- an empty table is taken for an object
end

local alphabet = {}
for place = 1, 64 do
  alphabet[('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'):byte(place)] = place - 1
end

function json.decode_base64(text) -- RFC 4648, section 4, padded
  return (text:gsub('(.)(.)(.)(.)', function(a, b, c, d)
    local bits = 0
    for _, one in ipairs({a, b, c, d}) do
      bits = bits * 64 + (one == '=' and 0 or alphabet[one:byte()] or error('not base64', 0))
    end
    local bytes = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    return bytes:sub(1, c == '=' and 1 or d == '=' and 2 or 3)
  end))
end

return json
