# Answers that break the protocol, or are not even protobuf: an error, never a crash and never a wrong row.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');

# Runs a query over a broken stream, which is not tried again.
sub breaks
{
	my ($name, $pattern, @actions) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $sql = $name =~ /descending/ ? 'SELECT id, q FROM t ORDER BY id DESC' : 'SELECT id, q FROM t';

	$mock->script('call', @actions, 'call', 'row z cf:q=wrong');
	fails_with($session, $sql, 'HV000',
		qr/^could not read Bigtable table "t"\ninvalid ReadRows response: $pattern; gRPC status 13 \(INTERNAL\) from \S+ after 1 attempt\.$/,
		$name);
	is(scalar $mock->wait_for_done(1), 1, "$name: not tried again");
	return;
}

my $good = 'row b cf:q=1';
my $begin = 'chunk key=c family=cf qualifier=q ts=1000';

# ---- new rows ----

breaks('no row key', qr/a new row has no row key/, $good, 'chunk family=cf qualifier=q value=1 commit');
breaks('an empty row key', qr/a new row has no row key/, $good, 'chunk key= family=cf qualifier=q value=1 commit');
breaks('no family', qr/a new row has no family/, $good, 'chunk key=c qualifier=q value=1 commit');
breaks('no qualifier', qr/a new row has no qualifier|a family comes without a qualifier/, $good,
	'chunk key=c family=cf value=1 commit');
breaks('a row twice', qr/row keys should be strictly increasing/, $good, $good);
breaks('a row out of order', qr/row keys should be strictly increasing/, $good, 'row a cf:q=1');
breaks('a row out of order when descending', qr/row keys should be strictly decreasing/, $good, 'row c cf:q=1');
breaks('a row behind a scan marker', qr/row keys should be strictly increasing/, 'scanned m', 'send', $good);
breaks('a row again in another message', qr/row keys should be strictly increasing/, $good, 'send', $good);

# ---- within a row ----

breaks('another key within a row', qr/the row key changes within a row/, "$begin value=1",
	'chunk key=d family=cf qualifier=r value=2 commit');
breaks('a family without a qualifier', qr/a family comes without a qualifier/, "$begin value=1",
	'chunk family=cg value=2 commit');
breaks('an end within a row', qr/the stream ended within a row/, $good, "$begin value=1");
breaks('an end within a value', qr/the stream ended within a row/, $good, "$begin value_size=10 value=1");
breaks('a scan marker within a row', qr/a scan marker comes within a row/, "$begin value=1", 'send', 'scanned d');

# ---- values in pieces ----

breaks('a commit within a value', qr/a row is committed before its last value is complete/,
	"$begin value_size=10 value=1 commit");
breaks('a cell within a value', qr/a cell begins before the last one's value is complete/,
	"$begin value_size=10 value=1", 'chunk family=cf qualifier=r value=2 commit');

# What goes on with a value says nothing but bytes.
foreach my $part ('family=cf qualifier=q', 'qualifier=q', 'ts=1000', 'label=row', 'key=d')
{
	foreach my $size ('', 'value_size=10 ')
	{
		breaks("a value that goes on with $size$part", qr/a cell begins before the last one's value is complete|the row key changes within a row/,
			"$begin value_size=10 value=1", "chunk $part ${size}value=2" . ($size ? '' : ' commit'));
	}
}
breaks('a commit with a value that is to go on', qr/a row is committed before its last value is complete/, $good,
	'chunk key=c family=cf qualifier=q value_size=5 value=1 commit');
breaks('a commit in the middle of a value', qr/a row is committed before its last value is complete/,
	"$begin value_size=10 value=1", 'chunk value_size=10 value=2 commit');

# ---- resets ----

breaks('a reset without a row', qr/a row is reset that has not begun/, $good, 'chunk reset');
foreach my $part ('key=c', 'family=cf', 'qualifier=q', 'family=cf qualifier=q', 'ts=1000', 'label=row', 'value=1', 'value_size=1')
{
	breaks("a reset that carries $part", qr/a reset of a row carries data/, "$begin value=1", "chunk $part reset");
	breaks("a reset within a value that carries $part", qr/a reset of a row carries data/, "$begin value_size=10 value=1", "chunk $part reset");
}
breaks('a reset of a row that is committed', qr/a row is reset that has not begun/, "$begin value=1 commit", 'chunk reset');
breaks('a reset twice', qr/a row is reset that has not begun/, "$begin value=1", 'chunk reset', 'chunk reset');
breaks('no key after a reset', qr/a new row has no row key/, "$begin value=1", 'chunk reset', 'chunk family=cf qualifier=q value=1 commit');
breaks('no family after a reset', qr/a new row has no family/, "$begin value=1", 'chunk reset', 'chunk key=c qualifier=q value=1 commit');
breaks('nothing after a reset', qr/the stream ended within a row/, "$begin value=1", 'chunk reset', "$begin value=1");

# ---- scan markers ----

breaks('a scan marker that goes back', qr/row keys should be strictly increasing/, $good, 'send', 'scanned a');
breaks('the same scan marker twice', qr/row keys should be strictly increasing/, 'scanned b', 'send', 'scanned b');
breaks('a scan marker that goes on when descending', qr/row keys should be strictly decreasing/, $good, 'send',
	'scanned c');

# ---- not protobuf ----

my %bytes = (
	'bytes that are no message' => 'ffffffffffffffffffff',
	'a field longer than the message' => '0a7f0a',
	'a field of no known kind' => '0f',
	'the field number 0' => '0200',
	'an endless number' => '80808080808080808080808080',
	'a length of 64 bits' => '0affffffffffffffffff01',
	'a chunk cut short' => '0a030a0a61',
);
foreach my $name (sort keys %bytes)
{
	$mock->script('call', $good, "raw $bytes{$name}", 'call', 'row z cf:q=wrong');
	fails_with($session, 'SELECT id, q FROM t', 'HV000',
		qr/invalid ReadRows response: .*gRPC status 13 \(INTERNAL\).* after 1 attempt\.$/, $name);
}

# Fields that this version does not know are passed over: field 99, as each wire type.
$mock->script('call', 'row a cf:q=1', 'send', 'raw 980601' . '99060102030405060708' . '9a0603616263' . '9d0601020304',
	$good);
is($session->query('SELECT id, q FROM t'), "a|1\nb|1", 'unknown fields are ignored');

# What is allowed but rare.
$mock->script('call', 'send', 'row a cf:q=1', 'send', 'send', 'scanned aa', 'send',
	"$begin value_size=6 value=ab", 'send', 'chunk value_size=6 value=cd', 'send', 'chunk value=ef commit',
	"chunk key=d family=cf qualifier=q value=lost", 'send', 'chunk reset',
	'chunk key=d family= qualifier= value=x', 'chunk family=cf qualifier=q value=kept commit', 'send');
is($session->query('SELECT id, q FROM t'), "a|1\nc|abcdef\nd|kept", 'what is allowed but rare');

unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
