# A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- perl handler.pl
use strict;
use warnings;
use IO::Handle;
use JSON::PP;    # JSON::XS has the same interface, and is far faster

# Keep the protocol's descriptors private (Perl marks the copies close-on-exec): a print then goes to ackpipe's log.
open my $in,  '<&', \*STDIN  or die "cannot copy stdin: $!";
open my $out, '>&', \*STDOUT or die "cannot copy stdout: $!";
open STDIN,  '<', '/dev/null' or die "cannot open /dev/null: $!";
open STDOUT, '>&', \*STDERR   or die "cannot copy stderr: $!";
binmode $_ for $in, $out;
$_->autoflush for $out, *STDOUT;

sub handle {    # your code here: return when the record is done; die, and it is delivered again
    my ($record) = @_;
    my $size = length($record->{value} // $record->{value_base64} // '');    # undef is a tombstone
    print "$record->{topic}\[$record->{partition}]\@$record->{offset}: $size characters\n";
}

sub send_frame {
    print {$out} pack 'N/a*', encode_json($_[0]);
}

while ((read($in, my $header, 4) // 0) == 4) {    # less: end of file, the orderly end
    read $in, my $body, unpack 'N', $header;
    my $frame = decode_json($body);
    if ($frame->{type} eq 'hello') {
        send_frame({ type => 'ready', protocol => 1, name => 'perl-example/1.0' });
    }
    elsif ($frame->{type} eq 'message' || $frame->{type} eq 'batch') {    # others are ignored, shutdown too
        # A batch says once what its records share. The first failure fails all of it.
        my $done = eval { handle({ %$frame, %$_ }) for @{ $frame->{messages} // [{}] }; 1 };
        my $id = $frame->{id};
        send_frame($done ? { type => 'ack', id => $id } : { type => 'nack', id => $id, error => "$@" });
    }
}
