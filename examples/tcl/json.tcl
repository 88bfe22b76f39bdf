# As much JSON as a handler needs. Text is the bytes of its UTF-8, before and after. A value is a pair, since a Tcl string alone
# does not tell 1 from "1" or null from "null":
#   {string BYTES} {number DIGITS} {word true|false} {null {}} {list {VALUE ...}} {object {NAME VALUE ...}}
namespace eval json {
    variable escapes [dict create b \b f \f n \n r \r t \t \" \" \\ \\ / /]
}

proc json::parse {text} {
    lassign [Value $text 0] value at
    if {![regexp {\A[ \t\r\n]*\Z} [string range $text $at end]]} {error "not JSON: something follows at byte $at"}
    return $value
}

# Each of these answers what it found and where it ends.
proc json::Value {text at} {
    regexp -indices -start $at {\A[ \t\r\n]*} $text space
    set at [expr {[lindex $space 1] + 1 > $at ? [lindex $space 1] + 1 : $at}]
    switch -- [string index $text $at] {
        \" {return [String $text $at]}
        \{ {return [Object $text $at]}
        \[ {return [List $text $at]}
    }
    if {[regexp -start $at {\A-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?} $text digits]} {
        return [list [list number $digits] [expr {$at + [string length $digits]}]]
    }
    if {[regexp -start $at {\A(?:true|false)} $text word]} {
        return [list [list word $word] [expr {$at + [string length $word]}]]
    }
    if {[string range $text $at $at+3] eq "null"} {return [list {null {}} [expr {$at + 4}]]}
    error "not JSON at byte $at: a value is needed"
}

# The mark (one of $marks) behind white space at $at, and what is behind it.
proc json::Mark {text at marks} {
    if {![regexp -indices -start $at {\A[ \t\r\n]*[^ \t\r\n]} $text found]} {error "not JSON: it ends too early"}
    set at [lindex $found 1]
    set mark [string index $text $at]
    if {$mark ni $marks} {error "not JSON at byte $at: one of $marks is needed"}
    return [list $mark [expr {$at + 1}]]
}

proc json::Object {text at} {
    set members {}
    lassign [Mark $text [expr {$at + 1}] {\" \}}] mark at
    while {$mark ne "\}"} {
        lassign [String $text [expr {$at - 1}]] name at
        lassign [Mark $text $at :] mark at
        lassign [Value $text $at] value at
        lappend members [lindex $name 1] $value
        lassign [Mark $text $at {, \}}] mark at
        if {$mark eq ","} {lassign [Mark $text $at {\"}] mark at}
    }
    return [list [list object $members] $at]
}

proc json::List {text at} {
    set values {}
    incr at
    if {[regexp -indices -start $at {\A[ \t\r\n]*\]} $text found]} {
        return [list {list {}} [expr {[lindex $found 1] + 1}]]
    }
    set mark ,
    while {$mark eq ","} {
        lassign [Value $text $at] value at
        lappend values $value
        lassign [Mark $text $at {, \]}] mark at
    }
    return [list [list list $values] $at]
}

proc json::String {text at} {
    set start [expr {$at + 1}]
    set end $start
    # Without a regular expression over the whole: the string may be megabytes long.
    while {1} {
        set quote [string first \" $text $end]
        if {$quote < 0} {error "not JSON at byte $at: the string has no end"}
        set backslashes 0
        while {[string index $text [expr {$quote - 1 - $backslashes}]] eq "\\" && $quote - 1 - $backslashes >= $start} {
            incr backslashes
        }
        set end [expr {$quote + 1}]
        if {$backslashes % 2 == 0} break
    }
    set plain [string range $text $start $quote-1]
    if {[string first \\ $plain] >= 0} {set plain [Unescaped $plain]}
    return [list [list string $plain] $end]
}

proc json::Unescaped {text} {
    variable escapes
    set out ""
    set high -1
    foreach part [regexp -all -inline {\\u[0-9a-fA-F]{4}|\\.|[^\\]+} $text] {
        if {[string index $part 0] ne "\\"} {
            append out $part
        } elseif {[string index $part 1] ne "u"} {
            append out [dict get $escapes [string index $part 1]]
        } else {
            scan [string range $part 2 end] %x code
            if {$code >= 0xd800 && $code < 0xdc00} {
                set high $code
                continue
            }
            if {$high >= 0 && $code >= 0xdc00 && $code < 0xe000} {
                set code [expr {0x10000 + (($high - 0xd800) << 10) + $code - 0xdc00}]
            }
            append out [Bytes $code]
        }
        set high -1
    }
    return $out
}

proc json::Bytes {code} { # UTF-8, also beyond U+FFFF
    if {$code < 0x80} {return [format %c $code]}
    if {$code < 0x800} {return [format %c%c [expr {0xc0 | $code >> 6}] [expr {0x80 | $code & 63}]]}
    if {$code < 0x10000} {
        return [format %c%c%c [expr {0xe0 | $code >> 12}] [expr {0x80 | $code >> 6 & 63}] [expr {0x80 | $code & 63}]]
    }
    return [format %c%c%c%c [expr {0xf0 | $code >> 18}] [expr {0x80 | $code >> 12 & 63}] \
        [expr {0x80 | $code >> 6 & 63}] [expr {0x80 | $code & 63}]]
}

proc json::print {value} {
    lassign $value type data
    switch -- $type {
        string {
            set out [string map {\\ \\\\ \" \\\"} $data]
            if {[regexp {[\u0000-\u001f]} $out]} {
                foreach control [lsort -unique [regexp -all -inline {[\u0000-\u001f]} $out]] {
                    set out [string map [list $control [format \\u%04x [scan $control %c]]] $out]
                }
            }
            return "\"$out\""
        }
        list {return "\[[join [lmap one $data {print $one}] ,]\]"}
        object {
            set members [lmap {name one} $data {string cat [print [list string $name]] : [print $one]}]
            return "{[join $members ,]}"
        }
        null {return null}
        default {return $data}
    }
}
