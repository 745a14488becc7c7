# Runs test/token's server, which stands for those where tokens are fetched, and says how to lead gRPC to it.
package BigtableTest::TokenServer;

use strict;
use warnings;

use IPC::Open3;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep);

my $count = 0;

# Starts one. Options are those of the program, as a list.
sub new
{
	my ($class, @options) = @_;
	my $base = sprintf '%s/tokens%d_%d', $PostgreSQL::Test::Utils::tmp_check, $$, ++$count;
	my $self = bless { answers => $base, log => "$base.log" }, $class;
	mkdir $base or die "could not make $base: $!";
	$self->{pid} = open3($self->{in}, $self->{out}, '>&STDERR',
		$ENV{TOKEN_SERVER} // 'test/build/token_server', '--answers', $base, '--log', $self->{log}, @options);
	my $line = readline $self->{out};
	die 'the token server did not start' if !defined $line || $line !~ /^listening on \S+:(\d+)$/;
	$self->{port} = $1;
	return $self;
}

sub port
{
	my ($self) = @_;
	return $self->{port};
}

sub url
{
	my ($self, $path) = @_;
	return "http://127.0.0.1:$self->{port}$path";
}

# What it answers to a path from now on: a status, or "stall", and a body.
sub answer
{
	my ($self, $path, $status, $body) = @_;
	my $name = "$self->{answers}/" . substr($path, 1) =~ s{/}{_}gr;
	open my $file, '>', "$name.new" or die "could not write $name: $!";
	print $file "$status\n", $body // '';
	close $file or die "could not write $name: $!";
	rename "$name.new", $name or die "could not rename $name: $!";
	return;
}

# The requests so far, oldest first, each a hash of method, path, body, and the headers that are logged.
sub requests
{
	my ($self) = @_;
	return () if !-e $self->{log};
	my @requests;
	foreach my $line (slurp_file($self->{log}) =~ /^(.*)\n/mg)
	{
		my ($method, $path, $rest) = $line =~ /^\d+ (\S+) (\S+) \S+ (.*)/ or next;
		my %request = map { my ($name, $value) = split /=/, $_, 2; $value =~ s/%(..)/chr hex $1/ge; ($name => $value) } split / /, $rest;
		push @requests, { method => $method, path => $path, %request };
	}
	return @requests;
}

# Waits until as many have come, and returns them.
sub wait_for_requests
{
	my ($self, $n) = @_;
	foreach (1 .. 2000)
	{
		my @requests = $self->requests;
		return @requests if @requests >= $n;
		sleep 0.005;
	}
	die "timed out waiting for $n requests for tokens";
}

sub stop
{
	my ($self) = @_;
	return if !$self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	$self->{pid} = undef;
	return;
}

# The environment in which gRPC finds hosts (a hash of ports) at these servers, and believes an authority.
sub environment
{
	my ($class, $authority, %hosts) = @_;
	return (
		LD_PRELOAD => join(' ', $ENV{LD_PRELOAD} // (), $ENV{REDIRECT_LIBRARY} // 'test/build/redirect.so'),
		BIGTABLE_REDIRECT => join(',', map { "$_=$hosts{$_}" } sort keys %hosts),
		GRPC_DNS_RESOLVER => 'native',
		GRPC_DEFAULT_SSL_ROOTS_FILE_PATH => $authority);
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

1;
