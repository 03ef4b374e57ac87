# Every fault of the sandbox provider: the right SQLSTATE and number of attempts, a message that says
# who, what status and which request, and the key nowhere.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use AiRouterTest;

my $secret = 'SECRET-123';
my $key = "sandbox-key-$secret";

my $t = AiRouterTest->new('faults', blackhole => 1, conf => <<'CONF');
ai_router.retries = 1
ai_router.max_concurrency = 64
ai_router.max_response_size = 256kB
log_min_messages = debug1
log_error_verbosity = verbose
CONF

# id: the request id in a header; id_200: in a body that can be read.
my $req = qr/req_[0-9a-f]{8}/;
my %families = (
	openai => { server => { api => 'openai', path => '/compat/v1' }, id => $req },
	responses => { server => { api => 'openai_responses', path => '/v1' }, id => $req },
	anthropic => { server => { api => 'anthropic' }, id => $req },
	bedrock => { server => { api => 'bedrock', region => 'us-east-1' }, id => qr/00000000-0000-4000-8000-[0-9a-f]{12}/ },
	azure => { server => { api => 'azure' }, id => $req },
	gemini => { server => { api => 'gemini', path => '/v1beta' }, id_200 => qr/resp-[0-9a-f]{8}/ },
	ollama => { server => { api => 'ollama' } },
	cohere => { server => { api => 'cohere' }, id => qr/co_[0-9a-f]{8}/ });
my @all = sort keys %families;
my @openai = qw(openai responses azure);

sub without { my %not = map { $_ => 1 } @_; return [ grep { !$not{$_} } @all ]; }

# The key must not come into the log with the statement that sets it.
sub server
{
	my ($name, $key, %opt) = @_;
	$t->server($name, %opt, key => undef);
	$t->sql("SET log_statement = none; CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (api_key '$key')")
	  if defined $key;
	return;
}

$t->sql("INSERT INTO ai_router.rules (name) VALUES ('all')");
server($_, $key, %{ $families{$_}{server} }) for @all;

# [ behaviour, SQLSTATE or ok, attempts, options ].  Options: in: families; http: the status that the
# message shows (0: none); read: the body was readable; like: part of the message; answer, finish,
# unknown: an answer's text and finish reason, tokens unknown; unasked: one attempt may not be counted.
my @cases = (
	# Below HTTP: what may have been billed is repeated once at most.
	[ 'fault-reset', 'RT002', 2, http => 0, like => qr/connection broken: / ],
	[ 'fault-close', 'RT002', 2, http => 0, like => qr/connection broken: / ],
	[ 'fault-resetmid', 'RT002', 2, http => 200, like => qr/connection broken: / ],
	[ 'fault-truncate', 'RT002', 2, http => 200, like => qr/connection broken: / ],

	# Slow or odd, but good.
	(map { [ $_, 'ok', 1 ] } qw(fault-slowhdr--drip-1 fault-slowbody--drip-1 fault-keepclose fault-closeidle fault-ctype
		fault-gzip fault-blanklines fault-arraycontent lat-50--jit-20 think-7 cached-3 retry-1 shouldretry-true)),
	[ 'fault-nousage', 'ok', 1, unknown => 1 ],
	[ 'fault-unknownfinish', 'ok', 1, finish => 'other' ],
	[ 'fault-badschema', 'ok', 1, answer => '{"unexpected":[1,2]}' ],

	# HTTP says 200, the body is none that can be used.
	[ 'fault-badjson', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-nonjson', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-empty', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-deep', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-html200', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-badutf8', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-nul', 'RT006', 2, http => 200, like => qr/malformed reply: / ],
	[ 'fault-gzipbad', 'RT006', 2, http => 200, like => qr/unreadable reply: / ],
	[ 'fault-huge--size-300000', 'RT006', 1, http => 200, like => qr/larger than ai_router\.max_response_size/ ],
	[ 'fault-huge--size-200000', 'ok', 1, answer => 'x' x 200000 ],
	[ 'fault-nullcontent', 'RT006', 2, http => 200, read => 1 ],
	[ 'fault-nochoices', 'RT006', 2, http => 200, read => 1 ],
	[ 'fault-wrongtypes', 'RT006', 2, http => 200, read => 1 ],

	# An error inside a 200.
	[ 'fault-err200', 'RT002', 2, in => without(qw(bedrock cohere)), http => 200, like => qr/The server had an error/ ],
	[ 'fault-err200', 'RT006', 2, in => [qw(bedrock cohere)], http => 200, like => qr/malformed reply: no / ],
	[ 'fault-err200--code-rate_limit_exceeded', 'RT003', 2, in => \@openai, http => 200 ],
	[ 'fault-err200--code-context_length_exceeded', 'RT011', 1, in => \@openai, http => 200 ],
	[ 'fault-err200--code-insufficient_quota', 'RT010', 1, in => \@openai, http => 200 ],
	[ 'fault-err200--status-429', 'RT003', 2, in => [qw(openai anthropic gemini)], http => 200 ],
	[ 'fault-failed', 'RT002', 2, in => ['responses'], http => 200, like => qr/The response failed/ ],
	[ 'fault-failed--code-rate_limit_exceeded', 'RT003', 2, in => ['responses'], http => 200 ],
	[ 'fault-failed--code-invalid_prompt', 'RT009', 1, in => ['responses'], http => 200 ],

	# A good body with an answer that is none.
	[ 'fault-length', 'RT008', 1, http => 200, read => 1, like => qr/cut off by the token limit \(max_tokens 4096\)/ ],
	[ 'fault-filter', 'RT007', 1, in => without('ollama'), http => 200, read => 1 ],
	[ 'fault-refusal', 'RT007', 1, in => without('ollama'), http => 200, read => 1 ],
	[ 'fault-filter', 'ok', 1, in => ['ollama'] ],
	[ 'fault-refusal', 'ok', 1, in => ['ollama'], answer => 'I cannot help with that.' ],

	# Other HTTP answers.
	[ 'fault-redirect', 'RT009', 1, http => 302, like => qr/redirects are not followed/ ],
	[ 'fault-html503', 'RT002', 2, http => 503, like => qr/Trouble upstream/ ],

	# Every status.
	(map { [ "status-$_", 'RT009', 1, http => $_ ] } qw(400 404 405 406 410 415 422 423 426 431 451 501)),
	(map { [ "status-$_", 'RT010', 1, http => $_ ] } qw(401 402 403)),
	(map { [ "status-$_", 'RT005', 2, http => $_ ] } qw(408 504)),
	(map { [ "status-$_", 'RT002', 2, http => $_ ] } qw(409 424 425 498 499 500 502 503 505 507 520 524 529 530 599)),
	[ 'status-413', 'RT011', 1, http => 413 ],
	[ 'status-429', 'RT003', 2, http => 429, like => qr/Too many requests/ ],

	# Codes that say more than the status.
	[ 'code-insufficient_quota', 'RT010', 1, in => \@openai, http => 429, like => qr/insufficient_quota/ ],
	[ 'code-credit_balance_exhausted', 'RT010', 1, in => \@openai, http => 429 ],
	[ 'code-PerDay', 'RT010', 1, in => [qw(gemini bedrock)], http => 429 ],
	[ 'code-rate_limit_exceeded', 'RT003', 2, in => \@openai, http => 429 ],
	[ 'code-slow_down', 'RT003', 2, in => \@openai, http => 429 ],
	[ 'code-rate_limit_error', 'RT003', 2, in => ['anthropic'], http => 429 ],
	[ 'code-ThrottlingException', 'RT003', 2, in => ['bedrock'], http => 429 ],
	[ 'code-RESOURCE_EXHAUSTED', 'RT003', 2, in => ['gemini'], http => 429 ],
	[ 'code-ServiceQuotaExceededException', 'RT003', 2, in => ['bedrock'], http => 400 ],
	[ 'code-context_length_exceeded', 'RT011', 1, in => \@openai, http => 400 ],
	[ 'code-content_filter', 'RT007', 1, in => \@openai, http => 400 ],
	[ 'code-API_KEY_INVALID', 'RT010', 1, in => ['gemini'], http => 400 ],
	[ 'code-FAILED_PRECONDITION', 'RT010', 1, in => ['gemini'], http => 400 ],
	[ 'code-overloaded_error--status-529', 'RT002', 2, in => ['anthropic'], http => 529, like => qr/overloaded_error/ ],

	# What the provider says about repeating.
	[ 'status-503--shouldretry-false', 'RT002', 1, http => 503 ],
	[ 'status-400--shouldretry-true--retry-0.05--retryfmt-ms', 'RT009', 2, http => 400 ],

	# A fault that passes.
	[ 'status-503--first-1', 'ok', 2 ],
	[ 'fault-badjson--first-1', 'ok', 2 ],
	# On a kept connection this looks like one that the provider had closed: sent again unasked, once.
	[ 'fault-reset--first-1', 'ok', 2, unasked => 1 ]);

# Long enough for a busy machine to send what will time out.
my @slow = (
	[ 'fault-hang', 'RT005', 2, http => 0, like => qr/no answer within 2500 ms$/ ],
	[ 'fault-slowhdr', 'RT005', 2, http => 0, like => qr/no answer within 2500 ms$/ ],
	[ 'fault-slowbody', 'RT005', 2, http => 0, like => qr/no answer within 2500 ms$/ ],
	[ 'lat-9000', 'RT005', 2, http => 0, like => qr/no answer within 2500 ms$/ ]);

# Ask all models of some cases side by side; returns model => result.
sub ask
{
	my ($cases, $hints) = @_;
	my @models;

	for my $case (@$cases)
	{
		my ($behaviour, undef, undef, %opt) = @$case;
		push @models, map { [ $_, "$_--$behaviour" ] } @{ $opt{in} // \@all };
	}
	$t->sql('INSERT INTO ai_router.models (name, server, model, input_price, output_price) VALUES '
		  . join ', ', map { "('$_->[1]', '$_->[0]', '$_->[1]', 1, 1)" } @models);
	my $names = join ',', map { qq("$_->[1]") } @models;
	my ($out, $err) =
	  $t->try("SELECT row_to_json(r) FROM ai_compare('Echo: hi there', '{$names}', '$hints') r");
	is($err, '', 'no error and no warning');
	return map { my $r = decode_json($_); ($r->{model} => $r) } split /\n/, $out;
}

my %broken = map { $_ => 1 } qw(fault-reset fault-close fault-resetmid fault-truncate);

sub check_case
{
	my ($case, $got, $stats) = @_;
	my ($behaviour, $state, $attempts, %opt) = @$case;

	for my $family (@{ $opt{in} // \@all })
	{
		my $model = "$family--$behaviour";
		my $r = $got->{$model} // {};
		my $error = $r->{error} // '';

		my $counted = $opt{unasked} && ($r->{attempts} // 0) == $attempts - 1 ? $attempts - 1 : $attempts;
		is($r->{attempts}, $counted, "$model: attempts");
		# A kept connection that another fault had closed takes an attempt that nobody sees, and what
		# curl sent again counts as one if it fails below HTTP.
		my $seen = $broken{$behaviour} && $stats->{$model}{requests} == $attempts - 1 ? $attempts - 1 : $attempts;
		is($stats->{$model}{requests}, $seen, "$model: requests that the provider saw");
		if ($state eq 'ok')
		{
			is($error, '', "$model: no error");
			ok(($r->{answer} // '') eq ($opt{answer} // 'hi there'), "$model: answer");
			is($r->{finish_reason}, $opt{finish} // 'stop', "$model: finish reason");
			is(defined $r->{output_tokens}, !$opt{unknown}, "$model: tokens");
			is(defined $r->{cost}, !$opt{unknown}, "$model: cost");
			next;
		}
		is($r->{answer}, undef, "$model: no answer");
		like($error, qr/^$state: provider "\Q$family\E", model "\Q$model\E": \S/, "$model: SQLSTATE, provider, model");
		like($error, $opt{like}, "$model: words") if $opt{like};
		like($error, $opt{http} ? qr/\((?:.*, )?HTTP $opt{http}\b/ : qr/^(?!.*\bHTTP \d)/, "$model: status");

		my $id = $families{$family}{id} // ($opt{read} ? $families{$family}{id_200} : undef);
		like($error, $opt{http} && defined $id ? qr/, request id $id\)$/ : qr/^(?!.*request id)/, "$model: request id");
		cmp_ok(length $error, '<', 700, "$model: a message, no body");
		unlike($error, qr/\Q$secret\E/, "$model: no key");
	}
	return;
}

for ([ \@cases, '{}' ], [ \@slow, '{"timeout_ms": 2500}' ])
{
	my ($cases, $hints) = @$_;
	my %got = ask($cases, $hints);
	# What was cut off counts when the provider has noticed.
	ok($t->wait_for(undef, 'in_flight', 0, 'le'), 'nothing is under way');
	my $stats = $t->stats->{models};
	check_case($_, \%got, $stats) for @$cases;
}
is($t->counter('redirected', 'requests'), 0, 'no redirect was followed');

# The same by way of an ERROR: the SQLSTATE is one, the hint helps.
my %hints = (
	'openai--status-503' => [ 'RT002', qr/^HINT:  Allow another model in the rule .* ai_router\.retries\.$/m ],
	'openai--status-429' => [ 'RT003', qr/^HINT:  Lower ai_router\.max_concurrency, or allow another model in the rule\.$/m ],
	'openai--lat-9000' => [ 'RT005', qr/^HINT:  Raise ai_router\.timeout, .* timeout_ms\.$/m ],
	'openai--fault-huge--size-300000' => [ 'RT006', qr/^HINT:  A superuser can raise ai_router\.max_response_size\.$/m ],
	'openai--fault-length' => [ 'RT008', qr/^HINT:  Raise the hint max_tokens\.$/m ],
	'openai--status-404' => [ 'RT009', qr/^HINT:  Check the name of the model and base_url of the server\.$/m ],
	'openai--fault-redirect' => [ 'RT009', qr/^HINT:  Set base_url of the server to the address that answers itself\.$/m ],
	'openai--status-401' => [ 'RT010', qr/^HINT:  Check the key in the user mapping of the server/m ],
	'openai--code-insufficient_quota' => [ 'RT010', qr/^HINT:  Check billing and quota of the account/m ],
	'openai--status-413' => [ 'RT011', qr/^HINT:  Shorten the input/m ]);
for my $model (sort keys %hints)
{
	my ($state, $hint) = @{ $hints{$model} };
	my $timeout_ms = $state eq 'RT005' ? 300 : 60000;
	my ($out, $err) = $t->try(
		qq{SELECT ai_complete('Echo: hi', '{"model": "$model", "retries": 0, "timeout_ms": $timeout_ms}')});

	is($out, '', "$model: nothing on stdout");
	like($err, qr/^psql:<stdin>:\d+: ERROR:  $state: provider "openai", model "\Q$model\E": /, "$model: SQLSTATE of the error");
	like($err, $hint, "$model: hint");
	unlike($err, qr/\Q$secret\E/, "$model: no key on stderr");
}
my ($out, $err) = $t->try(q{SELECT ai_complete('hi', '{"model": "openai--fault-filter"}')});
like($err, qr/ERROR:  RT007: .*the answer was blocked by a content filter \(content_filter\) \(HTTP 200, request id $req\)/,
	'a filtered answer');

# A wrong key: each family's own refusal, at the first attempt.
for my $family (grep { $_ ne 'ollama' } @all)
{
	my $http = $family eq 'gemini' ? 400 : $family eq 'bedrock' ? 403 : 401;
	server("wrong_$family", "wrong-key-$secret", %{ $families{$family}{server} });
	$t->model("wrong_$family", "wrong_$family", "wrong-$family");
	my ($out, $err) = $t->try(qq{SELECT ai_complete('hi', '{"model": "wrong_$family"}')});
	like($err, qr/ERROR:  RT010: provider "wrong_$family", model "wrong_$family": .*HTTP $http\b/, "$family: wrong key");
	unlike($err, qr/\Q$secret\E/, "$family: the wrong key is not shown");
	is($t->counter("wrong-$family", 'requests'), 1, "$family: and not tried again");
}

# Nobody there; nobody who accepts.
server('nobody', $key, api => 'openai', base_url => 'http://127.0.0.1:1/v1');
server('silent', $key, api => 'openai', base_url => "http://127.0.0.1:$t->{blackhole_port}/v1");
$t->model($_, $_, $_) for qw(nobody silent);
is($t->sql(q{SELECT attempts FROM ai_call('hi', '{"model": "nobody"}')}), 2, 'connection refused: attempts');
($out, $err) = $t->try(q{SELECT ai_complete('hi', '{"model": "nobody"}')});
like($err, qr/ERROR:  RT002: provider "nobody", model "nobody": [^(]*127\.0\.0\.1[^(]*$/m, 'connection refused');
($out, $err) = $t->try(q{SELECT ai_complete('hi', '{"model": "silent", "timeout_ms": 200}')});
like($err, qr/ERROR:  RT005: provider "silent", model "silent": no answer within 200 ms$/m, 'nobody accepts');

# The log has the errors but never the key, for all that was logged with it.
$t->node->stop;
my $log = slurp_file($t->node->logfile);
like($log, qr/ERROR:  RT010: provider "wrong_openai"/, 'errors are in the log');
like($log, qr/STATEMENT:  SELECT ai_complete/, 'with their statements');
unlike($log, qr/\Q$secret\E/, 'the key is not');

done_testing();
