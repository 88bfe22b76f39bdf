#!/bin/sh
# A handler for ackpipe: ackpipe run --framing lines -b BROKERS -t TOPIC -g GROUP -- sh handler.sh
# Needs jq. Starts processes for each record: for small streams and quick jobs.
set -u
exec 3<&0 4>&1 </dev/null >&2   # the protocol is on 3 and 4 now; whatever prints to stdout goes to the log

handle() {   # your code here: $1 is a record as JSON; fail (return other than 0), and it is delivered again
    printf '%s\n' "$1" | jq -r '"\(.topic)[\(.partition)]@\(.offset): \(.value // .value_base64 | tostring | .[:60])"'
}

# One jq reads all frames and writes a line for each thing to do. It goes by "type": nothing in a record steers it.
failed=0
jq --unbuffered -rc '
    if .type == "hello" then "hello"
    elif .type == "message" then "record \(tojson)", "verdict \(.id)"
    elif .type == "batch" then   # a batch says once what its records share
        ((del(.messages) + .messages[]) | "record \(tojson)"), "verdict \(.id)"
    else empty end               # shutdown too: end of file follows
' <&3 4>&- | while read -r what rest; do
    case $what in
        hello)
            printf '{"type":"ready","protocol":1,"name":"shell-example/1.0"}\n' >&4 ;;
        record)   # after a failure nothing more of the delivery is tried
            if [ "$failed" = 0 ]; then handle "$rest" </dev/null 3<&- 4>&- || failed=$?; fi ;;
        verdict)
            if [ "$failed" = 0 ]; then
                printf '{"type":"ack","id":%s}\n' "$rest" >&4
            else
                printf '{"type":"nack","id":%s,"error":"exit status %s"}\n' "$rest" "$failed" >&4
            fi
            failed=0 ;;
    esac
done
