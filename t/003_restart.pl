# Servers that die, restart and close connections in mid-stream: every row comes once, and in order.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

# Enough, in 100 ms or more, that the client cannot have read all of it before it is killed.
use constant ROWS => 20_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => ['c0']);

# The replayed table, as the mock server's README says.
my @rows = map {
	sprintf 'row%010d|%s', $_, substr("r${_}c0-" . join('', 'a' .. 'z') x 2, 0, 40)
} 1 .. ROWS;
my @slow_replay = ('call', 'per_message 50', 'trickle 1', 'replay');

# Compares lists of rows, without printing 20,000 of them.
sub same_rows
{
	my ($text, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @got = split /\n/, $text;
	my ($first) = grep { ($got[$_] // '') ne ($expected->[$_] // '') } 0 .. ($#got > $#$expected ? $#got : $#$expected);
	ok(!defined $first, $name)
	  or diag("row $first: got " . ($got[$first] // 'none') . ', expected ' . ($expected->[$first] // 'none'));
	return;
}

# ---- killed in mid-stream, restarted on the same port ----

foreach my $order ('', ' DESC')
{
	my @expected = $order ? reverse @rows : @rows;
	my $name = $order ? 'killed, in descending order' : 'killed, in ascending order';
	my $text = '';
	$mock->script(@slow_replay);
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT id, c0 FROM big ORDER BY id$order");
	foreach (1 .. 4)
	{
		$text .= $session->query('FETCH 2000 FROM c') . "\n";
		$mock->stop('KILL');
		$mock->start;
	}
	$text .= $session->query('FETCH ALL FROM c');
	$session->query('COMMIT');
	same_rows($text, \@expected, "$name: every row once");

	my @calls = $mock->wait_for_calls(sub { @_ && $_[-1]{done} });
	is($calls[0]{attempt}, 0, "$name: it began once");
	cmp_ok(scalar @calls, '>=', 5, "$name: each time it was resumed");
	my @bounds = map { $_->{ranges} =~ /row0*(\d+)/ ? $1 : () } @calls[ 1 .. $#calls ];
	is(scalar @bounds, $#calls, "$name: each resumed request has a bound");
	is_deeply(\@bounds, [ sort { $order ? $b <=> $a : $a <=> $b } @bounds ], "$name: which only moves on");
	foreach my $i (0 .. 3)
	{
		my $done = 2000 * ($i + 1);
		my $bound = $order ? ROWS + 1 - $bounds[$i] : $bounds[$i];
		cmp_ok($bound, '>=', $done, "$name: request $i does not ask for what was returned");
	}
	my $pattern = $order ? qr/^\[\(,row\d+\)\]$/ : qr/^\[\(row\d+,\)\]$/;
	is(scalar(grep { $_->{ranges} !~ $pattern } @calls[ 1 .. $#calls ]), 0, "$name: which is open");
}

# The server is away for a while.
$mock->script(@slow_replay);
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT id, c0 FROM big');
my $text = $session->query('FETCH 1000 FROM c') . "\n";
$session->pid;
$mock->stop('KILL');
$session->send('FETCH ALL FROM c');
wait_for_wait($observer, $session);
$mock->start;
my $result = $session->finish;
$session->query('COMMIT');
same_rows($text . $result->{rows}, \@rows, 'away for a while: every row once');

# It dies by itself, and stays away: an error, and all is well when it is back.
$session->query(q{ALTER SERVER mock OPTIONS (ADD max_attempts '4')});
$mock->script('call', 'row a cf:q=1', 'exit');
my $began = now();
$result = fails_with($session, 'SELECT id, q FROM t', '08006',
	qr/could not read Bigtable table "t"\n.*gRPC status 14 \(UNAVAILABLE\) from 127\.0\.0\.1:\d+ after \d attempts\.\nCheck that option "emulator_host" of server "mock"/,
	'gone for good');
cmp_ok($result->{at} - $began, '<', 5, 'gone for good: within five seconds');
$mock->stop;
$mock->script('call', 'row a cf:q=1');
fails_with($session, 'SELECT id, q FROM t', '08006', qr/UNAVAILABLE/, 'still gone');
$mock->start;
wait_until('the session to find the server again', sub {
	my $again = $session->run('SELECT id, q FROM t');
	return !$again->{error} && $again->{rows} eq 'a|1';
}, 10);
pass('the same session reads again once the server is back');
$session->query('ALTER SERVER mock OPTIONS (DROP max_attempts)');

# ---- streams and connections that end ----

# The server waits before it cuts: a client may drop what has come but was not read.
my %cuts = (
	'RST_STREAM with INTERNAL_ERROR' => ['rst 2'],
	'RST_STREAM with REFUSED_STREAM' => ['rst 7'],
	'a cut connection' => ['drop'],
	'GOAWAY that gives up the stream' => [ 'goaway 0 0', 'stall' ],
);
foreach my $name (sort keys %cuts)
{
	$mock->script('call', 'row a cf:q=1', 'row b cf:q=2', 'sleep 50', @{ $cuts{$name} }, 'call', 'row c cf:q=3', 'once');
	is($session->query('SELECT id, q FROM t'), "a|1\nb|2\nc|3", "$name: every row once");
	my @calls = $mock->wait_for_done(2);
	is(join(' ', map { "$_->{attempt}$_->{ranges}" } @calls), '0[(,)] 1[(b,)]', "$name: resumed");
}

$mock->script('call', 'row a cf:q=1', 'sleep 20', 'goaway', 'row b cf:q=2', 'sleep 20', 'row c cf:q=3');
is($session->query('SELECT id, q FROM t'), "a|1\nb|2\nc|3", 'a polite GOAWAY: the stream goes on');
is(scalar $mock->wait_for_done(1), 1, 'a polite GOAWAY: no other attempt');
is($session->query('SELECT id, q FROM t'), "a|1\nb|2\nc|3", 'a polite GOAWAY: the next scan has another connection');

# Connections that the server closes for their age, between and under scans.
my $aging = BigtableTest::Mock->new('--max-connection-age', 100, '--rows', 2000, '--columns', 1);
create_server($session, 'aging', $aging->address);
create_table($session, 'aged', 'aging', columns => ['c0']);
$aging->script('call', 'per_message 10', 'trickle 2', 'replay');
same_rows($session->query('SELECT id, c0 FROM aged'), [ @rows[ 0 .. 1999 ] ], 'a scan outlives its connection');
$aging->script('call', 'replay 10');
my $until = now() + 1;
my ($scans, $good) = (0, 0);
while (now() < $until)
{
	$scans++;
	$good++ if $session->query('SELECT count(*) FROM aged') eq '10';
}
cmp_ok($scans, '>', 20, 'many scans ran while connections came and went');
is($good, $scans, 'all of them were right');

done_testing();
