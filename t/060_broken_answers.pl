# Answers to writes that cannot be read, or make no sense: a row counts as written only if the server says so.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');

# Each is the answer to one row: the field "entries" of MutateRowsResponse, with an index (field 1) and a
# status (field 2), whose code is field 1 and whose message is field 2.
my %bytes = (
	'a status that is cut off' => '0a05' . '0800' . '120108',
	'a status whose message is longer than it is' => '0a07' . '0800' . '1203127f61',
	'an index that there is not' => '0a02' . '0801',
	'an index below 0' => '0a0b' . '08ffffffffffffffffff01',
	'an entry that is cut off' => '0a050800',
	'bytes that are no message' => 'ffffffffffffffffffff',
);
foreach my $name (sort keys %bytes)
{
	$mock->script('call MutateRows', "raw $bytes{$name}", 'status 0');
	my $result = fails_with($session, q{INSERT INTO t VALUES ('a', '1')}, 'HV000',
		qr/invalid MutateRows response.*gRPC status 13 \(INTERNAL\)/s, $name);
	like(join(' ', map { $_ // '' } @{ $result->{error} }{qw(message detail hint)}),
		qr/may have been written/, "$name: the row may have been written");
}

# A delay that a server asks for and that no clock has is none: the write goes on at once.
my $field = sub { my ($number, $bytes) = @_; return chr($number << 3 | 2) . pack 'C/a*', $bytes };
my $retry_info = sub {
	my ($duration) = @_;
	my $any = $field->(1, 'type.googleapis.com/google.rpc.RetryInfo') . $field->(2, $field->(1, $duration));
	return unpack 'H*', $field->(3, $any);
};
my $minus_2000_ns = "\x10\xb0\xf0\xff\xff\xff\xff\xff\xff\xff\x01";
$mock->script('call', 'trailer-bin grpc-status-details-bin ' . $retry_info->($minus_2000_ns), 'status 14 busy',
	'call', 'row a cf:q=1');
is($session->query('SELECT id, q FROM t'), 'a|1', 'a RetryInfo of less than nothing is no wait');

done_testing();
