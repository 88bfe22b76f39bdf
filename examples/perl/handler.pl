# A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- perl handler.pl
use strict;
use warnings;
use IO::Handle;
use MIME::Base64 'decode_base64';
# JSON::PP comes with Perl; JSON::XS (libjson-xs-perl) has the same interface and is a hundred times as fast.
my $JSON = (eval { require JSON::XS; 1 } ? 'JSON::XS' : do { require JSON::PP; 'JSON::PP' })->new->utf8->allow_nonref;

# Keep the protocol's descriptors private (Perl marks them close-on-exec): a print then goes to ackpipe's log.
my ($source, $target) = split /,/, $ENV{ACKPIPE_PROTOCOL_FDS} // '0,1';
my $mode = $ENV{ACKPIPE_PROTOCOL_FDS} ? '&=' : '&';    # these themselves, or copies
open my $in,  "<$mode", $source or die "cannot take descriptor $source: $!";
open my $out, ">$mode", $target or die "cannot take descriptor $target: $!";
open STDIN,  '<', '/dev/null' or die "cannot open /dev/null: $!";
open STDOUT, '>&', \*STDERR   or die "cannot copy stderr: $!";
binmode $_ for $in, $out;
$_->autoflush for $out, *STDOUT;

sub handle {    # your code here: return when the record is done; die, and it is delivered again
    my ($record) = @_;
    my $value = $record->{value};    # undef is a tombstone
    die "empty value\n" if defined $value && $value eq '';
    my $binary = $record->{value_base64};
    my $text = defined $binary ? length(decode_base64($binary)) . ' bytes' : $JSON->encode($value);
    utf8::encode(my $topic = $record->{topic});    # print takes bytes
    print "$topic\[$record->{partition}]\@$record->{offset}: $text\n";
}

sub attempt {    # one delivery, one verdict
    my ($frame) = @_;
    my ($id, $records) = ($frame->{id}, delete $frame->{messages} // [{}]);
    for my $index (0 .. $#$records) {
        # A batch says once what its records share.
        next if eval { handle({ %$frame, %{ $records->[$index] } }); 1 };
        chomp(my $error = "$@");
        return { type => 'nack', id => $id, error => $error } if $frame->{type} eq 'message';
        my @untried = map { { index => $_, action => 'release' } } $index + 1 .. $#$records;
        return { type => 'result', id => $id, failed => [{ index => $index, error => $error }, @untried] };
    }
    return { type => 'ack', id => $id };
}

sub send_frame {
    print {$out} pack 'N/a*', $JSON->encode($_[0]) or die "cannot write: $!";
}

sub bad_frame {
    print STDERR "bad frame: @_\n";
    exit 76;
}

while (my $got = read $in, my $header, 4) {    # 0: end of file, the orderly end
    my $size = $got == 4 ? unpack 'N', $header : 0;
    bad_frame('"', $header =~ s/[^ -~]/./gr, q{" is no frame's length}) if $size < 1 || $size >= 1 << 27;
    bad_frame('the input ended within it') if (read($in, my $body, $size) // 0) < $size;
    my $frame = eval { $JSON->decode($body) } or bad_frame($@);
    if ($frame->{type} eq 'hello') {
        send_frame({ type => 'ready', protocol => 1, name => 'perl-example/1.0' });
    }
    elsif ($frame->{type} eq 'message' || $frame->{type} eq 'batch') {    # others are ignored, shutdown too
        send_frame(attempt($frame));
    }
}
