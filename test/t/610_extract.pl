# Documents and rows out of texts at a provider: what each family is asked for, an answer that does not fit is mended once,
# nothing hostile gets into a column, one call per distinct input.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('extract', cache => 1, conf => "ai_router.retries = 0\n");
my %servers = (
	openai => { api => 'openai', path => '/v1', max_tokens_field => 'max_completion_tokens' },
	compat => { api => 'openai', path => '/compat/v1' },
	azure => { api => 'azure' },
	responses => { api => 'openai_responses', path => '/v1' },
	gemini => { api => 'gemini', path => '/v1beta' },
	cohere => { api => 'cohere' },
	anthropic => { api => 'anthropic' },
	bedrock => { api => 'bedrock' },
	ollama => { api => 'ollama', key => undef });

# Where the schema stands, and whether it is enforced.
my %schema_of = (
	(map { $_ => sub { my $f = $_[0]{response_format}{json_schema}; return ($f->{schema}, $f->{strict}); } } qw(openai compat azure)),
	responses => sub { my $f = $_[0]{text}{format}; return ($f->{schema}, $f->{strict}); },
	gemini => sub { return $_[0]{generationConfig}{responseJsonSchema}; },
	cohere => sub { return $_[0]{response_format}{json_schema}; },
	anthropic => sub { return $_[0]{output_config}{format}{schema}; },
	bedrock => sub { return decode_json($_[0]{outputConfig}{textFormat}{structure}{jsonSchema}{schema}); },
	ollama => sub { return $_[0]{format}; });

$t->server($_, %{ $servers{$_} }) for sort keys %servers;
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");
$t->sql(q(CREATE TYPE status AS ENUM ('open', 'paid')));
$t->sql(q(CREATE TYPE item AS (sku varchar(12), price numeric(8,2))));
$t->sql(q(CREATE TABLE invoice (id int GENERATED ALWAYS AS IDENTITY, vendor text NOT NULL, total numeric(10,2), n int NOT NULL, status status, lines item[])));
$t->sql(q(COMMENT ON COLUMN invoice.vendor IS 'who wrote it'));

my $shorthand = q('{"vendor":"text","total":"numeric","tags":["text"]}');
my $limits = q('{"type":"object","properties":{"vendor":{"type":"string","minLength":1,"maxLength":200},"total":{"type":"number","minimum":0,"description":"in EUR"}},"required":["vendor","total"]}');
my $optional = q('{"type":"object","properties":{"vendor":{"type":"string"},"total":{"type":"number"}},"required":["vendor"]}');
my $tree = q('{"type":"object","properties":{"name":{"type":"string"},"kids":{"type":"array","items":{"$ref":"#"}}},"required":["name"],"additionalProperties":false}');
my $anything = q('{"type":"object","properties":{"vendor":{"type":"string"},"rest":{}},"required":["vendor"]}');

# --- what each family is asked for
for my $name (sort keys %servers)
{
	my $hint = qq('{"model": "$name", "cache": "off"}');
	my $get = $schema_of{$name};
	my ($schema, $strict);

	$t->model($name, $name, "$name-m", capabilities => '{json_schema}');
	is($t->sql("SELECT jsonb_typeof(ai_extract('ACME 12.50 paid', $shorthand, $hint) -> 'tags')"), 'array', "$name: a document");
	($schema, $strict) = $get->(decode_json($t->last_body("$name-m")));
	is_deeply($schema->{required}, [qw(tags total vendor)], "$name: the shorthand's schema") if $schema;
	ok($schema && !$schema->{additionalProperties}, "$name: is closed");
	ok($strict, "$name: and enforced") if $name =~ /openai|compat|azure|responses/;

	is($t->sql("SELECT jsonb_typeof(ai_extract('ACME 12.50', $limits, $hint) -> 'total')"), 'number', "$name: limits are no reason to refuse");
	($schema, $strict) = $get->(decode_json($t->last_body("$name-m")));
	like($name eq 'ollama' ? 'maxLength: 200' : $schema->{properties}{vendor}{description}, qr/maxLength: 200/, "$name: they are in words where they cannot be enforced");
	like($schema->{properties}{total}{description}, qr/^in EUR/, "$name: beside what was there");

	is($t->sql("SELECT ai_extract('ACME 12.50', $optional, $hint) ->> 'vendor'"), 'acme', "$name: optional properties");
	($schema, $strict) = $get->(decode_json($t->last_body("$name-m")));
	ok(!$strict, "$name: are not strict") if $name =~ /openai|compat|azure|responses/;

	is($t->sql("SELECT ai_extract('Root', $tree, $hint) ->> 'name'"), 'root', "$name: recursion") unless $name =~ /anthropic|bedrock/;
	is($t->sql("SELECT ai_extract('[1] ACME 12.50', '[\"numeric\"]', $hint) ->> 0"), 1, "$name: an array");
	like($t->last_body("$name-m"), qr/value/, "$name: is a property of an object");

	is($t->sql("SELECT vendor, status FROM (SELECT (ai_extract_as('ACME paid 12', NULL::invoice, $hint)).*) x"), 'acme|paid', "$name: a row");
	($schema, $strict) = $get->(decode_json($t->last_body("$name-m")));
	ok($strict, "$name: all of it enforced") if $name =~ /openai|compat|azure|responses/;
	is($schema->{properties}{vendor}{description}, 'who wrote it', "$name: comments are descriptions");
	ok(!exists $schema->{properties}{id}, "$name: an identity is not asked for");
	is(ref $schema->{properties}{total}{type}, 'ARRAY', "$name: null where the column may be");

	# What it cannot express, and models that enforce nothing: in words.
	$t->sql("UPDATE ai_router.models SET capabilities = '{}' WHERE name = '$name'");
	($schema) = ($t->try("SELECT ai_extract('Echo: {\"vendor\":\"ACME\",\"total\":1,\"tags\":[]}', $shorthand, $hint)"))[0];
	is($schema, '{"tags": [], "total": 1, "vendor": "ACME"}', "$name: in words");
	like($t->last_body("$name-m"), qr/satisfy this JSON Schema: \{\\"type\\":\\"object/, "$name: the system message has the schema");
	$t->sql("DELETE FROM ai_router.models WHERE name = '$name'");
}
for my $name (qw(anthropic bedrock cohere))
{
	$t->model('m', $name, "w-$name", capabilities => '{json_schema}');
	for my $schema ($name eq 'cohere' ? () : $tree, $anything)
	{
		is($t->sql("SELECT ai_extract('Echo: {\"vendor\":\"ACME\",\"name\":\"x\"}', $schema) IS NULL"), $schema eq $tree ? undef : 'f', "$name: what it cannot express")
		  if $schema ne $tree;
		is($t->sql("SELECT ai_extract('Echo: {\"name\":\"x\",\"kids\":[{\"name\":\"y\"}]}', $schema) ->> 'name'"), 'x', "$name: recursion is asked for in words")
		  if $schema eq $tree;
		like($t->last_body("w-$name"), qr/satisfy this JSON Schema/, "$name: in words");
	}
	$t->sql('DELETE FROM ai_router.models');
}

# --- an answer that does not fit is mended once
$t->model('m', 'openai', 'm', capabilities => '{json_schema}', input_price => 1, output_price => 1);
my $two = q('{"vendor":"text","total":"numeric"}');
is($t->sql(qq(SELECT ai_extract(E'ACME 12\nEcho: {"vendor":"ACME"}', $two) ? 'total')), 't', 'mended');
is($t->counter('m', 'requests'), 2, 'by a second request');
my $asked = decode_json($t->last_body('m'));
is($asked->{messages}[2]{content}, '{"vendor":"ACME"}', 'that shows the model what it said');
like($asked->{messages}[3]{content}, qr/^This answer cannot be used: \$: the property "total" is missing\./, 'and what is wrong with it');
is($t->sql(qq(SELECT ai_extract(E'ACME 12\nEcho: {"vendor":"ACME"}', $two) ? 'total')), 't', 'the mended answer is kept');
is($t->counter('m', 'requests'), 2, 'and costs nothing again');
ok($t->until_true(sub { return $t->sql(q(SELECT attempts FROM ai_router.calls WHERE function = 'ai_extract' AND model = 'm' ORDER BY call_id DESC LIMIT 1)) eq '2'; }), 'the ledger has both attempts');

$t->model('bad', 'openai', 'bad--fault-badschema', capabilities => '{json_schema}');
my ($out, $err) = $t->try(qq(SELECT ai_extract('ACME 12', $two, '{"model": "bad"}')), VERBOSITY => 'verbose');
like($err, qr/RT006: +provider "openai", model "bad": \$: /, 'RT006 after the second');
is($t->counter('bad--fault-badschema', 'requests'), 2, 'there is no third');
ok($t->until_true(sub { return $t->sql(q(SELECT count(*) FROM ai_router.attempts a JOIN ai_router.calls c USING (call_id) WHERE c.model = 'bad')) eq '2'; }), 'both are in the ledger');
is($t->sql(qq(SELECT ai_extract('ACME 12', $two, '{"model": "bad", "on_error": "null"}') IS NULL)), 't', 'or NULL');
is($t->counter('bad--fault-badschema', 'requests'), 4, 'nothing of it was kept');
is($t->sql("SELECT ai_extract('ACME 12', $two, '{\"model\": \"m\"}') IS NULL"), 'f', 'the good one goes on');

# --- hostile answers: the right error or the right value.  What comes second is made by the sandbox and fits.
$t->sql("UPDATE ai_router.models SET capabilities = '{}' WHERE name = 'm'");    # so that the second is what is echoed: a sentence
my %hostile = (
	'{"vendor":"a","total":1,"total":2}' => qr/two members of the same name/,
	'{"vendor":"a","tot\u0061l":1,"total":2}' => qr/two members of the same name/,
	'{"vendor":"a","total":1}{"vendor":"b","total":2}' => qr/text behind the JSON value/,
	'{"vendor":"a","total":1} -- and then' => qr/text behind the JSON value/,
	'Sure: {"vendor":"a","total":1}' => qr/no JSON value/,
	'{"vendor":"a","total":NaN}' => qr/no JSON value/,
	'{"vendor":"a","total":1e999999999}' => qr/too many places/,
	'{"vendor":"a\u0000b","total":1}' => qr/\\u0000/,
	'{"vendor":"\ud800","total":1}' => qr/surrogate/,
	'{"vendor":"a","total":"1"}' => qr/expected a number, got a string/,
	'{"vendor":["a"],"total":1}' => qr/expected a string, got an array/,
	'{"vendor":null,"total":1}' => qr/expected a string, got null/,
	'{"vendor":"a","total":1,"__proto__":{}}' => qr/has the property "__proto__"/,
	'[{"vendor":"a","total":1}]' => qr/expected an object, got an array/,
	'{"vendor":"a","total":' . '[' x 5000 => qr/nested too deeply/,
	'{"a":' x 3000 => qr/nested too deeply/,
	'{"vendor":"a","tot' => qr/ends before it is complete/,
	'null' => qr/expected an object, got null/,
	'""' => qr/expected an object, got a string/,
	"{'vendor':'a','total':1}" => qr/quoted name/);
for my $answer (sort keys %hostile)
{
	my $input = AiRouterTest::quote("Echo: $answer");

	$t->reset;
	($out, $err) = $t->try("SELECT ai_extract($input, $two, '{\"model\": \"m\"}')");
	my $second = decode_json($t->last_body('m'))->{messages}[3]{content};
	like($second, $hostile{$answer}, 'refused: ' . substr($answer, 0, 50));
	like($err, qr/it is no JSON document/, 'and so was what came then');
	is($t->counter('m', 'requests'), 2, 'two requests');
}
my %kept = (
	'{"vendor":"a","total":9007199254740993}' => '9007199254740993',
	'{"vendor":"a","total":123456789012345678901234567890.12345678901234567890}' => '123456789012345678901234567890.12345678901234567890',
	'{"vendor":"a","total":-0.00}' => '0.00',
	"\x{feff}" . '{"vendor":"a","total":7}' => '7',
	"```json\n{\"vendor\":\"a\",\"total\":8}\n```" => '8',
	"Here:\n```\n{\"vendor\":\"a\",\"total\":9}\n```\nThat is all." => '9');
for my $answer (sort keys %kept)
{
	utf8::encode(my $bytes = $answer);
	is($t->sql('SELECT ai_extract(' . AiRouterTest::quote("Echo: $bytes") . ", $two, '{\"model\": \"m\"}') ->> 'total'"), $kept{$answer}, "kept: $kept{$answer}");
}
is($t->sql(q(SELECT ai_extract_as('Echo: {"value":9223372036854775807}', NULL::bigint, '{"model": "m"}'))), '9223372036854775807', 'the largest bigint');
($out, $err) = $t->try(q(SELECT ai_extract_as('Echo: {"value":9223372036854775808}', NULL::bigint, '{"model": "m"}')));
like(decode_json($t->last_body('m'))->{messages}[3]{content}, qr/out of range for a 64-bit integer/, 'and what is larger');

# --- one call per distinct input and row, batched, side by side
$t->sql("UPDATE ai_router.models SET capabilities = '{json_schema}' WHERE name = 'm'");
$t->sql("DELETE FROM ai_router.models WHERE name = 'bad'");
$t->sql(q(CREATE TABLE mails AS SELECT i, 'Vendor' || i % 20 || ' wants ' || i % 20 || ' paid' AS body FROM generate_series(1, 40) i));
$t->reset;
$t->behave('m', lat => 300);
is($t->sql(q(SELECT count(*), count(DISTINCT vendor), bool_and(status = 'paid') FROM (SELECT (ai_extract_as(body, NULL::invoice)).* FROM mails) x)), '40|20|t', 'rows');
is($t->counter('m', 'requests'), 20, 'one call for each distinct input, whatever columns are read');
cmp_ok($t->counter('m', 'peak'), '>', 5, 'side by side');
is($t->sql(q(SELECT string_agg(v, ' ' ORDER BY i) FROM (SELECT i, ai_extract(body, '{"vendor":"text"}') ->> 'vendor' AS v FROM mails WHERE i < 6) x)), 'vendor1 vendor2 vendor3 vendor4 vendor5',
	'each row has its own');
$t->reset;
is($t->sql(q(WITH x AS (INSERT INTO invoice (vendor, total, n, status) SELECT vendor, total, n, status FROM (SELECT (ai_extract_as(body, NULL::invoice)).* FROM mails) y RETURNING id) SELECT count(*) FROM x)), 40,
	'into the table');
is($t->counter('m', 'requests'), 0, 'without asking again');
ok($t->until_true(sub { $t->sql(q(SELECT string_agg(DISTINCT function, ' ' ORDER BY function) FROM ai_router.calls)) eq 'ai_extract ai_extract_as' }), 'by their names in the ledger');

# --- a value that only the cast refuses
$t->sql(q(CREATE DOMAIN positive AS numeric CHECK (VALUE > 0)));
$t->sql("UPDATE ai_router.models SET capabilities = '{}' WHERE name = 'm'");
($out, $err) = $t->try(q(SELECT ai_extract_as('Echo: {"value":-1}', NULL::positive)), VERBOSITY => 'verbose');
like($err, qr/RT006: +provider "openai", model "m": value for domain positive violates check constraint/, 'a domain');
is($t->sql(q(SELECT i, ai_extract_as('Echo: {"value":' || i || '}', NULL::positive, '{"on_error": "null"}') FROM generate_series(-1, 1) i)), "-1|\n0|\n1|1", 'or NULL, for that row');

done_testing();
