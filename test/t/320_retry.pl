# When to try again, when to go elsewhere, when to give up.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('retry', conf => "ai_router.max_concurrency = 64\n");
my ($priority, $made) = (50, 0);

$t->server('openai', api => 'openai', path => '/compat/v1');
$t->server('other', api => 'openai', path => '/compat/v1');
$t->server('anthropic', api => 'anthropic');
$t->server('bedrock', api => 'bedrock', region => 'us-east-1');
$t->server('gemini', api => 'gemini', path => '/v1beta');
$t->server('cohere', api => 'cohere');
$t->sql("INSERT INTO ai_router.rules (name) VALUES ('all')");

# Make models of servers and behaviours, and a rule that allows them in that order for task $name.
# Spec: "server behaviour" or "server behaviour family".
sub rule
{
	my ($name, @specs) = @_;
	my @models;

	for (@specs)
	{
		my ($server, $behaviour, $family) = split ' ';
		my $model = 'm' . ++$made . "--$behaviour";
		$t->model($model, $server, $model, $family ? (family => $family) : ());
		push @models, $model;
	}
	my $list = join ',', map { qq("$_") } @models;
	$t->sql('INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('
		  . qq|'$name', $priority, '\$.task == "$name"', '{$list}')|);
	$priority--;
	return @models;
}

sub call
{
	my ($name, %hints) = @_;
	return decode_json($t->sql('SELECT row_to_json(r) FROM ai_call(' . "'Echo: hi', "
		  . AiRouterTest::quote(encode_json({ task => $name, %hints })) . '::jsonb) r'));
}

# The least latency of so many calls of a task, until it is less than enough: machines that run tests are busy.
sub latency
{
	my ($enough, $task, $n) = @_;
	my $best;

	for (1 .. $n // 10)
	{
		my $ms = call($task)->{latency_ms};
		$best = $ms if !defined $best || $ms < $best;
		last if $best < $enough;
	}
	return $best;
}

sub requests { return [ map { $t->counter($_, 'requests') } @_ ]; }

# --- Waiting as long as the provider asks -----------------------------------

# Own back-off before the first retry is 0.5 s at most, so a longer pause is the provider's doing.
# [ server, status, hint, least ms ]; forms that tell seconds round up.
my @waits = (
	[ 'openai', 429, 'retry-1--retryfmt-s', 1000 ],
	[ 'openai', 503, 'retry-1--retryfmt-s', 1000 ],
	[ 'openai', 429, 'retry-0.8--retryfmt-ms', 800 ],
	[ 'openai', 500, 'retry-0.8--retryfmt-ms', 800 ],
	[ 'openai', 429, 'retry-1--retryfmt-date', 1000 ],
	[ 'openai', 429, 'retry-0.8--retryfmt-float', 800 ],
	[ 'openai', 429, 'retry-0.8--retryfmt-gojur', 800 ],
	[ 'openai', 429, 'retry-1.2--retryfmt-gojur', 1200 ],
	[ 'anthropic', 429, 'retry-1--retryfmt-s', 1000 ],
	[ 'anthropic', 429, 'retry-1--retryfmt-rfc3339', 1000 ],
	[ 'anthropic', 529, 'retry-1--retryfmt-s', 1000 ],
	[ 'bedrock', 429, 'retry-0.8', 800 ],
	[ 'bedrock', 429, 'retry-0.8--retryfmt-amazon', 800 ],
	[ 'gemini', 429, 'retry-0.8', 800 ],
	[ 'gemini', 503, 'retry-0.8--retryfmt-google', 800 ],
	[ 'cohere', 429, 'retry-1--retryfmt-unix', 1000 ],
	[ 'openai', 429, 'retry-900ms--retryfmt-raw', 900 ],
	[ 'openai', 429, 'retry-0m1s--retryfmt-raw', 1000 ]);
for (@waits)
{
	my ($server, $status, $hint) = @$_;
	push @$_, "$server-$status--status-$status--first-1--$hint";
	$t->model($_->[4], $server, $_->[4]);
}
my $names = join ',', map { qq("$_->[4]") } @waits;
is($t->sql("SELECT count(*) FILTER (WHERE answer = 'hi' AND attempts = 2) FROM ai_compare('Echo: hi', '{$names}')"),
	scalar @waits, 'all that asked for a wait answered at the second attempt');
for (@waits)
{
	my ($least, $model) = @{$_}[ 3, 4 ];
	my $s = $t->stats($model);
	my $pause = $s->{last_ms} - $s->{first_ms};

	is($s->{requests}, 2, "$model: two requests");
	# The sandbox stamps a request when it arrives: a millisecond of rounding.
	cmp_ok($pause, '>=', $least - 1, "$model: not before it may");
	# Dates tell whole seconds, jitter adds a tenth, a busy machine some seconds.
	cmp_ok($pause, '<', $least * 1.1 + 6000, "$model: soon after that");
}

# What says nothing, or nothing about a refusal, is no wait: own back-off, half a second at most.
for my $case ([ 'nonsense', 'soon', 'a wait that cannot be read' ], [ 'negative', -1, 'a wait of -1' ])
{
	my ($name, $retry, $what) = @$case;
	my ($model) = rule($name, 'openai lat-0');
	my $best;

	# The best of some tries: machines that run tests are busy.
	for (1 .. 10)
	{
		$t->behave($model, status => 503, first => 1, retry => $retry, retryfmt => 'raw');
		my $r = call($name);
		is($r->{attempts}, 2, "$what: tried again");
		$best = $r->{latency_ms} if !defined $best || $r->{latency_ms} < $best;
		last if $best < 800;
	}
	cmp_ok($best, '<', 800, 'without a long wait');
}
my ($model) = rule('room', 'openai status-503--first-1--retry-30--retryfmt-gojur');
is(call('room')->{attempts}, 2, 'a reset of a rate limit is no wait for a 503');

# --- Longer than max_retry_after: at once to the next candidate, or the end ---

my ($r, @m);
@m = rule('long', 'openai status-429--retry-3600');
$r = call('long');
like($r->{error}, qr/^RT003: /, 'an hour is not waited for');
is($r->{attempts}, 1, 'it ends the call');
cmp_ok(latency(500, 'long'), '<', 500, 'at once');
@m = rule('longer', 'openai status-429--retry-3600', 'other lat-0');
$r = call('longer');
is_deeply([ @{$r}{qw(answer model attempts)} ], [ 'hi', $m[1], 2 ], 'or goes to the next candidate');
($model) = rule('limit', 'openai status-429--retry-1');
is($t->sql(q{SET ai_router.max_retry_after = '900ms'; SELECT attempts FROM ai_call('hi', '{"task": "limit"}')}),
	1, 'ai_router.max_retry_after is the limit of a wait');
is($t->sql(q{SET ai_router.max_retry_after = '1s'; SELECT attempts FROM ai_call('hi', '{"task": "limit", "retries": 1}')}),
	2, 'and includes itself');

# --- The order of candidates -------------------------------------------------

# In trouble: left at once, in the order of the rule, without a wait.
@m = rule('order', 'openai status-503', 'other fault-html503', 'openai status-429--retry-20', 'other lat-0', 'openai lat-0');
$r = call('order');
is_deeply([ @{$r}{qw(answer model provider attempts error)} ], [ 'hi', $m[3], 'other', 4, undef ], 'the first that works answers');
is_deeply(requests(@m), [ 1, 1, 1, 1, 0 ], 'each was asked once, the last not at all');
cmp_ok(latency(400, 'order'), '<', 400, 'nobody was waited for');

# All in trouble: every one gets its retries; the error tells of all.
@m = rule('none', 'openai status-503--retry-0.02--retryfmt-ms', 'other status-500--retry-0.2--retryfmt-ms');
$r = call('none', retries => 1);
is_deeply([ $r->{attempts}, @{ requests(@m) } ], [ 4, 2, 2 ], 'each candidate is retried');
like($r->{error}, qr/^RT002: provider "other", model "$m[1]": The server had an error \(sandbox\) \(HTTP 500, server_error, request id req_/,
	'the last failure is the error');
my ($out, $err) = $t->try(q{SELECT ai_complete('Echo: hi', '{"task": "none", "retries": 1}')});
like($err, qr/DETAIL:  Failed before, 4 attempts in all: $m[0]: HTTP 503 The server is overloaded \(sandbox\); $m[1]: HTTP 500 The server had an error \(sandbox\)\.$/m,
	'the detail lists the earlier failures in order');

# Back to the first one when its time has come.
@m = rule('back', 'openai status-503--first-1--retry-0.05--retryfmt-ms', 'other status-503--retry-5--retryfmt-ms');
$r = call('back');
is_deeply([ @{$r}{qw(answer model attempts)} ], [ 'hi', $m[0], 3 ], 'the one that waits least is next');

# Permanent errors of the request: no retry, nobody else asked.
for my $behaviour (qw(status-400 status-422 code-content_filter fault-filter fault-refusal fault-length))
{
	@m = rule("permanent $behaviour", "openai $behaviour", 'other lat-0');
	$r = call("permanent $behaviour");
	is_deeply([ $r->{answer}, @{ requests(@m) } ], [ undef, 1, 0 ], "$behaviour: neither retried nor asked elsewhere");
}

# Errors of one candidate: no retry there, the next one answers.
for my $behaviour (qw(status-401 status-402 status-403 status-404 status-413 code-insufficient_quota code-context_length_exceeded
	fault-redirect status-503--shouldretry-false))
{
	@m = rule("next $behaviour", "openai $behaviour", 'other lat-0');
	$r = call("next $behaviour");
	is_deeply([ @{$r}{qw(answer model)}, @{ requests(@m) } ], [ 'hi', $m[1], 1, 1 ], "$behaviour: the next one answers");
}

# The provider says to try again what its status forbids.
@m = rule('should', 'openai status-400--first-1--shouldretry-true');
is_deeply([ @{ call('should') }{qw(answer attempts)} ], [ 'hi', 2 ], 'x-should-retry: true');

# Without a credential nothing is sent; the next candidate may have one.
$t->sql("CREATE SERVER keyless FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai')");
@m = rule('keyless', 'keyless lat-0', 'other lat-0');
$r = call('keyless');
is_deeply([ @{$r}{qw(answer model attempts)} ], [ 'hi', $m[1], 1 ], 'a server without key is passed over');
$t->sql(qq{UPDATE ai_router.models SET enabled = false WHERE name = '$m[1]'});
$r = call('keyless');
like($r->{error}, qr/^RT010: provider "keyless", model "$m[0]": there is no key for this role$/, 'alone it is an error');
is_deeply([ @{$r}{qw(attempts call_id)} ], [ 0, undef ], 'and no call');

# --- Family first -------------------------------------------------------------

@m = rule('family', 'openai status-503 f', 'other lat-0', 'other lat-0 f');
$r = call('family');
is_deeply([ $r->{model}, @{ requests(@m) } ], [ $m[2], 1, 0, 1 ], 'failover stays in the family');
@m = rule('family gone', 'openai status-503 g', 'other lat-0', 'other status-503 g');
$r = call('family gone');
is_deeply([ $r->{model}, @{ requests(@m) } ], [ $m[1], 1, 1, 1 ], 'and leaves it when all of it fails');

# --- How often ----------------------------------------------------------------

for my $n (0, 1, 4)
{
	($model) = rule("retries $n", 'openai status-503--retry-0.01--retryfmt-ms');
	is(call("retries $n", retries => $n)->{attempts}, $n + 1, "hint retries $n");
	is($t->counter($model, 'requests'), $n + 1, "hint retries $n: requests");
}
($model) = rule('setting', 'openai status-503--retry-0.01--retryfmt-ms');
is($t->sql(q{SELECT attempts FROM ai_call('hi', '{"task": "setting"}')}), 3, 'two retries by default');
is($t->sql(q{SET ai_router.retries = 5; SELECT attempts FROM ai_call('hi', '{"task": "setting"}')}), 6, 'setting retries');
is($t->sql(q{SET ai_router.retries = 5; SELECT attempts FROM ai_call('hi', '{"task": "setting", "retries": 0}')}), 1, 'the hint wins');

# What may have been billed is repeated once, however many retries there are.
for my $behaviour (qw(fault-reset fault-close fault-resetmid fault-truncate fault-badjson fault-err200 status-504))
{
	($model) = rule("billed $behaviour", "openai $behaviour");
	$r = call("billed $behaviour", retries => 5);
	is_deeply([ $r->{attempts}, $t->counter($model, 'requests') ], [ 2, 2 ], "$behaviour: repeated once");
}
($model) = rule('billed known', 'openai fault-nullcontent');
is(call('billed known', retries => 2)->{attempts}, 3, 'an empty answer with known usage is retried as often as others');
($model) = rule('billed hang', 'openai fault-hang');
# Time may be up before a busy machine has sent anything, and that does not count.
for (1 .. 8)
{
	my $before = $t->counter($model, 'requests');
	$r = call('billed hang', retries => 5, timeout_ms => 150);
	last if $t->counter($model, 'requests') - $before == $r->{attempts};
}
like($r->{error}, qr/^RT005: /, 'a time-out');
is($r->{attempts}, 2, 'is repeated once');

# Also not by going from one candidate to the next.
@m = rule('billed chain', 'openai fault-close', 'other fault-close', 'openai lat-0');
$r = call('billed chain');
like($r->{error}, qr/^RT002: .*connection broken/, 'two attempts that may have been billed');
is_deeply(requests(@m), [ 1, 1, 0 ], 'are enough');

# A connection that was kept and breaks: curl may send again once, and that counts; never more often.
my @kept = rule('kept', 'openai lat-0', 'openai lat-0');
for my $retries (0, 5)
{
	my ($broken) = rule("broken $retries", 'openai fault-close');
	$r = $t->sql(qq{SELECT answer FROM ai_compare('Echo: hi', (SELECT array_agg(name) FROM ai_router.models WHERE name IN ('$m[2]', '$kept[0]', '$kept[1]')));
		SELECT attempts FROM ai_call('Echo: hi', '{"task": "broken $retries", "retries": $retries}')});
	is($r, "hi\nhi\nhi\n2", 'a failure on a kept connection');
	is($t->counter($broken, 'requests'), 2, 'is two requests, counted as two attempts');
}

# Recovery counts all attempts, and the answer has no error.
($model) = rule('recover', 'openai status-503--first-2--retry-0.01--retryfmt-ms');
$r = call('recover');
is_deeply([ @{$r}{qw(answer attempts error)} ], [ 'hi', 3, undef ], 'recovered at the third attempt');

# Usage that was billed in an attempt without use is part of the cost.
($model) = rule('paid', 'openai fault-nullcontent--first-1');
$t->sql("UPDATE ai_router.models SET input_price = 1, output_price = 1 WHERE name = '$model'");
$r = call('paid');
is_deeply([ @{$r}{qw(answer attempts input_tokens output_tokens)} ], [ 'hi', 2, 4, 2 ], 'tokens of both attempts');
is(sprintf('%.9f', $r->{cost}), '0.000006000', 'cost of both attempts');

done_testing();
