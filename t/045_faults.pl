# Faults by chance, over reads and writes: whatever servers and networks do, and in whatever order, no row is lost,
# doubled or invented, nothing hangs beyond its deadline, and nothing crashes. What must come of a case is worked
# out here: the table is arithmetic, and what has been written is in the mock's log.
#
# Each case has a seed of its own, BIGTABLE_TEST_SEED plus its number; BIGTABLE_TEST_CASE=N runs that one alone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant ROWS => 300;

# How late, in seconds, an end may be; a case that is later is tried again, as the machine may be busy.
use constant LATE => 0.1;

my $seed = $ENV{BIGTABLE_TEST_SEED} || 4711;
my $count = ($ENV{BIGTABLE_TEST_FULL} // 'no') eq 'yes' ? 10_000 : 180;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 2, '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $pid = $session->pid;

# "calm" has time enough to outlast any number of faults, "patient" even a server that starts anew; "hasty" gives
# up soon. "once" is for what is not tried again: its one attempt has time even on a busy machine.
create_server($session, 'calm', $mock->address, attempt_timeout => '250ms', batch_size => 7);
create_server($session, 'hasty', $mock->address, attempt_timeout => '250ms', operation_timeout => '600ms', max_attempts => 1000, batch_size => 7);
create_server($session, 'patient', $mock->address, attempt_timeout => '10s');
create_server($session, 'once', $mock->address, attempt_timeout => '2s');
foreach my $server (qw(calm hasty patient once))
{
	create_table($session, "big_$server", $server, columns => [qw(c0 c1)]);
	create_table($session, "t_$server", $server);
	$session->query("CREATE FOREIGN TABLE strict_$server (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q')) "
		  . "SERVER $server OPTIONS (insert_mode 'strict')");
	$session->query("CREATE FOREIGN TABLE counters_$server (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) "
		  . "SERVER $server");
}

sub one_of
{
	return $_[ rand @_ ];
}

# ---- faults ----

my %sqlstates = (
	1 => '57014', 2 => 'HV000', 3 => '22023', 4 => '57014', 5 => 'HV00R', 6 => '42710', 7 => '42501', 8 => '53400',
	9 => '55000', 10 => '40001', 11 => '22023', 12 => '0A000', 13 => 'HV000', 14 => '08006', 15 => 'HV000', 16 => '28000');

# What ends a call so that it is to be tried again, whichever it is. It may be preceded by a pause, without which
# what has been sent may be lost on its way.
sub transient
{
	# A server that refuses what it has applied would be a liar.
	my ($applied) = @_;
	my @codes = $applied ? (1, 2, 4, 10, 13, 14, 15) : 1 .. 16;
	my @fault = @{ one_of(
		[ 'status ' . one_of(4, 14) . ' busy' ],
		[ 'status 13 ' . one_of('Received RST_STREAM with error code 2', 'Stream closed before write could take place',
				'Received unexpected EOS on DATA frame from server') ],
		[ sprintf('retry_info %.3f', rand 0.03), 'status ' . one_of(@codes) . ' later' ],
		[ 'rst ' . one_of(0 .. 7, 9, 10) ],
		['drop'],
		['end_stream'],
		[ 'goaway ' . one_of(0, 2, 11) . ' 0', 'stall' ],
		[ 'bytes ' . join('', map { sprintf '%02x', 1 + int rand 255 } 1 .. 20), 'drop' ],
		(int rand 3 ? [ 'status 14 busy' ] : ['stall'])) };
	return int rand 2 ? @fault : ('sleep ' . (1 + int rand 5), @fault);
}

# What ends a call for good: the SQLSTATE, and the actions.
sub fatal
{
	my ($code) = one_of(grep { $_ != 4 && $_ != 14 && $_ != 10 } 1 .. 16);
	return ($sqlstates{$code}, "status $code no");
}

# ---- reads ----

sub key
{
	return sprintf 'row%010d', $_[0];
}

# The row as psql prints it.
sub row
{
	my ($n) = @_;
	return join '|', key($n), map { substr "r${n}c$_-" . join('', 'a' .. 'z') x 2, 0, 40 } 0, 1;
}

# A condition on the key, as SQL, and the numbers of the rows that meet it.
sub condition
{
	my ($from, $to) = sort { $a <=> $b } map { 1 + int rand ROWS + 20 } 1, 2;
	my @some = map { 1 + int rand ROWS + 20 } 1 .. 1 + int rand 8;
	my %wanted = map { $_ => 1 } @some;
	return @{ one_of(
		[ 'true', sub { 1 } ],
		[ "id BETWEEN '" . key($from) . "' AND '" . key($to) . "'", sub { $_[0] >= $from && $_[0] <= $to } ],
		[ "id > '" . key($from) . "' AND id < '" . key($to) . "'", sub { $_[0] > $from && $_[0] < $to } ],
		[ "id >= '" . key($to) . "' OR id < '" . key($from) . "'", sub { $_[0] >= $to || $_[0] < $from } ],
		[ "id IN ('" . join("', '", map { key($_) } @some) . "')", sub { $wanted{ $_[0] } } ],
		[ "id = '" . key($from) . "'", sub { $_[0] == $from } ],
		[ "id LIKE 'row000000" . sprintf('%03d', $from / 10) . "%'", sub { int($_[0] / 10) == int($from / 10) } ]) };
}

# How the mock sends: a part of the rows, in some way.
sub sending
{
	return (
		int rand 3 ? 'shuffle ' . int rand 1_000_000 : (),
		int rand 2 ? 'per_message ' . (1 + int rand 30) : (),
		int rand 8 ? () : 'trickle 1',
		@_);
}

# Makes a case: sql, script, rows that must come if it succeeds, errors that it may end with, and the time it has.
sub read_case
{
	my ($condition, $test) = condition();
	my $reversed = int rand 2;
	my $limit = int rand 3 ? 0 : 1 + int rand 40;
	my @rows = grep { $test->($_) } 1 .. ROWS;
	@rows = reverse @rows if $reversed;
	splice @rows, $limit if $limit && @rows > $limit;
	my @script = map { ('call', sending(int rand 4 ? 'replay ' . int rand 60 : ()), transient_read()) } 1 .. int rand 5;
	my %case = (rows => join("\n", map { row($_) } @rows), errors => [], server => 'calm');

	my $kind = int rand 10;
	if ($kind < 7)
	{
		push @script, 'call', sending('replay');
	}
	elsif ($kind < 8)
	{
		my ($sqlstate, @actions) = fatal();
		push @script, 'call', sending('replay ' . int rand 60), @actions;
		$case{errors} = [$sqlstate];
	}
	elsif ($kind < 9)
	{
		# Bytes that are no message, a row with two keys, one that does not end, and one that does not begin.
		push @script, 'call', sending('replay ' . (1 + int rand 60)), one_of('raw ffff', 'raw 0a7f',
			"chunk key=a family=cf qualifier=c0 value=1\nchunk key=b value=1 commit",
			'chunk key=rox family=cf qualifier=c0 value=1', 'chunk reset', 'chunk value=1');
		$case{errors} = ['HV000'];
	}
	else
	{
		push @script, 'call', sending(int rand 2 ? 'replay ' . int rand 60 : ()), one_of('stall', 'status 14 busy', 'drop', 'status 10 busy');
		my $start = $reversed ? 'z' : 'a'; # before all rows, in the order of the scan
		push @script, 'call', one_of('stall', 'status 14 busy', 'trickle 20' . "\nscanned $start\nsend" x 50, 'headers' . "\nstall");
		@case{qw(server errors seconds)} = ('hasty', [qw(57014 08006 40001 HV000)], 0.6);
	}
	$case{script} = \@script;
	$case{sql} = "SELECT id, c0, c1 FROM big_$case{server} WHERE $condition ORDER BY id" . ($reversed ? ' DESC' : '')
	  . ($limit ? " LIMIT $limit" : '');
	return \%case;
}

# Reads are tried again on ABORTED, too.
sub transient_read
{
	return int rand 8 ? transient() : 'status 10 aborted';
}

# Compares the rows; returns what is wrong.
sub check_read
{
	my ($case, $result) = @_;
	return if $result->{error};
	return 'wrong rows' if $result->{rows} ne $case->{rows};
	return;
}

# ---- batches of writes ----

sub write_fault
{
	my ($from, $to) = sort { $a <=> $b } int rand 7, int rand 7;
	return @{ one_of(
		[ "entry $from 14 later", "entry $to 4 slow" ],
		[ 'entry ' . one_of('all', 'rest', $from) . ' ' . (1 + int rand 16) . ' later', sprintf('entry_retry_info %.3f', rand 0.03) ],
		[ "omit $from", "omit $to" ],
		[ "answer $from $to", 'send', transient() ],
		[ 'apply', transient('applied') ],
		[ transient() ],
		[ 'sleep ' . int rand 10 ]) };
}

sub write_case
{
	my $rows = 1 + int rand 40;
	my $keys = int rand 3 ? $rows : 1 + int rand $rows;
	my @script = map { ('call MutateRows', write_fault()) } 1 .. int rand 7;
	my %case = (errors => [], server => 'calm', inserted => [ map { [ 'k' . $_ % $keys, $_ ] } 1 .. $rows ]);
	my $kind = int rand 10;

	if ($kind < 7)
	{
		push @script, 'call MutateRows';
	}
	elsif ($kind < 8)
	{
		my ($sqlstate, $status) = fatal();
		push @script, 'call MutateRows', int rand 2 ? $status : 'entry ' . one_of('all', 0, 3) . ($status =~ s/^status//r);
		push @script, 'call MutateRows';
		$case{errors} = [$sqlstate];
	}
	elsif ($kind < 9)
	{
		push @script, 'call MutateRows', int rand 2 ? 'apply' : (), one_of('raw ffff', 'raw 0a0012000a001200', 'raw 0a0208630a', "raw 0a020863\nstall");
		push @script, 'call MutateRows';
		$case{errors} = ['HV000'];
	}
	else
	{
		# Few enough that all are under way at once, with one deadline.
		@script = ('call MutateRows', one_of('stall', "apply\nstall", "answer 0 0\nsend\nstall", "status 14 busy", "entry 0 14 busy"));
		@case{qw(server errors seconds)} = ('hasty', [qw(57014 08006)], 0.6);
		$rows = 20 if $rows > 20;
		$case{inserted} = [ map { [ "k$_", $_ ] } 1 .. $rows ];
		$keys = $rows + 1;
	}
	$case{script} = \@script;
	$case{sql} = "INSERT INTO t_$case{server} SELECT 'k' || i % $keys, i FROM generate_series(1, $rows) i";
	return \%case;
}

# Compares what was applied with what the statement says of it; returns what is wrong.
sub check_write
{
	my ($case, $result) = @_;
	my %key = map { $_->[1] => $_->[0] } @{ $case->{inserted} };
	my (%timestamp, %newest);
	foreach my $write ($mock->applied)
	{
		my ($timestamp, $value) = $write->{mutations} =~ /^set\(cf:q\@(\d+)=(\d+)\)$/ or return "odd mutation $write->{mutations}";
		return "invented row $write->{key}=$value" if ($key{$value} // '') ne $write->{key};
		return "row $value was repeated with another time" if ($timestamp{$value} //= $timestamp) != $timestamp;
		return "row $value was overtaken" if ($newest{ $write->{key} } //= $value) > $value;
		$newest{ $write->{key} } = $value;
	}
	my @overlaps = map { ($_->{overlap} // '[]') eq '[]' ? () : $_->{overlap} } $mock->calls('MutateRows');
	return "keys under way twice: @overlaps" if @overlaps;
	my $applied = keys %timestamp;
	return $applied == keys %key ? undef : 'lost rows' if !$result->{error};

	# A statement that fails says what is written, and what may be; in a warning, if the error is another's.
	my $context = join "\n", grep { defined } map { @{$_}{qw(message detail context)} } @{ $result->{messages} };
	my ($written, $possible);
	if ($context =~ /^(\d+) rows were written.* (\d+) more may have been/m)
	{
		($written, $possible) = ($1, $2);
	}
	else
	{
		my ($failed) = $context =~ /^could not write (\d+) row/m
		  or return $applied ? "no account: $context" : undef; # nothing was sent
		($written) = $context =~ /Rows written: (\d+)\./ or return "no account: $context";
		$possible = $context =~ /Of the failed, (\d+) may have been/ ? $1 : 0;
		return "more failed than there are" if $failed + $written > keys %key;
		return "more unknown than failed" if $possible > $failed;
	}
	return "$applied applied, but $written written and $possible unknown" if $applied < $written || $applied > $written + $possible;
	return;
}

# ---- writes that must not be repeated ----

sub counter_case
{
	my %case = (errors => [], method => 'ReadModifyWriteRow');
	my $fault = int rand 3;
	my @actions = $fault == 0 ? () : $fault == 1 ? transient() : (fatal())[1];
	$case{errors} = [ values %sqlstates ] if $fault;
	$case{script} = [ 'call ReadModifyWriteRow', int rand 2 && $fault < 2 ? 'apply' : (), @actions ];
	$case{sql} = "UPDATE counters_once SET n = n + 1 WHERE id = 'k'";
	return \%case;
}

sub strict_case
{
	my $rows = 1 + int rand 10;
	my %case = (errors => [], method => 'CheckAndMutateRow', rows => $rows);
	my @script = ('call CheckAndMutateRow') x (1 + int rand $rows);
	if (int rand 2)
	{
		push @script, 'call CheckAndMutateRow', int rand 2 ? 'apply' : (), transient();
		push @script, 'call CheckAndMutateRow';
		$case{errors} = [ values %sqlstates ];
	}
	$case{script} = \@script;
	$case{sql} = "INSERT INTO strict_once SELECT 'k' || i, i FROM generate_series(1, $rows) i";
	return \%case;
}

sub check_once
{
	my ($case, $result) = @_;
	my @calls = $mock->calls($case->{method});
	my (%asked, %applied);
	$asked{ $_->{key} }++ foreach @calls;
	$applied{ $_->{key} }++ foreach $mock->applied;
	return 'asked for twice' if grep { $_ > 1 } values %asked;
	return 'applied twice' if grep { $_ > 1 } values %applied;
	return 'not applied' if !$result->{error} && keys %applied != ($case->{rows} // 1);
	return;
}

# ---- one case ----

my %of_kind = (
	read => [ \&read_case, \&check_read ],
	write => [ \&write_case, \&check_write ],
	counter => [ \&counter_case, \&check_once ],
	strict => [ \&strict_case, \&check_once ],
);

my (%outcomes, @lateness);

# Runs a case; returns what is wrong, and how many seconds it was late.
sub run_case
{
	my ($kind, $case) = @_;
	my $timeout = $case->{timeout};

	$mock->script(@{ $case->{script} });
	$session->query("SET statement_timeout = '${timeout}ms'") if $timeout;
	my $began = now();
	$session->send($case->{sql});
	if ($case->{kill})
	{
		sleep $case->{kill};
		$mock->stop('KILL');
		$mock->start;
	}
	my $result = $session->finish;
	my $seconds = $result->{at} - $began;
	$session->query('RESET statement_timeout') if $timeout;

	# What is still under way is cancelled; its end is logged a moment later. What was sent is applied by then.
	$mock->wait_for_calls(sub { !grep { !$_->{done} } @_ }, $_) foreach $case->{kill} ? () : qw(ReadRows MutateRows CheckAndMutateRow ReadModifyWriteRow);

	my $error = $result->{error} ? $result->{error}{sqlstate} : 'none';
	$outcomes{"$kind $error"}++;
	my $bound = $case->{seconds};
	$bound = $timeout / 1000 if $timeout && (!$bound || $bound > $timeout / 1000);
	my $late = $bound ? $seconds - $bound : 0;
	return ('the session has ended', $late, $result) if $result->{closed};
	if ($error ne 'none')
	{
		my $by_timeout = $result->{error}{message} =~ /^canceling statement due to statement timeout/;
		return ('no statement_timeout was set', $late, $result) if $by_timeout && !$timeout;
		return ('an error that nothing has caused', $late, $result)
		  if !$by_timeout && !grep { $_ eq $error } @{ $case->{errors} };
	}
	my $wrong = $of_kind{$kind}[1]->($case, $result);
	return ($wrong, $late, $result);
}

# Makes a case by its number alone, and runs it. Returns whether all is well.
sub try_case
{
	my ($number) = @_;
	srand $seed + $number;
	my $kind = one_of(('read') x 5, ('write') x 4, 'counter', 'strict');
	my $case = $of_kind{$kind}[0]->();
	$case->{timeout} = 30 + int rand 300 if !int rand 10;

	# The server dies in the middle, and comes back; calls then begin with the first block again.
	if ($kind eq 'read' && !@{ $case->{errors} } && !$case->{timeout} && !int(rand 20) && !grep { $_ eq 'stall' } @{ $case->{script} })
	{
		$case->{kill} = rand 0.03;
		$case->{sql} =~ s/big_calm/big_patient/;
	}

	my ($wrong, $late, $result, $least);
	foreach my $try (1 .. 4)
	{
		($wrong, $late, $result) = run_case($kind, $case);
		$least = $late if !defined $least || $late < $least;
		last if $wrong || $late <= LATE;
	}
	push @lateness, $least if $case->{seconds} || $case->{timeout};
	$wrong = sprintf 'it ended %.3f s after its deadline', $least if !$wrong && $least > LATE;
	return 1 if !$wrong;
	my $error = $result->{error};
	diag("case $number of seed $seed ($kind): $wrong\n$case->{sql}\ntimeout: ", $case->{timeout} // 'none', "\nscript:\n",
		join("\n", @{ $case->{script} }), "\nerror: ", join("\n", map { $error->{$_} // () } qw(sqlstate message detail context)),
		"\nrows:\n", substr($result->{rows} // '', 0, 1000), "\nexpected:\n", substr($case->{rows} // '', 0, 1000),
		"\nlog:\n", substr($mock->log_text, 0, 8000), "\napplied:\n", join("\n", map { "$_->{key} $_->{mutations}" } $mock->applied));
	return 0;
}

my @numbers = defined $ENV{BIGTABLE_TEST_CASE} ? ($ENV{BIGTABLE_TEST_CASE}) : 1 .. $count;
my ($descriptors, $memory);
my $bad = 0;
foreach my $number (@numbers)
{
	$bad++ if !try_case($number);
	last if $bad > 2;
	($descriptors, $memory) = (descriptors($pid), memory_kb($pid)) if $number == 100;
}
is($bad, 0, scalar(@numbers) . ' cases of faults by chance');
note("$_: $outcomes{$_}") foreach sort keys %outcomes;
@lateness = sort { $a <=> $b } @lateness;
note(sprintf '%d cases had a deadline; the latest ended %.1f ms after it', scalar @lateness, 1000 * $lateness[-1]) if @lateness;

# The script for this is the last case's no longer: nothing is left behind.
$mock->script('call', 'replay');
is($session->query('SELECT count(*) FROM big_calm'), ROWS, 'the session reads on');
is($session->query('SELECT pg_backend_pid()'), $pid, 'it is the same process');
if ($descriptors)
{
	cmp_ok(descriptors($pid), '<=', $descriptors + 2, 'no descriptor is left behind');
	cmp_ok(memory_kb($pid), '<', $memory + 20_000, 'nor memory');
}
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
