# A scan whose stream fails goes on where it was: what it asks for again, and that no row is lost or doubled.
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

create_server($session, 'mock', $mock->address, max_attempts => 3);
create_table($session, 't', 'mock');

# Runs a query against a script, and checks its rows and what it asked for.
sub resumes
{
	my ($name, %case) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @expected = @{ $case{calls} };

	$mock->script(@{ $case{script} }, 'once');
	my $result = $session->run($case{sql});
	is($result->{error} ? "$result->{error}{message}; $result->{error}{detail}" : $result->{rows},
		join("\n", @{ $case{rows} }), "$name: rows");
	my @calls = $mock->wait_for_done(scalar @expected);
	is_deeply([ map { "keys=$_->{keys} ranges=$_->{ranges} limit=$_->{limit} reversed=$_->{reversed}" } @calls ],
		\@expected, "$name: requests");
	is_deeply([ map { "$_->{attempt} $_->{headers}{'bigtable-attempt'}" } @calls ],
		[ map { "$_ $_" } 0 .. $#expected ], "$name: numbers of the attempts");
	return @calls;
}

resumes('whole table',
	sql => 'SELECT id, q FROM t',
	script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'status 14', 'call', 'row c cf:q=3' ],
	rows => [ 'a|1', 'b|2', 'c|3' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0', 'keys=[] ranges=[(b,)] limit=0 reversed=0' ]);

resumes('in descending order',
	sql => 'SELECT id, q FROM t ORDER BY id DESC',
	script => [ 'call', 'row c cf:q=3', 'row b cf:q=2', 'status 14', 'call', 'row a cf:q=1' ],
	rows => [ 'c|3', 'b|2', 'a|1' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=1', 'keys=[] ranges=[(,b)] limit=0 reversed=1' ]);

resumes('with a limit',
	sql => 'SELECT id, q FROM t ORDER BY id LIMIT 5',
	script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'status 14', 'call', 'rows 3 5 c%d cf:q=%d' ],
	rows => [ 'a|1', 'b|2', 'c3|3', 'c4|4', 'c5|5' ],
	calls => [ 'keys=[] ranges=[(,)] limit=5 reversed=0', 'keys=[] ranges=[(b,)] limit=3 reversed=0' ]);

resumes('a scan marker moves the bound but not the limit',
	sql => 'SELECT id, q FROM t ORDER BY id LIMIT 3',
	script => [ 'call', 'row a cf:q=1', 'scanned k', 'status 14', 'call', 'row m cf:q=2', 'row n cf:q=3' ],
	rows => [ 'a|1', 'm|2', 'n|3' ],
	calls => [ 'keys=[] ranges=[(,)] limit=3 reversed=0', 'keys=[] ranges=[(k,)] limit=2 reversed=0' ]);

resumes('a row after a scan marker counts as the last key',
	sql => 'SELECT id, q FROM t',
	script => [ 'call', 'scanned b', 'send', 'row c cf:q=1', 'status 14', 'call', 'row d cf:q=2' ],
	rows => [ 'c|1', 'd|2' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0', 'keys=[] ranges=[(c,)] limit=0 reversed=0' ]);

my $several = "id BETWEEN 'a' AND 'c' OR id >= 'm' AND id < 'p' OR id IN ('x', 'y')";
resumes('several ranges and keys',
	sql => "SELECT id, q FROM t WHERE $several",
	script => [ 'call', 'row b cf:q=1', 'row n cf:q=2', 'status 14', 'call', 'row x cf:q=3', 'status 14',
		'call', 'row y cf:q=4' ],
	rows => [ 'b|1', 'n|2', 'x|3', 'y|4' ],
	calls => [ 'keys=[x,y] ranges=[[a,c],[m,p)] limit=0 reversed=0',
		'keys=[x,y] ranges=[(n,p)] limit=0 reversed=0', 'keys=[y] ranges=[] limit=0 reversed=0' ]);

resumes('several ranges and keys in descending order',
	sql => "SELECT id, q FROM t WHERE $several ORDER BY id DESC",
	script => [ 'call', 'row y cf:q=4', 'row n cf:q=2', 'status 14', 'call', 'row m cf:q=3', 'status 14',
		'call', 'row b cf:q=1' ],
	rows => [ 'y|4', 'n|2', 'm|3', 'b|1' ],
	calls => [ 'keys=[x,y] ranges=[[a,c],[m,p)] limit=0 reversed=1',
		'keys=[] ranges=[[a,c],[m,n)] limit=0 reversed=1', 'keys=[] ranges=[[a,c]] limit=0 reversed=1' ]);

resumes('a row cut in two is read again',
	sql => 'SELECT id, q FROM t',
	script => [ 'call', 'row a cf:q=1', 'chunk key=b family=cf qualifier=q ts=1000 value_size=6 value=bad', 'status 14',
		'call', 'chunk key=b family=cf qualifier=q ts=1000 value_size=6 value=go', 'send', 'chunk value=od commit' ],
	rows => [ 'a|1', 'b|good' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0', 'keys=[] ranges=[(a,)] limit=0 reversed=0' ]);

resumes('a key with odd bytes',
	sql => 'SELECT id, q FROM t',
	script => [ 'call', 'row %c3%a9%20%25%2c%5b cf:q=1', 'status 14', 'call', 'row %c3%a9%20%25%2c%5c cf:q=2' ],
	rows => [ "\xc3\xa9 %,[|1", "\xc3\xa9 %,\\|2" ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0',
		'keys=[] ranges=[(%c3%a9%20%25%2c%5b,)] limit=0 reversed=0' ]);

resumes('nothing is left to ask for',
	sql => "SELECT id, q FROM t WHERE id IN ('a', 'b')",
	script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'status 14' ],
	rows => [ 'a|1', 'b|2' ],
	calls => ['keys=[a,b] ranges=[] limit=0 reversed=0']);

resumes('nothing is left after a scan marker',
	sql => "SELECT id, q FROM t WHERE id BETWEEN 'a' AND 'f'",
	script => [ 'call', 'row a cf:q=1', 'scanned f', 'status 14' ],
	rows => ['a|1'],
	calls => ['keys=[] ranges=[[a,f]] limit=0 reversed=0']);

resumes('an error after the last row of the limit is none',
	sql => 'SELECT id, q FROM t LIMIT 2',
	script => [ 'call', 'row a cf:q=1', 'row b cf:q=2', 'status 13 broken' ],
	rows => [ 'a|1', 'b|2' ],
	calls => ['keys=[] ranges=[(,)] limit=2 reversed=0']);

resumes('an error after the one row of a point read is none',
	sql => "SELECT id, q FROM t WHERE id = 'a'",
	script => [ 'call', 'row a cf:q=1', 'status 13 broken' ],
	rows => ['a|1'],
	calls => ['keys=[a] ranges=[] limit=1 reversed=0']);

# Failures count only in a row: with three attempts allowed, each of these brings a row.
resumes('progress sets the count of failures back',
	sql => 'SELECT id, q FROM t',
	script => [ map({ ('call', "row a$_ cf:q=$_", 'status 14') } 1 .. 5), 'call', 'row b cf:q=6' ],
	rows => [ map({ "a$_|$_" } 1 .. 5), 'b|6' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0',
		map { "keys=[] ranges=[(a$_,)] limit=0 reversed=0" } 1 .. 5 ]);

# ---- cookies ----

my @calls = resumes('with cookies',
	sql => 'SELECT id, q FROM t',
	script => [
		'call', 'initial x-goog-cbt-cookie-one first', 'trailer x-goog-cbt-cookie-two second',
		'trailer x-goog-other no', 'row a cf:q=1', 'status 14',
		'call', 'initial x-goog-cbt-cookie-one third', 'row b cf:q=2', 'status 14',
		'call', 'row c cf:q=3', 'status 14', 'call', 'row d cf:q=4' ],
	rows => [ 'a|1', 'b|2', 'c|3', 'd|4' ],
	calls => [ 'keys=[] ranges=[(,)] limit=0 reversed=0',
		map { "keys=[] ranges=[($_,)] limit=0 reversed=0" } qw(a b c) ]);

sub cookies
{
	my ($call) = @_;
	my $headers = $call->{headers};
	return join ' ', map { "$_=$headers->{$_}" } sort grep { /cookie|other/ } keys %$headers;
}
is(cookies($calls[0]), '', 'the first attempt has no cookies');
is(cookies($calls[1]), 'x-goog-cbt-cookie-one=first x-goog-cbt-cookie-two=second',
	'cookies of initial and trailing metadata are echoed');
is(cookies($calls[2]), 'x-goog-cbt-cookie-one=third x-goog-cbt-cookie-two=second',
	'a later value replaces one, the other is kept');
is(cookies($calls[3]), 'x-goog-cbt-cookie-one=third x-goog-cbt-cookie-two=second', 'both are kept');

$mock->script('call', 'row a cf:q=1');
$session->query('SELECT id, q FROM t');
is(cookies(($mock->wait_for_done(1))[0]), '', 'another scan begins without cookies');

# ---- random failures ----

# The keys that may be in a set, of which every third does not exist.
my @universe = map { sprintf 'k%02d', $_ } 0 .. 59;
my %exists = map { $_ => 1 } grep { substr($_, 1) % 3 } @universe;

# A random condition on the key, as SQL and as a Perl function.
sub random_condition
{
	my (@sql, @tests);
	foreach (0 .. int rand 4)
	{
		my ($from, $to) = sort map { $universe[ rand @universe ] } 1 .. 2;
		my $kind = int rand 5;
		if ($kind == 0)
		{
			push @sql, "id BETWEEN '$from' AND '$to'";
			push @tests, sub { $_[0] ge $from && $_[0] le $to };
		}
		elsif ($kind == 1)
		{
			push @sql, "id > '$from' AND id < '$to'";
			push @tests, sub { $_[0] gt $from && $_[0] lt $to };
		}
		elsif ($kind == 2)
		{
			push @sql, "id IN ('$from', '$to')";
			push @tests, sub { $_[0] eq $from || $_[0] eq $to };
		}
		elsif ($kind == 3)
		{
			my $prefix = substr $from, 0, 2;
			push @sql, "id LIKE '$prefix%'";
			push @tests, sub { substr($_[0], 0, 2) eq $prefix };
		}
		else
		{
			push @sql, "id >= '$to'";
			push @tests, sub { $_[0] ge $to };
		}
	}
	return (join(' OR ', @sql), sub { my ($key) = @_; scalar grep { $_->($key) } @tests });
}

# Does a logged request ask for the key?
sub covers
{
	my ($call, $key) = @_;
	my ($keys) = $call->{keys} =~ /^\[(.*)\]$/;
	return 1 if grep { $_ eq $key } split /,/, $keys;
	my ($ranges) = $call->{ranges} =~ /^\[(.*)\]$/;
	while ($ranges =~ /([\[(])([^,]*),([^\])]*)([\])])/g)
	{
		my ($open, $from, $to, $close) = ($1, $2, $3, $4);
		next if $from ne '' && ($open eq '[' ? $key lt $from : $key le $from);
		next if $to ne '' && ($close eq ']' ? $key gt $to : $key ge $to);
		return 1;
	}
	return 0;
}

# The chunks of a row, in one of the ways in which a server may send it.
sub random_row
{
	my ($key) = @_;
	my $kind = int rand 4;
	return ("row $key cf:q=v$key") if $kind < 2;
	return ("chunk key=$key family=cf qualifier=q ts=1000 value_size=4 value=v" . substr($key, 0, 1),
		int rand 2 ? 'send' : (), 'chunk value=' . substr($key, 1) . ' commit')
	  if $kind == 2;
	return ("chunk key=$key family=cf qualifier=q value=wrong", int rand 2 ? 'send' : (), 'chunk reset',
		int rand 2 ? 'send' : (), "row $key cf:q=v$key");
}

my @failures = ([ 'status 14 unavailable' ], [ 'status 10 aborted' ], [ 'status 4 too slow' ],
	[ 'status 13 Received RST_STREAM with error code 2' ], [ 'retry_info 0.012', 'status 8 quota' ]);

# Makes a script for a query, with what its requests must ask for: a list of [keys, limit].
sub random_script
{
	my ($reversed, $limit, $test) = @_;
	my @keys = grep { $test->($_) } $reversed ? reverse @universe : @universe;
	my (@script, @rows, @expected);

	for (;;)
	{
		my $events = int rand 12;
		push @expected, [ [@keys], $limit ? $limit - @rows : 0 ];
		push @script, 'call', int rand 3 ? () : 'per_message 3';
		while (@keys && (!$limit || @rows < $limit) && $events-- > 0)
		{
			my $key = shift @keys;
			if ($exists{$key})
			{
				push @script, random_row($key);
				push @rows, "$key|v$key";
			}
			elsif (int rand 2)
			{
				push @script, "scanned $key", 'send';
			}
			else
			{
				# It has passed the key, but the client does not know: it will ask for it again.
				unshift @keys, $key;
				last;
			}
			push @script, 'send' if int rand 2;
		}

		# Those that do not exist make no row; the last attempt brings all the others.
		if (@expected > 4)
		{
			foreach my $key (grep { $exists{$_} } @keys)
			{
				last if $limit && @rows == $limit;
				push @script, random_row($key);
				push @rows, "$key|v$key";
			}
			return (\@script, \@rows, \@expected);
		}
		return (\@script, \@rows, \@expected) if $limit && @rows == $limit || !@keys;

		push @script, "chunk key=$keys[0] family=cf qualifier=q value=lost" if !int rand 3;
		push @script, @{ $failures[ rand @failures ] };
	}
}

my $seed = $ENV{BIGTABLE_TEST_SEED} // 4711;
my $count = ($ENV{BIGTABLE_TEST_FULL} // 'no') eq 'yes' ? 1000 : 60;
my $bad = 0;
my $attempts = 0;
srand $seed;
$session->query('ALTER SERVER mock OPTIONS (SET max_attempts \'20\')');
foreach my $number (1 .. $count)
{
	my $reversed = int rand 2;
	my $limit = int rand 2 ? 1 + int rand 20 : 0;
	my ($condition, $test) = random_condition();
	my ($script, $rows, $expected) = random_script($reversed, $limit, $test);
	my $sql = "SELECT id, q FROM t WHERE $condition ORDER BY id" . ($reversed ? ' DESC' : '')
	  . ($limit ? " LIMIT $limit" : '');

	$mock->script(@$script, 'once');
	my $result = $session->run($sql);
	my $text = $result->{error} ? "$result->{error}{message}; $result->{error}{detail}" : $result->{rows};
	my @requests = $mock->calls;
	my $wrong = $text ne join("\n", @$rows);
	$attempts += @requests;
	foreach my $i (0 .. $#$expected)
	{
		my ($keys, $left) = @{ $expected->[$i] };
		my $call = $requests[$i];

		# An empty set is never asked for.
		next if !@$keys && !$call;
		$wrong ||= !$call || $call->{reversed} != $reversed || $call->{attempt} != $i
		  || join(' ', grep { covers($call, $_) } @universe) ne join(' ', sort @$keys);

		# A read of one key may say that it wants one row.
		my $one = $call->{ranges} eq '[]' && $call->{keys} !~ /,/ && $call->{limit} == 1;
		$wrong ||= $call->{limit} != $left && !$one;
	}
	next if !$wrong;
	$bad++;
	diag("case $number of seed $seed: $sql\nrows:\n$text\nexpected:\n", join("\n", @$rows), "\nscript:\n",
		join("\n", @$script), "\nlog:\n", $mock->log_text);
	last;
}
cmp_ok($attempts, '>', 2 * $count, 'the random scans had to try more than once');
is($bad, 0, "$count random scans with random failures");

done_testing();
