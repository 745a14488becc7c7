# Runs a Bigtable emulator, and fills its tables with btload.
package BigtableTest::Emulator;

use strict;
use warnings;

use IPC::Open3;
use IPC::Run;

# Starts one on a free port. CBTEMULATOR and BTLOAD of the environment are the programs.
sub new
{
	my ($class) = @_;
	my $self = bless {}, $class;
	$self->{pid} = open3($self->{in}, $self->{out}, '>&STDERR',
		$ENV{CBTEMULATOR}, '-host', '127.0.0.1', '-port', '0');
	while (my $line = readline $self->{out})
	{
		$self->{address} = $1 if $line =~ /^Cloud Bigtable emulator running on (\S+)/;
		last if $self->{address};
	}
	die 'the emulator did not start' if !$self->{address};
	return $self;
}

# HOST:PORT, for the server's option emulator_host.
sub address
{
	my ($self) = @_;
	return $self->{address};
}

# Runs btload for project p and instance i.
sub btload
{
	my ($self, $input, @arguments) = @_;
	delete local $ENV{LD_PRELOAD};	# see Mock.pm
	IPC::Run::run([ $ENV{BTLOAD}, $self->{address}, 'p', 'i', @arguments ], '<', \$input) or die "btload @arguments failed";
	return;
}

# Makes a table with these families, in the place of one that exists.
sub create
{
	my ($self, $table, @families) = @_;
	$self->btload('', 'create', $table, @families);
	return;
}

# Writes cells, each a list of row key, column, timestamp and value.
sub load
{
	my ($self, $table, @cells) = @_;
	$self->btload(join('', map { join("\t", @$_) . "\n" } @cells), 'load', $table);
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);
	kill 'TERM', $self->{pid} if $self->{pid};
	waitpid $self->{pid}, 0 if $self->{pid};
	return;
}

1;
