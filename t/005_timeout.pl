# How long and how often a scan tries: the options max_attempts, attempt_timeout, operation_timeout and
# retry_initial_delay, and RetryInfo. Times are measured by the client; a machine may be late, never early.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use IO::Socket::INET;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = $mock->address;
my $servers = 0;

# Makes a server with these options and a table on it; returns the table's name.
sub table_with
{
	my (%options) = @_;
	my $at = delete $options{address} // $address;
	$servers++;
	create_server($session, "s$servers", $at, %options);
	create_table($session, "t$servers", "s$servers", table_name => 't');
	return "t$servers";
}

# Runs a statement; returns its outcome and how long it took, in seconds.
sub timed
{
	my ($sql) = @_;
	my $began = now();
	my $result = $session->run($sql);
	return ($result, $result->{at} - $began);
}

# Checks that a time lies between two bounds.
sub took
{
	my ($seconds, $least, $most, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($seconds >= $least && $seconds <= $most, $name)
	  or diag(sprintf 'it took %.3f s, expected %.3f to %.3f s', $seconds, $least, $most);
	return;
}

# ---- how often ----

foreach my $n (1, 2, 5)
{
	my $table = table_with(max_attempts => $n);
	$mock->script('call', 'status 14 busy');
	my $plural = $n == 1 ? 'attempt' : 'attempts';
	fails_with($session, "SELECT * FROM $table", '08006', qr/after $n $plural\./, "max_attempts $n");
	is(scalar $mock->wait_for_done($n), $n, "max_attempts $n: $n $plural");
	is_deeply([ map { $_->{attempt} } $mock->calls ], [ 0 .. $n - 1 ], "max_attempts $n: numbered from 0");
}

# RetryInfo does not lift the limit.
my $table = table_with(max_attempts => 3);
$mock->script('call', 'retry_info 0.01', 'status 8 quota');
fails_with($session, "SELECT * FROM $table", '53400', qr/after 3 attempts\./, 'max_attempts and RetryInfo');

# ---- the wait between two attempts ----

# It doubles, and jitter takes away up to half: 4 waits of 100, 200, 400, 800 ms.
$table = table_with(max_attempts => 5, retry_initial_delay => '100ms');
$mock->script('call', 'status 14 busy');
my ($result, $seconds) = timed("SELECT * FROM $table");
is_error($result, '08006', qr/after 5 attempts\./, 'retry_initial_delay');
took($seconds, 0.75, 2.5, 'retry_initial_delay: four waits that double');

# RetryInfo's delay is used as it is, not more and not less, however long the backoff would be.
$table = table_with(retry_initial_delay => '10s');
$mock->script('call', 'retry_info 0.25', 'status 14 busy', 'call', 'row a cf:q=1');
my @times = sort { $a <=> $b } map {
	$mock->script('call', 'retry_info 0.25', 'status 14 busy', 'call', 'row a cf:q=1');
	($result, $seconds) = timed("SELECT * FROM $table");
	is($result->{rows}, 'a|1', 'RetryInfo: retried');
	$seconds;
} 1 .. 3;
took($times[0], 0.25, 0.35, 'RetryInfo: its delay, exactly');
took($times[-1], 0.25, 1.25, 'RetryInfo: its delay, on a busy machine');

# ---- how long in all ----

# No answer ever comes.
$table = table_with(operation_timeout => '700ms');
$mock->script('call', 'stall');
($result, $seconds) = timed("SELECT * FROM $table");
is_error($result, '57014',
	qr/gRPC status 4 \(DEADLINE_EXCEEDED\) from $address after 1 attempt\.\nOptions "attempt_timeout" and "operation_timeout" of server "s\d+"/,
	'operation_timeout while a stream stalls');
took($seconds, 0.69, 1.7, 'operation_timeout while a stream stalls: on time');
my @calls = $mock->wait_for_done(1);
cmp_ok($calls[0]{peer_deadline_ms}, '<=', 800, 'operation_timeout: the server knows of it');

# Answers come, but never the last one.
$mock->script('call', 'trickle 20', 'per_message 1', 'rows 1 100000 k%06d cf:q=%d');
($result, $seconds) = timed("SELECT count(*) FROM $table");
is_error($result, '57014', qr/DEADLINE_EXCEEDED/, 'operation_timeout while rows come');
took($seconds, 0.69, 1.7, 'operation_timeout while rows come: on time');

# Attempts fail for ever.
$table = table_with(operation_timeout => '500ms', max_attempts => 1000, retry_initial_delay => '20ms');
$mock->script('call', 'row a cf:q=1', 'status 14 busy', 'call', 'status 14 busy');
($result, $seconds) = timed("SELECT * FROM $table");
is_error($result, '08006', qr/UNAVAILABLE/, 'operation_timeout while attempts fail');
took($seconds, 0.1, 1.5, 'operation_timeout while attempts fail: on time');

# A wait that would pass it is not begun.
$table = table_with(operation_timeout => '20s');
$mock->script('call', 'retry_info 60', 'status 14 later');
($result, $seconds) = timed("SELECT * FROM $table");
is_error($result, '08006', qr/later; gRPC status 14 .* after 1 attempt\./, 'RetryInfo beyond operation_timeout');
took($seconds, 0, 1, 'RetryInfo beyond operation_timeout: fails at once');

# ---- how long without an answer ----

$table = table_with(attempt_timeout => '300ms', max_attempts => 3);
$mock->script('call', 'row a cf:q=1', 'row b cf:q=2', 'send', 'stall', 'call', 'row c cf:q=3');
($result, $seconds) = timed("SELECT * FROM $table");
is($result->{error} ? $result->{error}{message} : $result->{rows}, "a|1\nb|2\nc|3",
	'attempt_timeout while a stream stalls: resumed');
took($seconds, 0.3, 1.3, 'attempt_timeout while a stream stalls: on time');
@calls = $mock->wait_for_done(2);
is("$calls[0]{done}{cancelled} $calls[1]{ranges}", '1 [(b,)]', 'attempt_timeout: the stalled call is cancelled');

$mock->script('call', 'row a cf:q=1', 'send', 'stall', 'call', 'stall');
($result, $seconds) = timed("SELECT * FROM $table");
is_error($result, '57014', qr/no message within the attempt timeout of 0\.300 s; gRPC status 4 .* after \d attempts\./,
	'attempt_timeout of every attempt');
took($seconds, 0.6, 2.5, 'attempt_timeout of every attempt: on time');

# A slow stream is fine as long as messages come.
$mock->script('call', 'trickle 100', 'per_message 1', 'rows 1 8 k%d cf:q=%d');
is($session->query("SELECT count(*), sum(q::int) FROM $table"), '8|36', 'attempt_timeout: a slow stream is fine');
is(scalar $mock->wait_for_done(1), 1, 'attempt_timeout: and not tried again');

# A read of a key has its own deadline.
$mock->script('call', 'stall', 'call', 'row a cf:q=1');
($result, $seconds) = timed("SELECT * FROM $table WHERE id = 'a'");
ok(!$result->{error} || $result->{error}{sqlstate} eq '57014', 'attempt_timeout of a point read');
took($seconds, 0.3, 1.3, 'attempt_timeout of a point read: on time');

# ---- endpoints that never answer: within the attempt timeout ----

my ($socket, $nowhere) = blackhole();
my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
my $refusing = '127.0.0.1:' . $free->sockport;
$free->close;

my %nobody = (
	'an endpoint that speaks something else' => 'unix:' . $node->host . '/.s.PGSQL.' . $node->port,
	'an endpoint that takes connections and is silent' => $nowhere,
	'an endpoint that refuses connections' => $refusing,
	'an endpoint without an address' => 'no-such-host.invalid:1',
	'a Unix socket that is not there' => 'unix:/nonexistent/bigtable.sock',
);
foreach my $name (sort keys %nobody)
{
	$table = table_with(address => $nobody{$name}, attempt_timeout => '800ms');
	foreach my $sql ("SELECT * FROM $table", "SELECT * FROM $table WHERE id = 'a'")
	{
		($result, $seconds) = timed($sql);
		is_error($result, $name =~ /silent/ ? '57014' : '08006',
			qr/^could not read Bigtable table "t"\n.*from \Q$nobody{$name}\E after/, $name)
		  or diag($sql);
		took($seconds, 0, 1.8, "$name: within the attempt timeout");
	}
	is($session->query('SELECT 1'), '1', "$name: the session goes on");
}

done_testing();
