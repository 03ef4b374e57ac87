# Small typed answers at a provider: what is asked of which model, how sure it was, one call per distinct input,
# one more where the answer is none, and never the answer of another row.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('small', cache => 1, conf => "ai_router.retries = 0\n");
my %servers = (
	openai => { api => 'openai', path => '/v1', max_tokens_field => 'max_completion_tokens' },
	compat => { api => 'openai', path => '/compat/v1' },
	azure => { api => 'azure' },
	responses => { api => 'openai_responses', path => '/v1' },
	gemini => { api => 'gemini', path => '/v1beta' },
	cohere => { api => 'cohere' },
	anthropic => { api => 'anthropic' },
	ollama => { api => 'ollama', key => undef });
my @tell = qw(openai compat azure responses gemini cohere);
my %has = (
	openai => qr/"logprobs":true/, compat => qr/"logprobs":true/, azure => qr/"logprobs":true/,
	responses => qr/"include":\["message.output_text.logprobs"\]/, gemini => qr/"responseLogprobs":true/,
	cohere => qr/"logprobs":true/);
my $schema = qr/"(?:schema|json_schema|responseJsonSchema|format)":\{"type":"object"/;
my $labels = q(ARRAY['login', 'billing', 'other']);

$t->server($_, %{ $servers{$_} }) for sort keys %servers;
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");

# A detail as (value, confidence, error).
sub detail
{
	my ($model, $call) = @_;
	return $t->sql("SELECT (d).value, round((d).confidence::numeric, 4), (d).model = '$model', (d).error
		FROM (SELECT $call AS d OFFSET 0) s");
}

# --- what is asked of whom
for my $name (sort keys %servers)
{
	my $tells = $has{$name};
	my $hint = qq('{"model": "$name", "cache": "off"}');

	$t->model($name, $name, "$name-m", capabilities => '{json_schema' . ($tells ? ',logprobs}' : '}'));
	is(detail($name, "(ai_classify_detail('My billing is wrong', $labels, $hint))"), $tells ? 'billing|0.9000|t|' : 'billing||t|',
		"$name: a label, and how sure the model was");
	my $body = $t->last_body("$name-m");
	$tells ? like($body, $tells, "$name: asked for probabilities") : unlike($body, qr/logprobs/i, "$name: asked for none");
	$tells ? unlike($body, $schema, "$name: and in words") : like($body, $schema, "$name: held to a schema");
	is($t->sql("SELECT ai_filter('I want a refund', 'is about a refund', $hint), ai_filter('The page is blank', 'is about a refund', $hint),
			ai_filter('$name: is a refund wanted? I want a refund')"), 't|f|t', "$name: yes or no");
	is($t->sql("SELECT ai_score('Grade 73 it is', 'is good', $hint)"), '0.73', "$name: a grade");
	is(detail($name, "(ai_score_detail('Grade 7', 'is good', $hint))"), $tells ? '0.07|0.9000|t|' : '0.07||t|', "$name: a grade with details");
	is($t->sql("SELECT ai_classify_multi('My billing is wrong', $labels, $hint)"), '{billing}', "$name: several labels");
	is($t->sql("SELECT ai_sentiment('A positive thing', $hint)"), 'positive', "$name: a sentiment");

	$t->sql("UPDATE ai_router.models SET capabilities = '{}' WHERE name = '$name'");
	is(detail($name, "(ai_classify_detail('My billing is wrong', $labels, $hint))"), 'billing||t|', "$name: asked in words, nothing else");
	$body = $t->last_body("$name-m");
	unlike($body, $schema, "$name: no schema");
	unlike($body, qr/logprobs|JSON/i, "$name: no probabilities, no word of JSON");
	$t->sql("DELETE FROM ai_router.models WHERE name = '$name'");
}

# --- probabilities, the true ones and the others
$t->model('sure', 'openai', 'm--prob-62', capabilities => '{logprobs}');
is(detail('sure', "(ai_filter_detail('I want a refund', 'is about a refund', '{\"cache\": \"off\"}'))"), 't|0.6200|t|', 'a product of probabilities');
$t->sql('DELETE FROM ai_router.models');
for my $lp (qw(null empty number bare void string positive huge half other))
{
	for my $name (@tell)
	{
		$t->model('bad', $name, "bad-$name--lp-$lp", capabilities => '{logprobs}');
		is(detail('bad', "(ai_classify_detail('My billing is wrong', $labels, '{\"cache\": \"off\"}'))"), 'billing||t|',
			"$name: $lp in the place of probabilities: they are unknown, the label is not");
		$t->sql('DELETE FROM ai_router.models');
	}
}

# --- a model that refuses to tell is not asked
$t->model('r', 'openai', 'gpt-5-mini', capabilities => '{json_schema,reasoning}');
is(detail('r', "(ai_classify_detail('My billing is wrong', $labels))"), 'billing||t|', 'reasoning models are not asked for probabilities');
like($t->last_body('gpt-5-mini'), qr/"max_completion_tokens":4096/, 'and have room to reason');
$t->sql('DELETE FROM ai_router.models');
$t->model('m', 'openai', 'm', capabilities => '{logprobs}', input_price => 1, output_price => 10);
$t->sql("SELECT ai_classify('room for tokens', $labels)");
like($t->last_body('m'), qr/"max_completion_tokens":71[,}]/, 'other models have room for a small answer');
$t->sql("SELECT ai_classify('room for tokens', $labels, '{\"max_tokens\": 9}')");
like($t->last_body('m'), qr/"max_completion_tokens":9[,}]/, 'a hint says otherwise');

# --- one call for each distinct input, however it is asked, and one name each in the ledger
$t->sql(q(CREATE TABLE docs AS SELECT n AS id, 'Grade ' || n * 3 || ' billing' AS body FROM generate_series(1, 20) n));
$t->sql("INSERT INTO docs SELECT id + 20, body FROM docs");
$t->reset;
is($t->sql(q(SELECT string_agg(s::text, ' ') FROM (SELECT ai_score(body, 'is good') AS s FROM docs WHERE id <= 20 ORDER BY ai_score(body, 'is good') DESC LIMIT 10) x)),
	'0.6 0.57 0.54 0.51 0.48 0.45 0.42 0.39 0.36 0.33', 'the ten best');
is($t->counter('m', 'requests'), 20, 'ORDER BY ai_score(..) DESC LIMIT 10 asks once per row');
$t->reset;
is($t->sql(q(SELECT count(*), count(DISTINCT s) FROM (SELECT ai_score(body, 'is better') AS s FROM docs) x)), '40|20', 'scores of all');
is($t->counter('m', 'requests'), 20, 'one call for each distinct input');
is($t->sql(q(SELECT count((ai_score_detail(body, 'is better')).value), round(min((ai_score_detail(body, 'is better')).confidence)::numeric, 2) FROM docs)), '40|0.90',
	'details of the same');
is($t->counter('m', 'requests'), 20, 'are those of the answers that were bought');
$t->sql("UPDATE ai_router.models SET capabilities = '{}'");
is($t->sql(q(SELECT count((ai_score_detail(body, 'is better')).confidence) FROM docs)), 0, 'a model that does not tell any more');
is($t->counter('m', 'requests'), 40, 'gives other answers');
$t->sql("UPDATE ai_router.models SET capabilities = '{logprobs}'");
$t->sql(qq(SELECT ai_classify('n', $labels), ai_classify_multi('n', $labels), (ai_classify_detail('o', $labels)).value, ai_filter('n', 'c'), ai_filter('n'),
	(ai_filter_detail('o', 'c')).value, ai_score('n', 'c'), ai_sentiment('n'), ai_summarize('n'), ai_translate('n', 'German'), ai_redact('n')));
my $names = 'ai_classify ai_classify_detail ai_classify_multi ai_filter ai_filter_detail ai_redact ai_score ai_score_detail ai_sentiment ai_summarize ai_translate';
ok($t->until_true(sub { $t->sql(q(SELECT string_agg(DISTINCT function, ' ' ORDER BY function) FROM ai_router.calls)) eq $names }),
	'each has its own name in the ledger');
is($t->sql(q(SELECT count(*) FILTER (WHERE (ai_classify_detail(body, ARRAY['billing', 'x'])).cost > 0) FROM docs WHERE id <= 3)), 3, 'cost of what was bought');
is($t->sql(q(SELECT sum((ai_classify_detail(body, ARRAY['billing', 'x'])).cost) FROM docs WHERE id <= 3)), 0, 'and of what was not');

# --- what EXPLAIN says beforehand is what a small answer costs, the instruction included
$t->sql('ANALYZE docs');
my $estimate = decode_json($t->sql(q(EXPLAIN (FORMAT JSON) SELECT ai_classify(body, ARRAY['billing', 'something else']) FROM docs)));
my $per_call = $estimate->[0]{Plan}{'AI Calls'}[0]{'Estimated Input Tokens'} / 40;
my $others = $t->sql(q(SELECT count(*) FROM ai_router.calls WHERE function = 'ai_classify'));
$t->sql(q(SELECT ai_classify(body, ARRAY['billing', 'something else']) FROM docs));
ok($t->until_true(sub { return $t->sql(q(SELECT count(*) FROM ai_router.calls WHERE function = 'ai_classify')) >= $others + 20; }), 'calls are in the ledger');
my $was = $t->sql(q(SELECT avg(input_tokens) FROM (SELECT input_tokens FROM ai_router.calls WHERE function = 'ai_classify' ORDER BY call_id DESC LIMIT 20) x));
cmp_ok(abs($per_call / $was - 1), '<', 0.3, "estimated $per_call tokens a call, there were $was");

# --- batched, side by side
$t->reset;
$t->behave('m', lat => 300);
my $plan = $t->sql(q(EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM docs WHERE ai_filter(body, 'says billing')));
like($plan, qr/AI Batch/, 'ai_filter is batched in WHERE');
is($t->counter('m', 'requests'), 20, 'one call for each distinct input');
cmp_ok($t->counter('m', 'peak'), '>', 5, 'side by side');
$t->reset;

# --- an answer that is none is shown to the model, once
my ($out, $err) = $t->try(q(SELECT ai_score('Echo: quite', 'is good')));
is($out, '0', 'mended: the first number in what the model is told then');
my $asked = decode_json($t->last_body('m'))->{messages};
is(join(',', map { $_->{role} } @$asked), 'system,user,assistant,user', 'the conversation goes on');
is($asked->[2]{content}, 'quite', 'with what was answered');
like($asked->[3]{content}, qr/cannot be used: the answer is no whole number from 0 to 100\. Answer once more/, 'and what is wrong with it');
is($t->counter('m', 'requests'), 2, 'after two attempts');
is($t->sql(q(SELECT ai_score('Echo: quite', 'is good'))), '0', 'what is kept is the mended answer');
is($t->counter('m', 'requests'), 2, 'and it is known now');
ok($t->until_true(sub { $t->sql(q(SELECT attempts FROM ai_router.calls ORDER BY call_id DESC LIMIT 1)) eq '2' }), 'two attempts of one call');
ok($t->until_true(sub { $t->sql(q(SELECT count(*), count(DISTINCT call_id) FROM ai_router.attempts WHERE call_id = (SELECT max(call_id) FROM ai_router.calls))) eq '2|1' }),
	'both in the ledger');
$t->reset;
$t->behave('m', fault => 'badschema');
($out, $err) = $t->try(qq(SELECT ai_classify('one', $labels)));
like($err, qr/RT006: .*the answer is none of the labels/, 'what cannot be mended is an error');
is($t->counter('m', 'requests'), 2, 'after two attempts');
like($t->sql(qq(SELECT (ai_classify_detail('one', $labels)).error)), qr/^RT006: .*none of the labels/, 'or a value');
is($t->sql(qq(SELECT coalesce(ai_classify('one', $labels, '{"on_error": "null"}'), 'null'))), 'null', 'or NULL');
is($t->sql(q(SELECT count(*) FROM ai_router.cache WHERE answer LIKE '%unexpected%')), 0, 'and never kept');

# --- a provider in every bad mood: a right value, an error or NULL, never another row's label.  Asked once more, the
# sandbox finds no label in what it is told, and takes the first.
$t->sql(q(CREATE TABLE rows AS SELECT n AS id, 'Case ' || n || ' of ' || w || ' trouble' AS body, w AS want
	FROM generate_series(1, 30) n, LATERAL (SELECT (ARRAY['login', 'billing', 'shipping'])[n % 3 + 1] AS w) l));
for my $fault (qw(badjson nonjson empty deep html200 nochoices nullcontent arraycontent wrongtypes badutf8 nul length filter refusal badschema err200 huge reset truncate))
{
	$t->reset;
	$t->behave('m', fault => $fault, every => 3, size => 100000);
	my ($got) = $t->try(q(SELECT count(*) FILTER (WHERE got NOT IN (want, 'unclear')), count(got) > 15 FROM
		(SELECT want, ai_classify(body, ARRAY['unclear', 'login', 'billing', 'shipping'], '{"on_error": "null", "cache": "off"}') AS got FROM rows OFFSET 0) x));
	is($got, '0|t', "$fault: each row has its own label or none");
}
$t->reset;

# --- a prompt of one's own
is($t->sql(qq(SELECT ai_classify('billing it is', $labels))), 'billing', 'with the prompt that comes with the extension');
my $before = $t->counter('m', 'requests');
$t->sql(q(INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, E'Choose one of:\n{labels}', 'Here: {input}')));
is($t->sql(qq(SELECT ai_classify('billing it is', $labels))), 'billing', 'with one of our own');
is($t->counter('m', 'requests'), $before + 1, 'is another call');
my $sent = decode_json($t->last_body('m'))->{messages};
is_deeply([ map { $_->{content} } @$sent ], [ "Choose one of:\n- login\n- billing\n- other", "Here: <input>\nbilling it is\n</input>" ], 'that sends our text');
$t->sql("DELETE FROM ai_router.prompts WHERE version = 2");
$t->sql(qq(SELECT ai_classify('billing it is', $labels)));
is($t->counter('m', 'requests'), $before + 1, 'back to the old one: its answer is still known');
(undef, $err) = $t->try(q(INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, 'One of {lables}', '{input}')));
like($err, qr/22023: .*prompt "classify" must hold \{input\}, \{labels\}/, 'a prompt with an unknown placeholder is refused');

# --- another encoding
$t->sql(q(CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0));
sub latin { return $t->node->safe_psql('latin', "SET client_encoding = 'UTF8'; $_[0]"); }
my $url = $t->url('/compat/v1');
latin(qq(CREATE EXTENSION ai_router; CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url '$url');
	CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sandbox-key');
	INSERT INTO ai_router.rules (name) VALUES ('default');
	INSERT INTO ai_router.models (name, server, model, capabilities) VALUES ('m', 'p', 'latin', '{json_schema}')));
is(latin(q(SELECT ai_classify('Das ist schön', ARRAY['häßlich', 'schön']), octet_length(ai_classify('Das ist schön', ARRAY['häßlich', 'schön'])))), 'schön|5',
	'labels of another server encoding');
is(latin(q(SELECT ai_classify_multi('Das ist schön', ARRAY['häßlich', 'schön']))), '{schön}', 'several of them');

done_testing();
