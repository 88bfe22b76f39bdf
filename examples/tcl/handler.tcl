# A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- tclsh handler.tcl
# Tcl 8.6; json.tcl stands beside it. Strings stay the bytes of their UTF-8, for Tcl 8.6 mangles characters beyond U+FFFF;
# `encoding convertfrom utf-8 $value` makes characters of them.
source [file join [file dirname [info script]] json.tcl]

# Private copies of the protocol's descriptors (Tcl marks them close-on-exec): what puts prints then goes to ackpipe's log.
set fds [expr {[info exists env(ACKPIPE_PROTOCOL_FDS)] ? $env(ACKPIPE_PROTOCOL_FDS) : "0,1"}]
lassign [split $fds ,] source target
set framesIn [open /dev/fd/$source rb]
set framesOut [open /dev/fd/$target wb]
if {$fds eq "0,1"} {
    close stdin
    open /dev/null r ;# becomes stdin and descriptor 0
    close stdout
    open /dev/fd/2 w ;# becomes stdout and descriptor 1
}
fconfigure $framesIn -buffersize 1000000
fconfigure stdout -buffering line -translation binary
fconfigure stderr -translation binary

# Your code here: return when the record is done; raise an error, and it is delivered again. A value is a pair {TYPE DATA} of
# json.tcl; {null {}} is a tombstone.
proc handle {record} {
    if {[dict exists $record value_base64]} {
        set text "[string length [binary decode base64 [lindex [dict get $record value_base64] 1]]] bytes"
    } elseif {[dict get $record value] eq {string {}}} {
        error "empty value"
    } else {
        set text [json::print [dict get $record value]]
    }
    foreach name {topic partition offset} {set $name [lindex [dict get $record $name] 1]}
    puts "$topic\[$partition\]@$offset: $text"
}

proc attempt {frame} { # one delivery, one verdict
    set id [lindex [dict get $frame id] 1]
    set messages [list [list object {}]]
    if {[dict exists $frame messages]} {
        set messages [lindex [dict get $frame messages] 1]
        dict unset frame messages
    }
    set index -1
    foreach message $messages {
        incr index
        # A batch says once what its records share.
        if {[catch {handle [dict merge $frame [lindex $message 1]]} why]} {
            set why [json::print [list string [encoding convertto utf-8 $why]]]
            if {[lindex [dict get $frame type] 1] eq "message"} {
                return "{\"type\":\"nack\",\"id\":$id,\"error\":$why}"
            }
            set failed "{\"index\":$index,\"error\":$why}"
            while {[incr index] < [llength $messages]} {append failed ",{\"index\":$index,\"action\":\"release\"}"}
            return "{\"type\":\"result\",\"id\":$id,\"failed\":\[$failed\]}"
        }
    }
    return "{\"type\":\"ack\",\"id\":$id}"
}

proc sendFrame {body} {
    puts -nonewline $::framesOut [binary format I [string length $body]]$body
    flush $::framesOut
}

proc quit {why} {
    puts stderr "bad frame: $why"
    exit 76
}

while {[set header [read $framesIn 4]] ne ""} { # empty: end of file, the orderly end
    if {[binary scan $header Iu size] != 1 || $size < 1 || $size >= 1 << 27} {quit "its length is none"}
    set body [read $framesIn $size]
    if {[string length $body] < $size} {quit "the input ended within it"}
    if {[catch {json::parse $body} frame]} {quit $frame}
    if {[lindex $frame 0] ne "object" || ![dict exists [lindex $frame 1] type]} {quit "no object with a type"}
    set frame [lindex $frame 1]
    switch -- [lindex [dict get $frame type] 1] {
        hello {sendFrame {{"type":"ready","protocol":1,"name":"tcl-example/1.0"}}}
        message - batch {sendFrame [attempt $frame]}
    } ;# others are ignored, shutdown too
}
