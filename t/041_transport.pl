# What networks and servers do to streams and connections, beneath the protocol: each row comes once all the same,
# or the error says what has happened.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant ROWS => 3000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--family', 'cf');
my $node = start_cluster();
my $observer = BigtableTest::Session->new($node);
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, max_attempts => 4);
create_table($session, 't', 'mock');
create_table($session, 'big', 'mock', columns => ['c0']);

my @rows = map { sprintf 'row%010d|%s', $_, substr("r${_}c0-" . join('', 'a' .. 'z') x 2, 0, 40) } 1 .. ROWS;

# Reads two rows, the second of which is broken off by the given actions and has to be read again.
sub resumes_after
{
	my ($name, @actions) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$mock->script('call', 'row a cf:q=1', 'chunk key=b family=cf qualifier=q value_size=9 value=bad', 'send', 'sleep 20', @actions,
		'call', 'row b cf:q=2', 'once');
	my $result = $session->run('SELECT id, q FROM t');
	is($result->{error} ? "$result->{error}{message}; $result->{error}{detail}" : $result->{rows}, "a|1\nb|2", "$name: every row once");
	my @calls = $mock->wait_for_begun(2);
	is(join(' ', map { "$_->{attempt}$_->{ranges}" } @calls), '0[(,)] 1[(a,)]', "$name: resumed behind the last row");
	return;
}

# The same for a batch of writes, of which the first attempt is broken off.
sub writes_after
{
	my ($name, @actions) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$mock->script('call MutateRows', 'answer 0 0', 'send', 'sleep 20', @actions, 'call MutateRows');
	my $result = $session->run(q{INSERT INTO t VALUES ('a', '1'), ('b', '2'), ('c', '3')});
	is($result->{error} ? "$result->{error}{message}; $result->{error}{detail}" : '', '', "$name: written");
	is(join(' ', map { $_->{key} } $mock->applied), 'a b c', "$name: each row once");
	return;
}

# ---- streams that end in the middle of a row ----

# The codes of HTTP/2 by which a server gives up a stream. Three of them are no loss of the connection: CANCEL,
# ENHANCE_YOUR_CALM and INADEQUATE_SECURITY.
my %final = (8 => [ '57014', 'CANCELLED' ], 11 => [ '53400', 'RESOURCE_EXHAUSTED' ], 12 => [ '42501', 'PERMISSION_DENIED' ]);
foreach my $code (0 .. 13)
{
	if (!$final{$code})
	{
		resumes_after("RST_STREAM with code $code", "rst $code");
		writes_after("RST_STREAM with code $code while writing", "rst $code") if $code == 2;
		next;
	}
	my ($sqlstate, $status) = @{ $final{$code} };
	$mock->script('call', 'row a cf:q=1', 'sleep 20', "rst $code", 'call', 'row b cf:q=2');
	fails_with($session, 'SELECT id, q FROM t', $sqlstate, qr/RST_STREAM.*gRPC status \d+ \($status\) from $address after 1 attempt\./,
		"RST_STREAM with code $code");
}
foreach my $case (
	[ 'a stream without a status', 'end_stream' ],
	[ 'a cut connection', 'drop' ],
	[ 'GOAWAY that gives up the stream', 'goaway 0 0', 'stall' ],
	[ 'GOAWAY with ENHANCE_YOUR_CALM', 'goaway 11 0', 'stall' ],
	[ 'bytes that are not HTTP/2', 'bytes 474554202f20485454502f312e310d0a0d0a', 'stall' ],
	[ 'a malformed frame', 'bytes 000001040000000000ff', 'stall' ],
	[ 'trailing metadata before the end', 'trailer x-some thing', 'status 14 gone' ])
{
	my ($name, @actions) = @$case;
	resumes_after($name, @actions);
	writes_after("$name while writing", @actions);
}

# A server that breaks the rules of HTTP/2 is not asked again.
$mock->script('call', 'row a cf:q=1', 'sleep 20', 'bytes ffffff0000000000010000', 'stall');
fails_with($session, 'SELECT id, q FROM t', 'HV000', qr/gRPC status 13 \(INTERNAL\) from $address after 1 attempt\./, 'a frame that overflows the window');

# Before anything has been sent.
foreach my $action ('end_stream', 'drop', 'rst 1', 'status 13 Received unexpected EOS on DATA frame from server')
{
	$mock->script('call', 'sleep 20', $action, 'call', 'row a cf:q=1');
	is($session->query('SELECT id, q FROM t'), 'a|1', "$action at the beginning: tried again");
}

# ---- slow trickles, and stalls that interrupts do not prolong ----

create_server($session, 'impatient', $mock->address, attempt_timeout => '400ms', max_attempts => 2);
create_table($session, 'impatient_t', 'impatient');
$mock->script('call', 'trickle 100', map { ("chunk key=a family=cf qualifier=q$_ ts=1 value=x", 'send') } 1 .. 9);
fails_with($session, 'SELECT id, q FROM impatient_t', 'HV000', qr/the stream ended within a row/, 'a row in a slow trickle: no timeout');
is(scalar $mock->wait_for_done(1), 1, 'a row in a slow trickle: one attempt');
$mock->script('call', 'trickle 100', map({ ("scanned k$_", 'send') } 1 .. 9), 'row m cf:q=1');
is($session->query('SELECT id, q FROM impatient_t'), 'm|1', 'scan markers in a slow trickle');
is(scalar $mock->wait_for_done(1), 1, 'scan markers in a slow trickle: one attempt');

# Requests for a report interrupt the wait, and nothing else.
my $pid = $session->pid;
$mock->script('call', 'row a cf:q=1', 'send', 'stall', 'call', 'row b cf:q=2');
$session->send('SELECT id, q FROM impatient_t');
my $at = now();
while (now() - $at < 3 && !$session->has_output)
{
	$observer->query("SELECT pg_log_backend_memory_contexts($pid)");
	sleep 0.05;
}
my $result = $session->finish;
is($result->{rows}, "a|1\nb|2", 'a stall with interrupts: resumed');
my $seconds = $result->{at} - $at;
ok($seconds >= 0.4 && $seconds < 2, 'a stall with interrupts: at the attempt timeout') or diag($seconds);

# ---- half-open connections ----

# The first connection falls silent in the middle of the stream; the pings find out.
sub half_open
{
	my ($name, $bytes, $script, $sql) = @_;
	my $proxy = BigtableTest::Proxy->new($mock->port, silent_after => [$bytes]);
	my $other = BigtableTest::Session->new($node);
	$other->query(q{SET bigtable_fdw.keepalive_time = '1s'; SET bigtable_fdw.keepalive_timeout = '300ms'});
	my $server = $name =~ s/\W+/_/gr;
	create_server($other, $server, $proxy->address);
	create_table($other, "t_$server", $server, table_name => 't', columns => ['c0']);
	$mock->script(@$script);
	my $began = now();
	my $outcome = $other->run($sql =~ s/TABLE/t_$server/r);
	my $took = $outcome->{at} - $began;
	ok($took > 1 && $took < 5, "$name: found out by a ping") or diag("$took s");
	is(scalar(my @connections = $proxy->bytes), 2, "$name: another connection");
	return $outcome;
}
$result = half_open('half-open reading', 50_000, [ 'call', 'per_message 10', 'replay' ], 'SELECT id, c0 FROM TABLE');
is($result->{rows}, join("\n", @rows), 'half-open reading: every row once');
my @calls = $mock->wait_for_begun(2);
like($calls[1]{ranges}, qr/^\[\(row\d{10},\)\]$/, 'half-open reading: resumed');
is($calls[1]{attempt}, 1, 'half-open reading: as another attempt');
$result = half_open('half-open writing', 90, ['call MutateRows'], q{INSERT INTO TABLE SELECT 'k' || i, i FROM generate_series(1, 10) i});
ok(!$result->{error}, 'half-open writing: written') or diag(explain $result->{error});
my %applied;
$applied{ $_->{key} }{ $_->{mutations} } = 1 foreach $mock->applied;
is(join(' ', sort map { "$_*" . keys %{ $applied{$_} } } keys %applied), join(' ', sort map { "k$_*1" } 1 .. 10),
	'half-open writing: all of it, and nothing else');

# Has a client closed a connection that its server still holds: is a socket at the port in the state CLOSE_WAIT (8)?
sub is_given_up
{
	my $port = sprintf ':%04X', shift;
	open my $file, '<', '/proc/net/tcp' or die "could not read /proc/net/tcp: $!";
	return grep { my @fields = split; $fields[1] =~ /$port$/ && $fields[3] eq '08' } <$file>;
}

# The server's process stops, long before it has sent all, and goes on later.
my $other = BigtableTest::Session->new($node);
$other->query(q{SET bigtable_fdw.keepalive_time = '1s'; SET bigtable_fdw.keepalive_timeout = '300ms'});
$mock->script('call', 'per_message 50', 'trickle 100', 'replay');
$other->query('BEGIN; DECLARE c CURSOR FOR SELECT id, c0 FROM big');
my $text = $other->query('FETCH 100 FROM c');
$mock->suspend;
$other->pid;
$other->send('FETCH ALL FROM c');
wait_until('the connection to be given up', sub { is_given_up($mock->port) });
$mock->resume;
$result = $other->finish;
is("$text\n$result->{rows}", join("\n", @rows), 'a server that stops for a while: every row once');
cmp_ok(scalar $mock->wait_for_begun(2), '>=', 2, 'a server that stops for a while: another attempt');
$other->close;

# ---- connections that end while nobody uses them ----

# A counter is not tried again, so each must be sent on a connection that is good: of a server that closes them
# after 100 ms, and of one that was killed and started anew meanwhile.
my $aging = BigtableTest::Mock->new('--max-connection-age', 100, '--family', 'cf');
create_server($session, 'aging', $aging->address);
foreach my $server (qw(mock aging))
{
	$session->query("CREATE FOREIGN TABLE counters_$server (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) SERVER $server");
}
$aging->script('call ReadModifyWriteRow');
foreach (1 .. 10)
{
	$result = $session->run(q{UPDATE counters_aging SET n = n + 1 WHERE id = 'k'});
	last if $result->{error};
	sleep 0.13;
}
ok(!$result->{error}, 'counters over connections that are closed for their age') or diag(explain $result->{error});
is(scalar($aging->applied), 10, 'each is applied once');
$mock->script('call ReadModifyWriteRow');
foreach (1 .. 3)
{
	$result = $session->run(q{UPDATE counters_mock SET n = n + 1 WHERE id = 'k'});
	last if $result->{error};
	$mock->stop('KILL');
	$mock->start;
}
ok(!$result->{error}, 'counters of a server that starts anew between them') or diag(explain $result->{error});
is(scalar($mock->applied), 3, 'each is applied once');

# Settings that do not exist, and values that are none.
fails_with($session, q{SET bigtable_fdw.keepalive = '1s'}, '42602', qr/invalid configuration parameter name/, 'an unknown setting');
fails_with($session, q{SET bigtable_fdw.keepalive_time = '-1s'}, '22023', qr/outside the valid range/, 'a negative time');
is($session->query('SHOW bigtable_fdw.keepalive_time; SHOW bigtable_fdw.keepalive_timeout'), "0\n0", 'the settings have defaults');

# ---- compressed messages ----

my $proxy = BigtableTest::Proxy->new($mock->port);
create_server($session, 'zipped', $proxy->address);
create_table($session, 'zipped_t', 'zipped');
foreach my $algorithm (qw(gzip deflate))
{
	my ($before) = $proxy->bytes;
	$mock->script('call', "initial grpc-internal-encoding-request $algorithm", 'chunk key=a family=cf qualifier=q fill=1000000 commit');
	is($session->query(q{SELECT id, length(q), q = repeat('x', 1000000) FROM zipped_t}), 'a|1000000|t', "$algorithm: read");
	my ($after) = $proxy->bytes;
	cmp_ok($after - ($before // 0), '<', 100_000, "$algorithm: it was compressed");
}

# ---- floods of metadata ----

my @flood = map { "trailer x-flood-$_ " . 'x' x 500 } 1 .. 200;
$mock->script('call', 'row a cf:q=1', @flood);
is($session->query('SELECT id, q FROM t'), 'a|1', '100 kB of trailers: read');
$mock->script('call', 'row a cf:q=1', (map { "initial x-flood-$_ " . 'x' x 500 } 1 .. 200), 'status 14 busy', 'call', 'row b cf:q=2');
is($session->query('SELECT id, q FROM t'), "a|1\nb|2", '100 kB of initial metadata: tried again');
$mock->script('call', @flood, 'status 3 no');
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\nno; gRPC status 3 \(INVALID_ARGUMENT\)/, '100 kB of trailers: the error is the same');
$mock->script('call', 'status 3 ' . 'x' x 300_000);
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\nx{500,}; gRPC status 3/, '300 kB of error text: cut short');
$mock->script('call', 'trailer-bin grpc-status-details-bin ' . '1aff' x 2000, 'status 3 no');
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\nno; gRPC status 3/, 'details that cannot be decoded');

# ---- whom it never calls ----

$mock->script('call', 'row a cf:q=1');
$session->query('SELECT id, q FROM t');
unlike($mock->log_text, qr/^Unknown/m, 'PingAndWarm is not called over plaintext');
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
