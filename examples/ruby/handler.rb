# A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- ruby handler.rb
require 'json'

# Keep the protocol's descriptors private: what puts or a library prints then goes to ackpipe's log.
if (fds = ENV['ACKPIPE_PROTOCOL_FDS'])
  FRAMES_IN, FRAMES_OUT = fds.split(',').zip(%w[rb wb]).map { |fd, mode| IO.for_fd(fd.to_i, mode) }
else
  FRAMES_IN, FRAMES_OUT = $stdin.dup.binmode, $stdout.dup.binmode
  $stdin.reopen(File::NULL)
  $stdout.reopen($stderr)
end
[FRAMES_IN, FRAMES_OUT].each { |io| io.close_on_exec = true }
$stdout.sync = true

# Your code here: return when the record is done; raise, and it is delivered again. A nil value is a tombstone.
def handle(record)
  raise ArgumentError, 'empty value' if record['value'] == ''
  binary = record['value_base64']
  text = binary ? "#{binary.unpack1('m').bytesize} bytes" : JSON.generate(record['value'])
  puts "#{record['topic']}[#{record['partition']}]@#{record['offset']}: #{text}"
end

def attempt(frame) # one delivery, one verdict
  type, id, messages, shared = frame['type'], frame['id'], frame['messages'], frame.reject { |name| name == 'messages' }
  (messages || [{}]).each_with_index do |record, index|
    handle(shared.merge(record)) # a batch says once what its records share
  rescue StandardError => e
    failure = { error: "#{e.class}: #{e.message.scrub}" }
    return { type: 'nack', id: id, **failure } if type == 'message'
    untried = (index + 1...messages.size).map { |later| { index: later, action: 'release' } }
    return { type: 'result', id: id, failed: [{ index: index, **failure }, *untried] }
  end
  { type: 'ack', id: id }
end

def send_frame(frame)
  body = JSON.generate(frame)
  FRAMES_OUT.write([body.bytesize].pack('N') + body.b)
  FRAMES_OUT.flush
end

def read_frame # nil at end of file
  header = FRAMES_IN.read(4) or return
  size = header.unpack1('N')
  abort "bad frame: #{header.inspect} is no frame's length" unless size&.between?(1, (1 << 27) - 1)
  body = FRAMES_IN.read(size)
  abort 'bad frame: the input ended within it' if body.nil? || body.bytesize < size
  JSON.parse(body.force_encoding(Encoding::UTF_8))
rescue JSON::ParserError => e
  abort "bad frame: #{e.message[0, 200]}"
end

while (frame = read_frame)
  case frame['type'] # others are ignored, shutdown too: end of file follows
  when 'hello' then send_frame(type: 'ready', protocol: 1, name: 'ruby-example/1.0')
  when 'message', 'batch' then send_frame(attempt(frame))
  end
end
