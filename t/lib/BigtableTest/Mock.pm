# Runs the mock Bigtable server of test/mock: starts, kills and restarts it, gives it scripts, reads its log.
package BigtableTest::Mock;

use strict;
use warnings;

use IPC::Open3;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

# Waits for a condition, in seconds, unless something hangs.
use constant TIMEOUT => 60;

my $count = 0;

# Starts one on a free port. Options are those of the program, as a list; "fast" first means that it has no
# script, writes no logs, and acknowledges what is written as fast as it can.
sub new
{
	my ($class, @options) = @_;
	my $fast = @options && $options[0] eq 'fast' ? shift @options : undef;
	my $base = sprintf '%s/mock%d_%d', $PostgreSQL::Test::Utils::tmp_check, $$, ++$count;
	my $self = bless {
		options => \@options,
		script => "$base.script",
		log => "$base.log",
		applied => "$base.applied",
		fast => $fast,
		port => 0,
	}, $class;
	$self->script('call', 'replay') if !$fast;
	$self->start;
	return $self;
}

# Starts it, on the port that it had before if it has run.
sub start
{
	my ($self) = @_;
	my $program = $ENV{BIGTABLE_MOCK} // 'test/build/bigtable_mock';

	# What is loaded into PostgreSQL, such as a sanitizer, is not meant for it.
	delete local $ENV{LD_PRELOAD};
	$self->{pid} = open3($self->{in}, $self->{out}, '>&STDERR',
		$program, '--port', $self->{port}, '--exit-with-stdin',
		$self->{fast} ? () : ('--log', $self->{log}, '--apply-log', $self->{applied}, '--script', $self->{script}),
		@{ $self->{options} });
	my $line = readline $self->{out};
	die 'the mock server did not start' if !defined $line || $line !~ /^listening on \S+:(\d+)$/;
	$self->{port} = $1;
	return;
}

# HOST:PORT, for the server's option emulator_host.
sub address
{
	my ($self) = @_;
	return "127.0.0.1:$self->{port}";
}

# The port alone.
sub port
{
	my ($self) = @_;
	return $self->{port};
}

# Makes it stop for a while, or go on: nothing of what it has sent is lost, and nothing more is answered.
sub suspend
{
	my ($self) = @_;
	kill 'STOP', $self->{pid};
	return;
}

sub resume
{
	my ($self) = @_;
	kill 'CONT', $self->{pid};
	return;
}

# Ends it by a signal, and waits until it is gone.
sub stop
{
	my ($self, $signal) = @_;
	return if !$self->{pid};
	kill $_, $self->{pid} foreach $signal // 'TERM', 'CONT';
	waitpid $self->{pid}, 0;
	close $self->{in};
	close $self->{out};
	$self->{pid} = undef;
	return;
}

# Gives it a new script, line by line, and empties the log.
sub script
{
	my ($self, @lines) = @_;
	my $new = "$self->{script}.new";

	open my $file, '>', $new or die "could not write $new: $!";
	print $file "$_\n" foreach @lines;
	close $file or die "could not write $new: $!";
	rename $new, $self->{script} or die "could not rename $new: $!";
	$self->forget;
	return;
}

# What has been applied since the last script, oldest first, each a hash of method, call, key and mutations.
sub applied
{
	my ($self) = @_;
	return () if !-e $self->{applied};
	return map { /^(\w+) call=(\d+) key=(\S*) mutations=(.*)$/ ? { method => $1, call => $2, key => $3, mutations => $4 } : () }
	  split /\n/, slurp_file($self->{applied});
}

# Empties the log. Calls that still run write their ends into the new one.
sub forget
{
	my ($self) = @_;
	foreach my $name (@{$self}{qw(log applied)})
	{
		open my $file, '>', $name or die "could not empty $name: $!";
		close $file;
	}
	return;
}

# The whole log as text.
sub log_text
{
	my ($self) = @_;
	return slurp_file($self->{log});
}

# The calls of a method (ReadRows) in the log, oldest first, each a hash of what the line says, with
# headers => a hash, and done => a hash once the call has ended.
sub calls
{
	my ($self, $method) = @_;
	$method //= 'ReadRows';
	my (@calls, %by_number);

	# A last line without its end is still being written.
	foreach my $line ($self->log_text =~ /^(.*)\n/mg)
	{
		my ($name, $done, $fields, $headers) = $line =~ /^(\w+)( done)? (.*?)(?: headers: ?(.*))?$/
		  or next;
		next if $name ne $method;
		my %call = $fields =~ /(\w+)=(\S*)/g;
		if ($done)
		{
			$by_number{ $call{call} }{done} = \%call if $by_number{ $call{call} };
			next;
		}
		$call{headers} = { map { split /=/, $_, 2 } split / /, $headers // '' };
		push @calls, \%call;
		$by_number{ $call{call} } = \%call;
	}
	return @calls;
}

# Waits until a condition holds for the calls in the log, and returns them.
sub wait_for_calls
{
	my ($self, $condition, $method) = @_;
	my $until = clock_gettime(CLOCK_MONOTONIC) + TIMEOUT;

	for (;;)
	{
		my @calls = $self->calls($method);
		return @calls if $condition->(@calls);
		die "timed out waiting for a call; the log has:\n" . $self->log_text
		  if clock_gettime(CLOCK_MONOTONIC) > $until;
		sleep 0.005;
	}
}

# Waits until as many calls have begun.
sub wait_for_begun
{
	my ($self, $n, $method) = @_;
	return $self->wait_for_calls(sub { @_ >= $n }, $method);
}

# Waits until as many calls have begun and all of them have ended.
sub wait_for_done
{
	my ($self, $n, $method) = @_;
	return $self->wait_for_calls(sub { @_ >= $n && !grep { !$_->{done} } @_ }, $method);
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

1;
