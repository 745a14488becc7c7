# Keys and certificates made for a test: an authority of its own, certificates for servers, and accounts
# with a key. Made by the openssl command.
package BigtableTest::Pki;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(make_key make_authority make_certificate service_account json write_file);

my $count = 0;

# The path of a new file.
sub new_path
{
	my ($name) = @_;
	return sprintf '%s/%d_%d_%s', $PostgreSQL::Test::Utils::tmp_check, $$, ++$count, $name;
}

sub openssl
{
	my (@arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'openssl', @arguments ], '<', '/dev/null', '>', \$out, '2>', \$err)
	  or die "openssl @arguments failed: $err";
	return $out;
}

# Writes a file that only its owner may write to, and returns its path.
sub write_file
{
	my ($name, $text, $mode) = @_;
	my $path = new_path($name);
	open my $file, '>', $path or die "could not write $path: $!";
	print $file $text;
	close $file or die "could not write $path: $!";
	chmod $mode // 0600, $path;
	return $path;
}

# Makes a private key and returns a hash: private, public (paths of PEM files) and pem (the private one).
# Options are those of openssl genpkey.
sub make_key
{
	my (@options) = @_;
	@options = qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) if !@options;
	my ($private, $public) = (new_path('private.pem'), new_path('public.pem'));
	openssl('genpkey', @options, '-out', $private);
	openssl('pkey', '-in', $private, '-pubout', '-out', $public);
	chmod 0600, $private;
	return { private => $private, public => $public, pem => slurp_file($private) };
}

# Makes an authority: a hash of cert (a path) and key.
sub make_authority
{
	my $key = make_key(qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256));
	my $cert = new_path('ca.pem');
	openssl(qw(req -x509 -days 2 -subj /CN=Test-Authority),
		'-addext', 'keyUsage=critical,keyCertSign', '-key', $key->{private}, '-out', $cert);
	chmod 0644, $cert;
	return { cert => $cert, key => $key->{private} };
}

# Makes a server's certificate for names such as IP:127.0.0.1 and DNS:localhost: a hash of cert and key.
sub make_certificate
{
	my ($authority, @names) = @_;
	my $key = make_key(qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256));
	my ($request, $cert) = (new_path('request.pem'), new_path('cert.pem'));
	my $extensions = write_file('extensions', 'subjectAltName = ' . join(',', @names) . "\n");
	openssl(qw(req -new -subj /CN=Test-Server), '-key', $key->{private}, '-out', $request);
	openssl(qw(x509 -req -days 2 -CAcreateserial), '-in', $request, '-CA', $authority->{cert},
		'-CAkey', $authority->{key}, '-extfile', $extensions, '-out', $cert);
	return { cert => $cert, key => $key->{private} };
}

# A hash as JSON. Values are strings, or references to hashes.
sub json
{
	my ($hash) = @_;
	my @members;
	foreach my $name (sort keys %$hash)
	{
		my $value = $hash->{$name};
		if (!ref $value)
		{
			$value =~ s/([\\"])/\\$1/g;
			$value =~ s/\n/\\n/g;
			$value = qq{"$value"};
		}
		else
		{
			$value = json($value);
		}
		push @members, qq{"$name": $value};
	}
	return '{' . join(', ', @members) . '}';
}

# The JSON of a service account with a key, as Google makes it; further fields replace these, undef leaves
# one out.
sub service_account
{
	my ($key, %fields) = @_;
	my %all = (
		type => 'service_account',
		project_id => 'p',
		private_key_id => 'abcdef0123456789',
		private_key => $key->{pem},
		client_email => 'robot@p.iam.gserviceaccount.com',
		client_id => '1234567890',
		auth_uri => 'https://accounts.google.com/o/oauth2/auth',
		token_uri => 'https://oauth2.googleapis.com/token',
		universe_domain => 'googleapis.com',
		%fields);
	delete @all{ grep { !defined $all{$_} } keys %all };
	return json(\%all);
}

1;
