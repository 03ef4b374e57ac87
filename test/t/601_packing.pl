# Many embeddings in one request: how many requests, whose vectors, what is told of them.
use strict;
use warnings;

use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('packing', cache => 1);

$t->server('p', api => 'openai', path => '/compat/v1');
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");

my $n = 0;
# A model of its own for each test, by what the provider is to do.
sub embedder
{
	my ($how, %col) = @_;
	my $name = 'e' . ++$n;
	my $id = $name . ($how ? "--$how" : '');
	$t->model($name, 'p', $id, mode => 'embedding', input_price => 0.02, %col);
	return ($name, $id);
}

# Vectors of the array form are those of the texts, one by one: (rows, rows that differ).
sub check
{
	my ($name, $rows) = @_;
	return $t->sql(<<"SQL");
SELECT count(*), count(*) FILTER (WHERE e.embedding <> ai_embed('text number ' || e.ord, '{"model": "$name", "cache": "off"}'))
  FROM ai_embed(ARRAY(SELECT 'text number ' || g FROM generate_series(1, $rows) g), '{"model": "$name"}') e
SQL
}

my ($name, $id) = embedder('');
is($t->sql(qq{SELECT count(*), count(embedding), min(ord), max(ord) FROM ai_embed(ARRAY(SELECT 'text ' || g FROM generate_series(1, 10000) g), '{"model": "$name"}')}),
	'10000|10000|1|10000', 'vectors of 10,000 texts');
cmp_ok($t->counter($id, 'requests'), '<=', 10000 / 256 + 1, 'in as few requests as there can be');
diag($t->counter($id, 'requests'), ' requests');
done_testing();
