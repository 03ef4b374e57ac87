# Where a key may travel: certificates are checked, plain http stays on the
# machine, redirects are not followed, the environment's proxies and ~/.netrc
# do not count, the server option proxy does.
use strict;
use warnings;
use Test::More;
use AiRouterProxy;
use AiRouterTest;
use PostgreSQL::Test::Utils;

my $environment_proxy = AiRouterProxy->new;
my $option_proxy = AiRouterProxy->new;
my $home = PostgreSQL::Test::Utils::tempdir();
append_to_file("$home/.netrc", "machine 127.0.0.1 login netrc password sandbox-netrc\n");
append_to_file("$home/.netrc", "default login netrc password sandbox-netrc\n");
chmod 0600, "$home/.netrc";

my $t = AiRouterTest->new(
	'tls',
	tls => 1,
	env => {
		HOME => $home,
		map { ($_ => $environment_proxy->url, uc $_ => $environment_proxy->url) }
		  qw(http_proxy https_proxy all_proxy)
	});
my %sandbox = (
	right => $t->sandbox,
	expired => AiRouterSandbox->new(tls => 1, cert => 'expired.pem'),
	otherhost => AiRouterSandbox->new(tls => 1, cert => 'otherhost.pem'));

$t->models_at_p(plain => 'plain', redirect => 'r--fault-redirect');

# A server with https at one of the sandboxes, and a model of the same name.
sub https_server
{
	my ($name, $sandbox, %options) = @_;
	$t->server($name, api => 'openai', base_url => $sandbox->url('/compat/v1', 'https'), %options);
	$t->model($name, $name, $name);
	return;
}

sub answer { my ($model, $text) = @_; return $t->sql(qq(SELECT ai_complete('Echo: $text', '{"model":"$model"}'))); }

# Certificates.
https_server($_, $sandbox{$_}, ca_file => "$sandbox{$_}{cert_dir}/ca.pem") for sort keys %sandbox;
https_server('unknown_ca', $sandbox{right});
https_server('other_ca', $sandbox{right}, ca_file => "$sandbox{expired}{cert_dir}/ca.pem");
https_server('no_ca_file', $sandbox{right}, ca_file => '/nonexistent/ca.pem');

is(answer('right', 'over TLS'), 'over TLS', 'https with ca_file works');
my $s = $t->session;
$s->value(q(SELECT ai_complete('Echo: x', '{"model":"right"}'))) for 1 .. 3;
is($sandbox{right}->counter('right', 'connections'), 2, 'the TLS connection of a session is kept');

for my $model (qw(unknown_ca other_ca expired otherhost))
{
	my $r = $s->query(qq(SELECT ai_complete('Echo: secret', '{"model":"$model"}')));
	is($r->{error}{C}, 'RT002', "$model: SQLSTATE");
	like($r->{error}{M}, qr/provider "$model".*TLS failed: /, "$model: the message names TLS");
	like($r->{error}{H}, qr/ca_file/, "$model: the hint names ca_file");
	unlike(join(' ', %{ $r->{error} }), qr/sandbox-key/, "$model: no key in the error");
	my $sandbox = $sandbox{$model} // $sandbox{right};
	is($sandbox->counter($model, 'requests'), 0, "$model: nothing was sent");
}
my $r = $s->query(q(SELECT ai_complete('x', '{"model":"no_ca_file"}')));
is($r->{error}{C}, 'RT002', 'a ca_file that cannot be read is an error');
is(answer('right', 'still'), 'still', 'and does not spoil the good one');
is( $s->value(q(SELECT model FROM ai_call('Echo: x', '{"model":["expired","right"]}'))),
	'right',
	'a provider with a bad certificate is passed over');

# The certificate is checked for the name that was asked for.
$t->server(
	'byname',
	api => 'openai',
	base_url => "https://localhost:$t->{tls_port}/compat/v1",
	ca_file => "$t->{cert_dir}/ca.pem");
$t->model('byname', 'byname', 'byname');
is(answer('byname', 'by name'), 'by name', 'https by a name in the certificate works');

# Plain http.
my ($out, $err) = $t->try(
	q(CREATE SERVER far FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://192.0.2.1/v1')));
like($err, qr/ERROR: .*\n(.*\n)*HINT:.*allow_insecure/, 'http to another machine is refused');
$t->sql(q(CREATE ROLE owner; GRANT USAGE ON FOREIGN DATA WRAPPER ai_router TO owner));
for my $options (
	q(base_url 'http://192.0.2.1/v1', allow_insecure 'true'),
	q(base_url 'https://192.0.2.1/v1'),
	q(proxy 'http://127.0.0.1:1'),
	q(ca_file '/tmp/ca.pem'))
{
	($out, $err) = $t->try(
		qq(SET ROLE owner; CREATE SERVER mine FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', $options)));
	like($err, qr/ERROR:  42501/, "an owner may not set $options");
}
is($t->sql(q(SELECT count(*) FROM pg_foreign_server WHERE srvname IN ('far', 'mine'))), 0, 'no such server was made');

# Redirects.
$r = $s->query(q(SELECT ai_complete('Echo: x', '{"model":"redirect"}')));
is($r->{error}{C}, 'RT009', 'a redirect is a rejection');
like($r->{error}{M}, qr/redirect.*HTTP 302/, 'and says so');
is($t->counter('r--fault-redirect', 'requests'), 1, 'the request reached the provider once');
is($t->counter('redirected', 'requests'), 0, 'nobody followed the redirect');
is($t->counter('redirected', 'with_auth'), 0, 'no key went there');

# Environment: proxies and .netrc.
is(answer('plain', 'direct'), 'direct', 'a call with proxies in the environment');
$s->query('CREATE TEMP TABLE environment(line text)');
$s->query("COPY environment FROM PROGRAM 'env'");
for my $line ("HOME=$home", map { "$_=" . $environment_proxy->url } qw(http_proxy https_proxy ALL_PROXY))
{
	is($s->value("SELECT count(*) FROM environment WHERE line = '$line'"), 1, "the server has $line");
}
$t->server('nokey', api => 'ollama', key => undef);
$t->model('nokey', 'nokey', 'nokey');
is(answer('nokey', 'no key'), 'no key', 'a call without a credential');
is($t->counter('nokey', 'requests'), 1, 'reached the provider');
is($t->counter('nokey', 'with_auth'), 0, 'without what .netrc has');
is($t->stats('plain')->{last_headers}{authorization},
	length('Bearer sandbox-key') . ' bytes', 'a key of the mapping is not replaced by .netrc');

# The server option proxy, for http and https.
my $port = $t->{port};
$t->server('viahttp', api => 'openai', path => '/compat/v1', proxy => $option_proxy->url);
$t->model('viahttp', 'viahttp', 'viahttp');
is(answer('viahttp', 'through'), 'through', 'a call through the proxy of the server');
https_server('viahttps', $sandbox{right}, ca_file => "$t->{cert_dir}/ca.pem", proxy => $option_proxy->url);
is(answer('viahttps', 'a tunnel'), 'a tunnel', 'https through the proxy of the server');
is_deeply(
	[ $option_proxy->requests ],
	[ "POST http://127.0.0.1:$port/compat/v1/chat/completions", "CONNECT 127.0.0.1:$t->{tls_port}" ],
	'the proxy saw both, the second as a tunnel');
is_deeply([ $environment_proxy->requests ], [], 'the proxy of the environment saw nothing at all');

# A connection through a proxy is not used for a server without one, nor the other way round.
is(answer('right', 'direct again'), 'direct again', 'a direct call afterwards');
is( $s->value(q(SELECT array_agg(ai_complete('Echo: ' || m, jsonb_build_object('model', m)) ORDER BY i)
		FROM unnest('{plain,viahttp,right,viahttps,plain,viahttp}'::text[]) WITH ORDINALITY AS u(m, i))),
	'{plain,viahttp,right,viahttps,plain,viahttp}',
	'in one session, in turn');
is(scalar(grep { /^POST/ } $option_proxy->requests), 3, 'the proxy saw those two that are meant for it');

done_testing();
