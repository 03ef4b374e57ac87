# Every wire family answers through SQL: text, tokens, cost, and each hint in the family's own words.
use strict;
use warnings;
use Encode qw(encode_utf8);
use JSON::PP;
use POSIX qw(ceil);
use PostgreSQL::Test::Utils;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('families');

my $text = "Grüße, 'single' \"double\" \\back\\slash, 日本語 😀 <&> %s \$1\nsecond line\ttab";
my $prompt = "Echo: $text";
my $schema = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $system = 'You are terse.';
my %cap = (openai => 'max_completion_tokens');

sub openai_body
{
	my ($model, $cap) = @_;
	return {
		(defined $model ? (model => $model) : ()),
		messages => [ { role => 'system', content => $system }, { role => 'user', content => 'PROMPT' } ],
		$cap => 77, temperature => 0.5, top_p => 0.9, seed => 4503599627370497, stop => [ "\n\n", 'END' ],
		reasoning_effort => 'high', user => 'team-7',
		response_format => {
			type => 'json_schema', json_schema => { name => 'answer', strict => $true, schema => decode_json($schema) } } };
}

sub converse_body
{
	return {
		messages => [ { role => 'user', content => [ { text => 'PROMPT' } ] } ],
		system => [ { text => $system } ],
		inferenceConfig => { maxTokens => 77, temperature => 0.5, topP => 0.9, stopSequences => [ "\n\n", 'END' ] },
		outputConfig => {
			effort => 'high',
			textFormat => { type => 'json_schema', structure => { jsonSchema => { name => 'answer', schema => 'SCHEMA' } } } },
		additionalModelRequestFields => { top_k => 7 } };
}

# id: the provider's id of the model; cached, think: what the family reports of them;
# no_stop, no_seed: what it has no word for; body: the whole request that is expected.
my %families = (
	openai => {
		server => { api => 'openai', path => '/v1', max_tokens_field => 'max_completion_tokens' },
		params => '{"user":"team-7"}', header => 'authorization',
		body => sub { return openai_body(shift, 'max_completion_tokens') } },
	compat => {
		server => { api => 'openai', path => '/compat/v1' },
		params => '{"user":"team-7"}', header => 'authorization',
		body => sub { return openai_body(shift, 'max_tokens') } },
	responses => {
		server => { api => 'openai_responses', path => '/v1' },
		params => '{"user":"team-7"}', header => 'authorization', no_stop => 1,
		body => sub {
			return {
				model => shift, instructions => $system, input => 'PROMPT', max_output_tokens => 77,
				temperature => 0.5, top_p => 0.9, reasoning => { effort => 'high' }, store => $false, user => 'team-7',
				text => { format => {
					type => 'json_schema', name => 'answer', strict => $true, schema => decode_json($schema) } } };
		} },
	anthropic => {
		server => { api => 'anthropic' },
		params => '{"top_k":7}', header => 'x-api-key',
		body => sub {
			return {
				model => shift, system => $system, messages => [ { role => 'user', content => 'PROMPT' } ],
				max_tokens => 77, temperature => 0.5, top_p => 0.9, stop_sequences => [ "\n\n", 'END' ], top_k => 7,
				thinking => { type => 'adaptive' },
				output_config => { effort => 'high', format => { type => 'json_schema', schema => decode_json($schema) } } };
		} },
	bedrock => {
		server => { api => 'bedrock', region => 'us-east-1' }, id => 'eu.anthropic.claude-x:0',
		params => '{"additionalModelRequestFields":{"top_k":7}}', header => 'authorization', body => \&converse_body },
	signed => {
		server => { api => 'bedrock', region => 'eu-central-1', key => undef }, id => 'amazon.nova/pro:0',
		mapping => "access_key_id 'AKIDSANDBOX', secret_access_key 'sandbox-secret'",
		params => '{"additionalModelRequestFields":{"top_k":7}}', header => 'authorization', body => \&converse_body },
	session => {
		server => { api => 'bedrock', region => 'us-west-2', key => undef }, id => 'amazon.nova-lite-v1:0',
		mapping => "access_key_id 'AKIDSANDBOX', secret_access_key 'sandbox-secret', session_token 'sandbox-token'",
		params => '{"additionalModelRequestFields":{"top_k":7}}', header => 'authorization', body => \&converse_body },
	azure => {
		server => { api => 'azure' }, params => '{"user":"team-7"}', header => 'api-key',
		body => sub { return openai_body(shift, 'max_completion_tokens') } },
	azure_dated => {
		server => { api => 'azure', api_version => '2024-10-21' }, id => 'my deployment',
		params => '{"user":"team-7"}', header => 'api-key',
		body => sub { return openai_body(undef, 'max_completion_tokens') } },
	gemini => {
		server => { api => 'gemini', path => '/v1beta' }, id => 'gemini-3-flash',
		params => '{"generationConfig":{"topK":7}}', header => 'x-goog-api-key',
		body => sub {
			return {
				systemInstruction => { parts => [ { text => $system } ] },
				contents => [ { role => 'user', parts => [ { text => 'PROMPT' } ] } ],
				generationConfig => {
					maxOutputTokens => 77, temperature => 0.5, topP => 0.9, seed => 4503599627370497, topK => 7,
					stopSequences => [ "\n\n", 'END' ], responseMimeType => 'application/json',
					responseJsonSchema => decode_json($schema), thinkingConfig => { thinkingLevel => 'HIGH' } } };
		} },
	ollama => {
		server => { api => 'ollama', key => undef }, params => '{"options":{"top_k":7},"keep_alive":"5m"}', uncached => 1,
		body => sub {
			return {
				model => shift, stream => $false, truncate => $false, keep_alive => '5m', think => 'high',
				messages => [ { role => 'system', content => $system }, { role => 'user', content => 'PROMPT' } ],
				format => decode_json($schema),
				options => {
					num_predict => 77, temperature => 0.5, top_p => 0.9, seed => 4503599627370497, top_k => 7,
					stop => [ "\n\n", 'END' ] } };
		} },
	cohere => {
		server => { api => 'cohere' }, params => '{"k":7}', header => 'authorization',
		body => sub {
			return {
				model => shift, max_tokens => 77, temperature => 0.5, p => 0.9, seed => 4503599627370497, k => 7,
				messages => [ { role => 'system', content => $system }, { role => 'user', content => 'PROMPT' } ],
				stop_sequences => [ "\n\n", 'END' ], thinking => { type => 'enabled' },
				response_format => { type => 'json_object', json_schema => decode_json($schema) } };
		} });

$t->sql("INSERT INTO ai_router.rules (name) VALUES ('all')");
$t->sql("ALTER SYSTEM SET ai_router.retries = 0; SELECT pg_reload_conf()");

sub call
{
	my ($model, $prompt, %hints) = @_;
	return decode_json($t->sql('SELECT row_to_json(r) FROM ai_call('
		  . AiRouterTest::quote($prompt) . ', '
		  . AiRouterTest::quote(encode_json({ model => $model, %hints })) . '::jsonb) r'));
}

# Tokens as the sandbox counts them: four bytes each, rounded up.
sub tokens { my $bytes = 0; $bytes += length for @_; return ceil($bytes / 4); }

sub escape { my $s = shift; $s =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ge; return $s; }

for my $name (sort keys %families)
{
	my $f = $families{$name};
	my $id = $f->{id} // "model-$name";
	my %prices = (input_price => 3, cached_input_price => 0.3, output_price => 15);

	$t->server($name, %{ $f->{server} });
	$t->sql("CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS ($f->{mapping})") if $f->{mapping};
	$t->model("$name/plain", $name, $id, %prices);
	$t->model("$name/tuned", $name, "tuned-$id", params => $f->{params});
	(my $counted = $id) =~ s/(:0)?$/--cached-8--think-5$1/;
	$t->model("$name/counted", $name, $counted, %prices);

	# A plain call: the answer byte for byte, tokens, cost.
	my $r = call("$name/plain", $prompt);
	my ($in, $out) = (tokens($prompt), tokens($text));

	is($r->{error}, undef, "$name: no error");
	is(encode_utf8($r->{answer} // ''), $text, "$name: answer byte for byte");
	is_deeply(
		[ @{$r}{qw(model provider rule attempts finish_reason cached)} ],
		[ "$name/plain", $name, 'all', 1, 'stop', $false ],
		"$name: who answered, and how");
	is_deeply([ @{$r}{qw(input_tokens output_tokens)} ], [ $in, $out ], "$name: tokens");
	is(sprintf('%.9f', $r->{cost}), sprintf('%.9f', ($in * 3 + $out * 15) / 1e6), "$name: cost");
	cmp_ok($r->{call_id}, '>', 0, "$name: call id");
	cmp_ok($r->{latency_ms}, '>', 0, "$name: latency");
	is($t->counter(escape($id), 'requests'), 1, "$name: one request");

	# The limit is always sent; nothing else that nobody asked for.
	my $body = $t->last_body(escape($id));
	like($body, qr/"(max_completion_tokens|max_tokens|max_output_tokens|maxTokens|maxOutputTokens|num_predict)":4096/,
		"$name: the default limit is sent");
	unlike($body, qr/temperature|top_?p|"p"|seed|stop[_S"]|reasoning|effort|think|format|schema|system/i,
		"$name: and no hint that was not given");

	# The key travels in the family's header.
	my $headers = $t->stats(escape($id))->{last_headers};
	ok(exists $headers->{ $f->{header} }, "$name: key in header $f->{header}") if $f->{header};
	ok(!exists $headers->{authorization}, "$name: no key") if !$f->{header};

	# All hints, and params of the model merged last.
	my %hints = (
		system => $system, max_tokens => 77, temperature => 0.5, top_p => 0.9, seed => 4503599627370497,
		stop => [ "\n\n", 'END' ], reasoning_effort => 'high', schema => decode_json($schema));
	delete $hints{stop} if $f->{no_stop};
	$r = call("$name/tuned", 'Which city? Paris.', %hints);
	is($r->{error}, undef, "$name: all hints are accepted");
	is($r->{answer}, '{"city":"which"}', "$name: answer by the schema");
	is($r->{input_tokens}, tokens($system, 'Which city? Paris.'), "$name: the system prompt counts");
	is($r->{cost}, undef, "$name: cost unknown without a price");

	$body = $t->last_body(escape("tuned-$id"));
	$body =~ s/Which city\? Paris\./PROMPT/;
	$body = decode_json($body);
	if (my $config = $body->{outputConfig})
	{
		# Converse takes the schema as a string.
		my $inner = \$config->{textFormat}{structure}{jsonSchema}{schema};
		is_deeply(decode_json($$inner), decode_json($schema), "$name: schema as a string");
		$$inner = 'SCHEMA';
	}
	is_deeply($body, $f->{body}->("tuned-$id"), "$name: hints and params in the family's words")
	  or diag explain $body;

	# Cached and reasoning tokens are parts of the totals.
	$r = call("$name/counted", $prompt);
	my $cached = $f->{uncached} ? 0 : 8;
	$out += 5;
	is(encode_utf8($r->{answer} // ''), $text, "$name: reasoning is no answer");
	is_deeply([ @{$r}{qw(input_tokens output_tokens)} ], [ $in, $out ], "$name: no token counts twice");
	is($r->{cached_input_tokens}, $f->{uncached} ? undef : 8, "$name: cached tokens");
	is(sprintf('%.9f', $r->{cost}), sprintf('%.9f', (($in - $cached) * 3 + $cached * 0.3 + $out * 15) / 1e6),
		"$name: cost of cached input and reasoning");
}

# Ollama with a key, as at ollama.com: a bearer token.
$t->server('ollama_cloud', api => 'ollama');
$t->model('cloud', 'ollama_cloud', 'cloud');
is(call('cloud', 'Echo: hi')->{answer}, 'hi', 'Ollama with a key');
ok(exists $t->stats('cloud')->{last_headers}{authorization}, 'sends it');

# A wrong secret makes a wrong signature; a wrong session token too.
for my $wrong (
	"access_key_id 'AKIDSANDBOX', secret_access_key 'sandbox-secret2'",
	"access_key_id 'AKIDSANDBOX', secret_access_key 'sandbox-secret', session_token 'sandbox-token2'")
{
	$t->server('wrong', api => 'bedrock', region => 'us-east-1', key => undef);
	$t->sql("CREATE USER MAPPING FOR PUBLIC SERVER wrong OPTIONS ($wrong)");
	$t->model('wrong', 'wrong', 'amazon.nova');
	like(call('wrong', 'hi')->{error}, qr/^RT010: provider "wrong", model "wrong": .*\(HTTP 403, /, 'wrong signature');
	$t->sql("DELETE FROM ai_router.models WHERE name = 'wrong'; DROP SERVER wrong CASCADE");
}

# What a family cannot say goes elsewhere, or is refused in words.
like(call('responses/plain', 'hi', stop => ['x'])->{error},
	qr/^RT009: provider "responses", model "responses\/plain": api "openai_responses" has no stop sequences$/,
	'stop sequences at the Responses API');
is(call([ 'responses/plain', 'compat/plain' ], 'Echo: hi', stop => ['x'])->{model}, 'compat/plain', 'and elsewhere');

# A model that serves two prices: the tier of the whole request.
$t->model('tiered', 'compat', 'tiered', input_price => 1, output_price => 2,
	price_tiers => '[{"above": 10, "input": 100, "output": 200}]');
is(call('tiered', 'Echo: ' . 'x' x 34)->{cost}, (10 * 1 + 9 * 2) / 1e6, 'cost at the tier limit');
is(call('tiered', 'Echo: ' . 'x' x 35)->{cost}, (11 * 100 + 9 * 200) / 1e6, 'cost above it');

# A free model costs nothing, which is not the same as an unknown price.
$t->model('free', 'compat', 'free', input_price => 0, output_price => 0);
is($t->sql(q{SELECT cost = 0 FROM ai_call('hi', '{"model":"free"}')}), 't', 'free is known to be free');

done_testing();
