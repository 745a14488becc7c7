# Credentials that have to be changed for tokens: where, how often, what becomes of a scan whose token
# expires, and of one whose token does not come. And the service's own names, which no option gives.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use BigtableTest::Pki;
use BigtableTest::TokenServer;
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use Test::More;

my $authority = make_authority();
my $certificate = make_certificate($authority, 'DNS:bigtable.example.test', map { "DNS:$_.googleapis.com" } qw(bigtable bigtableadmin oauth2));
my @tls = ('--tls-cert', $certificate->{cert}, '--tls-key', $certificate->{key});
my $mock = BigtableTest::Mock->new(@tls, '--family', 'cf');
my $google = BigtableTest::TokenServer->new(@tls);
my $metadata = BigtableTest::TokenServer->new;
my $elsewhere = BigtableTest::TokenServer->new;

# The names of the service lead here. The home of the server's user has no credentials.
my $home = PostgreSQL::Test::Utils::tempdir();
delete $ENV{$_} foreach qw(GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_CONFIG BIGTABLE_EMULATOR_HOST);
my %environment = (HOME => $home, BigtableTest::TokenServer->environment($authority->{cert},
	'bigtable.example.test' => $mock->port, 'bigtable.googleapis.com' => $mock->port, 'bigtableadmin.googleapis.com' => $mock->port,
	'oauth2.googleapis.com' => $google->port, 'metadata.google.internal.' => $metadata->port));
my %before = map { $_ => $ENV{$_} } keys %environment;

# Starts or restarts the cluster in that environment, which nothing else sees.
sub in_environment
{
	my ($code) = @_;
	@ENV{ keys %environment } = values %environment;
	my $result = $code->();
	foreach my $name (keys %before)
	{
		defined $before{$name} ? ($ENV{$name} = $before{$name}) : delete $ENV{$name};
	}
	return $result;
}
my $node = in_environment(sub { start_cluster() });
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
$session->pid;

sub set_credentials
{
	my (%options) = @_;
	$session->query('SET client_min_messages = warning; DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER service; '
		  . 'CREATE USER MAPPING FOR CURRENT_USER SERVER service ' . sql_options(%options));
	return;
}

# What authorised the calls of ReadRows so far, each once they have ended.
sub tokens
{
	my ($n) = @_;
	return map { $_->{headers}{authorization} =~ s/^Bearer%20//r } $mock->wait_for_done($n);
}

$session->query('CREATE SERVER service FOREIGN DATA WRAPPER bigtable_fdw ' . sql_options(project_id => 'p', instance_id => 'i', max_attempts => 3));
create_table($session, 't', 'service');

# ---- the service's own endpoints, without an option that names them ----

my $key = make_key();
set_credentials(credentials_json => service_account($key));
$mock->script('call', 'row k cf:q=v', 'call MutateRows');
is($session->query('SELECT q FROM t'), 'v', 'the service is found by its name');
my ($claims) = map { s/%([0-9a-f]{2})/chr hex $1/geri } tokens(1);
like($claims, qr{"aud":"https://bigtable.googleapis.com/"}, 'a token of a service account is for the service');
$session->query(q{INSERT INTO t VALUES ('a', 'b')});
my ($call) = $mock->wait_for_begun(1, 'GetTable');
like($call->{headers}{authorization} =~ s/%([0-9a-f]{2})/chr hex $1/geri, qr{"aud":"https://bigtableadmin.googleapis.com/"}, 'and one for the admin API is for that');
is(scalar $google->requests, 0, 'no other server is asked for it');

# Another universe has other names, and its own credentials.
$session->query('CREATE SERVER elsewhere FOREIGN DATA WRAPPER bigtable_fdw '
	  . sql_options(project_id => 'p', instance_id => 'i', universe_domain => 'example.test'));
create_table($session, 'far', 'elsewhere', table_name => 't');
$session->query('CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere ' . sql_options(credentials_json => service_account($key)));
fails_with($session, 'SELECT * FROM far', '28000', qr/credentials do not fit server "elsewhere".*"googleapis.com".*"example.test"/s, 'credentials of another universe');
$session->query('DROP USER MAPPING FOR CURRENT_USER SERVER elsewhere; CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere '
	  . sql_options(credentials_json => service_account($key, universe_domain => 'example.test')));
$mock->forget;
is($session->query('SELECT q FROM far'), 'v', 'credentials of the right one');
($claims) = map { s/%([0-9a-f]{2})/chr hex $1/geri } tokens(1);
like($claims, qr{"aud":"https://bigtable.example.test/"}, 'are for its service');

# ---- a user's refresh token ----

my %user = (type => 'authorized_user', client_id => 'the client', client_secret => 'the-secret', refresh_token => 'the-refresh-token');
$google->answer('/token', 200, '{"access_token": "user-%N", "expires_in": 3599, "token_type": "Bearer"}');
set_credentials(credentials_json => json(\%user));
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'an authorized user') foreach 1 .. 2;
is_deeply([ tokens(2) ], [ 'user-1', 'user-1' ], 'one token serves several statements');
my ($request) = $google->wait_for_requests(1);
is($request->{path}, '/token', 'it is fetched from Google');
like($request->{body}, qr/grant_type=refresh_token/, 'for a refresh token');
like($request->{body}, qr/refresh_token=the-refresh-token/, 'which is the one given');

# A token that expires during a scan: a minute before that, the next call fetches another.
$google->answer('/token', 200, '{"access_token": "short-%N", "expires_in": 62, "token_type": "Bearer"}');
set_credentials(credentials_json => json(\%user));
$mock->script('call', 'row a cf:q=1', 'send', 'sleep 2500', 'status 14 lost', 'call', 'row b cf:q=2');
is($session->query('SELECT id, q FROM t'), "a|1\nb|2", 'a scan that outlives its token');
is_deeply([ tokens(2) ], [ 'short-2', 'short-3' ], 'goes on with another one');

# A token that has little time left is renewed while it is used, and keeps nobody waiting, not even if that fails.
$google->answer('/token', 200, '{"access_token": "early-%N", "expires_in": 100, "token_type": "Bearer"}');
set_credentials(credentials_json => json({ %user, quota_project_id => 'the-payer' }));
$mock->script('call', 'row k cf:q=v');
$session->query('SELECT q FROM t');
$google->answer('/token', 'stall');
$session->query('SELECT q FROM t') foreach 1 .. 3;
$google->wait_for_requests(5);
my @early = $mock->wait_for_done(4);
is_deeply([ map { $_->{headers}{authorization} } @early ], [ ('Bearer%20early-4') x 4 ], 'a token is used while the next one is fetched');
is($early[0]{headers}{'x-goog-user-project'}, 'the-payer', 'the project that pays is told');
$google->answer('/token', 200, '{"access_token": "soon-%N", "expires_in": 100, "token_type": "Bearer"}');
set_credentials(credentials_json => json(\%user));
$mock->forget;
$mock->script('call', 'row k cf:q=v');
$session->query('SELECT q FROM t');
$google->answer('/token', 200, '{"access_token": "later-%N", "expires_in": 3599, "token_type": "Bearer"}');
wait_until('the next token', sub { $session->query('SELECT q FROM t'); return ($mock->calls)[-1]{headers}{authorization} =~ /later-7/ });
pass('which then takes its place');

# Tokens that are refused, or do not come.
my $so_far = $google->requests;
$google->answer('/token', 400, '{"error": "invalid_grant", "error_description": "Token has been revoked."}');
set_credentials(credentials_json => json(\%user));
$mock->forget;
$mock->script('call', 'row k cf:q=v');
my $result = fails_with($session, 'SELECT * FROM t', '28000',
	qr/could not fetch a token: oauth2\.googleapis\.com answered with HTTP status 400: invalid_grant: Token has been revoked;.*Check the credentials/s, 'a refresh token that is refused');
unlike(join(' ', map { $_ // '' } %{ $result->{error} }), qr/the-secret|the-refresh/, 'nothing of it is shown');
is(scalar $mock->calls, 0, 'no call is made without a token');
is(scalar $google->requests, $so_far + 1, 'it is not tried again');
$google->answer('/token', 200, '{"access_token": "with blanks"}');
fails_with($session, 'SELECT * FROM t', '08006', qr/could not fetch a token: an answer has no token/, 'an answer without a token');
$google->answer('/token', 200, 'x' x (1024 * 1024 + 1));
fails_with($session, 'SELECT * FROM t', '28000', qr/could not fetch a token: oauth2\.googleapis\.com: the response is too long/, 'an answer that is too long');
$so_far = $google->requests;
$google->answer('/token', 503, '<html>');
fails_with($session, 'SELECT * FROM t', '08006', qr/could not fetch a token: oauth2\.googleapis\.com answered with HTTP status 503; .*UNAVAILABLE.*changed for a token first/s, 'a place for tokens that is down');
is(scalar $google->requests, $so_far + 3, 'is tried as often as a call is');

# A server for tokens that fails once is no reason to give up: nothing has been sent yet, not even what must not be sent twice.
my $write = q{SELECT bigtable_read_modify_write('service', 't', 'k'::text, ARRAY[bigtable_append('cf', 'q', 'x')])};
fails_with($session, $write, '08006', qr/could not .* row .k.*could not fetch a token.*after 1 attempt/s, 'a write that must not be sent twice');
unlike($session->run($write)->{error}{detail}, qr/outcome is unknown/, 'was not sent at all');
$session->send('SELECT q FROM t');
$google->wait_for_requests($so_far + 6);
$google->answer('/token', 200, '{"access_token": "late-%N", "expires_in": 3599, "token_type": "Bearer"}');
is($session->finish->{rows}, 'v', 'a token that comes at the second try');

# Places that are not to be trusted with a secret, or do not speak TLS.
my $stranger = BigtableTest::TokenServer->new(@tls);
my $before_pid = $session->pid;
my %elsewhere_user = (type => 'external_account', audience => 'a', subject_token_type => 't', credential_source => { file => write_file('any', 'any') });
set_credentials(credentials_json => json({ %elsewhere_user, token_url => 'https://127.0.0.1:' . $stranger->port . '/sts' }));
fails_with($session, 'SELECT * FROM t', '08006', qr/could not fetch a token: 127\.0\.0\.1:\d+: SSL: no alternative certificate subject name matches.*changed for a token first/s, 'a place whose certificate is not its own');
my $plaintext = BigtableTest::Mock->new;
set_credentials(credentials_json => json({ %elsewhere_user, token_url => 'https://user:the-secret@' . $plaintext->address . '/sts' }));
$result = fails_with($session, 'SELECT * FROM t', '08006', qr/could not fetch a token: 127\.0\.0\.1:\d+: .*(SSL|wrong version)/, 'a place that does not speak TLS');
unlike(join(' ', map { $_ // '' } %{ $result->{error} }), qr/the-secret/, 'nothing of its URL is shown but the host');
my $other = make_authority();
my $impostor_certificate = make_certificate($other, 'IP:127.0.0.1');
my $impostor = BigtableTest::TokenServer->new('--tls-cert', $impostor_certificate->{cert}, '--tls-key', $impostor_certificate->{key});
set_credentials(credentials_json => json({ %elsewhere_user, token_url => 'https://127.0.0.1:' . $impostor->port . '/sts' }));
fails_with($session, 'SELECT * FROM t', '08006', qr/could not fetch a token: 127\.0\.0\.1:\d+: SSL certificate .*changed for a token first.*machine trusts/s, 'a place whose certificate is nobody\'s');
is(scalar $impostor->requests, 0, 'is not told anything');
set_credentials(credentials_json => json({ %elsewhere_user, token_url => 'ftp://127.0.0.1/sts' }));
fails_with($session, 'SELECT * FROM t', '28000', qr/could not fetch a token: 127\.0\.0\.1: Protocol .*ftp/, 'a place of another protocol');
is($session->pid, $before_pid, 'the session has lived through all of it');

$google->answer('/token', 'stall');
set_credentials(credentials_json => json(\%user));
prompt('a cancel while a token is fetched', sub {
	my $n = $google->requests;
	$session->send('SELECT * FROM t');
	$google->wait_for_requests($n + 1);
	my $start = now();
	$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
	my $outcome = $session->finish;
	is($outcome->{error}{sqlstate}, '57014', 'it is cancelled');
	$session->query('SELECT 1');
	set_credentials(credentials_json => json(\%user));
	return $outcome->{at} - $start;
});
my $start = now();
fails_with($session, q{SET statement_timeout = '300ms'; SELECT * FROM t}, '57014', qr/statement timeout/, 'statement_timeout while a token is fetched');
cmp_ok(now() - $start, '<', 2, 'takes effect at once');
$session->query('RESET statement_timeout');
my $doomed = BigtableTest::Session->new($node);
my $pid = $doomed->pid;
my $n = $google->requests;
$doomed->send('SELECT * FROM t');
$google->wait_for_requests($n + 1);
$start = now();
$observer->query("SELECT pg_terminate_backend($pid)");
wait_until('the backend to end', sub { gone($pid) });
cmp_ok(now() - $start, '<', 2, 'a backend that waits for a token is terminated');

# ---- an account of elsewhere ----

my $subject = write_file('subject', "subject-from-file\n");
my %external = (
	type => 'external_account',
	audience => '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
	subject_token_type => 'urn:ietf:params:oauth:token-type:jwt',
	token_url => $elsewhere->url('/sts'),
	credential_source => { file => $subject });
$elsewhere->answer('/sts', 200, '{"access_token": "sts-%N", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "token_type": "Bearer", "expires_in": 3600}');
set_credentials(credentials_json => json(\%external));
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'an external account whose token is in a file');
is((tokens(1))[0], 'sts-1', 'has a token for it');
($request) = $elsewhere->wait_for_requests(1);
like($request->{body}, qr/subject_token=subject-from-file/, 'the one of the file is changed for it');
like($request->{body}, qr{scope=https://www\.googleapis\.com/auth/cloud-platform}, 'for the scope of the service');

$elsewhere->answer('/subject', 200, '{"value": "subject-from-url"}');
$elsewhere->answer('/impersonate', 200, '{"accessToken": "robot-%N", "expireTime": "2099-01-01T00:00:00Z"}');
set_credentials(credentials_file => write_file('external.json', json({ %external,
	service_account_impersonation_url => $elsewhere->url('/impersonate'),
	credential_source => { url => $elsewhere->url('/subject'), format => { type => 'json', subject_token_field_name => 'value' } } })));
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'an external account whose token has a URL, and that acts for a service account');
is((tokens(1))[0], 'robot-4', 'has that one\'s token');
my @requests = $elsewhere->wait_for_requests(4);
is_deeply([ map { $_->{path} } @requests[ 1 .. 3 ] ], [ '/subject', '/sts', '/impersonate' ], 'by the three steps');
like($requests[2]{body}, qr/subject_token=subject-from-url/, 'of which the second has what the first has brought');
is($requests[3]{authorization}, 'Bearer sts-3', 'and the third what the second has');

# An account of AWS: its token is a signed request. The signature is worked out here once more.
$elsewhere->answer('/session', 200, 'the-session');
$elsewhere->answer('/region', 200, 'eu-west-1b');
$elsewhere->answer('/role', 200, 'the-role');
$elsewhere->answer('/role/the-role', 200, '{"AccessKeyId": "AKID", "SecretAccessKey": "the/secret+key", "Token": "the-token"}');
set_credentials(credentials_json => json({ %external, subject_token_type => 'urn:ietf:params:aws:token-type:aws4_request',
	credential_source => { environment_id => 'aws1', region_url => $elsewhere->url('/region'), url => $elsewhere->url('/role'),
		imdsv2_session_token_url => $elsewhere->url('/session'),
		regional_cred_verification_url => 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15' } }));
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'an external account of AWS');
@requests = ($elsewhere->wait_for_requests(9))[ 4 .. 8 ];
is_deeply([ map { "$_->{method} $_->{path}" } @requests ],
	[ 'PUT /session', 'GET /region', 'GET /role', 'GET /role/the-role', 'POST /sts' ], 'asks the machine for its keys');
is_deeply([ map { $_->{'x-aws-ec2-metadata-token'} } @requests[ 1 .. 3 ] ], [ ('the-session') x 3 ], 'in a session');
my ($signed) = $requests[4]{body} =~ /subject_token=([^&]*)/;
$signed =~ s/%([0-9A-F]{2})/chr hex $1/ge foreach 1 .. 2;
my %headers = $signed =~ /\{"key":"([^"]*)","value":"([^"]*)"\}/g;
like($signed, qr{"url":"https://sts\.eu-west-1\.amazonaws\.com\?Action=GetCallerIdentity&Version=2011-06-15"}, 'and signs a request for the region');
my @signed_headers = qw(host x-amz-date x-amz-security-token x-goog-cloud-target-resource);
my $day = substr $headers{'x-amz-date'}, 0, 8;
my $canonical = join "\n", 'POST', '/', 'Action=GetCallerIdentity&Version=2011-06-15', (map { "$_:$headers{$_}" } @signed_headers), '',
	join(';', @signed_headers), sha256_hex('');
my $to_sign = join "\n", 'AWS4-HMAC-SHA256', $headers{'x-amz-date'}, "$day/eu-west-1/sts/aws4_request", sha256_hex($canonical);
my $signing_key = 'AWS4the/secret+key';
$signing_key = hmac_sha256($_, $signing_key) foreach $day, 'eu-west-1', 'sts', 'aws4_request';
is($headers{Authorization}, "AWS4-HMAC-SHA256 Credential=AKID/$day/eu-west-1/sts/aws4_request, SignedHeaders=" . join(';', @signed_headers)
	  . ', Signature=' . hmac_sha256_hex($to_sign, $signing_key), 'as AWS has it');
is($headers{'x-goog-cloud-target-resource'}, $external{audience}, 'for the audience alone');

# ---- the machine's own ----

$metadata->answer('/computeMetadata/v1/instance/service-accounts/default/token', 200, '{"access_token": "machine-%N", "expires_in": 3599, "token_type": "Bearer"}');
set_credentials(default_credentials => 'true');
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'the credentials of the machine');
is((tokens(1))[0], 'machine-1', 'are those of its metadata server');
($request) = $metadata->wait_for_requests(1);
is($request->{'metadata-flavor'}, 'Google', 'which is asked as it wants to be');

# A file of the user that the server runs as comes before it.
mkdir "$home/.config";
mkdir "$home/.config/gcloud";
rename write_file('adc', json({ %user, refresh_token => 'of-the-home' })), "$home/.config/gcloud/application_default_credentials.json" or die;
$google->answer('/token', 200, '{"access_token": "home-%N", "expires_in": 3599, "token_type": "Bearer"}');
set_credentials(default_credentials => 'true');
is($session->query('SELECT q FROM t'), 'v', 'credentials in the home of the server\'s user');
like((tokens(2))[1], qr/^home-/, 'come first');
like(($google->requests)[-1]{body}, qr/refresh_token=of-the-home/, 'and are those of the file');

# And the file that the environment names before that.
$_->close foreach $session, $observer;
$environment{GOOGLE_APPLICATION_CREDENTIALS} = write_file('named.json', service_account($key, client_email => 'named@p.iam.gserviceaccount.com'));
$before{GOOGLE_APPLICATION_CREDENTIALS} = undef;
in_environment(sub { $node->restart });
$session = BigtableTest::Session->new($node);
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'credentials that the environment names');
like((tokens(1))[0], qr/named%40|named@/, 'come before all others');

done_testing();
