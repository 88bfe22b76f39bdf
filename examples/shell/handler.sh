#!/bin/sh
# A handler for ackpipe: ackpipe run --framing lines -b BROKERS -t TOPIC -g GROUP -- sh handler.sh
# Needs jq, of which one process reads all frames; what `handle` starts for each record decides the speed.
set -u
export LC_ALL=C
case ${ACKPIPE_PROTOCOL_FDS-} in   # the protocol on 3 and 4; whatever prints to stdout goes to the log
    '') exec 3<&0 4>&1 </dev/null >&2 ;;
esac

# Your code here; fail (return other than 0), and the record is delivered again. VALUE is JSON for "text" ("null" is a
# tombstone; `printf '%s' "$5" | jq -j .` gives the bytes), and base64 for "binary".
handle() {   # TOPIC PARTITION OFFSET text|binary VALUE
    case $4,$5 in
        text,'""') echo "empty value" >&2; return 65 ;;
        text,*) text=$5 ;;
        *)  padding=${5##*[!=]}
            text="$((${#5} * 3 / 4 - ${#padding})) bytes" ;;
    esac
    printf '%s[%s]@%s: %s\n' "$1" "$2" "$3" "$text"
}

# jq goes by "type" alone and tells, in lines, what is to be done: nothing in a record steers it. A batch says once what its
# records share.
failed=-1 index=-1 status=0
{ jq --unbuffered -nrc '
    def record: "record \(.partition) \(.offset) \(if has("value_base64") then "binary" else "text" end)",
        (.topic | tojson | .[1:-1]), (.value_base64 // (.value | tojson));
    foreach (inputs | {frame: ., line: input_line_number}) as $in   # a last line without its end is none
        ({line: 0}; $in + {whole: ($in.line > .line)}; select(.whole).frame) |
    if .type == "hello" then "hello"
    elif .type == "message" then record, "message \(.id)"
    elif .type == "batch" then (del(.messages) + .messages[] | record), "batch \(.id)"
    else empty end               # shutdown too: end of file follows
' <&3 4>&- || echo rubbish; } | while read -r what id offset form; do
    case $what in
        hello)
            printf '{"type":"ready","protocol":1,"name":"shell-example/1.0"}\n' >&4 ;;
        record)   # after a failure nothing more of the delivery is tried
            read -r topic
            read -r value
            index=$((index + 1))
            if [ "$failed" -lt 0 ]; then
                handle "$topic" "$id" "$offset" "$form" "$value" </dev/null 3<&- 4>&- || { status=$?; failed=$index; }
            fi
            continue ;;
        message | batch)
            if [ "$failed" -lt 0 ]; then
                printf '{"type":"ack","id":%s}\n' "$id" >&4
            else
                case $status in 65) why="exit status 65 (empty value)" ;; *) why="exit status $status" ;; esac
                if [ "$what" = message ]; then
                    printf '{"type":"nack","id":%s,"error":"%s"}\n' "$id" "$why" >&4
                else
                    released=
                    while [ "$index" -gt "$failed" ]; do
                        released=",{\"index\":$index,\"action\":\"release\"}$released"
                        index=$((index - 1))
                    done
                    printf '{"type":"result","id":%s,"failed":[{"index":%s,"error":"%s"}%s]}\n' \
                        "$id" "$failed" "$why" "$released" >&4
                fi
            fi ;;
        rubbish)
            echo "bad frame: jq cannot read it" >&2
            exit 76 ;;
    esac
    failed=-1 index=-1
done
