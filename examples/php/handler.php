<?php
// A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- php handler.php
declare(strict_types=1);

// Private copies of the protocol's descriptors: what echo or a library prints then goes to the log. PHP cannot mark them
// close-on-exec: what you start with exec() or proc_open() must not keep them, so append "3<&- 4>&-" to its command.
$fds = getenv('ACKPIPE_PROTOCOL_FDS');
[$source, $target] = explode(',', $fds ?: '0,1');
$framesIn = fopen("php://fd/$source", 'r');
$framesOut = fopen("php://fd/$target", 'w');
if (!$fds) {
    fclose(STDIN);
    $stdin = fopen('/dev/null', 'r'); // takes the lowest free number, which is 0
    fclose(STDOUT);
    $stdout = fopen('php://fd/2', 'w'); // 1
}

// Your code here: return when the record is done; throw, and it is delivered again. A null value is a tombstone.
function handle(array $record): void
{
    if (($record['value'] ?? null) === '') {
        throw new InvalidArgumentException('empty value');
    }
    $text = isset($record['value_base64'])
        ? strlen(base64_decode($record['value_base64'])) . ' bytes' : json_encode($record['value']);
    echo "{$record['topic']}[{$record['partition']}]@{$record['offset']}: $text\n";
}

function attempt(array $frame): array // one delivery, one verdict
{
    $id = $frame['id'];
    $records = $frame['messages'] ?? [[]];
    unset($frame['messages']);
    foreach ($records as $index => $record) {
        try {
            handle($record + $frame); // a batch says once what its records share
        } catch (Throwable $error) {
            $text = get_class($error) . ': ' . $error->getMessage();
            if ($frame['type'] === 'message') {
                return ['type' => 'nack', 'id' => $id, 'error' => $text];
            }
            $failed = [['index' => $index, 'error' => $text]];
            for ($later = $index + 1; $later < count($records); $later++) {
                $failed[] = ['index' => $later, 'action' => 'release'];
            }
            return ['type' => 'result', 'id' => $id, 'failed' => $failed];
        }
    }
    return ['type' => 'ack', 'id' => $id];
}

function send($out, array $frame): void
{
    $body = json_encode($frame, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
    fwrite($out, pack('N', strlen($body)) . $body); // PHP does not buffer this
}

function quit(string $why): never
{
    fwrite(STDERR, "bad frame: $why\n");
    exit(76);
}

while (($header = stream_get_contents($framesIn, 4)) !== '') { // less: end of file, the orderly end
    $size = strlen($header) === 4 ? unpack('N', $header)[1] : 0;
    if ($size < 1 || $size >= 1 << 27) {
        quit('"' . addcslashes($header, "\0..\37\177..\377") . "\" is no frame's length");
    }
    if (strlen($body = stream_get_contents($framesIn, $size)) < $size) {
        quit('the input ended within it');
    }
    try {
        $frame = json_decode($body, true, 512, JSON_THROW_ON_ERROR); // an object becomes an array: {} and [] look alike
    } catch (JsonException $error) {
        quit($error->getMessage());
    }
    if (!isset($frame['type'])) {
        quit('no object with a type');
    }
    if ($frame['type'] === 'hello') {
        send($framesOut, ['type' => 'ready', 'protocol' => 1, 'name' => 'php-example/1.0']);
    } elseif ($frame['type'] === 'message' || $frame['type'] === 'batch') { // others are ignored, shutdown too
        send($framesOut, attempt($frame));
    }
}
